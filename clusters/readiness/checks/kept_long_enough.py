from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import ClassVar

from clusters.broker_settings import CLEANUP, OFFSETS_RETENTION, RETENTION, RETENTION_BYTES
from clusters.facts import PairFacts, SideFacts
from clusters.readiness.finding import Check, Finding, Weight, checks
from clusters.readiness.topics import NOBODY_DECLARED, settings_of, some, with_mirrors

ON_CLOUD = timedelta(days=7)  # documented, and not to be changed there
FOR_EVER = timedelta.max


@checks.add("kept-long-enough")
class KeptLongEnough(Check):
    """Records and committed offsets are kept, on both sides, for the longest outage that is to be endured."""

    code: ClassVar[str] = "C21"
    title: ClassVar[str] = "Records and offsets outlast an outage"
    weight: ClassVar[Weight] = Weight.MEDIUM
    needs: ClassVar[str] = f"{RETENTION} and {OFFSETS_RETENTION} not below the policy's longest_outage"
    act: ClassVar[str] = (
        "Raise what is too short, on both sides, or declare a shorter longest_outage: what expires while a side is "
        "away cannot be recovered, and a group whose offsets expired begins at auto.offset.reset."
    )

    def judge(self, facts: PairFacts) -> Finding:
        asked = list(dict.fromkeys(with_mirrors(facts)))
        if not asked:
            return self.unknown(NOBODY_DECLARED)
        kept = {f"{name} on {side}": _kept(settings_of(facts, side, name)) for side, name in asked}
        kept |= {f"group offsets on {side.side}": _offsets(side) for side in facts.sides.values()}
        longest = facts.policy.longest_outage
        short = [f"{what} {_words(time)}" for what, time in kept.items() if time is not None and time < longest]
        if short:
            return self.fails(f"kept for less than {_words(longest)}: {some(short)}")
        if untold := [what for what, time in kept.items() if time is None]:
            return self.unknown(f"how long these are kept is not known (unread, or cut by size): {some(untold)}")
        return self.met(f"{len(asked)} topics and the offsets of both sides for {_words(longest)} or longer")


def _kept(settings: Mapping[str, str] | None) -> timedelta | None:
    """None where it cannot be told: a limit in bytes takes as long as the writers let it."""
    if settings is None:
        return None
    if CLEANUP in settings and "delete" not in settings[CLEANUP]:
        return FOR_EVER
    if settings.get(RETENTION_BYTES, "-1") != "-1":
        return None
    return _duration(settings.get(RETENTION), milliseconds=1)


def _offsets(side: SideFacts) -> timedelta | None:
    if side.edition.is_known and side.edition.value and side.edition.value.is_cloud:
        return ON_CLOUD
    told = [_duration(each.get(OFFSETS_RETENTION), minutes=1) for each in (side.broker_settings or {}).values()]
    return min((time for time in told if time is not None), default=None) if None not in told else None


def _duration(text: str | None, **unit: int) -> timedelta | None:
    try:
        number = int(text or "")
    except ValueError:
        return None
    try:
        return FOR_EVER if number < 0 else timedelta(**unit) * number
    except OverflowError:
        return FOR_EVER


def _words(time: timedelta) -> str:
    if time == FOR_EVER:
        return "for ever"
    hours = time.total_seconds() / 3600
    return f"{hours / 24:g} days" if hours >= 48 else f"{hours:.3g} h"

"""Where a consumer group will go on when it starts on a side, and what it will read twice or never, with bounds.

A committed offset above the log end is lowered to it (clamped). What the group had read at home beyond its position
here is read again; what never arrived here, and was not read at home, is never read.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from typing import Any

from clusters.facts import Committed, GroupFacts, PairFacts, SideFacts
from runbooks.engine.context import Case

Positions = Mapping[tuple[str, int], int]


@dataclass(frozen=True)
class Forecast:
    """One partition. `home` is the newest offset known to be committed at home, None where nobody knows one;
    `is_exact`: the group was stopped there in order, so that it is the last. `source_end` is where the log at home
    ended, as far as is known; None for a topic whose records are all here.
    """

    topic: str
    partition: int
    committed: int
    end: int
    home: int | None
    source_end: int | None
    is_exact: bool

    @property
    def start(self) -> int:
        return min(self.committed, self.end)

    @property
    def clamped(self) -> int:
        return max(0, self.committed - self.end)

    @property
    def again_lower(self) -> int:
        """Read at home for certain, and to be read once more."""
        return max(0, min(self.home or 0, self.end) - self.start)

    @property
    def again_upper(self) -> int:
        """It cannot have read more at home than what is here to be read again."""
        return self.again_lower if self.is_exact else self.end - self.start

    @property
    def never_upper(self) -> int:
        """Not here, and not known to have been read at home."""
        if self.source_end is None:
            return 0
        return max(0, self.source_end - max(self.home or 0, self.end))

    @property
    def never_lower(self) -> int:
        """A group that was cut off may have read on to the last record without committing it."""
        return self.never_upper if self.is_exact else 0

    def as_evidence(self) -> dict[str, Any]:
        names = ("start", "clamped", "again_lower", "again_upper", "never_lower", "never_upper")
        return {**asdict(self), **{name: getattr(self, name) for name in names}}


def forecast(
    here: Iterable[Committed], ends: Positions, home: Positions | None, source_ends: Positions, *, is_exact: bool
) -> list[Forecast]:
    """Of every partition whose log end is known. `home` and `source_ends` are by the names of the topics here."""
    return [
        Forecast(
            each.topic,
            each.partition,
            each.offset,
            ends[at],
            None if home is None else home.get(at),
            source_ends.get(at),
            is_exact and home is not None,
        )
        for each in here
        if (at := (each.topic, each.partition)) in ends
    ]


def words(found: Iterable[Forecast]) -> str:
    known = list(found)
    if not known:
        return "nothing is committed here, or no log end is known: it begins where auto.offset.reset says"
    again, never = _range(known, "again"), _range(known, "never")
    clamped = sum(each.clamped for each in known)
    set_back = f"; {clamped:,} offsets are above the log end and are set back" if clamped else ""
    return f"{again} records are read again, {never} never{set_back}"


def _range(known: list[Forecast], what: str) -> str:
    low, high = (sum(getattr(each, f"{what}_{bound}") for each in known) for bound in ("lower", "upper"))
    return f"{low:,}" if low == high else f"{low:,} to {high:,}"


def of_group(case: Case, to: str, group: GroupFacts) -> list[Forecast]:
    """From the facts of both sides; of a lost home, from what the incident's receipt froze."""
    here, home = case.facts.side(to), case.facts.other(to)
    known, is_exact = _home(case, home, here, group.name)
    return forecast(group.committed, ends_of(here), known, _source_ends(case, home, here), is_exact=is_exact)


def ends_of(side: SideFacts) -> dict[tuple[str, int], int]:
    return {
        (name, number): end
        for name, topic in (side.topics or {}).items()
        for number, end in enumerate(topic.end_offsets)
        if end is not None
    }


def names_here(home: SideFacts, here: SideFacts) -> dict[str, str]:
    """What a topic of the home is called here: the mirror of an owned one, the owned one of a mirror."""
    mirrored = {mirror.source_topic: mirror.topic for mirror in here.mirrors or ()}
    return mirrored | {mirror.topic: mirror.source_topic for mirror in home.mirrors or ()}


def commits_here(home: SideFacts, here: SideFacts, group: str) -> dict[tuple[str, int], int]:
    """What the group has committed at home, by the names of the topics here."""
    names, found = names_here(home, here), (home.groups or {}).get(group)
    return {(names.get(c.topic, c.topic), c.partition): c.offset for c in found.committed} if found else {}


def frozen_commits(facts: PairFacts, side: str, before: SideFacts | None) -> dict[str, dict[str, int]]:
    """For the receipt: of every declared group, what it had committed on the side that was lost, as read last."""
    if before is None or before.groups is None:
        return {}
    groups = sorted({client.group for client in facts.clients if client.group} & set(before.groups))
    here = facts.other(side)
    return {
        group: {f"{topic}-{number}": at for (topic, number), at in commits_here(before, here, group).items()}
        for group in groups
    }


def _home(case: Case, home: SideFacts, here: SideFacts, group: str) -> tuple[Positions | None, bool]:
    if home.reachable and home.groups is not None:
        found = home.groups.get(group)
        return commits_here(home, here, group), found is None or not found.is_active
    receipt = case.evidence.get("receipt", {})
    frozen: Mapping[str, int] | None = receipt.get("groups", {}).get(group)
    if frozen is None or receipt.get("survivor") != here.side:
        return None, False
    return {_at(key): offset for key, offset in frozen.items()}, False


def _at(key: str) -> tuple[str, int]:
    topic, _, number = key.rpartition("-")
    return topic, int(number)


def _source_ends(case: Case, home: SideFacts, here: SideFacts) -> dict[tuple[str, int], int]:
    """Of mirrored topics alone: of the others all records are here."""
    mirrored = {mirror.source_topic: mirror.topic for mirror in here.mirrors or ()}
    if home.reachable and home.topics is not None:
        return {(mirrored[name], number): end for (name, number), end in ends_of(home).items() if name in mirrored}
    topics: Mapping[str, Mapping[str, Any]] = case.evidence.get("receipt", {}).get("topics", {})
    return {
        (name, part["partition"]): max(end, part.get("upper_end") or 0)
        for name, topic in topics.items()
        for part in topic["partitions"]
        if (end := part.get("source_end")) is not None
    }

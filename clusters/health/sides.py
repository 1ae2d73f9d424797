"""Whether a side answers, was read whole, and has every safety fact told."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from clusters.facts import Fact, Policy, SideFacts
from clusters.health.severity import UNREACHABLE, Expectations, Judgement, Severity, stale


def judge_side(
    side: SideFacts,
    policy: Policy,
    expectations: Expectations,
    now: datetime,
    *,
    unreachable_since: datetime | None = None,
) -> Judgement:
    """`unreachable_since` is when this console's probes began to fail, from history."""
    if old := stale(side, policy, now):
        return old
    if not side.reachable:
        return _unreachable(side, policy, expectations, now, unreachable_since)
    if failed := [probe for probe in side.probes if not probe.ok]:
        return Judgement(Severity.ACT, f"{failed[0].protocol} does not answer", failed[0].said)
    if unread := [name for name in ("links", "mirrors", "topics", "groups") if getattr(side, name) is None]:
        return Judgement(
            Severity.UNKNOWN, "read in part", f"{', '.join(unread)} could not be read. {side.said}".strip()
        )
    if gaps := list(_gaps(side)):
        return Judgement(Severity.WATCH, "facts missing", "; ".join(gaps))
    return Judgement(Severity.OK, "answers", "every way in answers and every safety fact is known")


def _unreachable(
    side: SideFacts, policy: Policy, expectations: Expectations, now: datetime, since: datetime | None
) -> Judgement:
    if why := expectations.reason(side.side, UNREACHABLE):
        return Judgement(Severity.EXPECTED, "does not answer", why)
    if since is not None and now - since >= policy.unreachable_for:
        return Judgement(Severity.CRITICAL, "does not answer", f"no probe has got through since {since:%H:%M:%S}")
    return Judgement(Severity.ACT, "does not answer", side.said)


def _gaps(side: SideFacts) -> Iterator[str]:
    """Safety facts nobody has told: runbooks refuse on them, better seen before the worst day."""
    named: tuple[tuple[str, Fact[object]], ...] = (("edition", side.edition), ("metadata mode", side.metadata))  # type: ignore[assignment]
    is_cloud = side.edition.value is not None and side.edition.value.is_cloud
    for name, fact in named if not is_cloud else named[:1]:
        if not fact.is_known:
            yield f"{name} unknown: {fact.note}"
    if not is_cloud and not side.tiering.is_known:
        yield f"Tiered Storage unknown: {side.tiering.note}"
    for broker in side.brokers:
        if not broker.version.is_known:
            yield f"version of broker {broker.broker_id} unknown: {broker.version.note}"
    if not is_cloud and not side.brokers:
        yield "no broker is known, so no version is"

"""Whether a mirror protects its topic: its state, its lag, and whether the lag means anything."""

from __future__ import annotations

from datetime import datetime, timedelta

from clusters.facts import MirrorFacts, MirrorStatus, Policy, SideFacts
from clusters.health.severity import UNREACHABLE, Expectations, Judgement, Severity, stale

PENDING_ACT = timedelta(minutes=2)
PENDING_CRITICAL = timedelta(minutes=10)
# Where no rate is known, a lag cannot be judged in time; above this many records it is at least worth a look.
MANY_RECORDS = 1000


def judge_mirror(
    mirror: MirrorFacts,
    side: SideFacts,
    policy: Policy,
    expectations: Expectations,
    now: datetime,
    *,
    source: SideFacts | None = None,
    rate: float | None = None,
) -> Judgement:
    """`side` holds the mirror, `source` is the other side as read last; `rate` is records per second at the source."""
    if old := stale(side, policy, now):
        return old
    if mirror.status is MirrorStatus.UNRECOGNISED:
        return Judgement(Severity.UNKNOWN, mirror.said_status or "no state", "this state is not known here; look at it")
    if mirror.status is MirrorStatus.ACTIVE:
        return _active(mirror, policy, expectations, source, rate)
    if mirror.status.is_in_transition:
        return _pending(mirror, side, expectations, now)
    if why := expectations.reason(side.side, mirror.status.value):
        return Judgement(Severity.EXPECTED, mirror.status.value, why)
    return _unexpected(mirror, policy, source, now)


def _active(
    mirror: MirrorFacts, policy: Policy, expectations: Expectations, source: SideFacts | None, rate: float | None
) -> Judgement:
    if mirror.error:
        return Judgement(Severity.ACT, "ACTIVE with an error", mirror.error)
    if source is not None and not source.reachable:
        said = f"{source.side} does not answer, so the lag is the last known and may be frozen"
        why = expectations.reason(source.side, UNREACHABLE)
        return Judgement(Severity.EXPECTED if why else Severity.UNKNOWN, "lag last known", why or said)
    if problem := _unmeasured(mirror):
        return Judgement(Severity.UNKNOWN, "lag not known", problem)
    return _lag(mirror, policy, rate)


def _unmeasured(mirror: MirrorFacts) -> str:
    """Why the lag numbers prove nothing; empty when they do."""
    if not 0 < mirror.num_partitions == len(mirror.partitions):
        return f"{len(mirror.partitions)} of {mirror.num_partitions} partitions report a lag"
    if never := [lag.partition for lag in mirror.partitions if lag.last_source_fetch_offset < 0]:
        return f"partition {never[0]} has not fetched since its leader started: a lag of 0 means nothing there"
    if negative := [lag for lag in mirror.partitions if lag.lag < 0]:
        return f"partition {negative[0].partition} reports a lag of {negative[0].lag}"
    return ""


def _lag(mirror: MirrorFacts, policy: Policy, rate: float | None) -> Judgement:
    total, most = mirror.total_lag or 0, mirror.max_lag or 0
    if total == 0:
        return Judgement(Severity.OK, "mirroring", "lag 0 on every partition")
    if not rate:
        severity = Severity.WATCH if most > MANY_RECORDS else Severity.OK
        return Judgement(severity, "mirroring", f"lag {total} records; no rate is known to say how long that is")
    age = timedelta(seconds=total / rate)
    said = f"lag {total} records, about {age.total_seconds():.0f} s at {rate:.0f} records/s"
    if age > policy.rpo:
        return Judgement(Severity.ACT, "behind its target", f"{said}; target {policy.rpo.total_seconds():.0f} s")
    return Judgement(Severity.WATCH if age > policy.rpo / 2 else Severity.OK, "mirroring", said)


def _pending(mirror: MirrorFacts, side: SideFacts, expectations: Expectations, now: datetime) -> Judgement:
    state, age = mirror.status.value, now - mirror.state_at if mirror.state_at else None
    if mirror.transition_errors:
        first = mirror.transition_errors[0]
        return Judgement(Severity.ACT, state, f"{first.code}: {first.message}")
    if age is None:
        return Judgement(Severity.UNKNOWN, state, "since when is not known")
    said = f"for {age.total_seconds():.0f} s"
    if age > PENDING_CRITICAL:
        return Judgement(Severity.CRITICAL, state, f"{said}; open its transition errors")
    if age > PENDING_ACT:
        return Judgement(Severity.ACT, state, f"{said}; open its transition errors")
    why = expectations.reason(side.side, state)
    return Judgement(Severity.EXPECTED if why else Severity.WATCH, state, why or f"{said}, and no run explains it")


def _unexpected(mirror: MirrorFacts, policy: Policy, source: SideFacts | None, now: datetime) -> Judgement:
    state = mirror.status.value
    if mirror.status is MirrorStatus.SOURCE_UNAVAILABLE:
        is_long = mirror.state_at is None or now - mirror.state_at > policy.unreachable_for
        is_confirmed = source is not None and not source.reachable
        severity = Severity.CRITICAL if is_long or is_confirmed else Severity.ACT
        return Judgement(
            severity, state, "the source cannot be reached" + (" by this console either" if is_confirmed else "")
        )
    reasons = {
        MirrorStatus.PAUSED: (Severity.ACT, "paused, and no run explains it: resume it"),
        MirrorStatus.LINK_PAUSED: (
            Severity.CRITICAL,
            "the whole link is paused: nothing is protected, no offsets are synced",
        ),
        MirrorStatus.LINK_FAILED: (Severity.CRITICAL, "the link cannot work; see its error"),
        MirrorStatus.FAILED: (Severity.CRITICAL, f"this mirror cannot go on: {mirror.error or 'no reason given'}"),
        MirrorStatus.STOPPED: (Severity.ACT, "an ordinary topic now: not protected"),
    }
    severity, why = reasons[mirror.status]
    return Judgement(severity, state, why)

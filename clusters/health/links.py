"""Whether a side of a link works: its state, its tasks, its settings."""

from __future__ import annotations

from datetime import datetime

from clusters.facts import LinkFacts, Policy, SideFacts
from clusters.health.severity import UNAVAILABLE, UNREACHABLE, Expectations, Judgement, Severity, stale

ALIVE = {"ACTIVE", "AVAILABLE"}


def judge_link(
    link: LinkFacts,
    side: SideFacts,
    policy: Policy,
    expectations: Expectations,
    now: datetime,
    *,
    remote: SideFacts | None = None,
) -> Judgement:
    """`link_state` is no proof of life: it stays ACTIVE for minutes after the peer has died."""
    if old := stale(side, policy, now):
        return old
    if link.state not in ALIVE:
        return _link_down(link, side, expectations, remote)
    if link.configs.get("cluster.link.paused") == "true":
        return Judgement(Severity.CRITICAL, "paused", "the whole link is paused: nothing is protected")
    if problem := _task_problem(link):
        return problem
    if link.error:
        return Judgement(Severity.ACT, f"{link.state} with an error", f"{link.error} {link.error_message}".strip())
    if remote is not None and not remote.reachable:
        why = expectations.reason(remote.side, UNREACHABLE)
        said = f"{remote.side} does not answer this console; {link.state} is no proof that the link gets through"
        return Judgement(Severity.EXPECTED if why else Severity.UNKNOWN, f"says {link.state}", why or said)
    if not link.is_mode_known:
        return Judgement(Severity.UNKNOWN, f"says {link.state}", "its settings could not be read")
    if link.configs.get("consumer.offset.sync.enable") == "false":
        return Judgement(
            Severity.WATCH, link.state, "consumer.offset.sync.enable is false: groups cannot move without repeats"
        )
    return Judgement(Severity.OK, link.state, "state, tasks and settings are as they should be")


def _link_down(link: LinkFacts, side: SideFacts, expectations: Expectations, remote: SideFacts | None) -> Judgement:
    if why := expectations.reason(side.side, link.state):
        return Judgement(Severity.EXPECTED, link.state, why)
    said = f"{link.error} {link.error_message}".strip() or "no reason given"
    if link.state == "PAUSED":
        return Judgement(Severity.CRITICAL, link.state, "the whole link is paused: nothing is protected")
    if link.state == "FAILED" or (link.state == UNAVAILABLE and remote is not None and not remote.reachable):
        return Judgement(Severity.CRITICAL, link.state, said)
    if link.state == UNAVAILABLE:
        return Judgement(Severity.ACT, link.state, said)
    return Judgement(Severity.UNKNOWN, link.state or "no state", "the cluster does not say how the link is")


def _task_problem(link: LinkFacts) -> Judgement | None:
    for task in link.tasks:
        codes = [error.code for error in task.errors]
        if "CONSUMER_GROUP_IN_USE_ERROR" in codes:
            said = "CONSUMER_GROUP_IN_USE_ERROR: a group is active on both sides"
            return Judgement(Severity.CRITICAL, f"{task.name} in error", said)
        if task.state == "IN_ERROR" or codes:
            return Judgement(Severity.ACT, f"{task.name} in error", ", ".join(codes) or task.state)
    return None

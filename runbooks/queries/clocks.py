"""The three clocks of a run: since failure, this step, left of the RTO. Each is an instant; the page counts from it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from clusters.facts import Policy
from runbooks.engine.pace import Pace
from runbooks.engine.states import TERMINAL, StepState
from runbooks.models import Incident, Run, StepRun
from runbooks.queries.effort import Effort
from runbooks.queries.pace import is_slow
from runbooks.queries.words import AT_WORK, clock, length, sentence

WIDTH = 300.0  # of a budget's bar


@dataclass(frozen=True)
class Bar:
    kind: str  # all, spent, people, due
    width: str
    x: str = "0"
    y: str = "2"
    height: str = "4"


@dataclass(frozen=True)
class Budget:
    label: str
    bars: Sequence[Bar]


@dataclass(frozen=True)
class Clock:
    """Running up from `since`, down to `until`, or stopped at `length`."""

    label: str
    note: str = ""
    since: datetime | None = None
    until: datetime | None = None
    length: timedelta | None = None
    is_over: bool = False
    budget: Budget | None = None


def clocks(
    run: Run,
    step: StepRun | None,
    effort: Effort,
    policy: Policy,
    now: datetime,
    healthy_at: datetime | None,
    usual: Pace | None = None,
) -> list[Clock]:
    """`healthy_at` is when the applications were well again, where the incident's marks tell it; `usual` is how long
    the step's kind takes on this pair.
    """
    found = [_since_failure(run, effort, healthy_at)]
    if step is not None:
        found.append(_this_step(step, now, usual))
    if run.incident is not None:
        found.append(_left_of_rto(run.incident, policy, now, healthy_at))
    return found


def _since_failure(run: Run, effort: Effort, healthy_at: datetime | None) -> Clock:
    split = f"Machines {length(effort.machines)}, people {length(effort.people)} of this run."
    budget = Budget(f"Machines {length(effort.machines)}, people {length(effort.people)}", _split(effort))
    if run.incident is None:
        stopped = run.finished_at - run.started_at if run.finished_at else None
        return Clock("Since start", split, None if stopped else run.started_at, length=stopped, budget=budget)
    t0 = run.incident.t0
    note = f"T0 {clock(t0)}{uncertain(run.incident)}. {split}"
    end = healthy_at or run.incident.closed_at
    label = "Failure to healthy" if healthy_at else "Since failure"
    return Clock(label, note, None if end else t0, length=end - t0 if end else None, budget=budget)


def uncertain(incident: Incident) -> str:
    """By how much the failure may have come later than T0."""
    return f" ± {max(1, round(incident.t0_uncertainty_ms / 1000))} s" if incident.t0_uncertainty_ms else ""


def _split(effort: Effort) -> list[Bar]:
    share = effort.machines / effort.total if effort.total else 0.0
    return [Bar("people", _wide(1)), Bar("due", _wide(share))]


def _wide(share: float) -> str:
    """A page that was begun before a worker wrote down its start sees that start in the future."""
    return f"{WIDTH * min(max(share, 0.0), 1.0):g}"


def _this_step(step: StepRun, now: datetime, usual: Pace | None) -> Clock:
    said = f" {sentence(str(usual))}" if usual else ""
    allowed = f"Allowed {length(step.timeout)} once it begins.{said}"
    begun = step.started_at or step.claimed_at or step.ready_at
    if step.state in TERMINAL or step.ended_at:
        took = step.ended_at - begun if step.ended_at and begun else timedelta()
        return Clock("This step took", f"Ended {clock(step.ended_at or step.moved_at)}.", length=took)
    if step.state == StepState.LOCKED or step.ready_at is None:
        return Clock("This step", f"Not begun. {allowed}", length=timedelta())
    if step.state in AT_WORK and step.started_at:
        spent = (now - step.started_at) / step.timeout
        label = f"{length(now - step.started_at)} of {length(step.timeout)} spent"
        return Clock(
            "This step",
            f"Allowed {length(step.timeout)}.{f' Slower than usual ({usual}).' if is_slow(step, usual, now) else said}",
            step.started_at,
            is_over=step.overdue or is_slow(step, usual, now),
            budget=Budget(label, [Bar("all", _wide(1)), Bar("spent", _wide(spent))]),
        )
    if step.state == StepState.UNKNOWN:
        return Clock("This step", f"Outcome unknown since {clock(step.moved_at)} UTC.", begun)
    return Clock("This step", f"Ready since {clock(step.ready_at)} UTC. {allowed}", step.ready_at)


def _left_of_rto(incident: Incident, policy: Policy, now: datetime, healthy_at: datetime | None) -> Clock:
    label, ends = f"Left of RTO {length(policy.rto)}", incident.t0 + policy.rto
    at = healthy_at or incident.closed_at or now
    spent = (at - incident.t0) / policy.rto
    budget = Budget(
        f"{length(at - incident.t0)} of {length(policy.rto)} spent",
        [Bar("all", _wide(1)), Bar("spent", _wide(spent))],
    )
    if healthy_at or incident.closed_at:
        inside = "inside" if at <= ends else "over"
        return Clock(
            label,
            f"Ended {clock(at)}, {length(abs(ends - at))} {inside}.",
            length=ends - at,
            is_over=at > ends,
            budget=budget,
        )
    note = f"Ends {clock(ends)} UTC." if now <= ends else f"Over since {clock(ends)} UTC."
    return Clock(label, note, until=ends, is_over=now > ends, budget=budget)

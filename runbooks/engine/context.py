"""What a guard may judge and what a step may touch."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from clusters.facts import PairFacts, Policy
from clusters.gateway import Gateways
from runbooks.engine.exception import DryRun, VerifiedException
from runbooks.engine.states import Mode

Evidence = Mapping[str, Mapping[str, Any]]


@dataclass(frozen=True)
class Case:
    """Everything a judgement rests on. Pure data: fresh facts of both sides, and what the incident has recorded so far.

    `evidence` maps a step kind (`cut.save`, `loss.accept`, …; `receipt` for the incident's frozen lag receipt) to the
    newest data stored under it in this incident. `inputs` is what the confirmer said. `will_not_return` is the
    commander's declaration that the failed cluster is gone for good. `exceptions` are all that were ever recorded for
    the pair, newest first; `dry_run` is made for a judgement only where one of them could apply.
    """

    facts: PairFacts
    now: datetime
    mode: Mode
    evidence: Evidence = field(default_factory=dict)
    inputs: Mapping[str, str] = field(default_factory=dict)
    previous: PairFacts | None = None
    will_not_return: bool = False
    confirmer: str = ""
    exceptions: tuple[VerifiedException, ...] = ()
    dry_run: DryRun | None = None

    @property
    def policy(self) -> Policy:
        return self.facts.policy


@dataclass(frozen=True)
class StepContext:
    """A case and the way to the clusters. `deadline` is monotonic seconds; no call may outlive it.

    `items` are the targets of this attempt; `sent_at` is when its first call was sent (None before that);
    `memory` is what this attempt's answers (`Answer.evidence`) and earlier looks (`Observation.evidence`) left behind.
    """

    case: Case
    gateways: Gateways
    run: str
    attempt: str
    deadline: float
    items: tuple[str, ...] = ()
    sent_at: datetime | None = None
    pre_state: Mapping[str, Any] = field(default_factory=dict)
    memory: Mapping[str, Any] = field(default_factory=dict)

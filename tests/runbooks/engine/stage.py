"""A pair of the sandbox and the steps of a runbook on it, one after another, through the real backends."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from clusters.connections import Connections, open_pair
from clusters.declared import PairEntry
from clusters.facts import PairFacts, Policy
from clusters.reading import read_pair
from runbooks.engine.context import Case, StepContext
from runbooks.engine.guards.link_settings import ChangesSettings
from runbooks.engine.guards.registry import SetsMode
from runbooks.engine.judge import judge, refusals
from runbooks.engine.kinds import Nature, StepKind
from runbooks.engine.outcome import Answer, ItemState, Observation, Result, Verdict
from runbooks.engine.states import Mode

SECOND = timedelta(seconds=1)
QUICK = Policy(
    unreachable_for=SECOND,
    stable_for=SECOND,
    session_timeout=SECOND / 2,
    flat_for=SECOND / 2,
    poll=SECOND / 4,
    group_sync=SECOND / 5,
)


def merged(before: Mapping[str, Any], now: Mapping[str, Any]) -> dict[str, Any]:
    found = dict(before)
    for key, value in now.items():
        both = isinstance(value, Mapping) and isinstance(found.get(key), Mapping)
        found[key] = merged(found[key], value) if both else value
    return found


def stored(data: Mapping[str, Any]) -> Any:
    """Through JSON, as everything that a step leaves behind goes."""
    return json.loads(json.dumps(data))


class NeverCame(AssertionError):
    pass


@dataclass
class Doing:
    """One attempt of a step, kept as the executor keeps it."""

    stage: Stage
    step: StepKind
    items: tuple[str, ...]
    inputs: Mapping[str, str]
    attempt: str
    pre_state: Mapping[str, Any] = field(default_factory=dict)
    memory: Mapping[str, Any] = field(default_factory=dict)
    sent_at: datetime | None = None

    def context(self) -> StepContext:
        return self.stage.context(
            self.step,
            self.items,
            self.inputs,
            attempt=self.attempt,
            pre_state=self.pre_state,
            memory=self.memory,
            sent_at=self.sent_at,
        )

    def send(self) -> list[Answer]:
        """Every batch, as it is; raises Refused where the last look forbids it."""
        return [self._send(batch) for batch in self._batches()]

    def _batches(self) -> Iterable[tuple[str, ...]]:
        size = self.step.batch()
        return [self.items[at : at + size] for at in range(0, len(self.items), size)]

    def _send(self, batch: tuple[str, ...]) -> Answer:
        self.pre_state = stored(merged(self.pre_state, self.step.pre_state(self.context(), batch)))
        json.dumps(dict(self.step.request(self.context(), batch)))
        self.stage.evidence |= self.pre_state.get("keep", {})
        self.sent_at = self.sent_at or datetime.now(UTC)
        answer = self.step.apply(self.context(), batch)
        self.memory = stored(merged(self.memory, answer.evidence))
        return answer

    def look(self) -> Observation:
        found = self.step.observe(self.context())
        self.memory = stored(merged(self.memory, found.evidence))
        return found

    def until(self, wanted: Callable[[Observation], bool], within: float = 20.0) -> Observation:
        deadline = time.monotonic() + within
        while not wanted(found := self.look()):
            if time.monotonic() > deadline:
                raise NeverCame(f"{found.said}: {found.items}")
            time.sleep(0.1)
        return found


class Stage:
    """Reads facts, judges, sends and looks like the executor, and keeps evidence as an incident does."""

    def __init__(self, entry: PairEntry, policy: Policy = QUICK) -> None:
        self.entry: PairEntry = replace(entry, policy=policy)
        self.connections: Connections = open_pair(self.entry)
        self.evidence: dict[str, Mapping[str, Any]] = {}
        self.previous: PairFacts | None = None
        self.will_not_return = False
        self._attempts = 0

    def close(self) -> None:
        self.connections.close()

    def facts(
        self,
        topics: tuple[str, ...] = (),
        groups: tuple[str, ...] = (),
        *,
        configs: bool = False,
        registries: bool | None = None,
    ) -> PairFacts:
        found = read_pair(
            self.connections, self.entry, deadline_s=6.0, previous=self.previous, topics=topics, groups=groups,
            clients=[client.name for client in self.entry.clients],
            configs=configs, registries=registries,
        )  # fmt: skip
        self.previous = found
        return found

    def case(
        self,
        mode: Mode = Mode.LIVE,
        inputs: Mapping[str, str] | None = None,
        *,
        configs: bool = False,
        registries: bool | None = None,
    ) -> Case:
        before = self.previous
        return Case(
            facts=self.facts(configs=configs, registries=registries),
            now=datetime.now(UTC),
            mode=mode,
            evidence=self.evidence,
            inputs=inputs or {},
            previous=before,
            will_not_return=self.will_not_return,
            confirmer="Commander 1",
        )

    def context(
        self, step: StepKind, items: tuple[str, ...] = (), inputs: Mapping[str, str] | None = None, **kept: Any
    ) -> StepContext:
        return StepContext(
            case=self.case(inputs=inputs),
            gateways=self.connections,
            run="run-1",
            deadline=time.monotonic() + 5.0,
            items=items,
            **{"attempt": "0", **kept},
        )

    def verdicts(self, step: StepKind, case: Case | None = None) -> tuple[Verdict, ...]:
        return judge(
            step,
            case or self.case(configs=isinstance(step, ChangesSettings), registries=isinstance(step, SetsMode) or None),
        )

    def refusals(self, step: StepKind, case: Case | None = None) -> dict[str, str]:
        """What holds the step: guard → what it says."""
        return {verdict.guard: verdict.says for verdict in refusals(self.verdicts(step, case))}

    def begin(self, step: StepKind, inputs: Mapping[str, str] | None = None) -> Doing:
        self._attempts += 1
        return Doing(self, step, tuple(step.targets(self.case())), inputs or {}, f"{self._attempts}")

    def do(self, step: StepKind, inputs: Mapping[str, str] | None = None, within: float = 20.0) -> Observation:
        """The whole step, which must be allowed, be accepted and come true."""
        self.allowed(step)
        doing = self.begin(step, inputs)
        if step.nature is Nature.ACT:
            answers = doing.send()
            assert {answer.result for answer in answers} == {Result.ACCEPTED}, answers
        found = doing.until(lambda seen: seen.is_done, within)
        self.evidence[step.kind] = doing.memory
        return found

    def allowed(self, step: StepKind, within: float = 10.0) -> None:
        """Some guards only need a moment (an outage that has lasted long enough), none may need more."""
        deadline = time.monotonic() + within
        while held := self.refusals(step):
            assert time.monotonic() < deadline, held
            time.sleep(0.1)


def states(found: Observation) -> dict[str, ItemState]:
    return {name: item.state for name, item in found.items.items()}

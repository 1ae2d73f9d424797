"""Order, overriding, and facts that are missing."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import pytest

from clusters.gateway import RegistryMode
from runbooks.engine.context import Case
from runbooks.engine.guards.fresh import FreshFacts
from runbooks.engine.guards.rule import MissingFact, Rule
from runbooks.engine.judge import judge, name_of, refusals
from runbooks.engine.kinds import StepKind, guards, steps
from runbooks.engine.outcome import Level, Verdict
from runbooks.engine.steps.manual import Manual
from tests.runbooks.engine.made import NEW, OLD, case, lost, pair, side

STEP = Manual(action="look", evidence="it")


def made(code: str, level: Level, *, is_met: bool = False, code_given: str = "") -> Verdict:
    return Verdict(code, "t", level, is_met, "saw", "needs", "source", guard=code_given or f"guard-{code}")


@pytest.mark.parametrize(
    ("verdict", "overridden", "holds"),
    [
        (made("R20", Level.OVERRIDABLE), set(), True),
        (made("R20", Level.OVERRIDABLE), {"guard-R20"}, False),
        (made("R20", Level.OVERRIDABLE), {"R20"}, False),
        (made("R20", Level.OVERRIDABLE), {"R10", "guard-R10"}, True),
        (made("R19", Level.OVERRIDABLE), {"R19"}, True),
        (made("R19", Level.OVERRIDABLE), {"guard-R19"}, False),
        (made("R01", Level.ABSOLUTE), {"R01", "guard-R01"}, True),
        (made("R35", Level.WARNING), set(), False),
        (made("R20", Level.OVERRIDABLE, is_met=True), set(), False),
    ],
)
def test_what_holds_a_step(verdict: Verdict, overridden: set[str], holds: bool) -> None:
    assert bool(refusals([verdict], overridden)) is holds


@dataclass(frozen=True)
class Blind(Rule):
    """Never sees what it needs."""

    code: ClassVar[str] = "R20"
    title: ClassVar[str] = "Sees"
    source: ClassVar[str] = "test"
    raises: ClassVar[Exception] = MissingFact("the moon", waits_for="manual")

    def judge(self, step: StepKind, case: Case) -> Verdict:
        raise self.raises


def blind_to(error: Exception, monkeypatch: pytest.MonkeyPatch) -> Verdict:
    monkeypatch.setattr(Blind, "raises", error)
    monkeypatch.setitem(guards._found, "blind", Blind)
    (found,) = judge(STEP, case(pair(side(OLD), side(NEW))), [Blind()])
    return found


@pytest.mark.claims("R19", case="unknown")
def test_a_fact_that_is_missing_refuses(monkeypatch: pytest.MonkeyPatch) -> None:
    found = blind_to(MissingFact("the moon", waits_for="manual"), monkeypatch)
    assert (found.code, found.is_met, found.guard, found.waits_for) == ("R19", False, "blind", "manual")
    assert found.says == "A fact needed to judge safety is unknown: the moon. Unknown is treated as unsafe."


@pytest.mark.claims("R19", case="unknown")
def test_a_side_that_is_not_among_the_facts_refuses(monkeypatch: pytest.MonkeyPatch) -> None:
    found = blind_to(KeyError("mars"), monkeypatch)
    assert (found.code, found.is_met) == ("R19", False)


def test_a_mistake_in_a_guard_is_not_taken_for_an_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(ZeroDivisionError):
        blind_to(ZeroDivisionError("a mistake"), monkeypatch)


@pytest.mark.parametrize("name", list(guards))
def test_every_guard_has_its_name_and_its_texts(name: str) -> None:
    kind = guards.get(name)
    assert name_of(kind()) == name
    assert all([kind.code, kind.title, kind.source, kind.__doc__])


@pytest.mark.parametrize("name", list(steps))
def test_every_kind_judges_by_guards_of_the_registry(name: str) -> None:
    kind = steps.get(name)
    assert kind.kind == name
    assert {name_of(guard) for guard in kind.guards} <= set(guards)


def test_every_act_is_held_by_may_change_and_fresh_facts() -> None:
    acts = [steps.get(name) for name in steps if steps.get(name).nature == "act"]
    assert {kind.kind for kind in acts} >= {"mirrors.failover", "clients.route", "groups.stop", "groups.start"}
    for kind in acts:
        assert {"may_change", "fresh_facts"} <= {name_of(guard) for guard in kind.guards}, kind.kind


BLIND_ACTS: dict[str, dict[str, Any]] = {
    "clients.route": {"clients": ("writer",), "away_from": OLD},
    "clients.stop": {"clients": ("writer",), "side": OLD},
    "groups.set-offsets": {"topics": ("entries",), "groups": ("balances",), "side": OLD},
    "groups.start": {"groups": ("balances",), "away_from": OLD},
    "groups.stop": {"groups": ("balances",), "side": OLD},
    "links.delete": {"side": OLD},
    "mirrors.create": {"topics": ("entries",), "side": OLD},
    "mirrors.failover": {"topics": ("entries",), "away_from": OLD},
    "mirrors.pause": {"topics": ("entries",), "side": OLD},
    "mirrors.promote": {"topics": ("entries",), "away_from": OLD},
    "mirrors.resume": {"topics": ("entries",), "side": OLD},
    "mirrors.truncate-and-restore": {"topics": ("entries",), "side": OLD},
    "mirrors.reverse-and-start": {"topics": ("entries",), "side": OLD},
    "offset-sync.pause": {"side": OLD},
    "offset-sync.resume": {"side": OLD},
    "records.replay": {"topics": ("entries",), "away_from": OLD},
    "registry.mode": {"mode": RegistryMode.READONLY, "side": OLD},
    "topics.delete": {"topics": ("entries",), "side": OLD},
}


def test_no_act_but_stopping_is_allowed_when_nothing_is_known() -> None:
    """Stopping clients is safe to try whatever is known of the clusters; its proof is not."""
    acts = {name for name in steps if steps.get(name).nature == "act"}
    assert acts == set(BLIND_ACTS)
    nothing = case(pair(lost(OLD), lost(NEW)))
    free = {name for name in acts if not refusals(judge(steps.get(name)(**BLIND_ACTS[name]), nothing))}
    assert free == {"clients.stop", "groups.stop"}


def test_guards_added_by_a_definition_are_judged_beside_the_kinds_own() -> None:
    facts = case(pair(side(OLD), side(NEW)))
    assert [verdict.guard for verdict in judge(STEP, facts, [FreshFacts()])] == ["fresh_facts"]

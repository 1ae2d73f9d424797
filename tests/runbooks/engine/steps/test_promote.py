"""Making mirrors writable for good, while their source answers and nothing is left behind."""

from __future__ import annotations

import pytest

from clusters.facts import MirrorStatus
from runbooks.engine.outcome import ItemState, Result
from runbooks.engine.steps.lag_drained import LagDrained
from runbooks.engine.steps.mirrors_promote import PromoteMirrors
from runbooks.engine.steps.topics_quiet import TopicsQuiet
from tests.fixtures.sandbox import Control
from tests.runbooks.driving import until
from tests.runbooks.engine.stage import Stage, states
from tests.runbooks.engine.steps.scenes import NEW, OLD, TOPICS, place, sent

PROMOTE = PromoteMirrors(away_from=OLD, topics=TOPICS)


@pytest.fixture
def ready(ledger: Stage, control: Control) -> Stage:
    ledger.facts()
    for client in ("ledger-writer", "balances", "statements"):
        place(ledger, client, None)
    ledger.do(TopicsQuiet(side=OLD, topics=TOPICS))
    ledger.do(LagDrained(side=NEW, topics=TOPICS))
    return ledger


def test_it_is_done_when_every_topic_reads_stopped_and_nothing_is_missing(ready: Stage, control: Control) -> None:
    ready.allowed(PROMOTE)
    control.fault("ledger", "transitions-stuck", NEW)
    doing = ready.begin(PROMOTE)
    doing.send()
    assert set(states(doing.look()).values()) == {ItemState.WAITING}
    control.heal("ledger", "transitions-stuck", NEW)
    assert doing.until(lambda look: look.is_done).items["accounts"].saw == f"STOPPED on {NEW}: writable"

    assert [(command["action"], command["side"]) for command in sent(control)] == [("promote", NEW)]
    facts = ready.facts()
    here, there = facts.side(NEW).topics or {}, facts.side(OLD).topics or {}
    assert {name: here[name].end_offsets for name in TOPICS} == {name: there[name].end_offsets for name in TOPICS}


def test_a_command_that_was_dropped_is_seen_not_to_be_applied(ready: Stage, control: Control) -> None:
    ready.allowed(PROMOTE)
    control.fault("ledger", "accepted-then-dropped", NEW, applied=False)
    doing = ready.begin(PROMOTE)
    assert [answer.result for answer in doing.send()] == [Result.UNKNOWN]
    assert doing.look().is_not_applied


def test_a_record_that_is_written_meanwhile_holds_it(ready: Stage, control: Control) -> None:
    control.ask("POST", "/pairs/ledger/records", {"side": OLD, "topic": "entries", "partition": 0, "count": 2})
    assert "quiet_there" in ready.refusals(PROMOTE)


def test_a_group_that_runs_on_either_side_holds_it(ready: Stage) -> None:
    place(ready, "balances", OLD)
    until(lambda: "groups_stopped_there" in ready.refusals(PROMOTE))
    place(ready, "balances", NEW)
    until(lambda: "no_active_groups" in ready.refusals(PROMOTE))


def test_without_the_source_it_is_refused(ready: Stage, control: Control) -> None:
    control.fault("ledger", "region-down", OLD)
    until(lambda: "both_reachable" in ready.refusals(PROMOTE))
    assert sent(control) == []


def test_a_topic_that_became_a_mirror_again_has_drifted(ready: Stage) -> None:
    ready.allowed(PROMOTE)
    ready.do(PROMOTE)
    case = ready.context(PROMOTE).case
    assert PROMOTE.holds(case) is None
    assert {mirror.status for mirror in case.facts.side(NEW).mirrors or ()} == {MirrorStatus.STOPPED}

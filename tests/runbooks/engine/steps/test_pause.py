"""Holding mirrors back, and letting them go on."""

from __future__ import annotations

from clusters.facts import MirrorStatus
from runbooks.engine.outcome import Result
from runbooks.engine.steps.mirrors_pause import PauseMirrors
from runbooks.engine.steps.mirrors_resume import ResumeMirrors
from tests.fixtures.sandbox import Control
from tests.runbooks.driving import until
from tests.runbooks.engine.stage import Stage
from tests.runbooks.engine.steps.scenes import NEW, OLD, TOPICS, sent

PAUSE, RESUME = PauseMirrors(side=NEW, topics=TOPICS), ResumeMirrors(side=NEW, topics=TOPICS)


def statuses(stage: Stage) -> set[MirrorStatus]:
    return {mirror.status for mirror in stage.facts().side(NEW).mirrors or ()}


def test_paused_mirrors_receive_nothing_until_they_are_resumed(ledger: Stage, control: Control) -> None:
    ledger.facts()
    ledger.allowed(PAUSE)
    ledger.do(PAUSE)
    assert statuses(ledger) == {MirrorStatus.PAUSED}
    before = (ledger.facts().side(NEW).topics or {})["entries"].end_offsets
    control.ask("POST", "/pairs/ledger/records", {"side": OLD, "topic": "entries", "partition": 0, "count": 5})
    assert (ledger.facts().side(NEW).topics or {})["entries"].end_offsets == before
    assert "mirrors_can_pause" in ledger.refusals(PAUSE)

    ledger.allowed(RESUME)
    ledger.do(RESUME)
    assert statuses(ledger) == {MirrorStatus.ACTIVE}
    until(lambda: (ledger.facts().side(NEW).topics or {})["entries"].end_offsets != before)
    assert [(command["action"], command["side"]) for command in sent(control)] == [("pause", NEW), ("resume", NEW)]
    assert "mirrors_can_resume" in ledger.refusals(RESUME)


def test_commands_that_were_dropped_are_seen_not_to_be_applied(ledger: Stage, control: Control) -> None:
    ledger.facts()
    for step in (PAUSE, RESUME):
        control.fault("ledger", "accepted-then-dropped", NEW, applied=False)
        ledger.allowed(step)
        doing = ledger.begin(step)
        assert [answer.result for answer in doing.send()] == [Result.UNKNOWN]
        assert doing.look().is_not_applied
        ledger.do(PAUSE) if step is PAUSE else None


def test_they_are_paused_while_the_source_is_lost_and_resumed_without_it(ledger: Stage, control: Control) -> None:
    ledger.facts()
    control.fault("ledger", "region-down", OLD)
    until(lambda: statuses(ledger) == {MirrorStatus.SOURCE_UNAVAILABLE})
    ledger.do(PAUSE)
    assert statuses(ledger) == {MirrorStatus.PAUSED}
    ledger.do(RESUME)
    assert statuses(ledger) <= {MirrorStatus.ACTIVE, MirrorStatus.SOURCE_UNAVAILABLE}

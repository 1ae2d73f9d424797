"""Failing over: accepted is not done, a 200 can hold refusals, and what got no answer is looked at, not sent again."""

from __future__ import annotations

import pytest

from runbooks.engine.guards.rule import MissingFact
from runbooks.engine.outcome import ItemState, Result
from runbooks.engine.steps.mirrors_failover import FailOverMirrors
from tests.fixtures.sandbox import Control
from tests.runbooks.engine.stage import Stage, states
from tests.runbooks.engine.steps.scenes import FAILOVER, NEW, OLD, TOPICS, lose, sent


@pytest.fixture
def lost(ledger: Stage, control: Control) -> Stage:
    lose(ledger, control)
    return ledger


def test_it_is_done_when_every_topic_reads_stopped_and_not_when_it_is_accepted(lost: Stage, control: Control) -> None:
    lost.allowed(FAILOVER)
    control.fault("ledger", "transitions-stuck", NEW)
    doing = lost.begin(FAILOVER)
    (answer,) = doing.send()
    assert answer.result is Result.ACCEPTED
    assert set(states(doing.look()).values()) == {ItemState.WAITING}

    control.heal("ledger", "transitions-stuck", NEW)
    found = doing.until(lambda seen: seen.is_done)

    assert set(states(found)) == set(TOPICS)
    assert [(command["action"], command["side"]) for command in sent(control)] == [("failover", NEW)]
    truth = control.truth("ledger")["sides"][NEW]["topics"]
    assert {topic: truth[topic]["writable"] for topic in TOPICS} == dict.fromkeys(TOPICS, True)


def test_the_ends_at_the_stop_are_kept_as_evidence(lost: Stage, control: Control) -> None:
    lost.do(FAILOVER)
    truth = control.truth("ledger")["sides"][NEW]["topics"]
    ends = {topic: [partition["end"] for partition in truth[topic]["partitions"]] for topic in TOPICS}
    assert lost.evidence["mirrors.failover"]["ends"] == ends
    cut = lost.evidence["cut.save"]["topics"]
    assert {topic: [part["end"] for part in cut[topic]["partitions"]] for topic in TOPICS} == ends


def test_what_is_confirmed_waits_for_the_link_to_be_read_unless_the_cluster_refuses_to_tell(
    ledger: Stage, control: Control
) -> None:
    settings = "/links/ledger-link/configs"
    control.fault("ledger", "server-errors", NEW, only=settings)
    with pytest.raises(MissingFact, match=f"the settings of link ledger-link on {NEW}: they could not be read"):
        FAILOVER.binding_facts(ledger.case())
    control.fault("ledger", "server-errors", NEW, only=settings, status=403)
    assert bound(ledger) == (None, None)
    control.heal("ledger", "server-errors", NEW)
    assert bound(ledger) == ("BIDIRECTIONAL", "")
    control.fault("ledger", "server-errors", NEW, only=settings)
    assert bound(ledger) == ("BIDIRECTIONAL", ""), "read a moment ago"


def bound(stage: Stage) -> tuple[str | None, str | None]:
    side = FAILOVER.binding_facts(stage.case())["sides"][NEW]
    return side["link_mode"], side["prefix"]


def test_refusals_inside_a_200_are_told_topic_by_topic(lost: Stage, control: Control) -> None:
    control.fault("ledger", "refuse-half", NEW)
    doing = lost.begin(FAILOVER)
    (answer,) = doing.send()

    refused = {topic for topic, reply in answer.replies.items() if not reply.is_accepted}
    assert answer.result is Result.ACCEPTED
    assert set(answer.replies) == set(TOPICS)
    assert refused
    assert refused < set(TOPICS)
    found = doing.until(lambda seen: ItemState.WAITING not in states(seen).values())
    assert states(found) == {topic: ItemState.NOT_APPLIED if topic in refused else ItemState.DONE for topic in TOPICS}


def test_all_refused_is_a_refusal(lost: Stage) -> None:
    (answer,) = lost.begin(FailOverMirrors(away_from=OLD, topics=("nothing", "more"))).send()
    assert answer.result is Result.REFUSED
    assert all(reply.said for reply in answer.replies.values())


def test_a_command_that_was_taken_and_not_answered_is_seen_to_be_done(lost: Stage, control: Control) -> None:
    control.fault("ledger", "accepted-then-dropped", NEW, applied=True)
    doing = lost.begin(FAILOVER)
    assert [answer.result for answer in doing.send()] == [Result.UNKNOWN]

    assert doing.until(lambda seen: seen.is_done)
    assert [command["outcome"] for command in sent(control)] == ["dropped-applied"]


def test_a_command_that_was_dropped_is_seen_not_to_be_applied(lost: Stage, control: Control) -> None:
    control.fault("ledger", "accepted-then-dropped", NEW, applied=False)
    doing = lost.begin(FAILOVER)
    assert [answer.result for answer in doing.send()] == [Result.UNKNOWN]

    looks = [doing.look() for _ in range(3)]
    assert all(look.is_not_applied for look in looks)
    assert [command["outcome"] for command in sent(control)] == ["dropped-not-applied"]


def test_server_errors_prove_nothing(lost: Stage, control: Control) -> None:
    doing = lost.begin(FAILOVER)
    doing.pre_state = FAILOVER.pre_state(doing.context(), TOPICS)
    control.fault("ledger", "server-errors", NEW, status=503, applied=True)
    assert FAILOVER.apply(doing.context(), TOPICS).result is Result.UNKNOWN
    assert set(states(doing.look()).values()) == {ItemState.UNKNOWN}
    control.heal("ledger", "server-errors", NEW)
    assert doing.until(lambda seen: seen.is_done)


def test_a_closed_port_proves_that_nothing_was_sent(lost: Stage, control: Control) -> None:
    doing = lost.begin(FAILOVER)
    doing.pre_state = FAILOVER.pre_state(doing.context(), TOPICS)
    control.fault("ledger", "clients-cut", NEW)
    assert FAILOVER.apply(doing.context(), TOPICS).result is Result.NOT_SENT
    assert sent(control) == []


def test_transition_errors_are_shown_while_it_hangs(lost: Stage, control: Control) -> None:
    control.fault("ledger", "transitions-stuck", NEW)
    doing = lost.begin(FAILOVER)
    doing.send()
    found = doing.until(lambda seen: "INTERNAL_ERROR" in seen.items["accounts"].saw)
    assert "PENDING_STOPPED" in found.items["accounts"].saw
    assert set(states(found).values()) == {ItemState.WAITING}


def test_the_preview_is_the_clusters_own_dry_run(lost: Stage, control: Control) -> None:
    found = FAILOVER.preview(lost.context(FAILOVER))
    assert (found.problems, found.is_guided) == ({}, False)
    assert found.command.startswith("kafka-mirrors --failover --topics accounts,entries,transfers ")
    assert "accounts, entries, transfers" in found.will_happen
    assert "Not possible" in found.undo
    assert [command["validate_only"] for command in control.journal("ledger")] == [True]

    control.fault("ledger", "refuse-half", NEW)
    assert set(FAILOVER.preview(lost.context(FAILOVER)).problems) < set(TOPICS)


def test_where_rest_does_not_serve_it_a_person_runs_the_tool(lost: Stage, control: Control) -> None:
    control.ask("PUT", f"/pairs/ledger/sides/{NEW}/settings", {"serves": []})
    found = FAILOVER.preview(lost.context(FAILOVER))
    assert (found.is_guided, found.problems) == (True, {})
    doing = lost.begin(FAILOVER)
    doing.pre_state = FAILOVER.pre_state(doing.context(), TOPICS)
    assert doing.look().is_not_applied

    argv = ["kafka-mirrors", "--failover", "--topics", ",".join(TOPICS)]
    control.ask("POST", "/pairs/ledger/kafka-mirrors", {"side": NEW, "argv": argv})

    assert doing.until(lambda seen: seen.is_done)
    assert [command["via"] for command in sent(control)] == ["kafka-mirrors"]
    control.ask("PUT", f"/pairs/ledger/sides/{NEW}/settings", {"serves": None})


def test_a_mirror_that_is_no_longer_stopped_is_told_as_drift(lost: Stage) -> None:
    lost.do(FAILOVER)
    assert FAILOVER.holds(lost.case()) is None
    unlike = FailOverMirrors(away_from=NEW, topics=TOPICS)
    assert unlike.holds(lost.case()) is None


def test_a_definite_no_to_a_stranger_topic_is_a_verdict_before_anything_is_sent(lost: Stage, control: Control) -> None:
    held = lost.refusals(FailOverMirrors(away_from=OLD, topics=("nothing",)))
    assert {"mirrors_can_fail_over", "cut_saved", "loss_accepted"} <= set(held)
    assert control.journal("ledger") == []

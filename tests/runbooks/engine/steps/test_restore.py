"""Restoring the old home: exactly the settled records are destroyed, or nothing is."""

from __future__ import annotations

from dataclasses import replace

import pytest

from clusters.gateway import MirrorReply, Truncation
from runbooks.engine.outcome import ItemState, Refused, Result
from runbooks.engine.steps.loss_reconcile import ReconcileLoss
from runbooks.engine.steps.mirrors_restore import TruncateAndRestore
from runbooks.engine.truncation import Tail, contradiction
from tests.fixtures.sandbox import Control
from tests.runbooks.engine.stage import Stage, states
from tests.runbooks.engine.steps.scenes import NEW, OLD, RESTORE, TOPICS, come_back, fail_over, sent


@pytest.fixture
def back(ledger: Stage, control: Control) -> Stage:
    """The home side wrote on without being mirrored, was lost, failed over, and is back."""
    ledger.facts()
    control.fault("ledger", "link-down", "")
    for topic in TOPICS:
        control.ask("POST", "/pairs/ledger/records", {"side": OLD, "topic": topic, "partition": 1, "count": 9})
    fail_over(ledger, control)
    control.heal("ledger", "link-down", "")
    come_back(ledger, control)
    return ledger


def test_what_never_arrived_is_what_both_clusters_hold_apart(back: Stage, control: Control) -> None:
    truth = control.truth("ledger")["sides"]
    kept = back.evidence["loss.reconcile"]
    assert set(kept["topics"]) == set(TOPICS)
    for topic, found in kept["topics"].items():
        logs = zip(truth[OLD]["topics"][topic]["partitions"], truth[NEW]["topics"][topic]["partitions"], strict=True)
        for part, (old, new) in zip(found["partitions"], logs, strict=True):
            taken_over = next((at for at, writer in new["writers"] if writer.startswith(NEW)), new["end"])
            assert part["cut"] == taken_over
            assert part["unreplicated"] == old["end"] - taken_over
            assert part["divergent"] == [taken_over, max(taken_over, min(old["end"], new["end"]))]
    assert kept["totals"]["unreplicated"] == RESTORE.record_count(back.case()) >= 27


def test_somebody_who_writes_there_is_named_and_nothing_is_reconciled(back: Stage, control: Control) -> None:
    doing = back.begin(ReconcileLoss(side=OLD, topics=TOPICS))
    doing.look()
    control.ask("POST", "/pairs/ledger/records", {"side": OLD, "topic": "entries", "partition": 0, "count": 3})
    found = doing.look()
    assert found.items["entries"].state is ItemState.WAITING
    assert "R14: entries on eu-north is still receiving writes (3 records" in found.items["entries"].saw


def test_an_old_home_that_has_lost_records_is_critical(back: Stage, control: Control) -> None:
    doing = back.begin(ReconcileLoss(side=OLD, topics=TOPICS))
    cuts = back.evidence["cut.save"]["topics"]["entries"]["partitions"]
    higher = [{**part, "end": part["end"] + 1000} for part in cuts]
    back.evidence["cut.save"]["topics"]["entries"]["partitions"][:] = higher
    found = doing.until(lambda seen: seen.is_settled)
    assert found.items["entries"].state is ItemState.FAILED
    assert found.items["entries"].saw.startswith("Critical: eu-north ends at ")
    assert found.items["accounts"].state is ItemState.DONE


def commands(control: Control) -> list[tuple[str, str]]:
    return [(command["action"], command["side"]) for command in sent(control)]


def test_it_destroys_what_was_settled_and_ends_as_a_mirror(back: Stage, control: Control) -> None:
    count = RESTORE.record_count(back.case())
    assert count is not None
    assert count >= 27
    assert f"{count:,} records" in RESTORE.preview(back.context(RESTORE)).will_happen

    found = back.do(RESTORE)

    assert {item.state for item in found.items.values()} == {ItemState.DONE}
    assert all("cut off, as settled" in item.saw for item in found.items.values())
    assert commands(control) == [("failover", NEW), ("truncate-and-restore", OLD)]
    asked = [command for command in control.journal("ledger") if command["action"] == "truncate-and-restore"]
    assert all(command["include_partition_level_truncation_data"] for command in asked)


def test_one_record_written_after_the_last_facts_stops_it(back: Stage, control: Control) -> None:
    back.allowed(RESTORE)
    doing = back.begin(RESTORE)
    control.ask("POST", "/pairs/ledger/records", {"side": OLD, "topic": "entries", "partition": 0, "count": 1})

    with pytest.raises(Refused, match="Stop: someone wrote on the old home") as refused:
        doing.send()

    (verdict,) = refused.value.verdicts
    assert (verdict.code, verdict.level) == ("R36", "absolute")
    assert commands(control) == [("failover", NEW)]
    assert set(back.refusals(RESTORE)) == {"quiet_here", "tail_unmoved"}


def test_a_dry_run_that_cannot_be_had_stops_it(back: Stage, control: Control) -> None:
    doing = back.begin(RESTORE)
    control.fault("ledger", "server-errors", OLD)
    with pytest.raises(Refused, match="right before sending"):
        doing.send()
    assert commands(control) == [("failover", NEW)]


def test_a_command_that_was_dropped_is_seen_not_to_be_applied(back: Stage, control: Control) -> None:
    back.allowed(RESTORE)
    control.fault("ledger", "accepted-then-dropped", OLD, applied=False)
    doing = back.begin(RESTORE)
    assert [answer.result for answer in doing.send()] == [Result.UNKNOWN]
    assert doing.look().is_not_applied


def test_a_command_that_was_taken_and_not_answered_is_seen_to_be_done(back: Stage, control: Control) -> None:
    back.allowed(RESTORE)
    control.fault("ledger", "accepted-then-dropped", OLD, applied=True)
    doing = back.begin(RESTORE)
    assert [answer.result for answer in doing.send()] == [Result.UNKNOWN]
    found = doing.until(lambda seen: seen.is_done)
    assert all("was not told" in item.saw for item in found.items.values())


def test_by_hand_where_rest_does_not_serve_it(back: Stage, control: Control) -> None:
    control.ask("PUT", f"/pairs/ledger/sides/{OLD}/settings", {"serves": []})
    found = RESTORE.preview(back.context(RESTORE))
    assert found.is_guided
    assert (
        "kafka-mirrors --truncate-and-restore --topics accounts,entries,transfers --link ledger-link" in found.command
    )
    doing = back.begin(RESTORE)
    doing.pre_state = RESTORE.pre_state(doing.context(), TOPICS)
    assert doing.pre_state["dry_run"] == "not served by this cluster"

    argv = ["kafka-mirrors", "--truncate-and-restore", "--topics", ",".join(TOPICS), "--link", "ledger-link"]
    control.ask("POST", "/pairs/ledger/kafka-mirrors", {"side": OLD, "argv": argv})

    assert doing.until(lambda seen: seen.is_done)
    control.ask("PUT", f"/pairs/ledger/sides/{OLD}/settings", {"serves": None})


def test_a_group_that_woke_up_holds_it(back: Stage, control: Control) -> None:
    control.ask("POST", "/pairs/ledger/members", {"side": OLD, "group": "balances", "members": 1})
    doing_until = back.begin(RESTORE)
    doing_until.until(lambda _: "no_active_groups" in back.refusals(RESTORE))
    assert back.refusals(RESTORE)["no_active_groups"].startswith("Group balances is active on this topic")


def test_more_destroyed_than_settled_is_never_called_done(back: Stage) -> None:
    back.allowed(RESTORE)
    doing = back.begin(RESTORE)
    doing.send()
    doing.memory = {**doing.memory, "answer": {topic: {"messages_truncated": 10_000} for topic in TOPICS}}
    found = doing.until(lambda seen: ItemState.WAITING not in states(seen).values())
    assert set(states(found).values()) == {ItemState.FAILED}
    assert found.items["entries"].saw.startswith("R36: ACTIVE on eu-north, but 10,000 records were cut off")


def test_tiered_storage_on_an_affected_version_is_refused_before_anything_is_asked(
    archive: Stage, control: Control
) -> None:
    step = TruncateAndRestore(side="us-west", topics=("events",))
    held = archive.refusals(step)
    assert held["no_tiered_restore"].startswith("Truncate-and-restore is refused: this cluster runs 7.9.1 with Tiered")
    assert control.journal("archive") == []


def test_an_approval_covers_the_frozen_tail(back: Stage) -> None:
    frozen = RESTORE.binding_facts(back.case())
    assert sum(end - cut for rows in frozen["tails"].values() for _, cut, end in rows) == RESTORE.record_count(
        back.case()
    )
    assert {side["tiering"] for side in frozen["sides"].values()} == {False}
    assert RESTORE.binding_facts(replace(back.case(), evidence={}))["tails"] is None


TAILS = (Tail(0, 100, 103), Tail(1, 100, 100))
ROWS = (Truncation(0, 100, 3),)
FIGURES = [
    (MirrorReply("t", truncations=ROWS, messages_truncated=3), ""),
    (MirrorReply("t", truncations=ROWS), ""),
    (MirrorReply("t", truncations=ROWS, messages_truncated=-1), ""),
    (MirrorReply("t", truncations=(*ROWS, Truncation(1, 100, 0)), messages_truncated=3), ""),
    (
        MirrorReply("t", truncations=(Truncation(0, 99, 4),)),
        "Restore would truncate t-0 to 99 (4 records), expected 100 (3",
    ),
    (MirrorReply("t", truncations=(Truncation(0, 100, 4),)), "Restore would truncate t-0 to 100 (4 records)"),
    (MirrorReply("t", truncations=(*ROWS, Truncation(1, 99, 1))), "Restore would truncate t-1 to 99"),
    (
        MirrorReply("t", truncations=(*ROWS, Truncation(7, 5, 1))),
        "Restore would truncate partition 7 of t, which nobody",
    ),
    (MirrorReply("t", truncations=ROWS, messages_truncated=4), "Restore would truncate 4 records of t, expected 3"),
    (MirrorReply("t", messages_truncated=3), "Restore would truncate t-0 to nothing it would tell"),
    (MirrorReply("t"), "Restore would truncate t-0 to nothing it would tell"),
]


@pytest.mark.parametrize(("reply", "says"), FIGURES)
def test_the_clusters_figures_must_be_the_settled_ones(reply: MirrorReply, says: str) -> None:
    found = contradiction(TAILS, reply)
    assert found.startswith(says) if says else found == ""

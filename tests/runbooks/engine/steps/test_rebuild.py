"""Deleting, mirroring anew and placing groups: each sent once, and called done by looking alone."""

from __future__ import annotations

import pytest

from clusters.facts import MirrorStatus
from runbooks.engine.kinds import StepKind
from runbooks.engine.outcome import Refused, Result
from runbooks.engine.steps.cut_save import SaveCut
from runbooks.engine.steps.groups_save_offsets import SaveOffsets
from runbooks.engine.steps.groups_set_offsets import SetOffsets
from runbooks.engine.steps.lag_drained import LagDrained, Until
from runbooks.engine.steps.loss_accept import AcceptLoss, Purpose
from runbooks.engine.steps.mirrors_create import CreateMirrors
from runbooks.engine.steps.offset_sync_drain import DrainOffsetSync
from runbooks.engine.steps.topics_delete import DeleteTopics
from runbooks.engine.steps.topics_quiet import TopicsQuiet
from tests.fixtures.sandbox import Control
from tests.runbooks.engine.stage import Stage
from tests.runbooks.engine.steps.scenes import place, sent

HERE, THERE = "eu-west", "us-east"
MIRRORS = ("us-east.orders", "us-east.payments")
GROUPS = ("settlement", "fulfilment", "reporting")
DELETE = DeleteTopics(side=HERE, topics=MIRRORS)
CREATE = CreateMirrors(side=HERE, topics=MIRRORS)
PLACE = SetOffsets(side=HERE, topics=MIRRORS, groups=GROUPS)


@pytest.fixture
def ready(orders: Stage, control: Control) -> Stage:
    """Failed over, everybody stopped, and all is settled and saved that a deletion needs."""
    orders.facts()
    for client in ("checkout", *GROUPS):
        place(orders, client, None)
    # What is synced once the mirrors are there anew would be ahead of the saved places: all of it has to have come.
    orders.do(DrainOffsetSync(side=HERE, groups=GROUPS))
    orders.do(SaveCut(away_from=THERE, topics=MIRRORS))
    body = {"side": HERE, "argv": ["kafka-mirrors", "--failover", "--topics", ",".join(MIRRORS)]}
    control.ask("POST", "/pairs/orders/kafka-mirrors", body)
    orders.do(TopicsQuiet(side=HERE, topics=MIRRORS))
    orders.do(SaveOffsets(side=HERE, topics=MIRRORS, groups=GROUPS))
    # Records that were still on their way when the cut was saved make it too low: it is saved again as it is now.
    orders.do(SaveCut(away_from=THERE, topics=MIRRORS))
    orders.do(AcceptLoss(side=HERE, topics=MIRRORS, purpose=Purpose.REBUILD), {"statement": "there are none"})
    control.ask("DELETE", "/journal?pair=orders")
    return orders


def actions(control: Control) -> list[tuple[str, str]]:
    return [(row["action"], row["outcome"]) for row in sent(control, "orders")]


def test_each_topic_is_deleted_made_and_its_groups_placed_with_one_command(ready: Stage, control: Control) -> None:
    assert "confluent kafka topic delete us-east.orders" in DELETE.preview(ready.context(DELETE)).command
    ready.do(DELETE)
    names = control.truth("orders")["sides"][HERE]["topics"]
    assert not set(MIRRORS) & set(names)
    ready.do(CREATE)
    ready.do(LagDrained(side=HERE, topics=MIRRORS, until=Until.ARRIVED))
    assert "--from-file OFFSETS.csv --execute" in PLACE.preview(ready.context(PLACE)).command
    found = ready.do(PLACE)
    assert {item.saw for item in found.items.values()} >= {"stands at the 12 saved places"}
    assert (
        actions(control)
        == [("delete-topic", "accepted")] * 2 + [("create-mirror", "accepted")] * 2 + [("set-offsets", "accepted")] * 3
    )


@pytest.mark.parametrize("applied", [True, False])
def test_an_answer_that_never_came_is_settled_by_looking(ready: Stage, control: Control, *, applied: bool) -> None:
    steps: tuple[StepKind, ...] = (
        DeleteTopics(side=HERE, topics=MIRRORS[:1]),
        CreateMirrors(side=HERE, topics=MIRRORS[:1]),
        SetOffsets(side=HERE, topics=MIRRORS[1:], groups=("settlement",)),
    )
    for step in steps:
        ready.allowed(step)
        control.fault("orders", "accepted-then-dropped", HERE, applied=applied)
        doing = ready.begin(step)
        assert [answer.result for answer in doing.send()] == [Result.UNKNOWN]
        if applied or step is steps[2]:  # placed where it stands: nothing tells a second time from none
            doing.until(lambda seen: seen.is_done)
            continue
        assert doing.look().is_not_applied
        ready.do(step)
    assert all("dropped" in outcome for _, outcome in actions(control)[:1])


def test_what_a_coordinator_did_not_take_is_seen(ready: Stage, control: Control) -> None:
    rows = [{"topic": MIRRORS[0], "partition": 0, "offset": 1}]
    control.ask("POST", "/pairs/orders/offsets", {"side": HERE, "group": "settlement", "offsets": rows})
    step = SetOffsets(side=HERE, topics=MIRRORS, groups=("settlement",))
    ready.allowed(step)
    control.fault("orders", "accepted-then-dropped", HERE, applied=False)
    doing = ready.begin(step)
    assert [answer.result for answer in doing.send()] == [Result.UNKNOWN]
    assert doing.look().is_not_applied
    ready.do(step)


def test_one_record_or_one_member_more_stops_it_at_the_last_look(ready: Stage, control: Control) -> None:
    doing = ready.begin(DELETE)
    control.ask("POST", "/pairs/orders/records", {"side": HERE, "topic": MIRRORS[0], "partition": 0, "count": 1})
    with pytest.raises(Refused, match="has moved since it was settled"):
        doing.send()
    placing = ready.begin(SetOffsets(side=HERE, topics=MIRRORS, groups=("settlement",)))
    control.ask("POST", "/pairs/orders/members", {"side": HERE, "group": "settlement", "members": 1})
    placing.until(lambda _: "groups_can_be_placed" in ready.refusals(PLACE))
    with pytest.raises(Refused, match="Group settlement is active on eu-west"):
        placing.send()
    assert actions(control) == []


def test_a_mirror_that_runs_is_never_deleted(orders: Stage, control: Control) -> None:
    orders.facts()
    held = orders.refusals(DELETE)
    assert held["former_mirrors"].startswith("us-east.orders on eu-west reads ACTIVE; this step needs STOPPED.")
    mirrors = orders.facts().side(HERE).mirrors or ()
    assert {mirror.status for mirror in mirrors} == {MirrorStatus.ACTIVE}
    assert control.journal("orders") == []

"""A link goes when nothing is mirrored over it, its cut is exported, and what never crossed is settled."""

from __future__ import annotations

from typing import Any

import pytest

from clusters.facts import MirrorStatus, Topology
from runbooks.engine.context import Case
from runbooks.engine.steps.links_delete import DeleteLink
from tests.runbooks.engine.guards.judged import said
from tests.runbooks.engine.made import NEW, OLD, TOPIC, case, lost, mirror, pair, side

DELETE = DeleteLink(side=NEW)
STOPPED = mirror(MirrorStatus.STOPPED)
CUTS = {"cut.export": {"survivor": NEW, "topics": [TOPIC]}}


def decided(word: str, topic: str = TOPIC) -> dict[str, Any]:
    return {"records.decide": {"side": OLD, "topics": {topic: {"decision": word}}}}


def given_up(*evidence: dict[str, Any], **changes: Any) -> Case:
    known = {name: data for each in evidence for name, data in each.items()}
    new = side(NEW, mirrors=changes.pop("mirrors", (STOPPED,)))
    return case(pair(changes.pop("old", lost(OLD)), new), evidence=known, **changes)


@pytest.mark.claims("R17", case="passes")
@pytest.mark.parametrize(
    "case",
    [
        given_up(CUTS, decided("drop")),
        given_up(CUTS, decided("hand over")),
        given_up(CUTS, decided("replay"), {"records.replay": {}}),
        given_up(CUTS, will_not_return=True),
        given_up(mirrors=()),
    ],
)
def test_a_link_that_nothing_needs_may_go(case: Case) -> None:
    assert said(DELETE, case, "link_can_go") == "met"


@pytest.mark.claims("R17", case="refuses")
@pytest.mark.parametrize(
    ("case", "says"),
    [
        (given_up(CUTS, decided("replay")), "entries is to be replayed, and has not been yet."),
        (given_up(CUTS, decided("replay"), {"records.replay (in part)": {}}), "entries is to be replayed, and has not"),
        (given_up(CUTS, decided("drop", "other")), "What never crossed of entries is not decided on yet, and eu-north"),
        (
            given_up({"cut.export": {"survivor": NEW, "topics": []}}, decided("drop")),
            "The cut of entries is not exported.",
        ),
        *(
            (given_up(CUTS, decided("drop"), mirrors=(mirror(status),)), f"entries on eu-south reads {status} on this")
            for status in MirrorStatus
            if status is not MirrorStatus.STOPPED
        ),
    ],
)
def test_a_link_that_is_needed_stays(case: Case, says: str) -> None:
    found = said(DELETE, case, "link_can_go")
    assert found.startswith("R17: Deleting the link would erase the recorded cut offsets needed for data recovery. ")
    assert says in found


@pytest.mark.claims("R17", case="refuses")
def test_a_transition_on_the_other_side_holds_it_too() -> None:
    pending = side(OLD, mirrors=(mirror(MirrorStatus.PENDING_MIRROR, "other"),))
    found = said(DELETE, given_up(CUTS, decided("drop"), old=pending), "link_can_go")
    assert found == "R17: other on eu-north is in transition. Wait or open its transition errors."


@pytest.mark.claims("R17", case="unknown")
@pytest.mark.parametrize(
    "case", [given_up(decided("drop")), given_up(CUTS), given_up(CUTS, decided("drop"), mirrors=None)]
)
def test_what_is_not_known_keeps_the_link(case: Case) -> None:
    assert said(DELETE, case, "link_can_go").startswith("R19: A fact needed to judge safety is unknown")


def test_in_active_active_a_link_stays_until_its_cluster_is_given_up() -> None:
    facts = pair(lost(OLD), side(NEW, mirrors=(STOPPED,)), topology=Topology.ACTIVE_ACTIVE)
    assert said(DELETE, case(facts), "no_command_needed").startswith("R09")

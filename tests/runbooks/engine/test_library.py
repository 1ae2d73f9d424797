"""The shipped runbooks: whole, in plain words, and with more than one pair of eyes where it matters."""

from __future__ import annotations

from importlib.resources import files

import pytest

from clusters.facts import Topology
from config.variants import VARIANTS, Way
from runbooks.engine.definition import Confirm, RunbookDefinition, parse
from runbooks.engine.kinds import Nature
from runbooks.engine.written import side_by_side

LIBRARY = {path.name.removesuffix(".yaml"): path for path in (files("runbooks") / "library").iterdir()}
SHIPPED = {
    "unplanned-outage-active-active": Topology.ACTIVE_ACTIVE,
    "return-home-active-active": Topology.ACTIVE_ACTIVE,
    "failover-active-passive": Topology.ACTIVE_PASSIVE,
    "restore-active-passive": Topology.ACTIVE_PASSIVE,
    "extended-loss-active-active": Topology.ACTIVE_ACTIVE,
    "rebuild-mirrors-active-active": Topology.ACTIVE_ACTIVE,
    "planned-move-active-active": Topology.ACTIVE_ACTIVE,
    "planned-promote-active-passive": Topology.ACTIVE_PASSIVE,
    "planned-switch-active-passive": Topology.ACTIVE_PASSIVE,
    "pause-catch-up": None,
    "hold-offset-sync": None,
    "recover-unreplicated": None,
    "fail-forward": None,
    "consumer-last-active-passive": Topology.ACTIVE_PASSIVE,
    "consumers-follow-active-passive": Topology.ACTIVE_PASSIVE,
}
# After it was declared that the region will not return, and after that was wrong.
AT_ONCE = "unplanned-outage-active-active"
GIVEN_UP = {"extended-loss-active-active", "rebuild-mirrors-active-active"}


def shipped(slug: str) -> RunbookDefinition:
    return parse(LIBRARY[slug].read_text())


def kinds(slug: str) -> list[str]:
    return [step.kind for step in shipped(slug).steps]


def test_what_is_shipped() -> None:
    assert {slug: shipped(slug).applies_to for slug in LIBRARY} == SHIPPED
    assert {slug: shipped(slug).slug for slug in LIBRARY} == {slug: slug for slug in LIBRARY}


def test_an_active_active_outage_is_five_steps() -> None:
    assert kinds("unplanned-outage-active-active") == [
        *("outage.confirm", "lag.record", "clients.route", "groups.stop", "groups.start")
    ]


@pytest.mark.parametrize("slug", [slug for slug, topology in SHIPPED.items() if topology is Topology.ACTIVE_ACTIVE])
def test_active_active_sends_no_mirror_command(slug: str) -> None:
    assert any(kind.startswith("mirrors.") for kind in kinds(slug)) == (slug in GIVEN_UP)


def test_what_is_planned_is_stopped_drained_and_proven_before_the_roles_change() -> None:
    for slug, change in (
        ("planned-switch-active-passive", "mirrors.reverse-and-start"),
        ("planned-promote-active-passive", "mirrors.promote"),
    ):
        found = kinds(slug)
        assert found[:6] == [
            *("clients.stop", "topics.quiet", "lag.drained", "groups.stop", "offset-sync.drain", change)
        ]
        assert found.index(change) < found.index("groups.start") < found.index("clients.route")


def test_each_is_graceful_or_not_and_names_the_other_way_or_why_there_is_none() -> None:
    assert VARIANTS.keys() == LIBRARY.keys()
    for slug, variant in VARIANTS.items():
        assert bool(variant.others) is not bool(variant.why), slug
        for other in variant.others:
            assert {variant.way, VARIANTS[other].way} == {Way.GRACEFUL, Way.UNGRACEFUL}, slug


def test_graceful_leaves_nothing_behind_and_ungraceful_asks_nothing_of_a_side_that_is_gone() -> None:
    both_answer = {"mirrors.promote", "mirrors.reverse-and-start", "mirrors.truncate-and-restore", "lag.drained"}
    for slug, variant in VARIANTS.items():
        if variant.way is Way.GRACEFUL:
            assert "mirrors.failover" not in kinds(slug), slug
        if variant.way is Way.UNGRACEFUL:
            assert both_answer.isdisjoint(kinds(slug)), slug


def test_what_is_paused_is_resumed() -> None:
    assert kinds("pause-catch-up") == ["mirrors.pause", "manual", "mirrors.resume", "lag.drained"]
    assert kinds("hold-offset-sync") == ["offset-sync.pause", "manual", "offset-sync.resume"]


def test_offset_sync_ends_for_good_only_where_a_cluster_is_left_for_good() -> None:
    ended = {slug: step.with_["lasts"] for slug in SHIPPED for step in shipped(slug).steps if "lasts" in step.with_}
    assert ended == {"planned-promote-active-passive": "for-good"}
    assert kinds("planned-promote-active-passive")[-1] == "offset-sync.pause"


def test_the_order_that_keeps_data_safe() -> None:
    failover, restore = kinds("failover-active-passive"), kinds("restore-active-passive")
    assert failover.index("cut.save") < failover.index("loss.accept") < failover.index("mirrors.failover")
    assert failover.index("groups.within-log") < failover.index("groups.start") < failover.index("clients.route")
    reverse = restore.index("mirrors.reverse-and-start")
    assert restore.index("loss.accept") < restore.index("mirrors.truncate-and-restore") < reverse
    assert restore.index("clients.stop") < restore.index("groups.stop") < reverse < restore.index("clients.route")
    assert restore[: restore.index("mirrors.truncate-and-restore")].count("topics.quiet") == 1


@pytest.mark.parametrize("slug", SHIPPED)
def test_what_cannot_be_undone_needs_a_phrase_and_another_person(slug: str) -> None:
    for step in shipped(slug).steps:
        if step.kind_class.is_irreversible or step.kind == "clients.route":
            assert (step.confirm.is_typed, step.approvals) == (True, 1), step.key


def test_what_is_deleted_is_settled_and_saved_first_and_comes_back_before_anybody_reads() -> None:
    found = kinds("rebuild-mirrors-active-active")
    delete = found.index("topics.delete")
    for before in ("groups.stop", "topics.quiet", "loss.accept", "groups.save-offsets"):
        assert found.index(before) < delete
    assert found[delete:] == [*("topics.delete", "mirrors.create", "lag.drained", "groups.set-offsets", "groups.start")]


def test_what_is_destroyed_is_typed_as_a_number() -> None:
    typed = {step.key: step.confirm for step in shipped("restore-active-passive").steps}
    assert typed["settle-tail"] == typed["restore"] == Confirm.RECORD_COUNT


@pytest.mark.parametrize("slug", SHIPPED)
def test_every_step_says_what_it_is_and_how_to_undo_it(slug: str) -> None:
    definition = shipped(slug)
    assert definition.help
    for step in definition.steps:
        assert step.title[0].isupper(), step.key
        assert step.help or step.kind in {"groups.start", "topics.quiet", "clients.route"}, step.key
        assert step.undo or step.kind_class.nature is not Nature.ACT, step.key


def test_producers_and_groups_may_be_moved_at_once_in_an_active_active_outage() -> None:
    needs = {step.key: step.needs for step in shipped(AT_ONCE).steps}
    assert needs["reroute-producers"] == needs["stop-groups"] == ("record-lag",)
    assert needs["start-groups"] == ("stop-groups",)
    assert side_by_side(needs)["reroute-producers"] == ("stop-groups", "start-groups")


@pytest.mark.parametrize("slug", sorted(SHIPPED.keys() - {AT_ONCE}))
def test_steps_come_one_after_another(slug: str) -> None:
    steps = shipped(slug).steps
    assert [step.needs for step in steps] == [(), *((step.key,) for step in steps[:-1])]

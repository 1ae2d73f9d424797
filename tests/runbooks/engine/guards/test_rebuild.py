"""What has to be so before a former mirror is deleted, made anew, and its groups are placed in it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from clusters.facts import GroupState, MirrorStatus
from runbooks.engine.context import Case
from runbooks.engine.judge import judge, refusals
from runbooks.engine.kinds import StepKind
from runbooks.engine.outcome import Level
from runbooks.engine.steps.groups_set_offsets import SetOffsets
from runbooks.engine.steps.mirrors_create import CreateMirrors
from runbooks.engine.steps.topics_delete import DeleteTopics
from tests.runbooks.engine.guards.judged import said, verdict
from tests.runbooks.engine.made import (
    NEW,
    OLD,
    TOPIC,
    case,
    cut_saved,
    group,
    link,
    lost,
    mirror,
    pair,
    quiet,
    side,
    tail_settled,
    topic,
)

DELETE = DeleteTopics(side=NEW, topics=(TOPIC,))
CREATE = CreateMirrors(side=NEW, topics=(TOPIC,))
PLACE = SetOffsets(side=NEW, topics=(TOPIC,), groups=("balances",))
STOPPED = mirror(MirrorStatus.STOPPED)


def saved(*offsets: int, of: str = NEW) -> dict[str, Any]:
    rows = [{"topic": TOPIC, "partition": number, "offset": offset} for number, offset in enumerate(offsets)]
    return {"side": of, "topics": [TOPIC], "groups": {"balances": rows}}


def rebuild_case(old: dict[str, Any] | None = None, new: dict[str, Any] | None = None, **changes: Any) -> Case:
    """The old home is back and holds everything; the new one has a stopped mirror with 7 records of its own."""
    old_home = {"topics": {TOPIC: topic(103, 104)}, **(old or {})}
    new_home = {
        "topics": {TOPIC: topic(103, 104)},
        "mirrors": (STOPPED,),
        "groups": {"balances": group("balances", p0=90, p1=104)},
        **(new or {}),
    }
    evidence = {
        "cut.save": cut_saved(100, 100),
        "topics.quiet": quiet(NEW, 103, 104),
        "groups.save-offsets": saved(90, 104),
        "loss.accept": tail_settled((100, 103), (100, 104), of=NEW) | {"purpose": "rebuild"},
        **changes.pop("evidence", {}),
    }
    return case(pair(side(OLD, **old_home), side(NEW, **new_home)), evidence=evidence, **changes)


def created_case(new: dict[str, Any] | None = None) -> Case:
    """Deleted: nothing of that name is there."""
    return rebuild_case(new={"topics": {}, "mirrors": (), "groups": {}, **(new or {})})


def mirrored_case(**offsets: int) -> Case:
    """Mirrored anew and caught up; what the link has brought of the group's offsets stands there."""
    return rebuild_case(
        new={"mirrors": (mirror(),), "groups": {"balances": group("balances", **offsets)} if offsets else {}}
    )


@pytest.mark.claims("R10", "R11", "R20", "R25", "R29", "R30", "R37", "offsets-saved", case="passes")
@pytest.mark.parametrize(
    ("step", "case"), [(DELETE, rebuild_case()), (CREATE, created_case()), (PLACE, mirrored_case())]
)
def test_nothing_stands_in_the_way_of_an_orderly_rebuild(step: StepKind, case: Case) -> None:
    assert {found.guard: found.says for found in refusals(judge(step, case))} == {}


def test_whoever_is_asked_nothing_of_a_deletion_can_be_overridden_but_that_it_is_quiet() -> None:
    levels = {found.guard: found.level for found in judge(DELETE, rebuild_case())}
    assert {guard for guard, level in levels.items() if level is not Level.ABSOLUTE} == {"quiet_here"}


REFUSED = [
    (rebuild_case(new={"mirrors": (mirror(),)}), "former_mirrors", "R30: entries on eu-south reads ACTIVE; this step"),
    (rebuild_case(new={"mirrors": ()}), "former_mirrors", "R30: entries on eu-south is no mirror; this step needs"),
    (
        rebuild_case({"mirrors": (mirror(MirrorStatus.PENDING_STOPPED, "other"),)}),
        "former_mirrors",
        "R30: other is in transition on eu-north",
    ),
    (
        rebuild_case(new={"mirrors": (replace(STOPPED, source_topic="ledger"),)}),
        "former_mirrors",
        "R19: A fact needed to judge safety is unknown: the source of entries",
    ),
    (
        rebuild_case(new={"groups": {"balances": group("balances", GroupState.STABLE, 2, p0=90)}}),
        "nobody_reads",
        "R11: Group balances is active on this topic; it would lose its position.",
    ),
    (
        rebuild_case(new={"groups": {"audit": group("audit", p0=7)}}),
        "offsets_saved",
        "offsets-saved: Group audit stands at 7 on entries-0, which goes with it. Save it first.",
    ),
    (
        rebuild_case(new={"groups": {"balances": group("balances", p0=91)}}),
        "offsets_saved",
        "offsets-saved: Group balances stands at 91 on entries-0",
    ),
    (
        rebuild_case(evidence={"groups.save-offsets": saved(90, of=OLD)}),
        "offsets_saved",
        "R19: A fact needed to judge safety is unknown: the committed offsets of the groups on eu-south",
    ),
    (
        rebuild_case(new={"topics": {TOPIC: topic(103, 105)}}),
        "writes_settled",
        "R25: entries on eu-south has moved by 1 records since it was settled.",
    ),
    (
        rebuild_case(evidence={"loss.accept": tail_settled((100, 103), (100, 104), of=NEW)}),
        "writes_settled",
        "R19: A fact needed to judge safety is unknown: what may be destroyed of entries on eu-south",
    ),
    (
        rebuild_case(evidence={"cut.save": {}}),
        "cut_saved",
        "R19: A fact needed to judge safety is unknown: the cut offsets of entries",
    ),
    (
        rebuild_case({"topics": {TOPIC: replace(topic(103, 104), start_offsets=(91, 0))}}),
        "source_still_holds",
        "R37: Data below offset 91 has expired on eu-north; a rebuild would lose it. entries-0 is needed from 90.",
    ),
    (
        rebuild_case({"topics": {TOPIC: topic(99, 104)}}),
        "source_still_holds",
        "R37: eu-north ends at 99 on entries-0, below the cut 100: it has lost records that eu-south has",
    ),
    (
        rebuild_case({"topics": {}}),
        "source_still_holds",
        "R19: A fact needed to judge safety is unknown: the log starts of entries on eu-north",
    ),
]


@pytest.mark.claims("R11", "R25", "R30", "R37", "offsets-saved", case="refuses")
@pytest.mark.claims("R25", "R30", "R37", "R38", "offsets-saved", case="unknown")
@pytest.mark.parametrize(("case", "guard", "says"), REFUSED)
def test_a_deletion_is_refused(case: Case, guard: str, says: str) -> None:
    assert said(DELETE, case, guard).startswith(says)
    assert verdict(DELETE, case, guard).level is Level.ABSOLUTE


def test_without_a_group_everything_that_is_here_must_be_there() -> None:
    nobody = {"groups": {}, "topics": {TOPIC: topic(103, 104)}}
    none = {"groups.save-offsets": {"side": NEW, "topics": [TOPIC], "groups": {}}}
    expired = {"topics": {TOPIC: replace(topic(103, 104), start_offsets=(0, 1))}}
    assert said(DELETE, rebuild_case(new=nobody, evidence=none), "source_still_holds") == "met"
    assert said(DELETE, rebuild_case(expired, nobody, evidence=none), "source_still_holds").startswith(
        "R37: Data below offset 1 has expired on eu-north; a rebuild would lose it. entries-1 is needed from 0."
    )


@pytest.mark.claims("R30", case=("refuses", "unknown"))
@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"topics": {TOPIC: topic(1)}}, "R30: entries already exists on eu-south"),
        ({"links": (link(state="UNAVAILABLE"),)}, "R30: Link ledger-link on eu-south reads UNAVAILABLE"),
        ({"links": (link(prefix="old."),)}, "R19: A fact needed to judge safety is unknown: the source of entries"),
    ],
)
def test_a_mirror_is_not_created(changes: dict[str, Any], says: str) -> None:
    assert said(CREATE, created_case(changes), "mirrors_can_be_created").startswith(says)


def test_both_sides_are_needed_and_named_topics() -> None:
    gone = case(pair(lost(OLD), side(NEW, mirrors=(STOPPED,))))
    assert said(DELETE, gone, "both_reachable").startswith("R13")
    assert said(CREATE, gone, "both_reachable").startswith("R13")
    assert said(replace(DELETE, topics=("entr*",)), rebuild_case(), "topics_named").startswith("R18")


def test_groups_are_placed_where_they_stood_and_at_the_cut_above_it() -> None:
    assert PLACE.binding_facts(mirrored_case())["places"] == {"balances": {"entries-0": 90, "entries-1": 100}}


@pytest.mark.claims("R10", "R11", "R20", "R29", case="unknown")
@pytest.mark.parametrize(
    ("step", "guard", "case"),
    [
        (DELETE, "nobody_reads", rebuild_case(new={"groups": None})),
        (PLACE, "groups_can_be_placed", rebuild_case(new={"groups": None})),
        (PLACE, "not_moved_back", rebuild_case(new={"groups": None})),
        (PLACE, "places_within_log", rebuild_case(new={"topics": {}})),
        (PLACE, "places_within_log", rebuild_case(evidence={"groups.save-offsets": {}})),
    ],
)
def test_what_is_not_known_places_and_deletes_nothing(step: StepKind, guard: str, case: Case) -> None:
    assert said(step, case, guard).startswith("R19: A fact needed to judge safety is unknown")


@pytest.mark.claims("R10", case="refuses")
def test_a_group_that_runs_is_not_placed() -> None:
    running = rebuild_case(
        new={"mirrors": (mirror(),), "groups": {"balances": group("balances", GroupState.STABLE, 1)}}
    )
    assert said(PLACE, running, "groups_can_be_placed").startswith("R10: Group balances is active on eu-south")


@pytest.mark.claims("R20", case="refuses")
def test_a_place_above_the_end_is_refused() -> None:
    short = rebuild_case(new={"mirrors": (mirror(),), "topics": {TOPIC: topic(103, 99)}, "groups": {}})
    assert said(PLACE, short, "places_within_log").startswith(
        "R20: Group balances would be placed at 100, above the log end 99 on entries-1."
    )


@pytest.mark.claims("R29", case=("refuses", "passes"))
def test_a_move_backwards_is_said_and_one_to_the_cut_only_shown() -> None:
    back = mirrored_case(p0=95, p1=100)
    assert said(PLACE, back, "not_moved_back") == (
        "R29: This would move group balances backwards by 5 on entries-0. Confirm explicitly."
    )
    assert verdict(PLACE, back, "not_moved_back").level is Level.OVERRIDABLE
    assert said(PLACE, mirrored_case(p0=90, p1=100), "not_moved_back") == "met"
    to_the_cut = verdict(PLACE, mirrored_case(p0=80, p1=103), "not_moved_back")
    assert (to_the_cut.level, to_the_cut.says) == (
        Level.WARNING,
        "3 records above the cut will be read twice: they were read on the other side before.",
    )

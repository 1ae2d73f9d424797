"""Nothing that is shipped is left out: runbooks, modes, faults, kinds of step that send, and the rest in pairs."""

from __future__ import annotations

from itertools import combinations, product

from clusters.sandbox.faults import FAULTS
from config.demo.children import ROOT
from runbooks.engine.states import Mode
from tests.domain import plan, stories
from tests.domain.__main__ import page
from tests.domain.own import OWN
from tests.domain.stories import HOMES, STORIES, TOPOLOGIES


def test_every_shipped_runbook_is_driven_in_every_mode() -> None:
    wanted = set(product(stories.told(), Mode))
    left_out = sorted(f"{slug}, {mode.value}" for slug, mode in wanted - stories.driven())
    assert left_out == [], "nobody drives them: give each a story in tests/domain/stories.py"
    assert stories.driven() <= wanted


def test_every_kind_that_sends_is_in_a_story() -> None:
    driven = {kind for kinds in plan.responsible().values() for kind in kinds}
    assert sorted(stories.sending() - driven) == [], "no story sends them: add one to tests/domain/stories.py"


def test_stories_have_runbooks_of_their_own_only_for_kinds_that_no_shipped_one_has() -> None:
    shipped = {step.kind for definition in stories.library().values() for step in definition.steps}
    assert OWN.keys().isdisjoint(stories.library())
    assert shipped.isdisjoint(step.kind for slug in OWN for step in stories.told()[slug].steps)


def test_every_fault_meets_every_kind_that_sends_once() -> None:
    met = [(one.fault, kind) for one in plan.meetings() for kind in one.kinds]
    assert sorted(met) == sorted(product(FAULTS, stories.sending()))


def test_the_rest_is_in_pairs() -> None:
    rows = [case.how for case in plan.cases()]
    for one, other in combinations(plan.FACTORS, 2):
        found = {(row[one], row[other]) for row in rows}
        wanted = set(product(plan.FACTORS[one], plan.FACTORS[other]))
        left_out = (
            {("executor", "one by one"), ("celery", "one by one")} if (one, other) == ("carrier", "batch") else set()
        )
        assert found == wanted - left_out, (one, other)


def test_each_database_has_its_share_of_both() -> None:
    for told in ([case.how["database"] for case in plan.cases()], [one.database for one in plan.meetings()]):
        assert abs(told.count("sqlite") - told.count("postgres")) <= max(1, len(told) // 3)


def test_stories_have_names_of_their_own_and_pairs_that_there_are() -> None:
    names = [story.name for story in (*STORIES, *stories.rehearsals())]
    assert len(set(names)) == len(names)
    assert {story.pair for story in STORIES} <= HOMES.keys() == TOPOLOGIES.keys()


def test_the_page_is_the_plan() -> None:
    assert (ROOT / "docs" / "drills.md").read_text() == page(), "make it anew: python -m tests.domain > docs/drills.md"

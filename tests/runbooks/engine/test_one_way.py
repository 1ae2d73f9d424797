"""A pair whose link is one-way (destination-initiated): what can be done with it, and what is refused and why."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from clusters.readiness.finding import Standing, Weight, checks
from runbooks.engine.steps.lag_drained import LagDrained
from runbooks.engine.steps.mirrors_promote import PromoteMirrors
from runbooks.engine.steps.mirrors_reverse import ReverseAndStart
from runbooks.engine.steps.topics_quiet import TopicsQuiet
from tests.fixtures.sandbox import SCALE, Control
from tests.runbooks.engine.stage import Stage
from tests.runbooks.engine.steps.scenes import NEW, OLD, TOPICS, place, sent

if TYPE_CHECKING:
    from clusters.sandbox.server import Sandbox

NO_WAY_BACK = (
    "Reverse/restore needs a bidirectional link, and eu-north has no half of ledger-link. Use delete-and-remirror."
)


@pytest.fixture(scope="module")
def sandbox_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sandbox]:
    from clusters.sandbox.scenario import LEDGER
    from clusters.sandbox.server import Sandbox

    scenarios = (replace(LEDGER, is_one_way=True),)
    with Sandbox(directory=tmp_path_factory.mktemp("one-way"), scale=SCALE, scenarios=scenarios) as running:
        yield running


def quiet(stage: Stage) -> None:
    """Nobody writes or reads, and every record has crossed."""
    stage.facts()
    for client in ("ledger-writer", "balances", "statements"):
        place(stage, client, None)
    stage.do(TopicsQuiet(side=OLD, topics=TOPICS))
    stage.do(LagDrained(side=NEW, topics=TOPICS))


def test_home_has_no_half_of_it(ledger: Stage) -> None:
    facts = ledger.facts()
    assert facts.side(OLD).links == ()
    assert [link.mode for link in facts.side(NEW).links or ()] == ["DESTINATION"]
    assert facts.side(OLD).configs_at is not None, "what there is of links was read"


def test_it_can_be_promoted(ledger: Stage, control: Control) -> None:
    quiet(ledger)
    ledger.do(PromoteMirrors(away_from=OLD, topics=TOPICS))
    assert [(command["action"], command["side"]) for command in sent(control)] == [("promote", NEW)]


def test_it_is_not_reversed(ledger: Stage, control: Control) -> None:
    quiet(ledger)
    assert ledger.refusals(ReverseAndStart(side=NEW, topics=TOPICS))["link_bidirectional"] == NO_WAY_BACK
    assert control.journal("ledger") == []


def test_readiness_says_what_it_cannot_do(ledger: Stage) -> None:
    facts = ledger.facts()
    sides, reversal = (checks.get(name)().judge(facts) for name in ("link-sides", "link-may-reverse"))
    assert (sides.standing, sides.weight) == (Standing.FAILS, Weight.MEDIUM)
    assert sides.saw == (
        "ledger-link is one-way (DESTINATION): promote and failover work, nothing can be reversed or restored"
    )
    assert reversal.standing is Standing.SPARED

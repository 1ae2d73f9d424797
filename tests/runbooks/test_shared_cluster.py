"""A cluster that stands in two pairs of the inventory takes part in one active run in all."""

from __future__ import annotations

import pytest

from audit.clock import database_now
from dashboard import inventory
from runbooks.engine.states import Mode
from runbooks.models import DefinitionVersion, Run
from runbooks.services import runs
from runbooks.services.errors import Stale
from tests.runbooks.driving import put_in_force, who

SLUG, LEFT = "planned-move-active-active", {"side": "us-east"}
PAIRS = ("orders", "archive")


@pytest.fixture
def other_run(orders, shipped, people) -> Run:
    """A drill of archive that is not over."""
    return drill(people)


def drill(people, pair: str = "archive", **of_it: str) -> Run:
    version, person = DefinitionVersion.objects.get(definition__slug=SLUG), people.commander.person
    return Run.objects.create(
        version=version, pair=pair, mode=Mode.DRILL, commander=person, started_by=person, parameters={},
        started_at=database_now(), **of_it,
    )  # fmt: skip


def start(orders, people, mode: Mode) -> Run:
    version = DefinitionVersion.objects.get(definition__slug=SLUG)
    return orders.start(people.commander, version.definition.slug, parameters_of(), None, mode)


def parameters_of() -> dict[str, object]:
    return {"from": "us-east", "producers": ["checkout"], "groups": ["settlement"]}


def share(sandbox) -> None:
    """Archive's home is the cluster that is also home of orders."""
    pairs = inventory.in_force().pairs
    theirs, ours = (pairs[name].home.cluster_id for name in ("archive", "orders"))
    put_in_force(sandbox.inventory_text().replace(theirs, ours))


def test_two_pairs_of_their_own_clusters_run_side_by_side(orders, other_run, people):
    assert start(orders, people, Mode.DRILL).pair == "orders"


def test_pairs_that_share_a_cluster_do_not(orders, other_run, people, sandbox):
    share(sandbox)
    with pytest.raises(Stale, match=r"shares with archive\. Only one run can be"):
        start(orders, people, Mode.DRILL)
    assert start(orders, people, Mode.REHEARSAL).pair == "orders"


def test_one_that_is_over_is_in_nobodys_way(orders, other_run, people, sandbox):
    share(sandbox)
    runs.abort(who(people.commander), other_run.pk, reason="made way")
    assert start(orders, people, Mode.DRILL).pair == "orders"


def test_what_it_was_started_under_counts_as_well(orders, shipped, people, sandbox):
    """Its pair shared the cluster then, and has sent there; the file says something else now."""
    share(sandbox)
    drill(people, inventory_digest=inventory.digest_in_force())
    put_in_force(sandbox.inventory_text())
    with pytest.raises(Stale, match="shares with archive"):
        start(orders, people, Mode.DRILL)


def test_a_run_whose_clusters_nobody_knows_counts_as_sharing(orders, shipped, people):
    drill(people, pair="gone")
    with pytest.raises(Stale, match="no inventory that can be read tells its clusters"):
        start(orders, people, Mode.DRILL)


def test_an_inventory_under_which_two_active_runs_share_a_cluster_is_not_adopted(orders, other_run, people, sandbox):
    run = start(orders, people, Mode.DRILL)
    share(sandbox)
    with pytest.raises(Stale, match="shares with archive"):
        runs.adopt_inventory(who(people.commander), run.pk, digest=inventory.digest_in_force(), reason="")


def test_the_page_of_a_pair_says_with_whom_it_shares(orders, people, sandbox, client):
    client.force_login(people.commander)
    assert "is shared with" not in client.get("/pairs/orders/").content.decode()
    share(sandbox)
    for pair, other in (("orders", "archive"), ("archive", "orders")):
        assert f'shared with <a href="/pairs/{other}/">' in client.get(f"/pairs/{pair}/").content.decode()

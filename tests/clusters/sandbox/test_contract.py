"""Every call the sandbox serves, against the published description of the API."""

from __future__ import annotations

import httpx
import pytest

from tests.clusters.sandbox import contract

pytestmark = pytest.mark.skipif(contract.published() is None, reason=contract.ABSENT)

READS = [
    "",
    "/brokers",
    "/brokers/2",
    "/brokers/2/configs",
    "/brokers/-/configs",
    "/brokers/2/configs/process.roles",
    "/broker-configs",
    "/topics",
    "/topics/{topic}",
    "/topics/{topic}/configs",
    "/topics/{topic}/configs/cleanup.policy",
    "/topics/-/configs",
    "/topics/{topic}/partitions",
    "/links",
    "/links/{link}",
    "/links/{link}?include_tasks=true",
    "/links/{link}/configs",
    "/links/{link}/configs/link.mode",
    "/links/{link}/mirrors",
    "/links/-/mirrors",
    "/links/-/mirrors?mirror_status=ACTIVE",
    "/acls",
    "/acls?resource_type=TOPIC&operation=WRITE&permission=DENY",
    "/consumer-groups",
    "/consumer-groups/{group}",
    "/consumer-groups/{group}/consumers",
    "/consumer-groups/{group}/lags",
    "/consumer-groups/{group}/lag-summary",
]


@pytest.mark.parametrize("world", ["orders", "ledger", "archive"])
@pytest.mark.parametrize("path", READS)
def test_each_read_is_as_published(path, world, request):
    world = request.getfixturevalue(world)
    before = contract.published().checked
    for side, cluster in world.pair.sides.items():
        filled = path.format(topic=next(iter(cluster.topics)), link=world.link, group=next(iter(cluster.groups)))
        base = str(world.http[side].base_url).rstrip("/")  # joined by hand: httpx would add a slash to the bare address
        assert world.http[side].get(base + filled).status_code == 200

    assert contract.published().checked == before + 2


def test_the_list_of_clusters_is_as_published(orders):
    assert orders.http["us-east"].get("http://us-east/kafka/v3/clusters").json()["data"][0]["cluster_id"]


@pytest.mark.parametrize("action", ["failover", "promote", "pause", "resume"])
def test_each_action_is_as_published(action, ledger):
    ledger.command("eu-south", action, ["entries", "nothing"], validate_only=True)
    ledger.command("eu-south", action, ["entries", "nothing"])


def test_restore_and_reverse_are_as_published(ledger):
    ledger.fail_over()
    ledger.pair.clear_faults()
    ledger.stop_clients()
    query = {"include_partition_level_truncation_data": True}
    assert ledger.command("eu-north", "truncate-and-restore", ["entries"], validate_only=True, **query)
    ledger.accepted("eu-north", "truncate-and-restore", ["entries"])
    ledger.advance(2)
    ledger.accepted("eu-north", "reverse-and-start-mirror", ["entries"])
    assert ledger.mirror("eu-north", "entries", include_state_transition_errors=True)


def test_the_check_itself_can_fail(orders):
    """A contract that passes everything would be worth nothing."""
    good = orders.http["us-east"].get(f"/links/{orders.link}")
    wrong = {**good.json(), "link_state": "SLEEPY"}
    less = {name: value for name, value in good.json().items() if name != "cluster_link_id"}

    for body in (wrong, less):
        with pytest.raises(AssertionError):
            contract.published().check(httpx.Response(200, json=body, request=good.request))

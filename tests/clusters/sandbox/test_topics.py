"""Deleting a topic and mirroring it anew: the way back on a prefixed link."""

from __future__ import annotations

import pytest


@pytest.fixture
def emptied(orders):
    """Active-active after a declared loss: the mirror was failed over, its copy has been taken away."""
    orders.accepted("eu-west", "failover", ["us-east.orders"])
    orders.advance(1)
    assert orders.http["eu-west"].delete("/topics/us-east.orders").status_code == 204
    return orders


def create(world, side="eu-west", **body):
    return world.http[side].post(f"/links/{world.link}/mirrors", json=body)


def test_a_deleted_topic_takes_its_mirror_and_its_offsets_along(emptied):
    answers = [
        emptied.http["eu-west"].get(path).status_code
        for path in (
            "/topics/us-east.orders",
            f"/links/{emptied.link}/mirrors/us-east.orders",
        )
    ]
    assert answers == [404, 404]
    assert "us-east.orders" not in {topic for topic, _ in emptied.committed("eu-west", "reporting")}
    assert emptied.http["eu-west"].delete("/topics/us-east.orders").status_code == 404


def test_a_new_mirror_starts_at_the_beginning_and_catches_up(emptied):
    assert create(emptied, source_topic_name="orders").status_code == 204
    assert set(emptied.lags("eu-west", "us-east.orders").values()) == {(0, -1)}, "a new mirror knows nothing yet"
    emptied.advance(0.5)
    assert emptied.lags("eu-west", "us-east.orders")[2][0] > 0

    emptied.stop_clients()

    assert emptied.ends("eu-west", "us-east.orders") == emptied.ends("us-east", "orders")
    assert emptied.status("eu-west", "us-east.orders") == "ACTIVE"


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({"source_topic_name": "nothing"}, 40403),
        ({"source_topic_name": "payments"}, 40002),
        ({"source_topic_name": "orders", "mirror_topic_name": "orders-copy"}, 40035),
    ],
)
def test_a_mirror_that_cannot_be(body, code, emptied):
    answer = create(emptied, **body)

    assert answer.json()["error_code"] == code
    assert emptied.journal.commands()[-1]["outcome"] == "refused"


def test_no_mirror_is_created_over_a_stopped_one(orders):
    orders.accepted("eu-west", "failover", ["us-east.orders"])
    orders.advance(1)

    assert "already exists" in create(orders, source_topic_name="orders").json()["message"]


def test_no_mirror_is_created_while_the_other_side_is_gone(emptied):
    emptied.pair.inject("link-down")

    assert create(emptied, source_topic_name="orders").status_code == 500


def test_deleting_a_source_fails_its_mirror(ledger):
    assert ledger.http["eu-north"].delete("/topics/entries").status_code == 204
    ledger.advance(1)

    assert ledger.status("eu-south", "entries") == "FAILED"


def test_a_source_that_lost_records_fails_its_mirror(ledger):
    ledger.stop_clients()
    ledger.pair.inject("records-lost", "eu-north", {"records": 3})
    ledger.advance(1)

    mirror = ledger.mirror("eu-south", "entries")
    assert (mirror["mirror_status"], mirror["mirror_topic_error"]) == ("FAILED", "UNEXPECTED_TRUNCATION")


def test_a_home_that_lost_records_is_behind_the_other_side(ledger):
    """Home ends below the cut: it lost acknowledged records, and a restore would have nothing to truncate there."""
    ledger.fail_over()
    cut = ledger.ends("eu-south", "entries")
    ledger.pair.clear_faults()
    ledger.stop_clients()
    ledger.pair.inject("records-lost", "eu-north", {"records": 500})

    assert all(end < at for end, at in zip(ledger.ends("eu-north", "entries"), cut, strict=True))
    row = ledger.command("eu-north", "truncate-and-restore", ["entries"], validate_only=True)["entries"]
    assert row["messages_truncated"] == 0
    ledger.write("eu-north", "entries", 0, 4)
    row = ledger.command("eu-north", "truncate-and-restore", ["entries"], validate_only=True)["entries"]
    assert row["messages_truncated"] == 4, "new records at lost offsets are other records"

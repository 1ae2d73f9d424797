"""The inventory in force: loaded by digest, never replaced by one that cannot be read."""

from __future__ import annotations

import hashlib
import json
import threading
from datetime import UTC, datetime
from pathlib import Path

import pytest
from django.conf import settings
from django.db import connection

from audit.models import Event
from dashboard import inventory
from dashboard.models import InventoryVersion

NOW = datetime(2026, 11, 20, 7, 12, tzinfo=UTC)
pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def text(sandbox):
    return sandbox.inventory_text()


def put(text: str) -> None:
    Path(settings.INVENTORY_FILE).write_text(text)
    inventory.load_file("test")


def events() -> list[tuple[str, dict]]:
    rows = Event.objects.filter(kind__startswith="inventory.").order_by("seq")
    return [(row.kind, json.loads(bytes(row.body))["facts"]) for row in rows]


def test_the_first_file_comes_into_force_and_the_record_says_so(text):
    put(text)
    assert set(inventory.in_force().pairs) == {"orders", "ledger", "archive"}
    assert [kind for kind, _ in events()] == ["inventory.loaded"]
    assert inventory.complaints() == []


def test_an_unchanged_file_is_not_loaded_again(text):
    put(text)
    put(text)
    assert InventoryVersion.objects.count() == 1


def test_a_change_is_told_in_sentences(text):
    put(text)
    before = inventory.digest_in_force()
    put(text.replace("title: Orders", "title: Purchases"))
    assert inventory.in_force().pairs["orders"].title == "Purchases"
    assert inventory.version(before).pairs["orders"].title == "Orders"
    kind, facts = events()[-1]
    assert kind == "inventory.loaded"
    assert any("Orders" in change and "Purchases" in change for change in facts["changes"])


def test_a_comment_changes_no_digest_and_is_no_event(text):
    put(text)
    before = inventory.digest_in_force()
    put(f"# reviewed\n{text}")
    assert inventory.digest_in_force() == before
    assert len(events()) == 1


def test_a_file_with_complaints_leaves_the_last_good_one_in_force(text):
    put(text)
    good = inventory.digest_in_force()
    put(text.replace("topology: active-active", "topology: sideways"))
    assert inventory.digest_in_force() == good
    assert any("sideways" in said for _, said in inventory.complaints())
    assert events()[-1][0] == "inventory.refused"

    put(text)
    assert inventory.complaints() == []


def test_the_text_of_a_refused_file_is_not_kept(text):
    put(text + "\nnonsense: hunter2-in-the-wrong-place\n")
    assert not InventoryVersion.objects.filter(text__contains="hunter2").exists()


def test_a_missing_file_is_a_complaint(text):
    put(text)
    Path(settings.INVENTORY_FILE).unlink()
    inventory.load_file("test")
    assert "INVENTORY_FILE" in inventory.complaints()[0][1]
    assert inventory.in_force().pairs


def outdate(text: str) -> None:
    """What is in force was written for a release whose rules were laxer."""
    digest = hashlib.sha256(text.encode()).hexdigest()
    InventoryVersion.objects.create(digest=digest, file_hash="an older release", text=text, loaded_at=NOW)


def test_a_stored_text_that_no_longer_reads_leaves_looking_alone_possible(text):
    put(text)
    outdate(text.replace("topology: active-active", "topology: sideways"))
    assert inventory.digest_in_force() == ""
    assert inventory.version(InventoryVersion.objects.values_list("digest", flat=True)[0]) is None
    assert set(inventory.in_force().pairs) == {"ledger", "archive"}  # nothing is wrong with these
    assert not any(entry.may_change for entry in inventory.in_force().pairs.values())
    why = inventory.why_none()
    assert why.startswith("No inventory is in force: line ")
    assert "sideways" in why
    assert "INVENTORY_FILE" in why
    assert any("sideways" in said for _, said in inventory.complaints())


def test_a_text_that_is_no_inventory_at_all_leaves_no_pair(text):
    put(text)
    outdate("pairs: {not: [what, it, was}")
    assert inventory.in_force().pairs == {}
    assert inventory.why_none()


def test_the_corrected_file_comes_into_force_by_itself(text):
    outdate(text.replace("topology: active-active", "topology: sideways"))
    put(text)
    assert inventory.why_none() == ""
    assert inventory.in_force().pairs["orders"].may_change
    kind, facts = events()[-1]
    assert kind == "inventory.loaded"
    assert len(facts["changes"]) == 3  # each pair is new: there was nothing in force to compare it with


def test_a_worse_file_is_what_the_complaints_are_about(text):
    outdate(text.replace("topology: active-active", "topology: sideways"))
    put(text.replace("topology: active-active", "topology: upside-down"))
    assert any("upside-down" in said for _, said in inventory.complaints())
    assert "sideways" in inventory.why_none()


def test_many_processes_load_it_once(text):
    Path(settings.INVENTORY_FILE).write_text(text)
    together = threading.Barrier(4)

    def load() -> None:
        together.wait()
        inventory.load_file("test")
        connection.close()

    threads = [threading.Thread(target=load) for _ in range(4)]
    [thread.start() for thread in threads]
    [thread.join() for thread in threads]
    assert InventoryVersion.objects.count() == 1
    assert len(events()) == 1


def test_a_slow_reader_does_not_bring_an_old_file_back(text, monkeypatch):
    """While it waits for its turn the file changes again, and another process takes that one into force."""
    put(text)
    newest, waits = text.replace("title: Orders", "title: Newest"), inventory.ledger

    def slow(actor):
        monkeypatch.setattr(inventory, "ledger", waits)
        put(newest)
        return waits(actor)

    monkeypatch.setattr(inventory, "ledger", slow)
    put(text.replace("title: Orders", "title: Purchases"))
    assert inventory.in_force().pairs["orders"].title == "Newest"
    assert InventoryVersion.objects.count() == 2


def test_connections_are_kept_until_the_entry_changes(text):
    put(text)
    first = inventory.connections("orders")
    assert inventory.connections("orders") is first
    put(text.replace("title: Orders", "title: Purchases"))
    assert inventory.connections("orders") is not first
    with pytest.raises(LookupError):
        inventory.connections("nothing")
    inventory.close_connections()


def test_a_slice_keeps_what_it_looks_by_and_learns_that_it_is_no_longer_in_force(text):
    put(text)
    before = inventory.in_force()
    with inventory.kept():
        assert inventory.in_force() == before
        put(text.replace("title: Orders", "title: Purchases"))
        assert inventory.pair_entry("orders").title == "Orders"
        assert inventory.digest_in_force() not in {"", before.digest}
    assert inventory.pair_entry("orders").title == "Purchases"

"""What is in force was written for a release whose rules were laxer: pages open, and nothing is confirmed or sent."""

from __future__ import annotations

import pytest
from django.urls import reverse

from dashboard import inventory
from dashboard.models import InventoryVersion
from runbooks.models import Attempt, Call, Run, StepRun
from runbooks.services import runs, sweeping
from runbooks.services.errors import Invalid
from tests.runbooks.driving import who
from tests.runbooks.pages.conftest import page_of

OLDER = "pairs:\n  - name: orders\n    topology: sideways\n"


@pytest.fixture
def outdate():
    def make() -> None:
        now = InventoryVersion.objects.values_list("loaded_at", flat=True)[0]
        InventoryVersion.objects.create(digest="e" * 64, file_hash="an older release", text=OLDER, loaded_at=now)
        assert inventory.why_none()

    return make


def repaired() -> None:
    InventoryVersion.objects.filter(digest="e" * 64).delete()


def state(run: Run) -> str:
    return StepRun.objects.values_list("state", flat=True).get(run=run, key="move")


def test_every_page_says_which_line_is_wrong_and_what_to_do(viewer, moving, outdate):
    outdate()
    for path in ("/", reverse("runbooks:run-list"), page_of(moving)):
        page = viewer.open(path)
        assert "No inventory is in force." in page.words
        assert "line 3: " in page.words
        assert "sideways" in page.words
        assert "Correct the file that INVENTORY_FILE names" in page.words


def test_nothing_is_confirmed(commander, moving, outdate):
    page = commander.open(page_of(moving))
    outdate()
    assert "Not yet: no inventory is in force." in commander.open(page_of(moving)).words
    after = commander.send(page, "confirm", phrase="eu-west")
    assert after.status == 422
    assert "No inventory is in force: line 2" in after.words
    assert state(moving) == "ready"
    assert not Attempt.objects.exists()


def test_nothing_is_approved(commander, commander2, moving, outdate):
    commander.send(commander.open(page_of(moving)), "confirm", phrase="eu-west")
    page = commander2.open(page_of(moving))
    outdate()
    after = commander2.send(page, "confirm", phrase="eu-west")
    assert after.status == 422
    assert "No inventory is in force" in after.words
    assert state(moving) == "awaiting_approval"


def test_what_was_approved_is_not_sent_and_says_why(orders, people, moving, outdate):
    orders.approve(people.commander2, orders.confirm(people.commander, orders.step(moving, "move")))
    outdate()
    orders.work()
    step = StepRun.objects.get(run=moving, key="move")
    assert step.state == "ready"
    assert "No inventory is in force: line 2" in step.summary
    assert not Call.objects.exists()
    repaired()
    assert orders.place_of("checkout") == "us-east"


def test_no_run_is_started_and_none_adopts_what_is_not_there(orders, people, moving, outdate):
    outdate()
    asker = who(people.commander)
    with pytest.raises(Invalid, match="No inventory is in force"):
        runs.start_run(asker, moving.version_id, "orders", "rehearsal", {"producers": ["checkout"]})
    with pytest.raises(Invalid, match="No inventory is in force"):
        runs.adopt_inventory(asker, moving.pk, digest="")


def test_a_release_that_reads_it_again_finds_the_run_as_it_was(orders, people, moving, outdate):
    outdate()
    sweeping.put_right("executor")
    moving.refresh_from_db()
    assert moving.held == ""
    repaired()
    step = orders.confirm(people.commander, orders.step(moving, "move"))
    assert step.state == "awaiting_approval"

"""What each person saw when they decided is kept, and shown again; and which text a run follows."""

from __future__ import annotations

import pytest
from django.db import IntegrityError, connection, transaction
from django.urls import reverse

from runbooks.models import Approval, Preflight
from tests.runbooks.pages.conftest import page_of
from tests.runbooks.texts import MOVE, approved


def test_the_report_shows_what_the_approver_saw_and_not_what_is_true_now(commander, commander2, viewer, orders, moving):
    commander.send(commander.open(page_of(moving)), "confirm", phrase="eu-west")
    found = Preflight.objects.get(step=orders.step(moving, "move"))
    found.verdicts = [row | {"saw": "as the approver saw it"} for row in found.verdicts]
    found.seen = {**found.seen, "records behind": 41}
    found.save()
    commander2.send(commander2.open(page_of(moving)), "confirm", phrase="eu-west")
    Preflight.objects.filter(pk=found.pk).update(verdicts=[], seen={})

    word = Approval.objects.get()
    assert {row["saw"] for row in word.verdicts} == {"as the approver saw it"}
    page = viewer.open(reverse("runbooks:run-report", args=[moving.pk]))
    told = page.words.split("commander2 approved step 1")[1]
    assert "as the approver saw it" in told
    assert "records behind 41" in told


@pytest.mark.django_db(transaction=True)
def test_the_words_people_gave_are_sealed_still(commander, commander2, moving):
    """The column came later: adding it must not have cost the table its triggers."""
    commander.send(commander.open(page_of(moving)), "confirm", phrase="eu-west")
    commander2.send(commander2.open(page_of(moving)), "confirm", phrase="eu-west")
    for change in (lambda: Approval.objects.update(verdicts=[]), lambda: Approval.objects.all().delete()):
        with pytest.raises(IntegrityError), transaction.atomic():
            change()
    attempt, requester = Approval.objects.values_list("attempt_id", "approver_id").get()
    with pytest.raises(IntegrityError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO runbooks_approval (attempt_id, requester_id, approver_id, verdict, reason, seen, digest, at) "
            "SELECT attempt_id, %s, requester_id, verdict, reason, seen, digest, at FROM runbooks_approval "
            "WHERE attempt_id = %s",
            [requester, attempt],
        )


def test_a_run_keeps_its_text_and_says_that_there_is_a_newer_one(commander, moving):
    assert "A newer text" not in commander.open(page_of(moving)).words
    newer = approved(MOVE.replace("Move them", "Move them all") % 1)
    page = commander.open(page_of(moving))
    assert f"A newer text, v{newer.number} , was approved since; this run keeps v1." in page.words
    assert "Move them all" not in page.words

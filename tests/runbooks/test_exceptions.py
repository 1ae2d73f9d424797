"""A verified exception from R05: who records and revokes it, and what it lets pass with the cluster's own dry run."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import IntegrityError, transaction
from django.test import Client

from audit.clock import database_now
from audit.models import Event
from people.rights import Forbidden
from runbooks.engine.states import Mode
from runbooks.models import Attempt, RecordedException
from runbooks.services import binding, exceptions
from runbooks.services.errors import Invalid, Stale
from tests.runbooks.driving import Drive, who
from tests.runbooks.texts import approved

PAIRS = ("ledger", "orders")
REVERSE = "mirrors.reverse-and-start"
PAGE = "/pairs/ledger/exceptions/"
TEXT = """
runbook: swap
title: Swap the roles
steps:
  - key: swap
    kind: mirrors.reverse-and-start
    title: Swap them
    with: {side: eu-south, topics: [accounts]}
    confirm: {typed: cluster}
"""


def recorded(account, pair: str = "ledger", operation: str = REVERSE) -> RecordedException:
    return exceptions.record(
        who(account), pair, operation=operation, why="The vendor has shown it on a copy.", reference="case 4711", days=7
    )


@pytest.fixture
def swap(sandbox, in_force, lost_messages, people, control):
    """A runbook that reverses, on a link that was given a prefix."""
    for half in sandbox.pair("ledger").halves():
        half.configs["cluster.link.prefix"] = "eu."
    drive = Drive("ledger")
    drive.look()
    approved(TEXT)
    yield drive, people
    control.ask("POST", "/pairs/ledger/reset")


def verdict(drive: Drive, people) -> dict[str, object]:
    run = drive.start(people.commander, "swap", {}, mode=Mode.DRILL)
    step = drive.step(run, "swap")
    shown = drive.preflight(step)
    return next(row for row in shown.verdicts if row["guard"] == "no_prefix")


def asked(control) -> list[bool]:
    """Of each reverse that the cluster was asked for: whether it was a dry run."""
    return [row["validate_only"] for row in control.journal("ledger") if row["action"] == "reverse-and-start"]


def test_without_one_the_cluster_is_not_even_asked(swap, control):
    found = verdict(*swap)
    assert (found["is_met"], found["code"], asked(control)) == (False, "R05", [])


def test_with_one_in_force_the_cluster_has_the_last_word(swap, control):
    _, people = swap
    made = recorded(people.admin)
    found = verdict(*swap)
    assert (found["is_met"], found["code"]) == (False, "R05")
    assert f"Exception {made.pk} is in force, but the cluster's own dry run refused: " in found["says"]
    assert "which has a prefix" in found["says"]
    assert asked(control)
    assert all(asked(control))


def test_with_both_it_passes_and_says_by_what(swap, control):
    _, people = swap
    control.ask("PUT", "/pairs/ledger/sides/eu-south/settings", {"reverses_prefixed": True})
    made = recorded(people.admin)
    found = verdict(*swap)
    assert found["is_met"], found["says"]
    assert f"exception {made.pk} by admin (case 4711) until {made.expires_at:%F %H:%M} UTC" in found["saw"]
    assert all(asked(control))


def test_a_cluster_that_does_not_serve_the_dry_run_agrees_to_nothing(swap, control):
    _, people = swap
    control.ask("PUT", "/pairs/ledger/sides/eu-south/settings", {"serves": ["failover"]})
    recorded(people.admin)
    found = verdict(*swap)
    assert (found["is_met"], found["code"]) == (False, "R19")
    assert "does not serve it" in found["says"]


@pytest.mark.parametrize("how", ["revoked", "another pair", "another operation"])
def test_what_is_not_for_this_lets_nothing_pass(swap, control, how):
    _, people = swap
    control.ask("PUT", "/pairs/ledger/sides/eu-south/settings", {"reverses_prefixed": True})
    restore = "mirrors.truncate-and-restore"
    made = recorded(
        people.admin, "orders" if how == "another pair" else "ledger", restore if "operation" in how else REVERSE
    )
    if how == "revoked":
        exceptions.revoke(who(people.admin2), made.pk, reason="It broke elsewhere.")
    found = verdict(*swap)
    assert (found["is_met"], found["code"], asked(control)) == (False, "R05", [])


def test_what_was_confirmed_on_it_binds_no_longer_once_it_is_revoked(swap, control):
    drive, people = swap
    made = recorded(people.admin)
    run = drive.start(people.commander, "swap", {}, mode=Mode.DRILL)
    step, now = drive.step(run, "swap"), database_now()
    attempt = Attempt.objects.create(
        step=step, number=1, requester=people.commander.person, digest="d" * 64, requested_at=now,
        binding={"inventory": run.inventory_digest, "facts": {"exception": str(made)}},
        expires_at=now + timedelta(minutes=5), seen={}, verdicts=[], inputs={}, phrase="", command="",
    )  # fmt: skip
    assert binding.broken(step, attempt) is None
    exceptions.revoke(who(people.admin), made.pk, reason="It broke elsewhere.")
    found = binding.broken(step, attempt)
    assert found is not None
    assert found.why == f"{made} was revoked, and the step rests on it"


@pytest.mark.parametrize("role", ["commander", "reviewer", "viewer"])
def test_only_an_admin_records_and_revokes(in_force, people, role):
    made = recorded(people.admin)
    with pytest.raises(Forbidden, match="role admin"):
        recorded(getattr(people, role))
    with pytest.raises(Forbidden, match="role admin"):
        exceptions.revoke(who(getattr(people, role)), made.pk, reason="so")


@pytest.mark.parametrize("field", ["operation", "why", "reference", "days"])
def test_what_is_left_out_is_asked_for(in_force, people, field):
    said = {"operation": REVERSE, "why": "Shown.", "reference": "case 1", "days": 7}
    with pytest.raises(Invalid) as found:
        exceptions.record(who(people.admin), "ledger", **{**said, field: 0 if field == "days" else " "})
    assert list(found.value.problems) == [field]
    assert not RecordedException.objects.exists()


def test_it_is_revoked_once_and_else_never_changed(in_force, people):
    made = recorded(people.admin)
    for change in ({"expires_at": database_now() + timedelta(days=400)}, {"why": "Another."}, {"link": "x"}):
        with pytest.raises(IntegrityError, match="never changes"), transaction.atomic():
            RecordedException.objects.update(**change)
    exceptions.revoke(who(people.admin), made.pk, reason="It broke elsewhere.")
    with pytest.raises(Stale, match="revoked already"):
        exceptions.revoke(who(people.admin), made.pk, reason="Again.")
    with pytest.raises(IntegrityError, match="a revoked exception"), transaction.atomic():
        RecordedException.objects.update(revoked_by=None, revoked_at=None)
    with pytest.raises(IntegrityError, match="never deleted"), transaction.atomic():
        RecordedException.objects.all().delete()
    kinds = Event.objects.filter(object=str(made)).order_by("seq").values_list("kind", flat=True)
    assert list(kinds) == ["exception.recorded", "exception.revoked"]


def test_the_page_records_shows_and_revokes(in_force, people):
    client = Client()
    client.force_login(people.admin)
    said = {"operation": REVERSE, "why": "Shown on a copy.", "reference": "case 4711", "days": "7"}
    assert client.post(f"{PAGE}record/", {**said, "why": ""}).status_code == 422
    assert client.post(f"{PAGE}record/", said).status_code == 302
    made = RecordedException.objects.get()
    assert made.link == "ledger-link"
    assert "in force" in client.get(PAGE).content.decode()
    assert client.post(f"/exceptions/{made.pk}/revoke/", {"reason": ""}).status_code == 422
    assert client.post(f"/exceptions/{made.pk}/revoke/", {"reason": "It broke elsewhere."}).status_code == 302
    assert client.post(f"/exceptions/{made.pk}/revoke/", {"reason": "Again."}).status_code == 409
    assert "It broke elsewhere." in client.get(PAGE).content.decode()
    client.force_login(people.viewer)
    assert "Record this exception" not in client.get(PAGE).content.decode()

"""`migrate` says which runs are not over before it changes anything, and goes on."""

from __future__ import annotations

import io

import pytest
from django.core.management.base import OutputWrapper
from django.core.management.sql import emit_pre_migrate_signal
from django.db.migrations import Migration

from runbooks import migrating
from runbooks.services import runs
from tests.runbooks.driving import who
from tests.runbooks.texts import MOVE, approved

A_MIGRATION = [(Migration("0099_next", "runbooks"), False)]


@pytest.fixture
def run(orders, people, incident):
    approved(MOVE % 1)
    return orders.start(people.commander, "move", {"producers": ["checkout"]}, incident)


def said(plan: list[tuple[Migration, bool]]) -> str:
    written = io.StringIO()
    migrating.warn(using="default", plan=plan, stdout=OutputWrapper(written))
    return written.getvalue()


def test_runs_that_are_not_over_are_named(people, run):
    assert f"Runs that are not over: orders-{run.pk} (running)." in said(A_MIGRATION)
    assert said([]) == ""
    runs.abort(who(people.commander), run.pk, reason="for the upgrade")
    assert said(A_MIGRATION) == ""


def test_migrate_says_it_once(run):
    written = io.StringIO()
    emit_pre_migrate_signal(0, False, "default", stdout=OutputWrapper(written), plan=A_MIGRATION)
    assert written.getvalue().count("Runs that are not over") == 1

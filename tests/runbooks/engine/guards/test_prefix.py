"""A prefixed link is refused, but for a verified exception in force with which the cluster's own dry run agrees."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from runbooks.engine.context import Case
from runbooks.engine.exception import DryRun, VerifiedException
from runbooks.engine.outcome import Level
from runbooks.engine.steps.mirrors_restore import TruncateAndRestore
from runbooks.engine.steps.mirrors_reverse import ReverseAndStart
from tests.runbooks.engine.guards.judged import said, verdict
from tests.runbooks.engine.made import LINK, NOW, OLD, TOPIC, link, restore_case

RESTORE = TruncateAndRestore(side=OLD, topics=(TOPIC,))
EXCEPTION = VerifiedException(
    "exception 3", "ledger", LINK, RESTORE.kind, "Ann", "case 4711", expires=NOW + timedelta(days=9)
)
AGREED = DryRun(True, "no topic was refused", NOW)


def prefixed(dry_run: DryRun | None = AGREED, *exceptions: VerifiedException) -> Case:
    case = restore_case({}, {"links": (link(prefix="eu."),)})
    recorded = tuple(replace(one, pair=case.facts.pair) if one.pair == "ledger" else one for one in exceptions)
    return replace(case, exceptions=recorded, dry_run=dry_run)


def but(**changes: Any) -> VerifiedException:
    return replace(EXCEPTION, **changes)


@pytest.mark.claims("R05", case="passes")
def test_it_passes_with_both_and_names_the_exception_and_its_end() -> None:
    found = verdict(RESTORE, prefixed(AGREED, EXCEPTION), "no_prefix")
    assert found.is_met
    assert "exception 3 by Ann (case 4711) until 2026-11-29 12:00 UTC, and the dry run agrees" in found.saw


@pytest.mark.claims("R05", case="refuses")
@pytest.mark.parametrize(
    ("case", "says"),
    [
        (prefixed(AGREED), "In active-active move the clients instead."),
        (prefixed(AGREED, but(pair="orders")), "move the clients instead."),
        (prefixed(AGREED, but(link="another-link")), "move the clients instead."),
        (prefixed(AGREED, but(operation=ReverseAndStart.kind)), "move the clients instead."),
        (prefixed(AGREED, but(is_revoked=True)), "Exception 3 was revoked."),
        (prefixed(AGREED, but(is_expired=True)), "Exception 3 has expired on 2026-11-29 12:00 UTC."),
        (prefixed(AGREED, but(expires=NOW)), "Exception 3 has expired on 2026-11-20 12:00 UTC."),
        (prefixed(DryRun(False, "it has a prefix", NOW), EXCEPTION), "own dry run refused: it has a prefix"),
    ],
    ids=["none", "pair", "link", "operation", "revoked", "expired", "expired meanwhile", "dry run refused"],
)  # fmt: skip
def test_it_refuses_without_one_of_them(case: Case, says: str) -> None:
    found = verdict(RESTORE, case, "no_prefix")
    assert (found.is_met, found.code, found.level) == (False, "R05", Level.ABSOLUTE)
    assert found.says.startswith('This link uses prefix "eu.".')
    assert found.says.endswith(says)


@pytest.mark.claims("R05", case="unknown")
@pytest.mark.parametrize("dry_run", [None, DryRun(None, "the cluster did not answer", NOW)], ids=["not made", "silent"])
def test_a_dry_run_that_tells_nothing_refuses(dry_run: DryRun | None) -> None:
    found = said(RESTORE, prefixed(dry_run, EXCEPTION), "no_prefix")
    assert found.startswith("R19: ")
    assert "dry run" in found


def test_a_newer_one_counts_where_an_older_one_was_revoked() -> None:
    assert said(RESTORE, prefixed(AGREED, EXCEPTION, but(name="exception 1", is_revoked=True)), "no_prefix") == "met"
    assert said(RESTORE, prefixed(AGREED, but(is_revoked=True), but(name="exception 1")), "no_prefix") == "met"


def test_a_link_without_a_prefix_needs_neither() -> None:
    assert said(RESTORE, replace(restore_case(), exceptions=(), dry_run=None), "no_prefix") == "met"

"""An active-passive pair from a region loss to its old home: failover, then restore. And where a restore is refused."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from runbooks.models import Attempt
from tests.browser.acting import Run, await_outage, bar, declare, switch
from tests.browser.prepared import declared, page_of, started, until_state
from tests.browser.stage import Stage
from tests.runbooks.texts import approved

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

TOPICS = ("accounts", "entries", "transfers")
# Every step in order, with what is written where words are asked for.
FAILOVER = {
    "Confirm the outage": "",
    "Save the cut offsets and the last known lag": "",
    "Accept the loss in writing": "the owners of the ledger go on without them",
    "Fail over the mirror topics": "",
    "Check group offsets against the log": "",
    "Look for hanging transactions": "",
    "Stop the consumer groups of the failed side": "",
    "Start the consumer groups on the surviving side": "",
    "Send the producers to the surviving side": "",
    "Keep the old home from taking writes when it returns": "credentials of the writers revoked there",
}
RESTORE = {
    "Confirm that the old home is back for good": "",
    "See that no consumer group runs at the old home": "",
    "See that nobody writes to the old home": "",
    "Reconcile what never arrived": "",
    "Settle what exists only on the old home": "worthless: they were test bookings",
    "Truncate the old home and mirror it from the new one": "",
    "Wait until the old home has caught up": "",
    "Stop the producers": "",
    "See that nobody writes to the new home": "",
    "Wait for lag 0": "",
    "Stop the consumer groups on the new home": "",
    "Swap the roles": "",
    "Start the consumer groups at home": "",
    "Send the producers home": "",
}
BY_TWO = {
    "Fail over the mirror topics",
    "Send the producers to the surviving side",
    "Truncate the old home and mirror it from the new one",
    "Stop the producers",
    "Swap the roles",
    "Send the producers home",
}
RESTORE_AT_ONCE = """
runbook: restore-at-once
title: Restore at once
parameters:
  home: {type: side, title: Old home}
  topics: {type: topics, title: Topics}
steps:
  - key: restore
    kind: mirrors.truncate-and-restore
    title: Truncate and restore
    with: {side: "${home}", topics: "${topics}"}
    confirm: {typed: record-count}
"""


@pytest.mark.timeout(600)
def test_a_ledger_fails_over_and_returns(stage: Stage, visit: Callable[..., Page]) -> None:
    one, two = visit("commander"), visit("commander2")
    switch(one, "Start", "Region down", "ledger", "eu-north")
    await_outage(one, "ledger", "eu-north")
    incident = declare(one, "ledger", "eu-north", "eu-north is gone")
    walk(Run.start(one, two, incident, "Regional outage, active-passive"), FAILOVER)

    switch(one, "Stop", "Region down", "ledger", "eu-north")
    walk(Run.start(one, two, incident, "Restore the old home, active-passive"), RESTORE)

    truth = stage.control.truth("ledger")["sides"]
    assert all(truth["eu-north"]["topics"][topic]["writable"] for topic in TOPICS)
    assert all(truth["eu-south"]["topics"][topic]["mirror_status"] == "ACTIVE" for topic in TOPICS)
    sent = [row for row in stage.control.journal("ledger") if row["topics"] and not row["validate_only"]]
    assert Counter((row["action"], row["side"], topic) for row in sent for topic in row["topics"]) == Counter(
        {
            **{("failover", "eu-south", topic): 1 for topic in TOPICS},
            **{("truncate-and-restore", "eu-north", topic): 1 for topic in TOPICS},
            **{("reverse-and-start", "eu-north", topic): 1 for topic in TOPICS},
        }
    )


def walk(run: Run, steps: dict[str, str]) -> None:
    for title, words in steps.items():
        run.carry_out(title, words, by_two=title in BY_TWO)
    run.await_end()


def test_a_restore_with_tiered_storage_is_refused_and_cannot_be_confirmed(
    stage: Stage, visit: Callable[..., Page]
) -> None:
    """CP 7.9.1 with Tiered Storage: the page says why, and whatever is pressed or sent, no cluster hears of it."""
    commander = stage.accounts["commander"]
    parameters = {"home": "us-west", "topics": ["events", "documents"]}
    incident = declared(commander, "archive", "us-west")
    run = started(commander, approved(RESTORE_AT_ONCE), "archive", incident, parameters)
    until_state(run, "restore", "ready")
    page = visit("commander", refusals={409, 422})
    page.goto(page_of(run))

    refusal = page.locator("#panel .refusal").filter(has_text="Rule R01")
    expect(refusal).to_contain_text("7.9.1 with Tiered Storage")
    expect(refusal).to_contain_text("It cannot be overridden, by anyone.")
    expect(bar(page)).to_contain_text(re.compile(r"Not yet: [^.]+\.( [^.]+\.)?\s"))
    expect(bar(page).get_by_role("button")).to_be_disabled()
    expect(page.get_by_text("Override R01")).to_have_count(0)

    for field in page.locator("#confirm input:not([type=hidden])").all():
        field.press("Enter")
    bar(page).get_by_role("button").click(force=True)
    expect(refusal).to_be_visible()
    page.evaluate("document.getElementById('confirm')?.submit()")
    expect(refusal).to_be_visible()

    assert not Attempt.objects.filter(step__run=run).exists()
    assert [row for row in stage.control.journal("archive") if row["topics"]] == []

"""An admin changes a runbook in the browser; another person puts it in force; a run starts from it."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from runbooks.models import DefinitionVersion, Run
from tests.browser.stage import Stage

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
PAIRS = ("orders",)  # what is polled here
RUNBOOK = "/runbooks/unplanned-outage-active-active/"


def test_a_new_version_is_written_reviewed_and_used(stage: Stage, visit: Callable[..., Page]) -> None:
    writer, reviewer, commander = visit("admin", refusals={403}), visit("admin2"), visit("commander")
    write(writer)
    cannot_approve_ones_own(writer)

    reviewer.goto("/runbooks/")
    reviewer.get_by_role("link", name="v2, in review").click()
    expect(reviewer.locator("main")).to_contain_text("reroute-producers: approvals was 1, is now 2")
    reviewer.get_by_role("button", name="Approve v2").click()
    expect(reviewer.locator("main")).to_contain_text("Approved by Admin 2")

    rehearse(commander)
    run = Run.objects.get()
    assert (run.version.number, run.version.approved_by.name) == (2, "Admin 2")
    assert run.steps.get(key="reroute-producers").approvals == 2


def write(page: Page) -> None:
    page.goto("/runbooks/")
    page.get_by_role("link", name="Regional outage, active-active").click()
    page.get_by_role("link", name="Write a new version").click()
    text = page.get_by_role("textbox", name="Text", exact=True)
    shipped = text.input_value()
    wrong = shipped.replace("kind: clients.route", "kind: clients.rout").replace("approvals: 1", "approvals: 2")
    text.fill(wrong)
    page.get_by_role("button", name="Check").click()

    line = wrong[: wrong.index("clients.rout\n")].count("\n") + 1
    expect(page.get_by_role("link", name=f"line {line}")).to_be_visible()
    expect(page.locator("main")).to_contain_text("clients.route")  # the nearest known kind is named
    expect(text).to_have_value(wrong)
    page.get_by_role("link", name=f"line {line}").click()
    expect(page.locator(f"#line-{line}")).to_be_in_viewport()

    text.fill(wrong.replace("clients.rout\n", "clients.route\n"))
    page.get_by_role("button", name="Check").click()
    expect(page.get_by_role("region", name="Next action")).to_contain_text("Nothing is wrong with this text.")
    expect(page.locator("main")).to_contain_text("reroute-producers: approvals was 1, is now 2")
    page.get_by_role("button", name="Save the draft").click()
    page.get_by_role("button", name="Submit v2 for review").click()
    expect(page.locator("main")).to_contain_text("needs one person other than Admin 1")


def cannot_approve_ones_own(page: Page) -> None:
    expect(page.get_by_role("button", name="Approve v2")).to_have_count(0)
    digest = DefinitionVersion.objects.get(number=2).digest
    forged = """([path, digest]) => {
      const form = document.querySelector("form[method=post]").cloneNode(true);
      form.action = path;
      form.append(Object.assign(document.createElement("input"), {name: "digest", value: digest}));
      document.body.append(form);
      form.submit();
    }"""
    page.evaluate(forged, [f"{RUNBOOK}2/approve/", digest])
    expect(page.locator("main")).to_contain_text("another person has to approve it")
    assert DefinitionVersion.objects.get(number=2).state == "in_review"


def rehearse(page: Page) -> None:
    page.goto("/pairs/orders/assess/us-east/")
    page.get_by_role("link", name="Regional outage, active-active").click()
    page.get_by_label("Rehearsal").check()
    page.get_by_role("button", name="Start the run").click()
    expect(page.locator("#run-head")).to_contain_text("unplanned-outage-active-active v2")
    expect(page.locator("#run-head")).to_contain_text("REHEARSAL")

"""A region is lost and comes back, on an active-active pair: two people, two browsers, no mirror command."""

from __future__ import annotations

import re
from collections.abc import Callable
from io import StringIO
from typing import Any

import httpx
import pytest
from django.core.management import call_command
from playwright.sync_api import Page, expect

from audit.models import Event
from clusters.declared import SideEntry
from dashboard import inventory
from runbooks.models import Evidence, StepRun
from tests.browser.acting import Run, await_outage, declare, step, switch
from tests.browser.stage import Stage

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
PAIRS = ("orders",)  # what is polled here

OUTAGE = (
    "Confirm the outage",
    "Record the last known lag",
    "Reroute producers to the surviving side",
    "Stop the consumer groups of the failed side",
    "Start the consumer groups on the surviving side",
)
RETURN = (
    "Confirm that the region is back for good",
    "See that no moved group woke up there",
    "Wait until the home region has caught up",
    "Wait for the late records of the outage",
    "Reconcile what came late",
    "Stop the consumer groups on the other side",
    "Start the consumer groups at home",
    "Send the producers home",
)
BY_TWO = {"Reroute producers to the surviving side", "Send the producers home"}
CELERY = re.compile(r"celery:[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")


@pytest.mark.timeout(420)
def test_a_region_is_lost_and_comes_back(stage: Stage, visit: Callable[..., Page]) -> None:
    stage.reset()
    one, two, reviewer = visit("commander"), visit("commander2"), visit("reviewer")

    see_it_fail(one, visit("viewer"))
    await_outage(one, "orders", "us-east")
    incident = declare(one, "orders", "us-east", "nobody sees us-east any more")
    receipt = Evidence.objects.get(kind="receipt")
    the_receipt_is_what_the_clusters_say(stage, receipt.data)

    away = walk(Run.start(one, two, incident, "Regional outage, active-active"), OUTAGE)
    assert StepRun.objects.filter(run__incident__pk=number_of(incident), state="succeeded").count() == 5

    nobody_is_sent_after_a_split_brain(one)

    switch(one, "Stop", "Region down", "orders", "us-east")
    walk(Run.start(one, two, incident, "Return to the home region, active-active"), RETURN)
    close(one, incident)

    assert [row for row in stage.control.journal("orders") if "mirror" in row["action"] or row.get("topics")] == []
    assert Evidence.objects.get(kind="receipt").data == receipt.data  # nobody has revised it
    every_claim_names_its_task()
    the_reviewer_reads_the_trail(reviewer, away.url)
    the_record_is_consistent()


def see_it_fail(one: Page, onlooker: Page) -> None:
    """The pair page says that own probes fail, within 15 seconds of the failure."""
    onlooker.goto("/pairs/orders/")
    switch(one, "Start", "Region down", "orders", "us-east")
    board = onlooker.locator(".sheet").filter(has=onlooker.get_by_role("heading", name="Who sees us-east"))
    expect(board.get_by_role("listitem").filter(has_text="console")).to_contain_text("does not see it", timeout=15_000)
    expect(onlooker.locator("main")).to_contain_text("us-east is not answering", timeout=15_000)


def walk(run: Run, steps: tuple[str, ...]) -> Run:
    for title in steps:
        run.carry_out(title, by_two=title in BY_TWO)
    run.await_end()
    for title in steps:
        expect(step(run.commander, title)).to_contain_text("Done")
    return run


def nobody_is_sent_after_a_split_brain(page: Page) -> None:
    """The groups run here now; that they ran there when it was last seen is no alarm."""
    page.goto("/pairs/orders/")
    groups = page.get_by_role("table", name="Consumer groups of orders")
    expect(groups.get_by_role("row").filter(has_text="settlement")).to_contain_text("not seen on us-east")
    expect(page.locator("main")).not_to_contain_text("runs on both sides")


def number_of(url: str) -> int:
    return int(url.rstrip("/").rsplit("/", 1)[1])


def the_receipt_is_what_the_clusters_say(stage: Stage, receipt: dict[str, Any]) -> None:
    """Of every partition: where its log really ends, and the lag that the surviving cluster itself reports."""
    truth = stage.control.truth("orders")["sides"]
    reported = lags_reported_by(inventory.in_force().pairs["orders"].side("eu-west"))
    mirrors, sources = truth["eu-west"]["topics"], truth["us-east"]["topics"]
    assert set(receipt["topics"]) == {name for name in mirrors if name.startswith("us-east.")} == set(reported)
    for name, topic in receipt["topics"].items():
        source = sources[name.removeprefix("us-east.")]["partitions"]
        really = mirrors[name]["partitions"]
        assert [part["end"] for part in topic["partitions"]] == [part["end"] for part in really]
        assert {part["partition"]: part["lag"] for part in topic["partitions"]} == reported[name]
        missing = [was["end"] - is_so["end"] for was, is_so in zip(source, really, strict=True)]
        assert all(part["lower"] <= gap for part, gap in zip(topic["partitions"], missing, strict=True))


def lags_reported_by(side: SideEntry) -> dict[str, dict[int, int]]:
    rest = side.ways["rest"]
    path = f"{rest.url}{rest.base}/clusters/{side.cluster_id}/links/orders-link/mirrors"
    with httpx.Client(trust_env=False) as asking:
        mirrors = asking.get(path).json()["data"]
    return {row["mirror_topic_name"]: {lag["partition"]: lag["lag"] for lag in row["mirror_lags"]} for row in mirrors}


def close(page: Page, incident: str) -> None:
    page.goto(incident)
    expect(page.get_by_role("heading", level=1)).to_contain_text("Nothing holds it open")
    page.get_by_text("Close the incident…").click()
    page.get_by_label("Reason").last.fill("everything is at home again")
    page.get_by_role("button", name="Close the incident").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Closed")


def every_claim_names_its_task() -> None:
    claims = list(Event.objects.filter(kind="step.claimed").values_list("source", flat=True))
    assert len(claims) >= len(OUTAGE) + len(RETURN)
    assert [source for source in claims if not CELERY.fullmatch(source)] == []


def the_reviewer_reads_the_trail(page: Page, run: str) -> None:
    name = f"orders-{number_of(run)}"
    page.goto(run)
    page.get_by_role("link", name="In the record").click()
    trail = page.locator("main")
    expect(trail).to_contain_text(f"Commander 1 confirmed {name}/reroute-producers; it waits for another person")
    expect(trail).to_contain_text(f"Commander 2 gave the last approval of {name}/reroute-producers")
    expect(trail).to_contain_text(re.compile(f"{name}/start-groups was claimed by {CELERY.pattern}"))
    expect(trail).to_contain_text(f"{name} is complete")
    expect(trail).to_contain_text(re.compile(r"Consistent from \d+ to \d+"))
    with page.expect_download() as download:
        page.get_by_role("link", name="JSON lines").click()
    assert b"step.approved" in download.value.path().read_bytes()


def the_record_is_consistent() -> None:
    said = StringIO()
    call_command("audit", "verify", stdout=said)
    assert "consistent from 1 to" in said.getvalue()

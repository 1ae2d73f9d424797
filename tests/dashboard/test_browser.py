"""The pages of looking in a real browser: in both themes, on a phone, with keys, with and without script."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

import pytest
from playwright.sync_api import expect

from dashboard import inventory
from dashboard.models import VantageState
from tests.browser.checking import is_usable
from tests.dashboard.made import group, mirror, read, side_facts, silent
from tests.dashboard.test_pages import HOSTILE, outdate, pair_url
from tests.fixtures.browser import session_cookie

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.browser]
PLACES = ("/", pair_url(), pair_url(show="odd"), "/sandbox/?pair=orders", "/sandbox/?pair=ledger")


@pytest.fixture
def entry(in_force):
    return inventory.pair_entry("orders")


@pytest.fixture
def trouble(entry, look, control):
    """One pair with nearly everything wrong that can be, one whose region is down, one that is well."""
    mirrors = (mirror(f"us-east.{HOSTILE}", 4), mirror("us-east.frozen", 0, fetched=-1), mirror("us-east.orders", 12))
    both = {"settlement": group("settlement", 2), HOSTILE: group(HOSTILE, 1)}
    look("orders", "us-east", "eu-west", "")
    read(entry, side_facts(entry, "eu-west", mirrors=mirrors, groups=both))
    read(entry, side_facts(entry, "us-east", groups=both))
    control.fault("ledger", "region-down", "eu-north")
    look("ledger", "eu-north", "eu-south", "")
    look("archive", "us-west", "ca-central")


def test_pages_full_of_trouble_can_be_used_by_everybody(new_page, people, trouble):
    """Those of an ordinary bad day: tests/browser/test_accessibility.py."""
    page = new_page(people.commander)
    for place in PLACES:
        page.goto(place)
        is_usable(page)


def test_names_from_clusters_do_nothing(new_page, people, trouble):
    page = new_page(people.viewer)
    page.on("dialog", lambda dialog: pytest.fail(f"{page.url} opened a dialog: {dialog.message}"))
    for place in (*PLACES, pair_url(find="<script>")):
        page.goto(place)
    expect(page.get_by_text(HOSTILE).first).to_be_attached()


def test_a_refresh_keeps_what_is_typed_opened_and_focused(new_page, people, entry):
    read(entry, side_facts(entry, "us-east", mirrors=(), groups={"settlement": group("settlement", 2)}))
    read(entry, side_facts(entry, "eu-west", mirrors=(mirror("us-east.orders", 1),)))
    page = new_page(people.viewer)
    page.clock.install()
    page.goto(pair_url())
    page.get_by_text("As a table").click()
    find = page.get_by_label("Find")
    find.press_sequentially("pay")
    read(entry, side_facts(entry, "us-east", groups={"settlement": group("settlement", 3)}))
    read(entry, side_facts(entry, "eu-west", mirrors=(mirror("us-east.orders", 4321),)))
    page.clock.run_for(6000)
    expect(page.locator("#mirror-rows")).to_contain_text("4,321")
    expect(page.locator("#pair-live")).to_contain_text("STABLE, 3 members")
    expect(page.locator("#pair-more")).to_contain_text("us-east to eu-west, 4,321")
    expect(find).to_have_value("pay")
    expect(find).to_be_focused()
    expect(page.locator("#trend-table")).to_have_attribute("open", "")


def test_rows_stay_where_they_are_under_the_pointer(new_page, people, entry):
    def mirrors(first: int, second: int) -> None:
        rows = (mirror("one", first), mirror("two", second))
        read(entry, side_facts(entry, "eu-west", mirrors=rows))

    mirrors(9, 1)
    page = new_page(people.viewer)
    page.clock.install()
    page.goto(pair_url(sort="lag"))
    rows = page.locator("#mirror-rows th")
    expect(rows).to_have_text([re.compile("^one"), re.compile("^two")])
    rows.first.hover()
    mirrors(1, 77)
    page.clock.run_for(6000)
    expect(page.locator("#mirror-rows")).to_contain_text("77")
    expect(rows).to_have_text([re.compile("^one"), re.compile("^two")])
    expect(page.locator("#order-changed")).to_be_visible()
    page.mouse.move(0, 0)
    page.clock.run_for(6000)
    expect(rows).to_have_text([re.compile("^two"), re.compile("^one")])
    expect(page.locator("#order-changed")).to_be_hidden()


def test_a_page_whose_questions_go_unanswered_is_grey(new_page, people, entry):
    read(entry, side_facts(entry, "eu-west"))
    page = new_page(people.viewer)
    page.clock.install()
    page.goto("/")
    expect(page.locator("html")).to_have_attribute("data-feed", "live")
    page.route(re.compile("/(shell|live)"), lambda route: route.abort())
    page.clock.run_for(20_000)
    expect(page.locator("html")).to_have_attribute("data-feed", "lost")
    expect(page.get_by_text("does not answer this page")).to_be_visible()
    page.unroute_all()
    page.clock.run_for(6000)
    expect(page.locator("html")).to_have_attribute("data-feed", "live")
    expect(page.get_by_text("does not answer this page")).to_be_hidden()


def test_an_open_page_goes_grey_when_the_poller_dies(new_page, people, entry):
    for side in ("us-east", "eu-west"):
        read(entry, side_facts(entry, side))
    page = new_page(people.viewer)
    page.clock.install()
    page.goto("/")
    outdate("orders", datetime.now(UTC) - timedelta(minutes=5))
    page.clock.run_for(7000)
    expect(page.get_by_text("has stopped reading the clusters")).to_be_visible()
    expect(page.locator("html")).to_have_attribute("data-feed", "lost")
    expect(page.locator("#answer")).to_contain_text("cannot be seen")


def test_the_callout_appears_by_itself(new_page, people, entry):
    read(entry, side_facts(entry, "us-east"))
    page = new_page(people.viewer)
    page.clock.install()
    page.goto("/audit/")
    read(entry, silent(entry, "us-east"))
    VantageState.objects.filter(kind="console").update(since=datetime.now(UTC) - timedelta(minutes=2))
    page.clock.run_for(6000)
    callout = page.get_by_label("Emergency: us-east")
    expect(callout).to_contain_text("us-east has not answered for 2:")
    expect(callout.get_by_role("link")).to_have_text("Assess us-east")


def test_keys_move_about_and_never_act(new_page, people, entry):
    page = new_page(people.viewer)
    page.goto(pair_url())
    page.keyboard.press("?")
    expect(page.get_by_role("dialog")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_be_hidden()
    page.keyboard.press("/")
    expect(page.get_by_label("Find")).to_be_focused()
    page.keyboard.type("g")  # typed, not taken for a key
    expect(page.get_by_label("Find")).to_have_value("g")
    page.locator("h1").click()
    page.keyboard.press("g")
    page.keyboard.press("a")
    expect(page).to_have_url(re.compile(r"/audit/$"))


def test_day_and_night_is_kept(new_page, people, in_force):
    page = new_page(people.viewer)
    page.goto("/")
    page.get_by_role("button", name="day and night").click()
    expect(page.locator("html")).to_have_attribute("data-theme", "dark")
    page.reload()
    expect(page.locator("html")).to_have_attribute("data-theme", "dark")


def test_everything_works_without_script(browser, console, people, entry, look, control):
    look("orders", "us-east", "eu-west")
    context = browser.new_context(base_url=console.url, java_script_enabled=False)
    context.add_cookies([session_cookie(people.commander, console)])
    page = context.new_page()
    page.goto(pair_url())
    page.get_by_label("Find").fill("payments")
    page.get_by_role("button", name="Show").click()
    expect(page.locator("#mirror-rows th")).to_have_count(2)
    page.goto("/sandbox/?pair=orders")
    page.get_by_role("button", name="Start Region down on us-east").click()
    expect(page.get_by_role("button", name="Stop Region down on us-east")).to_be_visible()
    assert [fault["name"] for fault in control.truth("orders")["faults"]] == ["region-down"]
    context.close()


def test_the_sandbox_page_is_worked_with_keys_alone(new_page, people, in_force, control):
    page = new_page(people.commander)
    page.goto("/sandbox/?pair=orders")
    page.get_by_role("button", name="Start Link down").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("button", name="Stop Link down")).to_be_visible()
    assert control.truth("orders")["faults"][0]["name"] == "link-down"

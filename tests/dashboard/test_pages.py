"""The overview and the pair page: what they say of rows, and what they refuse to say."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from django.test import Client
from django.urls import reverse

from clusters.facts import GroupFacts, GroupState, LinkFacts, MirrorStatus, PartitionLag
from dashboard import expectations, inventory
from dashboard.models import Reading, VantageState
from tests.dashboard.conftest import put_in_force
from tests.dashboard.made import group, mirror, read, side_facts, silent

pytestmark = pytest.mark.django_db(transaction=True)
HOSTILE = "<script>alert(1)</script>\"'&{{ 7 }}"
SIDES = {"orders": ("us-east", "eu-west"), "ledger": ("eu-north", "eu-south"), "archive": ("us-west", "ca-central")}


@pytest.fixture
def viewer(people):
    client = Client()
    client.force_login(people.viewer)
    return client


@pytest.fixture
def entry(in_force):
    return inventory.pair_entry("orders")


def text(client: Client, path: str) -> str:
    answer = client.get(path)
    assert answer.status_code == 200
    return answer.content.decode()


def pair_url(**query: str) -> str:
    return reverse("dashboard:pair", args=["orders"]) + ("?" + "&".join(f"{k}={v}" for k, v in query.items()))


def lose(entry, side: str) -> None:
    """A side that was read, and has not answered for some polls."""
    read(entry, side_facts(entry, side))
    read(entry, silent(entry, side))
    long_ago = datetime.now(UTC) - entry.policy.poll * 3
    VantageState.objects.filter(pair=entry.name, side=side, kind="console").update(since=long_ago, lost_at=long_ago)


def test_before_the_first_reading_nothing_is_claimed(viewer, in_force):
    page = text(viewer, "/")
    assert "Nothing has been read yet." in page
    assert "as they should be" not in page


def test_the_answer_when_all_is_well(viewer, look):
    for pair, sides in SIDES.items():
        look(pair, *sides)
    page = text(viewer, "/")
    assert "All 3 pairs are as they should be." in page


def test_the_answer_names_the_side_that_is_down(viewer, look, entry, control):
    for pair, sides in SIDES.items():
        look(pair, *sides)
    control.fault("orders", "region-down", "us-east")
    look("orders", "us-east")
    page = text(viewer, "/")
    assert "us-east is not answering. The other 2 pairs are as they should be." in page
    assert "Assess us-east" in page


def test_the_callout_is_on_every_page_while_a_side_is_down(viewer, entry):
    lose(entry, "us-east")
    for path in ("/", pair_url(), "/audit/", reverse("dashboard:pair", args=["ledger"])):
        assert "has not answered for" in text(viewer, path)


def test_the_callout_pales_once_an_incident_explains_it(viewer, entry):
    lose(entry, "us-east")
    assert 'class="callout"' in text(viewer, "/")
    expectations.expect("orders", "us-east", "7", ["UNREACHABLE"], "us-east is down: incident 7")
    assert 'class="callout known"' in text(viewer, "/")


def test_what_an_incident_explains_is_expected_and_nothing_else_is(viewer, entry):
    lose(entry, "us-east")
    explained, other = mirror("us-east.orders", 5, MirrorStatus.SOURCE_UNAVAILABLE), mirror("us-east.payments")
    read(entry, side_facts(entry, "eu-west", mirrors=(explained, other)))
    kinds = {line.topic: line.kind for line in viewer.get(pair_url()).context["table"].lines}
    assert kinds == {"us-east.orders": "critical", "us-east.payments": "unknown"}

    expectations.expect("orders", "us-east", "7", ["UNREACHABLE"], "us-east is down: incident 7")
    expectations.expect("orders", "eu-west", "7", ["SOURCE_UNAVAILABLE"], "us-east is down: incident 7")
    failed = mirror("us-east.refunds", 5, MirrorStatus.FAILED)
    read(entry, side_facts(entry, "eu-west", mirrors=(explained, other, failed)))
    kinds = {line.topic: line.kind for line in viewer.get(pair_url()).context["table"].lines}
    assert kinds == {"us-east.orders": "expected", "us-east.payments": "expected", "us-east.refunds": "critical"}
    assert "Incident 7 is open." in text(viewer, "/")


def test_one_poll_without_an_answer_calls_nobody_yet(viewer, entry):
    read(entry, silent(entry, "us-east"))
    page = text(viewer, "/")
    assert "has not answered for" not in page


def test_a_reading_that_is_too_old_is_unknown_whatever_it_said(viewer, look):
    look("orders", "us-east", "eu-west")
    assert "Protected. Nothing to do." in text(viewer, pair_url())
    old = datetime.now(UTC) - timedelta(minutes=5)
    outdate("orders", old)
    page = text(viewer, pair_url())
    assert "Unknown, not healthy." in page
    assert "Protected" not in page
    assert "not read lately" in page


def outdate(pair: str, at: datetime) -> None:
    from clusters.codec import decode, encode
    from clusters.facts import SideFacts

    for row in Reading.objects.filter(pair=pair):
        outline = replace(decode(SideFacts, bytes(row.outline)), read_at=at)
        Reading.objects.filter(pk=row.pk).update(read_at=at, mirrors_at=at, groups_at=at, outline=encode(outline))


def test_the_whole_page_is_grey_when_nothing_is_read_any_more(viewer, look):
    look("orders", "us-east", "eu-west")
    assert 'data-feed="live"' in text(viewer, "/")
    outdate("orders", datetime.now(UTC) - timedelta(minutes=5))
    page = text(viewer, "/")
    assert 'data-feed="lost"' in page
    assert 'data-poller="dead"' in page
    assert "has stopped reading the clusters" in page


@pytest.mark.parametrize(
    ("made", "shown"),
    [
        (mirror("t", 0, fetched=-1), "0, not believed"),
        (replace(mirror("t"), partitions=(PartitionLag(0, -207, 5),) * 6), "−207, not believed"),
        (mirror("t", 12, MirrorStatus.SOURCE_UNAVAILABLE), "12, frozen"),
        (mirror("t", 3, MirrorStatus.STOPPED), "not mirrored"),
        (replace(mirror("t"), partitions=()), "unknown"),
    ],
)
def test_a_lag_that_proves_nothing_is_hatched(viewer, entry, made, shown):
    read(entry, side_facts(entry, "eu-west", mirrors=(made,)))
    assert f'<span class="unknown">{shown}</span>' in text(viewer, pair_url())


def test_lag_is_frozen_while_the_source_does_not_answer(viewer, entry):
    read(entry, silent(entry, "us-east"))
    read(entry, side_facts(entry, "eu-west", mirrors=(mirror("us-east.orders", 5),)))
    page = text(viewer, pair_url())
    assert "5, frozen" in page
    assert "lag last known" in page


def test_a_group_on_both_sides_is_the_first_thing_said(viewer, entry):
    for side in ("us-east", "eu-west"):
        read(entry, side_facts(entry, side, groups={"settlement": group("settlement", 2)}))
    page = text(viewer, pair_url())
    assert "settlement runs on us-east and on eu-west." in page
    assert "active on both sides" in page


def test_a_group_that_cannot_be_seen_is_not_shown_as_stopped(viewer, entry):
    read(entry, side_facts(entry, "us-east", groups={"settlement": group("settlement", 2)}))
    read(entry, silent(entry, "us-east"))
    read(entry, side_facts(entry, "eu-west", groups={"settlement": group("settlement", 0)}))
    Reading.objects.filter(side="us-east").update(groups_at=datetime.now(UTC) - timedelta(minutes=5))
    page = text(viewer, pair_url())
    assert "STABLE at last" in page
    assert "not seen on us-east" in page


def test_a_group_that_ran_there_at_the_last_look_is_no_split_brain(viewer, entry):
    """It was moved while its home was down: it runs here, and what runs there is not known."""
    read(entry, side_facts(entry, "us-east", groups={"settlement": group("settlement", 2)}))
    read(entry, silent(entry, "us-east"))
    read(entry, side_facts(entry, "eu-west", groups={"settlement": group("settlement", 2)}))
    Reading.objects.filter(side="us-east").update(groups_at=datetime.now(UTC) - timedelta(minutes=5))
    page = text(viewer, pair_url())
    assert "settlement runs on us-east and on eu-west." not in page
    assert "runs on both sides" not in page
    assert "not seen on us-east" in page


def test_a_link_that_is_down_as_expected_pulls_nothing(viewer, entry):
    link = LinkFacts("orders-link", "id", "other", "UNAVAILABLE", "", "", "BIDIRECTIONAL", "us-east.", {})
    read(entry, silent(entry, "us-east"))
    read(entry, side_facts(entry, "eu-west", mirrors=(mirror("us-east.orders", 5),), links=(link,)))
    expectations.expect("orders", "us-east", "1", ["UNREACHABLE", "UNAVAILABLE"])
    expectations.expect("orders", "eu-west", "1", ["UNAVAILABLE"])
    page = text(viewer, pair_url())
    assert ">UNAVAILABLE</text>" in page
    assert "UNAVAILABLE, pulls" not in page


def test_names_from_clusters_are_inert(viewer, entry):
    read(
        entry,
        side_facts(
            entry,
            "eu-west",
            mirrors=(mirror(HOSTILE),),
            groups={HOSTILE: GroupFacts(HOSTILE, GroupState.STABLE, 1, (), (HOSTILE,))},
            said=HOSTILE,
        ),
    )
    for path in ("/", pair_url(), pair_url(find="<script>")):
        page = text(viewer, path)
        assert "<script>alert" not in page
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in text(viewer, pair_url())


def test_find_show_and_sort_come_from_the_address(viewer, entry):
    rows = (mirror("small", 1), mirror("large", 9), mirror("odd", 4, MirrorStatus.FAILED))
    read(entry, side_facts(entry, "eu-west", mirrors=rows))

    def order(**query: str) -> list[str]:
        return [line.topic for line in viewer.get(pair_url(**query)).context["table"].lines]

    assert order() == ["odd", "large", "small"]
    assert order(find="SMA") == ["small"]
    assert order(show="odd") == ["odd"]
    assert order(show="Critical") == ["odd"]
    assert order(sort="topic") == ["large", "odd", "small"]
    assert order(sort="lag") == ["odd", "large", "small"]  # a lag that is not known may be the highest
    assert order(side="us-east") == []
    for query in ({}, {"show": "odd"}, {"show": "OK"}, {"show": "Critical"}, {"side": "eu-west"}, {"find": "a"}):
        table = viewer.get(pair_url(**query)).context["table"]
        assert table.page.paginator.count == len(table.lines), query
    assert order(sort="'; DROP TABLE", page="-9", show="nothing") == ["odd", "large", "small"]


def test_fragments_answer_204_until_they_have_news(viewer, entry):
    read(entry, side_facts(entry, "eu-west", mirrors=(mirror("orders", 1),)))
    page = viewer.get(pair_url())
    live = f"{reverse('dashboard:pair-live', args=['orders'])}?tag={page.context['page'].tag}"
    rows = f"{reverse('dashboard:mirror-list', args=['orders'])}?tag={page.context['table_tag']}"
    overview = f"{reverse('dashboard:overview-live')}?tag={viewer.get('/').context['overview'].tag}"
    for path in (live, rows, overview):
        same = viewer.get(path)
        assert (same.status_code, same.content) == (204, b"")
        assert "X-Read-At" in same.headers
    read(entry, side_facts(entry, "eu-west", mirrors=(mirror("orders", 2),)))
    for path in (rows, overview):
        assert viewer.get(path).status_code == 200
    outdate("orders", datetime.now(UTC) - timedelta(minutes=5))
    assert viewer.get(live).status_code == 200


def test_fragments_are_what_the_page_holds(viewer, entry):
    read(entry, side_facts(entry, "eu-west", mirrors=(mirror("orders", 1),)))
    page = text(viewer, pair_url())
    for name in ("pair-live", "mirror-list"):
        fragment = text(viewer, f"{reverse(f'dashboard:{name}', args=['orders'])}?tag=old")
        root = fragment[fragment.index("id=") :].split('"')[1]
        assert f'id="{root}"' in page


def test_a_pair_that_may_not_change_says_so(viewer, sandbox, in_force):
    put_in_force(sandbox.inventory_text().replace("may_change: true", "may_change: false"))
    assert "for looking and rehearsing only" in text(viewer, pair_url())


def test_a_pair_that_is_not_in_force_is_not_found(viewer, in_force):
    for name in ("pair", "pair-live", "mirror-list"):
        assert viewer.get(reverse(f"dashboard:{name}", args=["nothing"])).status_code == 404


def test_an_inventory_that_cannot_be_read_is_said_on_every_page(viewer, in_force):
    put_in_force("pairs: [\n")
    page = text(viewer, "/")
    assert "The inventory file cannot be read." in page
    assert "stays in force" in page


def test_somebody_without_a_role_sees_nothing(in_force, db):
    from tests.fixtures.people import make_account

    client = Client()
    client.force_login(make_account("Nobody"))
    for path in ("/", pair_url(), reverse("dashboard:sandbox")):
        assert client.get(path).status_code == 403

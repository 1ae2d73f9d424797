"""What people say of clients: entered by who may, never changed, replaced by what is said later, and for a time."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import IntegrityError, transaction
from django.test import Client

from audit.clock import database_now
from audit.ledger import Actor
from audit.models import Event
from clusters.readiness import Finding
from clusters.readiness.statements import statement
from dashboard import attestations, history, inventory, readiness
from dashboard.models import Attestation
from people.models import Person

ONE = "/pairs/orders/statements/settlement/idempotence/"
LIST = "/pairs/orders/statements/"


@pytest.fixture
def post(in_force, people):
    """Enter a statement as somebody; the answer."""

    def once(account, path: str = ONE, **changes: object):
        client = Client()
        client.force_login(account)
        said = {"reply": "harmless", "said": "It upserts by key.", "owner": people.viewer.person_id, "days": 182}
        return client.post(path, {**said, **changes})

    return once


def page(account, path: str = LIST) -> str:
    client = Client()
    client.force_login(account)
    answer = client.get(path)
    assert answer.status_code == 200
    return answer.content.decode()


def found(pair: str = "orders") -> Finding:
    facts, entry = history.latest(pair), inventory.pair_entry(pair)
    assert facts is not None
    assert entry is not None
    return next(one for one in readiness.judged(entry, facts, database_now()).findings if one.code == "C27")


def given(people, *, days_ago: int, lasts: int = 182, reply: str = "harmless") -> Attestation:
    at = database_now() - timedelta(days=days_ago)
    person = people.commander.person
    return Attestation.objects.create(
        pair="orders", client="settlement", statement="idempotence", reply=reply, said="As tested.", owner=person,
        given_by=person, given_at=at, expires_at=at + timedelta(days=lasts),
    )  # fmt: skip


def test_who_may_enters_it_with_its_owner_and_half_a_year(post, people):
    assert post(people.commander).status_code == 302
    made = Attestation.objects.get()
    assert (made.owner, made.given_by) == (people.viewer.person, people.commander.person)
    assert made.expires_at - made.given_at == timedelta(days=182)
    assert Event.objects.get(kind="attestation.given").object == "orders: settlement, idempotence"
    assert "It upserts by key." in page(people.viewer)


@pytest.mark.parametrize("who", ["viewer", "reviewer"])
def test_who_may_not_is_told_and_nothing_is_kept(post, people, who):
    assert post(getattr(people, who)).status_code == 403
    assert not Attestation.objects.exists()
    assert "Enter this statement" not in page(getattr(people, who), ONE)


@pytest.mark.parametrize(
    "changes",
    [{"reply": "perhaps"}, {"said": " "}, {"owner": "999999"}, {"days": "4000"}, {"reply": ""}],
    ids=lambda one: next(iter(one)),
)
def test_what_cannot_be_used_is_refused(post, people, changes):
    assert post(people.commander, **changes).status_code == 422
    assert not Attestation.objects.exists()


def test_nobody_who_has_left_answers_for_anything(post, people):
    Person.objects.filter(pk=people.viewer.person_id).update(active=False)
    assert post(people.commander).status_code == 422


def test_an_owner_who_leaves_while_the_form_is_open_is_found_by_the_service(in_force, people):
    owner, entry = people.viewer.person, inventory.pair_entry("orders")
    Person.objects.filter(pk=owner.pk).update(active=False)
    client = next(one for one in entry.clients if one.kind == "group")
    with pytest.raises(attestations.Unusable, match="is not active here"):
        attestations.give(
            Actor.product("test"), people.commander, entry, client.name, statement("idempotence"), "harmless",
            "so it is", owner, 182,
        )  # fmt: skip


@pytest.mark.parametrize("path", ["/pairs/orders/statements/nobody/ordering/", "/pairs/orders/statements/checkout/x/"])
def test_what_nobody_asks_is_no_page(post, people, path):
    assert post(people.commander, path).status_code == 404


def test_a_newer_one_takes_the_place_of_an_older_one_which_is_kept(post, people):
    post(people.commander)
    post(people.admin, reply="harmful", said="It charges twice.")
    (newest,) = attestations.newest("orders")
    assert newest.reply == "harmful"
    html = page(people.viewer, ONE)
    assert html.index("It charges twice.") < html.index("Earlier:") < html.index("It upserts by key.")


def test_what_was_given_is_neither_changed_nor_deleted(post, people):
    post(people.commander)
    with pytest.raises(IntegrityError, match="never changed and never deleted"), transaction.atomic():
        Attestation.objects.update(reply="harmful")
    with pytest.raises(IntegrityError, match="never changed and never deleted"), transaction.atomic():
        Attestation.objects.all().delete()
    assert Attestation.objects.get().reply == "harmless"


def test_readiness_tells_what_is_missing_weak_expired_or_without_an_owner(in_force, look, people):
    look("orders", "us-east", "eu-west")
    assert "settlement, reading twice: nobody has said" in found().saw
    given(people, days_ago=200)
    assert "settlement, reading twice: said by commander on" in found().saw
    given(people, days_ago=1, reply="harmful")
    assert "settlement, reading twice: it does harm, says commander" in found().saw
    given(people, days_ago=0)
    assert "settlement, reading twice" not in found().saw
    Person.objects.filter(pk=people.commander.person_id).update(active=False)
    assert "settlement, reading twice: said by commander, who is no longer active here" in found().saw


def test_the_page_says_whether_each_still_counts(in_force, people):
    assert "nobody has said" in page(people.viewer)
    given(people, days_ago=200)
    assert "expired" in page(people.viewer)
    given(people, days_ago=1, reply="harmful")
    assert "weak" in page(people.viewer)
    given(people, days_ago=0)
    assert "in force" in page(people.viewer)

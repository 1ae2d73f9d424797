from __future__ import annotations

import hashlib
import json
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest
from django.core.exceptions import ImproperlyConfigured
from django.db import DatabaseError, IntegrityError, connection, transaction

from audit.ledger import Actor, ledger
from audit.models import Event, Head, SideText
from audit.verify import verify
from people.models import Person

ANN = Actor("5a8d", "Ann", "web", session="s", auth="password", account="77aa")
WORKER = Actor.product("celery:3f2a")


def record(kind: str = "step.claimed", actor: Actor = WORKER, **fields: object) -> Event:
    with ledger(actor) as book:
        book.add(kind, **fields)  # type: ignore[arg-type]
    return Event.objects.latest("seq")


def body(event: Event) -> dict[str, object]:
    return json.loads(bytes(event.body))


@pytest.mark.django_db
def test_an_event_holds_what_record_format_1_asks_for() -> None:
    event = record(
        actor=ANN, object="stop-groups", run=3, step=7, attempt=1, fence=4, before="queued", after="claimed",
        digest="ab12", guards=[{"guard": "R10", "verdict": "met"}], facts={"lag": 0}, reason="the lights went out",
    )  # fmt: skip
    kept = body(event)
    ts = datetime.fromisoformat(str(kept.pop("ts")))
    name, reason = kept["actor"].pop("name"), kept.pop("reason")  # type: ignore[attr-defined]
    assert kept == {
        "v": 1, "seq": 2, "kind": "step.claimed", "object": "stop-groups", "run": 3, "step": 7, "attempt": 1,
        "fence": 4, "before": "queued", "after": "claimed", "digest": "ab12", "facts": {"lag": 0}, "request": "",
        "guards": [{"guard": "R10", "verdict": "met"}], "installation": "breakwater",
        "actor": {"id": "77aa", "person": "5a8d", "session": "s", "auth": "password", "source": "web"},
    }  # fmt: skip
    assert abs(datetime.now(UTC) - ts) < timedelta(minutes=1)
    assert SideText.objects.get(digest=name).text == "Ann"
    assert SideText.objects.get(digest=reason).text == "the lights went out"
    assert b"Ann" not in bytes(event.body)
    assert b"lights" not in bytes(event.body)


@pytest.mark.django_db
def test_the_hash_is_made_as_the_format_says() -> None:
    first, second = Event.objects.filter(seq=record().seq - 1).get(), Event.objects.latest("seq")
    assert first.prev == "0" * 64
    assert second.prev == first.hash
    said = hashlib.sha256(b"breakwater.audit.v1\0" + bytes.fromhex(second.prev) + bytes(second.body)).hexdigest()
    assert second.hash == said == Head.objects.get().hash


@pytest.mark.django_db
def test_the_first_event_binds_the_installation() -> None:
    record()
    opening = body(Event.objects.get(seq=1))
    assert opening["kind"] == "record.opened"
    assert opening["installation"] == "breakwater"


@pytest.mark.django_db
def test_a_record_of_another_installation_takes_no_event(settings) -> None:
    record()
    settings.INSTALLATION = "another"
    with pytest.raises(ImproperlyConfigured, match="belongs to the installation 'breakwater'"):
        record()


@pytest.mark.django_db
def test_a_name_is_kept_once_and_a_new_name_beside_it() -> None:
    for name in ("Ann", "Ann", "Ann Lee"):
        record(actor=Actor("5a8d", name, "web"))
    assert sorted(SideText.objects.values_list("text", flat=True)) == ["Ann", "Ann Lee"]


@pytest.mark.django_db
def test_events_of_one_transaction_stand_in_the_order_they_were_added() -> None:
    with ledger(WORKER) as book:
        for kind in ("call.sent", "item.changed", "step.succeeded"):
            book.add(kind)
    assert list(Event.objects.values_list("kind", flat=True)[1:]) == ["call.sent", "item.changed", "step.succeeded"]


@pytest.mark.django_db
def test_a_ledger_that_added_nothing_leaves_nothing() -> None:
    record()
    with ledger(WORKER):
        pass
    assert Event.objects.count() == 2


def _add_ann(*, facts: dict[str, object], error: Exception | None = None) -> None:
    with ledger(WORKER) as book:
        Person.objects.create(name="Ann")
        book.add("person.added", facts=facts)
        if error:
            raise error


@pytest.mark.django_db
def test_what_fails_leaves_neither_the_change_nor_its_event() -> None:
    record()
    with pytest.raises(RuntimeError, match="boom"):
        _add_ann(facts={}, error=RuntimeError("boom"))
    assert not Person.objects.exists()
    assert Event.objects.count() == 2


@pytest.mark.django_db
def test_an_event_that_cannot_be_written_undoes_the_change() -> None:
    with pytest.raises(TypeError, match=r"lag is 1\.5"):
        _add_ann(facts={"lag": 1.5})
    assert not Person.objects.exists()


@pytest.mark.django_db
@pytest.mark.parametrize("kind", ["claimed", "Step.claimed", "step.claimed.again", "step claimed", ""])
def test_a_kind_is_noun_and_past(kind: str) -> None:
    with pytest.raises(ValueError, match=r"noun\.past"):
        record(kind)


@pytest.mark.django_db
def test_facts_that_change_later_were_copied() -> None:
    facts = {"topics": ["orders"]}
    with ledger(WORKER) as book:
        book.add("step.claimed", facts=facts)
        facts["topics"].append("payments")
    assert body(Event.objects.latest("seq"))["facts"] == {"topics": ["orders"]}


@pytest.mark.django_db
def test_a_closed_ledger_takes_nothing() -> None:
    with ledger(WORKER) as book:
        pass
    with pytest.raises(RuntimeError, match="closed"):
        book.add("step.claimed")


@pytest.mark.django_db
def test_a_ledger_inside_a_ledger_is_refused() -> None:
    with pytest.raises(RuntimeError, match="durable"), ledger(WORKER), ledger(WORKER):
        pass


@pytest.mark.django_db(transaction=True)
def test_a_ledger_inside_another_transaction_is_refused() -> None:
    with pytest.raises(RuntimeError, match="durable"), transaction.atomic(), ledger(WORKER):
        pass


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE audit_event SET kind = 'step.skipped'",
        "DELETE FROM audit_event",
        "TRUNCATE audit_event",
        "UPDATE audit_sidetext SET text = 'somebody else'",
    ],
)
def test_the_database_refuses_to_change_the_record(statement: str) -> None:
    if statement.startswith("TRUNCATE") and connection.vendor == "sqlite":
        statement = "DELETE FROM audit_event WHERE 1"  # what SQLite has in its place
    record(actor=ANN, reason="why")
    with pytest.raises(DatabaseError, match="append-only"), connection.cursor() as cursor:
        cursor.execute(statement)
    assert verify().finding is None


@pytest.mark.django_db
@pytest.mark.parametrize("column", ["seq", "prev"])
def test_a_fork_is_impossible_even_without_the_lock(column: str) -> None:
    event = record()
    fork = Event.objects.get(pk=event.pk)
    fork.hash = "f" * 64
    if column == "prev":
        fork.seq += 1
    else:
        fork.prev = "e" * 64
    with pytest.raises(IntegrityError), transaction.atomic():
        fork.save(force_insert=True)


@pytest.mark.django_db(transaction=True)
def test_writers_at_once_make_one_chain() -> None:
    def write(writer: int) -> None:
        try:
            for turn in range(10):
                record(object=f"{writer}.{turn}")
        finally:
            connection.close()

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(write, range(8)))
    assert Event.objects.count() == 81
    assert str(verify()) == "consistent from 1 to 81"
    for writer in range(8):
        own = Event.objects.filter(object__startswith=f"{writer}.").values_list("object", flat=True)
        assert list(own) == [f"{writer}.{turn}" for turn in range(10)]


@pytest.mark.django_db
def test_a_lost_head_is_an_error_and_no_new_beginning() -> None:
    record()
    Head.objects.all().delete()
    with pytest.raises(RuntimeError, match="no head"):
        record()

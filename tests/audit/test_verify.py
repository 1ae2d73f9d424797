"""The owner of the database as the attacker: each change is named, and what cannot be known is said."""

from __future__ import annotations

import pytest
from django.core.management import CommandError, call_command
from django.db import connection

from audit.ledger import chain_hash, ledger
from audit.models import Event, Head, SideText
from audit.verify import verify
from tests.audit.chain import ANN, make_record, rewrite_from, unsealed

LONG_AGO = "at = '2020-01-01 00:00:00+00:00'"

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def record_of_twenty() -> None:
    make_record(20)


def found(**asked: object) -> tuple[int, str]:
    finding = verify(**asked).finding  # type: ignore[arg-type]
    assert finding is not None
    return finding.seq, finding.kind


def change(statement: str) -> None:
    with unsealed(), connection.cursor() as cursor:
        cursor.execute(statement)


def test_an_untouched_record_is_consistent() -> None:
    assert str(verify()) == "consistent from 1 to 20"
    assert str(verify(5, 12)) == "consistent from 5 to 12"


def test_an_empty_record_is_no_finding() -> None:
    change("DELETE FROM audit_event")
    Head.objects.all().delete()
    assert str(verify()) == "nothing has been recorded yet"


def test_edited_bytes() -> None:
    event = Event.objects.get(seq=7)
    with unsealed():
        Event.objects.filter(seq=7).update(body=bytes(event.body).replace(b"event 7", b"event 8"))
    assert found() == (7, "edit")
    assert verify(8).finding is None
    assert verify(1, 6).finding is None


@pytest.mark.parametrize(
    "column", ["kind = 'x.y'", "person = 'b'", "object = 'b'", "source = 'b'", "run = 9", LONG_AGO]
)
def test_an_edited_column_that_lists_would_show(column: str) -> None:
    change(f"UPDATE audit_event SET {column} WHERE seq = 7")
    assert found() == (7, "edit")


def test_bytes_that_are_no_event_at_all() -> None:
    with unsealed():
        Event.objects.filter(seq=7).update(body=b"\xff")
    assert found() == (7, "edit")


def test_a_deleted_event() -> None:
    change("DELETE FROM audit_event WHERE seq = 7")
    assert found() == (7, "gap")
    assert found(first=8) == (7, "gap")


def test_a_deleted_tail_whose_head_still_stands() -> None:
    change("DELETE FROM audit_event WHERE seq > 15")
    assert found() == (16, "gap")


def test_an_event_of_another_chain_put_in_its_place() -> None:
    event = Event.objects.get(seq=7)
    with unsealed():
        prev = "ab" * 32
        Event.objects.filter(seq=7).update(prev=prev, hash=chain_hash(prev, bytes(event.body)))
    assert found() == (7, "fork")


def test_an_event_of_another_installation() -> None:
    rewrite_from(7, installation="another")
    assert found() == (7, "fork")


def test_a_side_text_removed_or_changed() -> None:
    digest = Event.objects.get(seq=9)
    text = SideText.objects.get(text="why 9")
    change("UPDATE audit_sidetext SET text = 'something nicer' WHERE text = 'why 9'")
    assert found() == (9, "side text changed")
    SideText.objects.filter(pk=text.pk).delete()
    assert found() == (digest.seq, "side text missing")


def test_a_head_row_that_names_another_hash() -> None:
    Head.objects.update(hash="ab" * 32)
    assert found() == (20, "edit")


def test_a_tail_cut_off_with_its_head_needs_a_head_noted_elsewhere() -> None:
    noted = verify()
    change("DELETE FROM audit_event WHERE seq > 15")
    newest = Event.objects.get(seq=15)
    Head.objects.update(seq=15, hash=newest.hash)
    assert verify().finding is None
    assert found(expected=(noted.last, noted.hash)) == (20, "truncation")


def test_a_rewritten_record_needs_a_head_noted_elsewhere() -> None:
    noted = verify()
    rewrite_from(7, object="nothing happened")
    assert verify().finding is None
    assert found(expected=(noted.last, noted.hash)) == (20, "fork")


def test_more_events_than_one_piece(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("audit.verify.CHUNK", 3)
    assert str(verify()) == "consistent from 1 to 20"
    change("DELETE FROM audit_event WHERE seq = 10")
    assert found() == (10, "gap")


def test_the_command_says_it_in_words(capsys: pytest.CaptureFixture[str]) -> None:
    call_command("audit", "verify")
    said = capsys.readouterr().out
    head = Head.objects.get()
    assert said.startswith(
        f"consistent from 1 to 20, not anchored\nhead 20:{head.hash}\nNot shown by this: events cut off at the end"
    )
    call_command("audit", "verify", "--from", "3", "--to", "9", "--head", f"20:{head.hash}")
    assert capsys.readouterr().out.startswith("consistent from 3 to 9")


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        (["--from", "0"], "--from must be 1 or more"),
        (["--from", "9", "--to", "3"], "--to not below"),
        (["--to", "25"], "first bad event: 21, gap"),
        (["--head", "20:" + "ab" * 32], "first bad event: 20, fork"),
        (["--head", "21:" + "ab" * 32], "first bad event: 21, truncation"),
    ],
)
def test_the_command_fails_with_a_reason(asked: list[str], said: str) -> None:
    with pytest.raises(CommandError, match=said) as failed:
        call_command("audit", "verify", *asked)
    assert failed.value.returncode == 1


def test_events_that_arrive_meanwhile_are_no_finding() -> None:
    seen = verify(last=20)
    with ledger(ANN) as book:
        book.add("step.claimed")
    assert seen.finding is None
    assert str(verify()) == "consistent from 1 to 21"

"""The owner of the database as the attacker, against signed heads: each act is named, at its first event."""

from __future__ import annotations

import base64
import json
from datetime import datetime
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from audit import canonical
from audit.body import columns
from audit.coverage import coverage_asked
from audit.heads import SignedHead
from audit.key_events import announce, hand_on
from audit.keys import created_text
from audit.ledger import NOTHING_BEFORE, chain_hash, ledger
from audit.models import Acknowledgement, Event, Head
from audit.models import Checkpoint as Kept
from audit.notes import Checkpoint
from audit.signing import SigningKey
from audit.tree import leaf_hash, root_of
from audit.verify import Result, verify
from tests.audit.anchored import ANCHOR, Station
from tests.audit.chain import ANN, make_record, rewrite_from, unsealed

on_a_database = pytest.mark.django_db(transaction=True)


@pytest.fixture
def station(tmp_path: Path) -> Station:
    """Events 1 to 4, then the key, then heads of 5, 9 and 12 events; 13 and 14 are not covered yet."""
    make_record(4)
    station = Station(tmp_path)
    for more in (0, 4, 3):
        for _ in range(more):
            add("step.sent")
        station.look(seconds=1)
    add("run.paused")
    add("run.running")
    return station


def add(kind: str) -> None:
    with ledger(ANN) as book:
        book.add(kind, object=kind)


def judged(station: Station, **asked: object) -> Result:
    return verify(coverage=coverage_asked(anchor=station.file, **asked))  # type: ignore[arg-type]


def found(station: Station, **asked: object) -> tuple[int, str]:
    finding = judged(station, **asked).finding
    assert finding is not None
    return finding.seq, finding.kind


def by_the_database_alone() -> Result:
    return verify(coverage=coverage_asked())


@on_a_database
def test_a_clean_record_is_consistent_and_says_how_far_it_is_anchored_and_by_which_key(station: Station) -> None:
    assert str(judged(station)) == f"consistent from 1 to 14, anchored to 12, by key {station.key.verifier}"
    assert judged(station, keys=[station.key.verifier]).finding is None
    assert str(by_the_database_alone()) == str(judged(station))


@on_a_database
def test_a_rewritten_event_is_named_by_the_anchor_and_its_stretch_by_the_database(station: Station) -> None:
    rewrite_from(7, object="nothing happened")
    assert found(station) == (7, "rewrite")
    finding = by_the_database_alone().finding
    assert finding is not None
    assert (finding.seq, finding.kind) == (6, "rewrite")
    assert "somewhere from 6 to 9" in finding.said


@on_a_database
def test_an_end_that_was_cut_off_is_named(station: Station) -> None:
    cut(10)
    assert found(station) == (11, "truncation")


@on_a_database
def test_an_old_database_that_was_brought_back_is_named(station: Station) -> None:
    cut(9)
    with unsealed():
        Acknowledgement.objects.filter(checkpoint__size__gt=9).delete()
        Kept.objects.filter(size__gt=9).delete()
    assert by_the_database_alone().finding is None
    assert found(station) == (10, "replay")


def cut(seq: int) -> None:
    with unsealed():
        Event.objects.filter(seq__gt=seq).delete()
        Head.objects.update(seq=seq, hash=Event.objects.get(seq=seq).hash)


def forged_row(**changed: object) -> None:
    with unsealed():
        Kept.objects.filter(size=9).update(**changed)


@on_a_database
def test_a_head_that_was_changed_is_no_head(station: Station) -> None:
    note = Kept.objects.get(size=9).note
    forged_row(note=note.replace("\n9\n", "\n10\n"))
    assert found(station) == (10, "bad signature")
    forged_row(note="nonsense")
    assert found(station) == (6, "bad signature")


@on_a_database
def test_an_old_head_in_place_of_a_newer_one(station: Station) -> None:
    old = Kept.objects.get(size=5)
    with unsealed():
        Kept.objects.filter(size=12).update(note=old.note)
    assert found(station) == (6, "replay")


@on_a_database
def test_a_head_by_another_key(station: Station) -> None:
    head = SignedHead.parse(Kept.objects.get(size=9).note)
    forged_row(note=str(SigningKey.fresh("breakwater").sign(head.checkpoint.text)))
    assert found(station) == (9, "bad signature")


@on_a_database
def test_two_heads_of_one_size_that_differ(station: Station) -> None:
    head = SignedHead.parse(Kept.objects.get(size=12).note).checkpoint
    other = Checkpoint(head.origin, 12, b"x" * 32, head.at, head.head)
    Kept.objects.create(size=12, note=str(station.key.sign(other.text)), key="", at=head.at)
    assert found(station) == (12, "fork")


@on_a_database
def test_an_anchor_file_that_was_changed_is_not_taken_for_a_changed_event(station: Station) -> None:
    lines = station.file.read_text().splitlines()
    kept = json.loads(lines[1])
    kept["leaves"][1] = base64.b64encode(b"x" * 32).decode()
    station.file.write_text("\n".join([lines[0], json.dumps(kept), lines[2]]) + "\n")
    assert found(station) == (9, "bad signature")


@on_a_database
def test_everything_written_anew_with_a_key_of_ones_own_needs_the_anchor_or_the_noted_key(
    station: Station, tmp_path: Path
) -> None:
    noted = station.key.verifier
    rewrite_all(SigningKey.fresh("breakwater"))
    assert by_the_database_alone().finding is None
    assert found(station)[1] == "rewrite"
    finding = verify(coverage=coverage_asked(keys=[noted])).finding
    assert finding is not None
    assert (finding.seq, finding.kind) == (1, "bad signature")


def rewrite_all(key: SigningKey) -> None:
    """Somebody who owns the database writes all of it anew, the key event and the heads too."""
    bodies = [json.loads(bytes(body)) for body in Event.objects.order_by("seq").values_list("body", flat=True)]
    prev, events = NOTHING_BEFORE, []
    for body in bodies:
        if body["kind"] == "anchor-key.created":
            note = key.sign(created_text(key.verifier, events[0].hash))
            body |= {"after": str(key.verifier), "facts": {"note": str(note)}}
        raw = canonical.encode(body)
        at = datetime.fromisoformat(body["ts"])
        events.append(Event(prev=prev, hash=chain_hash(prev, raw), body=raw, at=at, **columns(body)))
        prev = events[-1].hash
    leaves = [leaf_hash(event.body) for event in events]
    with unsealed():
        Event.objects.all().delete()
        Event.objects.bulk_create(events)
        Head.objects.update(hash=prev)
        for row in Kept.objects.all():
            head = Checkpoint("breakwater", row.size, root_of(leaves[: row.size]), row.at, events[row.size - 1].hash)
            Kept.objects.filter(pk=row.pk).update(note=str(key.sign(head.text)))


@on_a_database
def test_heads_after_a_rotation_are_signed_by_the_new_key_and_those_before_by_the_old(station: Station) -> None:
    station.look(minutes=2)
    old, new = station.key, SigningKey.fresh("breakwater")
    hand_on(ANCHOR, old, new)
    station.key = new
    station.restart()
    station.look(seconds=1)
    for key in (old, new):
        assert str(judged(station, keys=[key.verifier])).endswith(f"anchored to 15, by key {new.verifier}")
    assert found(station, keys=[SigningKey.fresh("breakwater").verifier]) == (1, "bad signature")
    last = Checkpoint.parse(SignedHead.parse(Kept.objects.latest("pk").note).note.text)
    with unsealed():
        Kept.objects.filter(size=15).update(note=str(old.sign(last.text)))
    assert found(station) == (15, "bad signature")


@on_a_database
def test_a_key_in_place_of_a_lost_one_is_believed_only_by_who_noted_it(station: Station) -> None:
    station.look(minutes=2)
    new = SigningKey.fresh("breakwater")
    announce(ANCHOR, new, is_lost=True)
    station.key = new
    station.restart()
    station.look(seconds=1)
    assert found(station) == (15, "bad signature")
    assert judged(station, keys=[new.verifier]).finding is None


@on_a_database
def test_a_period_that_no_head_covered_is_named_by_its_first_event(station: Station) -> None:
    assert found(station, within=-1) == (6, "uncovered period")
    station.look(minutes=20)
    assert judged(station, within=1300).finding is None
    assert found(station, within=1000) == (13, "uncovered period")


@on_a_database
def test_a_key_without_heads_is_an_uncovered_period_and_no_key_is_no_finding() -> None:
    make_record(3)
    assert str(by_the_database_alone()) == "consistent from 1 to 3, not anchored"
    announce(ANCHOR, SigningKey.fresh("breakwater"))
    assert by_the_database_alone().finding is None
    finding = verify(coverage=coverage_asked(within=-60)).finding
    assert finding is not None
    assert (finding.seq, finding.kind) == (4, "uncovered period")


@on_a_database
def test_a_stretch_of_the_record_and_pieces_of_it(station: Station, monkeypatch: pytest.MonkeyPatch) -> None:
    assert str(verify(1, 7, coverage=coverage_asked())).startswith("consistent from 1 to 7, anchored to 5")
    monkeypatch.setattr("audit.verify.CHUNK", 2)
    assert str(judged(station)).startswith("consistent from 1 to 14, anchored to 12")
    rewrite_from(7, object="nothing happened")
    assert found(station) == (7, "rewrite")


@on_a_database
def test_a_log_servers_file_serves_as_an_anchor_too(station: Station) -> None:
    lines = [json.loads(line) | {"leaves": []} for line in station.file.read_text().splitlines()]
    text = [f"<110>1 2026-11-20T11:00:00Z host breakwater - head - {json.dumps(line)}\n" for line in lines]
    station.file.write_text("something else\n" + "".join(text))
    assert judged(station).finding is None
    rewrite_from(7, object="nothing happened")
    assert found(station) == (6, "rewrite")


@on_a_database
def test_the_command_judges_by_an_anchor_and_a_key(station: Station, capsys: pytest.CaptureFixture[str]) -> None:
    call_command("audit", "verify", "--anchor", str(station.file), "--key", str(station.key.verifier))
    said = capsys.readouterr().out
    assert said.startswith(f"consistent from 1 to 14, anchored to 12, by key {station.key.verifier}\nhead 14:")
    assert "what was done after the last head" in said
    assert "valid" not in said
    call_command("audit", "verify")
    assert "what an anchor kept: --anchor" in capsys.readouterr().out
    cut(10)
    with pytest.raises(CommandError, match="first bad event: 11, truncation") as failed:
        call_command("audit", "verify", "--anchor", str(station.file))
    assert failed.value.returncode == 1


@on_a_database
@pytest.mark.parametrize(("asked", "said"), [
    (["--anchor", "/nowhere"], "No such file"), (["--from", "2", "--anchor", "{file}"], "leave out --from"),
    (["--anchor", "{empty}"], "holds no signed head"), (["--key", "nonsense"], "is no Ed25519 key"),
])  # fmt: skip
def test_what_cannot_be_judged_is_an_error_and_no_finding(station: Station, asked: list[str], said: str) -> None:
    (station.folder / "empty").touch()
    words = [word.format(file=station.file, empty=station.folder / "empty") for word in asked]
    with pytest.raises(CommandError, match=said) as failed:
        call_command("audit", "verify", *words)
    assert failed.value.returncode != 1 or "--key" in asked

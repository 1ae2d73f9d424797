"""The anchor process on a real record: when it signs, what it refuses, and that nothing is skipped."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from audit.anchor_log import AnchorLog, LogUnusable, held
from audit.heads import in_file, in_table
from audit.key_events import announce, hand_on, ring_of_record
from audit.ledger import ledger
from audit.models import Acknowledgement, Checkpoint, Event, Head, Refusal
from audit.notes import Note, VerifierKey
from audit.signing import KeyUnusable, SigningKey
from audit.tree import leaf_hash, root_of
from tests.audit.anchored import ANCHOR, Elsewhere, Station
from tests.audit.chain import ANN, make_record, rewrite_from, unsealed

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def elsewhere() -> Elsewhere:
    return Elsewhere()


@pytest.fixture
def station(tmp_path: Path, elsewhere: Elsewhere) -> Station:
    make_record(5)
    return Station(tmp_path, elsewhere)


def add(kind: str = "run.paused") -> None:
    with ledger(ANN) as book:
        book.add(kind)


def signed() -> list[int]:
    return list(Checkpoint.objects.order_by("pk").values_list("size", flat=True))


def test_a_head_is_the_root_of_the_bytes_signed_by_the_key_that_the_record_announces(station: Station) -> None:
    station.look()
    row, (head,) = Checkpoint.objects.get(), in_table()
    bodies = Event.objects.order_by("seq").values_list("body", flat=True)
    assert head.checkpoint.root == root_of([leaf_hash(body) for body in bodies])
    assert (head.size, head.checkpoint.head) == (6, Head.objects.get().hash)
    assert head.checkpoint.origin == "breakwater"
    assert station.key.verifier.has_signed(Note.parse(row.note))
    assert VerifierKey.parse(row.key) == ring_of_record().in_force == station.key.verifier


def test_an_event_that_matters_is_covered_at_once_and_another_within_a_minute(station: Station) -> None:
    station.look()
    add("run.paused")
    station.look(seconds=30)
    assert signed() == [6]
    station.look(seconds=30)
    assert signed() == [6, 7]
    add("step.sent")
    station.look(seconds=1)
    assert signed() == [6, 7, 8]


def test_silence_is_a_signal_so_there_is_a_heartbeat(station: Station) -> None:
    station.look()
    station.look(minutes=9)
    assert signed() == [6]
    station.look(minutes=1)
    assert signed() == [6, 6]
    first, second = in_table()
    assert second.checkpoint.at > first.checkpoint.at
    assert second.checkpoint.root == first.checkpoint.root


def test_a_long_record_is_covered_stretch_by_stretch(station: Station, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("audit.anchor.STRETCH", 4)
    add()
    add()
    station.look()
    assert signed() == [4, 8]
    assert [len(head.leaves) for head in in_file(station.kept)] == [4, 4]


def test_what_is_signed_next_reads_only_what_is_new(station: Station, django_assert_num_queries) -> None:
    station.look()
    with unsealed():
        Event.objects.filter(seq=3).update(body=b"not read again")
    add("step.sent")
    station.look()
    assert signed() == [6, 7]


def test_after_a_restart_it_goes_on_from_its_own_file(station: Station) -> None:
    station.look()
    add("step.sent")
    station.restart()
    station.look()
    first, second = in_table()
    bodies = [bytes(body) for body in Event.objects.order_by("seq").values_list("body", flat=True)]
    assert second.checkpoint.root == root_of([leaf_hash(body) for body in bodies])
    assert (first.size, second.size) == (6, 7)


def test_a_crash_between_its_file_and_the_database_loses_no_head(station: Station) -> None:
    station.look()
    add("step.sent")
    station.look()
    with unsealed():
        Acknowledgement.objects.filter(checkpoint__size=7).delete()
        Checkpoint.objects.filter(size=7).delete()
    station.restart()
    add("step.sent")
    station.look()
    assert signed() == [6, 7, 8]


def test_a_crash_within_a_line_of_its_file_leaves_a_file_that_goes_on(station: Station) -> None:
    station.look()
    with station.kept.open("a") as file:
        file.write('{"note": "breakwa')
    station.restart()
    add("step.sent")
    station.look()
    assert [head.size for head in in_file(station.kept)] == [6, 7]


def refused() -> str:
    return Refusal.objects.latest("pk").said


def cut_to(seq: int) -> None:
    with unsealed():
        Event.objects.filter(seq__gt=seq).delete()
        Head.objects.update(seq=seq, hash=Event.objects.get(seq=seq).hash)


def test_it_signs_no_record_whose_end_was_cut_off(station: Station, caplog: pytest.LogCaptureFixture) -> None:
    station.look()
    cut_to(4)
    station.look()
    station.look()
    assert signed() == [6]
    assert "ends at 4, and a head of 6 events was signed" in refused()
    assert Refusal.objects.count() == 1
    assert "no head is signed" in caplog.text


def test_it_signs_no_record_that_was_rewritten(station: Station) -> None:
    station.look()
    rewrite_from(3, object="nothing happened")
    add("step.sent")
    station.look()
    assert signed() == [6]
    assert "event 6 is not the one that was signed" in refused()


def test_it_signs_no_new_event_that_is_not_what_its_hash_says(station: Station) -> None:
    station.look()
    add("step.sent")
    with unsealed():
        Event.objects.filter(seq=7).update(body=b"{}")
    station.look()
    assert signed() == [6]
    assert "event 7 does not follow" in refused()


def test_it_signs_no_record_with_a_gap(station: Station) -> None:
    station.look()
    for _ in range(3):
        add("step.sent")
    with unsealed():
        Event.objects.filter(seq=8).delete()
    station.look()
    assert "event 8 is missing" in refused()


def test_it_goes_on_when_the_record_is_put_right(station: Station) -> None:
    station.look()
    add("step.sent")
    body = bytes(Event.objects.get(seq=7).body)
    with unsealed():
        Event.objects.filter(seq=7).update(body=b"{}")
    station.look()
    with unsealed():
        Event.objects.filter(seq=7).update(body=body)
    station.look()
    assert signed() == [6, 7]


def test_it_signs_nothing_with_a_key_that_the_record_does_not_name(station: Station) -> None:
    station.key = SigningKey.fresh("breakwater")
    station.restart()
    station.look()
    assert signed() == []
    assert "anchor_key create" in refused()


def test_it_does_not_begin_again_by_itself_where_its_file_is_gone(station: Station) -> None:
    station.look()
    station.kept.unlink()
    station.restart()
    station.look(minutes=11)
    assert signed() == [6]
    assert "--begin-again" in refused()
    station.restart(begins_again=True)
    station.look()
    assert signed() == [6, 6]


def test_what_begins_again_is_handed_over_again_and_whole(
    station: Station, elsewhere: Elsewhere, monkeypatch: pytest.MonkeyPatch
) -> None:
    station.look()
    station.kept.unlink()
    monkeypatch.setattr("audit.anchor.STRETCH", 4)
    station.restart(begins_again=True)
    station.look(seconds=1)
    assert [head.size for head in elsewhere.taken] == [6, 6]


def test_its_own_file_is_not_believed_blindly(station: Station) -> None:
    station.look()
    kept = json.loads(station.kept.read_text())
    kept["leaves"][2] = kept["leaves"][1]
    station.kept.write_text(json.dumps(kept) + "\n")
    with pytest.raises(LogUnusable, match=r"signed\.jsonl was changed"):
        station.restart()


def test_an_anchor_that_is_down_gets_everything_in_order_when_it_returns(
    station: Station, elsewhere: Elsewhere
) -> None:
    elsewhere.is_down = True
    station.look()
    for _ in range(3):
        add("step.sent")
        station.look(seconds=1)
    assert signed() == [6, 7, 8, 9]
    assert [ack.error for ack in Acknowledgement.objects.all()] == ["nobody answers there"]
    elsewhere.is_down = False
    station.restart()
    station.look(minutes=1)
    assert [head.size for head in elsewhere.taken] == [6, 7, 8, 9]
    taken = Acknowledgement.objects.filter(error="").order_by("pk")
    assert [ack.checkpoint.size for ack in taken] == [6, 7, 8, 9]
    assert [leaf for head in elsewhere.taken for leaf in head.leaves] == [
        leaf for head in in_file(station.kept) for leaf in head.leaves
    ]


def test_an_anchor_that_is_down_is_asked_ever_more_rarely(station: Station, elsewhere: Elsewhere) -> None:
    elsewhere.is_down = True
    for _ in range(120):
        station.look(seconds=1)
    assert elsewhere.asked < 10


def test_one_anchor_that_is_down_keeps_no_other_waiting(tmp_path: Path) -> None:
    make_record(3)
    down, up = Elsewhere("down"), Elsewhere("up")
    down.is_down = True
    Station(tmp_path, down, up).look()
    assert [head.size for head in up.taken] == [4]


def test_a_file_grows_by_a_line_for_each_head(tmp_path: Path) -> None:
    make_record(3)
    station = Station(tmp_path)
    station.look()
    with station.file.open("a") as file:
        file.write('{"note": "torn')
    add("step.sent")
    station.look()
    lines = station.file.read_text().splitlines()
    assert len(lines) == 3
    assert lines[0] + "\n" + lines[2] + "\n" == station.kept.read_text()
    assert [head.size for head in in_file(station.file)] == [4, 5]


def test_two_anchor_processes_are_one_too_many(tmp_path: Path) -> None:
    with held(tmp_path / "own"), pytest.raises(LogUnusable, match="another process holds"), held(tmp_path / "own"):
        pass


# The commands.


@pytest.fixture
def at_hand(tmp_path: Path, settings) -> Path:
    settings.ANCHOR_KEY_FILE, settings.ANCHOR_FOLDER = str(tmp_path / "own" / "key"), str(tmp_path / "own")
    settings.ANCHORS = [f"file://{tmp_path}/anchored.jsonl"]
    make_record(3)
    return tmp_path


def test_a_key_is_made_shown_and_signs(at_hand: Path, capsys: pytest.CaptureFixture[str]) -> None:
    call_command("anchor_key", "create")
    made = capsys.readouterr().out.splitlines()[0]
    call_command("anchor_key", "show")
    assert capsys.readouterr().out.strip() == made
    call_command("run_anchor", "--once")
    (head,) = in_file(at_hand / "anchored.jsonl")
    assert VerifierKey.parse(made).has_signed(head.note)
    assert "PRIVATE" not in b"".join(bytes(event.body) for event in Event.objects.all()).decode()


def test_the_first_key_is_bound_to_the_installation_and_the_first_event(at_hand: Path) -> None:
    call_command("anchor_key", "create")
    event = Event.objects.latest("seq")
    note = Note.parse(json.loads(bytes(event.body))["facts"]["note"])
    genesis = Event.objects.get(seq=1)
    assert note.text.splitlines()[1::2] == ["breakwater", f"genesis {genesis.hash}"]


def test_making_a_key_twice_changes_nothing(at_hand: Path, capsys: pytest.CaptureFixture[str]) -> None:
    call_command("anchor_key", "create")
    call_command("anchor_key", "create")
    assert "was announced before" in capsys.readouterr().out
    assert Event.objects.filter(kind="anchor-key.created").count() == 1


def test_a_rotation_is_one_event_signed_by_both(at_hand: Path, capsys: pytest.CaptureFixture[str]) -> None:
    call_command("anchor_key", "create")
    old = VerifierKey.parse(capsys.readouterr().out.splitlines()[0])
    call_command("anchor_key", "rotate")
    new = VerifierKey.parse(capsys.readouterr().out.splitlines()[0])
    note = Note.parse(json.loads(bytes(Event.objects.latest("seq").body))["facts"]["note"])
    assert old.has_signed(note)
    assert new.has_signed(note)
    call_command("run_anchor", "--once")
    first, second = in_file(at_hand / "anchored.jsonl")
    assert (first.size, second.size) == (4, 5)
    assert old.has_signed(first.note)
    assert new.has_signed(second.note)
    assert not old.has_signed(second.note)


def test_a_rotation_that_was_cut_short_is_carried_to_its_end(at_hand: Path, settings) -> None:
    call_command("anchor_key", "create")
    path = Path(settings.ANCHOR_KEY_FILE)
    old, new = SigningKey.load(path), SigningKey.fresh("breakwater")
    new.write(path.with_name("key.next"))
    hand_on(ANCHOR, old, new)
    call_command("run_anchor", "--once")
    assert SigningKey.load(path).verifier == new.verifier
    assert not path.with_name("key.next").exists()
    assert [head.size for head in in_table()] == [5]


def test_a_key_is_not_put_in_place_of_another_unless_that_is_lost(at_hand: Path, settings) -> None:
    call_command("anchor_key", "create")
    Path(settings.ANCHOR_KEY_FILE).unlink()
    with pytest.raises(CommandError, match="--lost"):
        call_command("anchor_key", "create")
    call_command("anchor_key", "create", "--lost")
    call_command("run_anchor", "--once")
    assert Checkpoint.objects.count() == 1


def test_only_the_key_in_force_is_handed_on() -> None:
    make_record(2)
    key, other = SigningKey.fresh("breakwater"), SigningKey.fresh("breakwater")
    announce(ANCHOR, key)
    with pytest.raises(KeyUnusable, match="the record says"):
        hand_on(ANCHOR, other, key)


@pytest.mark.parametrize(("address", "said"), [
    ("ftp://x/y", "begins with one of file"), ("file://host/x", "names no file"),
])  # fmt: skip
def test_an_address_that_names_no_anchor(at_hand: Path, settings, address: str, said: str) -> None:
    call_command("anchor_key", "create")
    settings.ANCHORS = [address]
    with pytest.raises(CommandError, match=said):
        call_command("run_anchor", "--once")


def test_without_a_key_file_both_commands_say_what_is_missing() -> None:
    for words in (["run_anchor"], ["anchor_key", "show"]):
        with pytest.raises(CommandError, match="ANCHOR_KEY_FILE names no file"):
            call_command(*words)


def test_the_folder_is_read_at_each_start(tmp_path: Path) -> None:
    assert AnchorLog(tmp_path).last is None

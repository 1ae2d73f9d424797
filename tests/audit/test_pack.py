"""A stretch of the record in other hands: whole, evidence and all, and tied to a signed head without the rest of it."""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Collection, Iterator
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from hypothesis import given
from hypothesis import strategies as st

from audit import pack as packing
from audit.key_events import hand_on
from audit.ledger import chain_hash, ledger
from audit.models import Event
from audit.pack import Stretch, of_period, of_run, write_folder
from audit.proof import proof
from audit.signing import SigningKey
from audit.tree import node_hash, root_of
from tests.audit.anchored import ANCHOR, Station
from tests.audit.chain import ANN, make_record
from tests.audit.test_forgeries import Pack

pytestmark = pytest.mark.django_db(transaction=True)

KEPT = {hashlib.sha256(text.encode()).hexdigest(): text for text in ('{"lag":17}', '{"lag":4}')}


def root(first: int, last: int, handed_over: dict[int, bytes], needed: Iterator[bytes]) -> bytes:
    """As the README says it, worked out by hand."""
    if not any(first <= place <= last for place in handed_over):
        return next(needed)
    if first == last:
        return handed_over[first]
    half = 1
    while half * 2 < last - first + 1:
        half *= 2
    left = root(first, first + half - 1, handed_over, needed)
    return node_hash(left, root(first + half, last, handed_over, needed))


@given(st.lists(st.booleans(), min_size=1, max_size=70))
def test_any_leaves_lead_to_the_root_by_the_hashes_of_the_others(chosen: list[bool]) -> None:
    leaves = [hashlib.sha256(bytes([place])).digest() for place in range(len(chosen))]
    needed = iter(proof(zip(leaves, chosen, strict=True)))
    handed_over = {place: leaf for place, leaf in enumerate(leaves) if chosen[place]}
    assert root(0, len(leaves) - 1, handed_over, needed) == root_of(leaves)
    assert next(needed, None) is None


def add(kind: str, **more: object) -> None:
    with ledger(ANN) as book:
        book.add(kind, **{"object": kind, **more})  # type: ignore[arg-type]


@pytest.fixture
def evidence(monkeypatch: pytest.MonkeyPatch) -> None:
    def texts(digests: Collection[str]) -> Iterator[tuple[str, str]]:
        return ((digest, KEPT[digest]) for digest in digests if digest in KEPT)

    monkeypatch.setattr(packing, "EVIDENCE", [texts])


@pytest.fixture
def station(tmp_path: Path, evidence: None) -> Station:
    """1 to 5 nobody asks for, the last of them a key; 6 to 12 are run 7 and what came between; the key is handed on at
    13; a head of 14."""
    make_record(4)
    station = Station(tmp_path)
    old = station.key
    add("run.started", run=7)
    first, second = KEPT
    add("evidence.kept", run=7, digest=first)
    add("step.sent", run=8, reason="another run's")
    add("step.approved", run=7, reason="the lag is small")
    add("evidence.kept", run=8, digest=second)
    add("step.sent", run=7)
    add("run.completed", run=7)
    station.key = SigningKey.fresh("breakwater")
    hand_on(ANCHOR, old, station.key)
    add("step.sent", run=9)
    station.restart()
    station.look(seconds=1)
    return station


def written(station: Station, stretch: Stretch, name: str = "pack") -> Pack:
    write_folder(station.folder / name, stretch)
    return Pack(station.folder / name, station.file, [station.key])


@pytest.fixture
def pack(station: Station) -> Pack:
    found = of_run(7)
    assert found is not None
    return written(station, found)


def test_a_run_is_packed_with_all_that_came_between_and_nothing_else(pack: Pack) -> None:
    assert [row["seq"] for row in pack.events] == list(range(6, 13))
    assert {row["digest"] for row in lines(pack, "evidence.jsonl")} == set(KEPT)
    assert {row["text"] for row in lines(pack, "side.jsonl")} == {"Ann", "another run's", "the lag is small"}
    assert [row["seq"] for row in lines(pack, "key-events.jsonl")] == [1, 5, 13]
    assert len(pack.notes) == 1


def test_it_checks_itself_by_a_head_that_covers_it_and_by_an_anchor(pack: Pack) -> None:
    key = str(pack.keys[0].verifier)
    for asked in ([], ["--key", key], pack.anchor_asked):
        code, said = pack.check(*asked)
        assert code == 0, said
        assert said.startswith(f"consistent from 6 to 12, anchored to 12, by key {key}\nhead 12:")


def test_each_change_to_it_is_named(pack: Pack) -> None:
    events = pack.events
    for change, found in (
        ({"body": str(events[2]["body"]).replace('"run":8', '"run":6')}, "8, edit"),
        ({"prev": events[0]["hash"]}, "8, edit"),
    ):
        pack.write(events=[*events[:2], {**events[2], **change}, *events[3:]])
        assert pack.found() == found
    pack.write(events=[*events[:2], *events[3:]])
    assert pack.found() == "8, gap"
    pack.write(events=events[:-1])
    assert pack.found() == "6, rewrite"
    pack.write(events=events[1:])
    assert pack.found() == "7, rewrite"


def test_good_hashes_do_not_lead_to_the_root(pack: Pack) -> None:
    events = pack.events
    prev = str(events[3]["prev"])
    for row in events[3:]:
        row["body"] = str(row["body"]).replace("step.sent", "step.seen")
        row |= {"prev": prev, "hash": chain_hash(prev, str(row["body"]).encode())}
        prev = str(row["hash"])
    pack.write(events=events)
    assert pack.found() == "6, rewrite"


def test_evidence_that_is_gone_or_is_not_what_was_kept(pack: Pack) -> None:
    path = pack.folder / "evidence.jsonl"
    kept = path.read_text()
    path.write_text(kept.replace("17", "71"))
    assert pack.found() == "7, evidence changed"
    path.write_text("".join(line for line in kept.splitlines(keepends=True) if "17" in line))
    assert pack.found() == "10, evidence missing"


def test_the_proof_and_the_head_cannot_be_changed(pack: Pack) -> None:
    path = pack.folder / "proof.json"
    kept = json.loads(path.read_text())
    for changed in ({"hashes": kept["hashes"][:-1]}, {"hashes": [*kept["hashes"], kept["hashes"][0]]}):
        path.write_text(json.dumps(kept | changed))
        assert pack.found() == "6, rewrite"
    path.write_text(json.dumps(kept | {"size": 13}))
    assert pack.found() == "1, bad signature"
    path.write_text(json.dumps(kept))
    other = SigningKey.fresh("breakwater").sign(pack.notes[0].rpartition("\n\n")[0] + "\n")
    notes = pack.notes
    pack.write(notes=[str(other)])
    assert pack.found() == "14, bad signature"
    pack.write(notes=notes)
    assert pack.found("--key", str(SigningKey.fresh("breakwater").verifier)) == "1, bad signature"


def test_a_key_that_was_handed_on_cannot_be_left_out(pack: Pack) -> None:
    path = pack.folder / "key-events.jsonl"
    path.write_text("".join(path.read_text().splitlines(keepends=True)[:2]))
    assert pack.found() == "14, bad signature"


def test_the_anchor_names_the_event_that_a_forger_with_the_key_changed(station: Station, pack: Pack) -> None:
    forger = Path(shutil.copytree(pack.folder, station.folder / "forged"))
    lines_kept = station.file.read_text().splitlines()
    record = json.loads(lines_kept[-1])
    record["leaves"][7] = record["leaves"][8]
    station.file.write_text("\n".join([*lines_kept[:-1], json.dumps(record)]) + "\n")
    assert Pack(forger, station.file, pack.keys).found(*pack.anchor_asked) == "8, rewrite"


def test_an_anchor_that_never_saw_this_head(station: Station, pack: Pack, tmp_path: Path) -> None:
    add("step.sent", run=9)
    station.look(seconds=1)
    pack.anchor.write_text(station.file.read_text().splitlines()[-1] + "\n")
    assert pack.found(*pack.anchor_asked) == "14, bad signature"


def test_what_no_head_covers_yet_is_said(station: Station) -> None:
    add("run.paused", run=7)
    found = of_run(7)
    assert found == Stretch(6, 15, Event.objects.get(seq=15).hash)
    code, said = written(station, found).check()
    assert code == 0, said
    assert said.startswith("consistent from 6 to 15, anchored to 14, by key ")
    assert "; no signed head covers 15 to 15\n" in said


def test_without_any_head_it_is_a_chain_and_says_so(tmp_path: Path, evidence: None) -> None:
    make_record(9)
    write_folder(tmp_path / "pack", Stretch(4, 8, Event.objects.get(seq=8).hash))
    code, said = Pack(tmp_path / "pack", tmp_path, []).check()
    assert (code, said.splitlines()[0]) == (0, "consistent from 4 to 8, not anchored")


def test_a_period(station: Station) -> None:
    at = dict(Event.objects.values_list("seq", "at"))
    assert of_period(at[6], at[9]) == Stretch(6, 9, Event.objects.get(seq=9).hash)
    assert of_period(at[14], None) == Stretch(14, 14, Event.objects.get(seq=14).hash)
    assert of_period(None, at[1].replace(year=2001)) is None


def test_the_command_packs_a_run_or_a_period(station: Station, capsys: pytest.CaptureFixture[str]) -> None:
    call_command("audit", "export", str(station.folder / "seven"), "--run", "7")
    assert capsys.readouterr().out.startswith("events 6 to 12 written to ")
    call_command("audit", "verify", "--file", str(station.folder / "seven"))
    assert capsys.readouterr().out.startswith("consistent from 6 to 12, anchored to 12")
    call_command("audit", "export", str(station.folder / "all"), "--since", "2001-01-01")
    assert capsys.readouterr().out.startswith("events 1 to 14 written to ")
    for asked, said in (
        (["--run", "99"], "no event belongs to a run 99"),
        (["--until", "2001-01-01T00:00Z"], "nothing was recorded then"),
        (["--run", "7", "--since", "2001-01-01"], "name a run or a period, not both"),
        (["--since", "yesterday"], "is no time"),
    ):
        with pytest.raises(CommandError, match=said):
            call_command("audit", "export", str(station.folder / "none"), *asked)


def lines(pack: Pack, name: str) -> list[dict[str, object]]:
    return [json.loads(line) for line in (pack.folder / name).read_text().splitlines()]

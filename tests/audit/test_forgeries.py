"""An evidence pack in other hands: a bare interpreter names each prepared forgery, and accepts what is clean."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from django.core.management import call_command
from hypothesis import given, settings
from hypothesis import strategies as st

from audit.heads import SignedHead
from audit.key_events import hand_on
from audit.ledger import chain_hash, ledger
from audit.notes import Checkpoint, VerifierKey
from audit.offline_verifier import ORDER, ed25519, signed_by
from audit.signing import SigningKey
from tests.audit.anchored import ANCHOR, Station
from tests.audit.chain import ANN, make_record
from tests.audit.test_notes import EXAMPLE, EXAMPLE_KEY, GO_HEAD, GO_KEY

# RFC 8032, 7.1, tests 1 to 3: public key, message, signature.
VECTORS = [
    (
        "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a", "",
        "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe246"
        "55141438e7a100b",
    ),
    (
        "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c", "72",
        "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb"
        "00d291612bb0c00",
    ),
    (
        "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025", "af82",
        "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc"
        "027beceea1ec40a",
    ),
]  # fmt: skip


@pytest.mark.parametrize(("public", "message", "signature"), VECTORS)
def test_signatures_of_the_rfc(public: str, message: str, signature: str) -> None:
    parts = [bytes.fromhex(part) for part in (public, signature, message)]
    assert ed25519(*parts)
    assert not ed25519(parts[0], parts[1], parts[2] + b"x")
    high = int.from_bytes(parts[1][32:], "little") + ORDER
    assert not ed25519(parts[0], parts[1][:32] + high.to_bytes(32, "little"), parts[2])


@settings(max_examples=20, deadline=None)
@given(st.binary(min_size=32, max_size=32), st.binary(max_size=80), st.integers(0, 64 * 8 - 1))
def test_the_small_ed25519_agrees_with_the_one_that_signs(seed: bytes, message: bytes, bit: int) -> None:
    private = Ed25519PrivateKey.from_private_bytes(seed)
    public, signature = private.public_key().public_bytes_raw(), private.sign(message)
    assert ed25519(public, signature, message)
    flipped = int.from_bytes(signature, "little") ^ (1 << bit)
    assert not ed25519(public, flipped.to_bytes(64, "little"), message)


@pytest.mark.parametrize(("key", "raw"), [(EXAMPLE_KEY, EXAMPLE), (GO_KEY, GO_HEAD)])
def test_notes_that_others_signed(key: str, raw: str) -> None:
    assert signed_by(key, raw)
    assert not signed_by(key, raw.replace(".", ","))


class Pack:
    """An exported folder and what an anchor kept, both of which a test may change."""

    def __init__(self, folder: Path, anchor: Path, keys: list[SigningKey]) -> None:
        self.folder, self.anchor, self.keys = folder, anchor, keys

    @property
    def events(self) -> list[dict[str, object]]:
        return [json.loads(line) for line in (self.folder / "record.jsonl").read_text().splitlines()]

    @property
    def notes(self) -> list[str]:
        return [json.loads(line)["note"] for line in (self.folder / "checkpoints.jsonl").read_text().splitlines()]

    def write(self, *, events: list[dict[str, object]] | None = None, notes: list[str] | None = None) -> None:
        if events is not None:
            (self.folder / "record.jsonl").write_text("".join(json.dumps(row) + "\n" for row in events))
        if notes is not None:
            lines = "".join(json.dumps({"note": note}) + "\n" for note in notes)
            (self.folder / "checkpoints.jsonl").write_text(lines)

    def check(self, *asked: str) -> tuple[int, str]:
        """A bare interpreter, isolated, in another directory, with nothing in its environment."""
        done = subprocess.run(
            [sys.executable, "-I", "-S", str(self.folder / "verify.py"), *asked],
            capture_output=True, text=True, check=False, cwd="/", env={},
        )  # fmt: skip
        return done.returncode, done.stdout + done.stderr

    def found(self, *asked: str) -> str:
        """For example "7, edit", and nothing but that finding."""
        code, said = self.check(*asked)
        assert code == 1, said
        return ":".join(said.split(":")[1:2]).strip()

    @property
    def anchor_asked(self) -> list[str]:
        return ["--anchor", str(self.anchor)]


@pytest.fixture(scope="module")
def exported(committed, tmp_path_factory: pytest.TempPathFactory) -> Pack:
    """Events 1 to 4, a key, heads of 5, 8 and 11, the key handed on, a head of 13; 14 is not covered."""
    folder = tmp_path_factory.mktemp("pack")
    make_record(4)
    station = Station(folder)
    old = station.key
    for more in (0, 3, 3):
        for _ in range(more):
            add("step.sent")
        station.look(seconds=1)
    station.key = SigningKey.fresh("breakwater")
    hand_on(ANCHOR, old, station.key)
    add("step.sent")
    station.restart()
    station.look(seconds=1)
    add("run.paused")
    call_command("audit", "export", str(folder / "export"))
    return Pack(folder / "export", station.file, [old, station.key])


@pytest.fixture
def pack(exported: Pack, tmp_path: Path) -> Pack:
    shutil.copytree(exported.folder, tmp_path / "export")
    shutil.copyfile(exported.anchor, tmp_path / "anchored.jsonl")
    return Pack(tmp_path / "export", tmp_path / "anchored.jsonl", exported.keys)


pytestmark = pytest.mark.django_db(transaction=True)


def add(kind: str) -> None:
    with ledger(ANN) as book:
        book.add(kind, object=kind)


def test_a_clean_pack_is_consistent_and_says_how_far_and_by_which_key(pack: Pack) -> None:
    key = pack.keys[1].verifier
    said = f"consistent from 1 to 14, anchored to 13, by key {key}\nhead 14:"
    for asked in (
        [],
        pack.anchor_asked,
        [*pack.anchor_asked, "--key", str(key)],
        ["--key", str(pack.keys[0].verifier)],
    ):
        code, answer = pack.check(*asked)
        assert code == 0, answer
        assert answer.startswith(said)
        assert "valid" not in answer
    assert (pack.folder / "keys.txt").read_text().splitlines() == [str(each.verifier) for each in pack.keys]


def test_the_verifier_shares_nothing_with_the_writer(pack: Pack) -> None:
    source = (pack.folder / "verify.py").read_text()
    assert "import audit" not in source
    assert "from audit" not in source
    assert "django" not in source


def test_edit(pack: Pack) -> None:
    events = pack.events
    events[6]["body"] = str(events[6]["body"]).replace("step.sent", "step.seen")
    pack.write(events=events)
    assert pack.found() == pack.found(*pack.anchor_asked) == "7, edit"


def test_gap(pack: Pack) -> None:
    events = pack.events
    del events[6]
    pack.write(events=events)
    assert pack.found() == "7, gap"


def test_fork(pack: Pack) -> None:
    events = pack.events
    prev = str(events[4]["hash"])
    events[6] |= {"prev": prev, "hash": chain_hash(prev, str(events[6]["body"]).encode())}
    pack.write(events=events)
    assert pack.found() == "7, fork"


def test_truncation(pack: Pack) -> None:
    pack.write(events=pack.events[:9])
    assert pack.found() == "10, truncation"
    pack.write(notes=pack.notes[:2])
    assert pack.check()[0] == 0
    assert pack.found(*pack.anchor_asked) == "10, truncation"


def rewritten(events: list[dict[str, object]], change: Callable[[str], str]) -> list[dict[str, object]]:
    """Event 7 changed, and good hashes for it and all that follow."""
    prev = str(events[5]["hash"])
    events[6]["body"] = change(str(events[6]["body"]))
    for row in events[6:]:
        row |= {"prev": prev, "hash": chain_hash(prev, str(row["body"]).encode())}
        prev = str(row["hash"])
    return events


def test_rewrite_with_good_hashes(pack: Pack) -> None:
    pack.write(events=rewritten(pack.events, lambda body: body.replace("step.sent", "step.seen")))
    code, said = pack.check()
    assert (code, said) == (
        1, "first bad event: 6, rewrite: the events from 6 to 8 have good hashes, and are not all that was signed\n",
    )  # fmt: skip
    assert pack.found(*pack.anchor_asked) == "7, rewrite"


def test_bad_signature(pack: Pack) -> None:
    notes = pack.notes
    pack.write(notes=[notes[0], notes[1].replace("\n8\n", "\n9\n"), *notes[2:]])
    assert pack.found() == "9, bad signature"
    other = SigningKey.fresh("breakwater").sign(SignedHead.parse(notes[2]).note.text)
    pack.write(notes=[*notes[:2], str(other), notes[3]])
    assert pack.found() == "11, bad signature"
    after_rotation = pack.keys[0].sign(SignedHead.parse(notes[3]).note.text)
    pack.write(notes=[*notes[:3], str(after_rotation)])
    assert pack.found() == "13, bad signature"
    pack.write(notes=["nonsense"])
    assert pack.found() == "1, bad signature"


def test_replay_of_an_old_head(pack: Pack) -> None:
    events, notes = pack.events, pack.notes
    pack.write(notes=[*notes, notes[1]])
    assert pack.found() == "9, replay"
    pack.write(events=events[:8], notes=notes[:2])
    assert pack.check()[0] == 0
    assert pack.found(*pack.anchor_asked) == "9, replay"


def test_a_line_that_a_crash_tore_in_an_anchors_file_is_passed_over(pack: Pack) -> None:
    lines = pack.anchor.read_text().splitlines()
    pack.anchor.write_text("\n".join([lines[0], '{"note": "breakw', *lines[1:]]) + "\n")
    assert pack.check(*pack.anchor_asked)[0] == 0


@pytest.mark.parametrize("after", ["nonsense", "breakwater+00000000+AAAA", "a+b+c"])
def test_a_key_event_that_names_no_key(pack: Pack, after: str) -> None:
    events = pack.events
    body = json.loads(str(events[4]["body"]))
    assert body["kind"] == "anchor-key.created"
    prev, raw = str(events[3]["hash"]), json.dumps(body | {"after": after}, sort_keys=True, separators=(",", ":"))
    events[4] |= {"prev": prev, "hash": chain_hash(prev, raw.encode()), "body": raw}
    pack.write(events=events[:5], notes=[])
    assert pack.found() == "5, bad signature"


def test_two_heads_of_one_size_that_differ(pack: Pack) -> None:
    notes = pack.notes
    head = SignedHead.parse(notes[3]).checkpoint
    other = Checkpoint(head.origin, head.size, b"x" * 32, head.at, head.head)
    pack.write(notes=[*notes, str(pack.keys[1].sign(other.text))])
    assert pack.found() == "13, fork"


def test_a_key_that_was_named_and_did_not_sign(pack: Pack) -> None:
    stranger = VerifierKey("breakwater", SigningKey.fresh("breakwater").verifier.public)
    assert pack.found("--key", str(stranger)) == "1, bad signature"


def test_a_rotation_that_the_old_key_did_not_sign(pack: Pack) -> None:
    events = pack.events
    body = json.loads(str(events[11]["body"]))
    assert body["kind"] == "anchor-key.rotated"
    body["facts"]["note"] = str(pack.keys[1].sign(body["facts"]["note"].rpartition("\n\n")[0] + "\n"))
    prev = str(events[10]["hash"])
    events[11]["body"] = json.dumps(body, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    events[11] |= {"prev": prev, "hash": chain_hash(prev, str(events[11]["body"]).encode())}
    pack.write(events=events[:12], notes=pack.notes[:3])
    assert pack.found() == "12, bad signature"


def test_an_anchor_record_that_was_changed_is_not_taken_for_a_changed_event(pack: Pack) -> None:
    lines = pack.anchor.read_text().splitlines()
    kept = json.loads(lines[1])
    kept["leaves"][1] = kept["leaves"][0]
    pack.anchor.write_text("\n".join([lines[0], json.dumps(kept), *lines[2:]]) + "\n")
    assert pack.found(*pack.anchor_asked) == "8, bad signature"


def test_an_anchor_that_cannot_be_used_is_an_error_and_no_finding(pack: Pack, tmp_path: Path) -> None:
    (tmp_path / "empty").touch()
    assert pack.check("--anchor", str(tmp_path / "empty"))[0] == 2
    assert pack.check("--anchor", str(tmp_path / "nowhere"))[0] == 2


def test_the_command_checks_a_pack_by_an_anchor_too(pack: Pack, capsys: pytest.CaptureFixture[str]) -> None:
    call_command("audit", "verify", "--file", str(pack.folder), *pack.anchor_asked, "--key", str(pack.keys[1].verifier))
    assert "anchored to 13" in capsys.readouterr().out

"""Notes of others are read as theirs, checkpoints hold what was signed, and no changed byte passes."""

from __future__ import annotations

import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from audit.notes import Checkpoint, NotANote, Note, VerifierKey
from audit.signing import KeyUnusable, SigningKey, co_signed
from tests.test_layering import OURS, ROOT, imports

# The example of the specification, and a head that Go's checksum database really signed.
EXAMPLE_KEY = "example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k"
EXAMPLE = (
    "This is an example message.\n\n"
    "— example.com/foo Uw2QOkn8srV1yJGh2VYRlL1Tnagv1YEq6TfXppzi2ONncAlTgK7Ztg1ERYNZXsYjOBH3mFXmRKuwHjG1Yu72IneyaQM=\n"
)
GO_KEY = "sum.golang.org+033de0ae+Ac4zctda0e5eza+HJyk9SxEdh+s3Ux18htTTAD8OuAn8"
GO_HEAD = (
    "go.sum database tree\n30055305\nmXfgRcJ0bG0j3CPdKwgGWtUzBUbX67saZGRmFuJGGsM=\n\n"
    "— sum.golang.org Az3grpgEild5qw7+5dtV13Kf1C2Xurm8q4fhdxvcsDHnqNTaxL2AFjBY+2TyGKevucFcAAlWFJJYle3EJlDCrQ+y3A8=\n"
)
AT = datetime(2026, 11, 20, 11, 20, 30, 40, UTC)
HEAD = Checkpoint("breakwater", 41, b"r" * 32, AT, "ab" * 32)
KEY = SigningKey.fresh("breakwater")


@pytest.mark.parametrize(("key", "raw"), [(EXAMPLE_KEY, EXAMPLE), (GO_KEY, GO_HEAD)])
def test_notes_that_others_signed(key: str, raw: str) -> None:
    verifier, note = VerifierKey.parse(key), Note.parse(raw)
    assert str(verifier) == key
    assert str(note) == raw
    assert verifier.has_signed(note)
    assert not KEY.verifier.has_signed(note)


def test_a_checkpoint_is_laid_out_line_by_line() -> None:
    assert KEY.sign(HEAD.text).text.splitlines() == [
        "breakwater", "41", "cnJycnJycnJycnJycnJycnJycnJycnJycnJycnJycnI=", "time 2026-11-20T11:20:30.000040Z",
        "head " + "ab" * 32,
    ]  # fmt: skip
    assert Checkpoint.parse(HEAD.text) == HEAD


@given(st.integers(0), st.integers(0, 7))
def test_no_flipped_bit_of_a_checkpoint_passes(place: int, bit: int) -> None:
    raw = bytearray(str(KEY.sign(HEAD.text)).encode())
    raw[place % len(raw)] ^= 1 << bit
    try:
        note = Note.parse(raw.decode())
    except (NotANote, UnicodeDecodeError):
        return
    assert not KEY.verifier.has_signed(note)


def test_one_note_of_two_keys() -> None:
    other = SigningKey.fresh("breakwater")
    note = Note.parse(str(co_signed("both\n", KEY, other)))
    assert KEY.verifier.has_signed(note)
    assert other.verifier.has_signed(note)
    assert not SigningKey.fresh("breakwater").verifier.has_signed(note)


@pytest.mark.parametrize("raw", [
    "", "text\n", "text\n\n", "text\n\n— breakwater\n", "text\n\n— breakwater AAAA", "text\n\n- breakwater AAAA\n",
    "text\n\n— breakwater A\n", "text\n— breakwater AAAA\n",
])  # fmt: skip
def test_what_is_no_note(raw: str) -> None:
    with pytest.raises(NotANote):
        Note.parse(raw)


@pytest.mark.parametrize(("old", "new"), [
    ("\n41\n", "\n041\n"), ("\n41\n", "\n-1\n"), ("time 2026-11", "time 2026-19"), ("time ", "Time "),
    ("head ab", "head AB"), ("cnJy", "cnJ"), ("breakwater\n", ""),
])  # fmt: skip
def test_what_is_no_checkpoint(old: str, new: str) -> None:
    assert old in HEAD.text
    with pytest.raises(NotANote):
        Checkpoint.parse(HEAD.text.replace(old, new))


@pytest.mark.parametrize(
    "text", ["", "name", EXAMPLE_KEY.replace("530d", "530e"), EXAMPLE_KEY[:-4], "a b" + EXAMPLE_KEY]
)
def test_what_is_no_key(text: str) -> None:
    with pytest.raises(NotANote):
        VerifierKey.parse(text)


def test_a_key_is_written_once_for_its_owner_alone_and_read_again(tmp_path: Path) -> None:
    path = tmp_path / "key"
    KEY.write(path)
    assert path.stat().st_mode & 0o777 == 0o600
    assert SigningKey.load(path).verifier == KEY.verifier
    with pytest.raises(FileExistsError):
        KEY.write(path)
    assert path.read_text().split("+")[4].strip() not in f"{KEY} {KEY!r}"


def test_a_key_file_that_cannot_be_used_says_why(tmp_path: Path) -> None:
    path = tmp_path / "key"
    with pytest.raises(KeyUnusable, match=r"cannot be read.*anchor_key create"):
        SigningKey.load(path)
    path.write_text("hunter2")
    path.chmod(0o600)
    with pytest.raises(KeyUnusable, match="holds no key") as refused:
        SigningKey.load(path)
    assert "hunter2" not in str(refused.value)
    path.chmod(0o640)
    with pytest.raises(KeyUnusable, match="chmod 600"):
        SigningKey.load(path)
    with pytest.raises(KeyUnusable, match="no white space"):
        SigningKey.fresh("two words")


def test_only_the_anchor_process_and_its_key_command_can_sign() -> None:
    """Who imports the private half, read from the sources."""
    allowed = {"audit/anchor.py", "audit/key_events.py"}
    allowed |= {f"audit/management/commands/{name}.py" for name in ("run_anchor", "anchor_key")}
    sources = [path for package in OURS for path in (ROOT / package).rglob("*.py")]
    importing = {str(path.relative_to(ROOT)) for path in sources if "audit.signing" in imports(path)}
    assert importing == allowed
    assert [path.name for path in sources if "PrivateKey" in path.read_text()] == ["signing.py"]


def test_the_web_application_does_not_even_load_the_private_half() -> None:
    said = "import config.asgi, sys; from django.urls import get_resolver; get_resolver().url_patterns; " \
        "print('audit.signing' in sys.modules, 'audit.urls' in sys.modules)"  # fmt: skip
    done = subprocess.run([sys.executable, "-c", said], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False True"

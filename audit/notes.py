"""Signed notes and checkpoints as C2SP lays them out (c2sp.org/signed-note, c2sp.org/tlog-checkpoint): read and judged.

Signing stands in `audit.signing`, which only the anchor process and `anchor_key` import.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Self

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from audit import canonical

ED25519 = b"\1"
DASH = "\N{EM DASH} "
NAME = re.compile(r"[^\s+]+")
SIGNATURE = re.compile(rf"{DASH}([^\s+]+) ([A-Za-z0-9+/=]+)")
CHECKPOINT = re.compile(
    r"(?P<origin>[^\n]+)\n(?P<size>0|[1-9][0-9]{0,18})\n(?P<root>[A-Za-z0-9+/]{43}=)\n"
    r"time (?P<time>[0-9T:.Z-]{27})\nhead (?P<head>[0-9a-f]{64})\n"
)


class NotANote(ValueError):
    """These bytes are no note, no key or no checkpoint; the text says what is wrong with them."""


@dataclass(frozen=True)
class VerifierKey:
    """A public key and whose it is; as text NAME+ID+BASE64."""

    name: str
    public: bytes

    @property
    def id(self) -> bytes:
        return hashlib.sha256(self.name.encode() + b"\n" + ED25519 + self.public).digest()[:4]

    def __str__(self) -> str:
        return f"{self.name}+{self.id.hex()}+{base64.b64encode(ED25519 + self.public).decode()}"

    @classmethod
    def parse(cls, text: str) -> Self:
        name, _, rest = text.strip().partition("+")
        claimed, _, encoded = rest.partition("+")
        material = _decoded(encoded)
        if len(material) != 33 or material[:1] != ED25519 or not NAME.fullmatch(name):
            raise NotANote(f"{text[:80]!r} is no Ed25519 key; one looks like NAME+ID+BASE64")
        key = cls(name, material[1:])
        if key.id.hex() != claimed:
            raise NotANote(f"the key {text[:80]!r} says its id is {claimed}; its bytes give {key.id.hex()}")
        return key

    def has_signed(self, note: Note) -> bool:
        """Whether the first line of this key's name and id is its signature; further ones are never asked."""
        for name, key_id, signature in note.signatures:
            if (name, key_id) == (self.name, self.id):
                return self._verifies(signature, note.text)
        return False

    def _verifies(self, signature: bytes, text: str) -> bool:
        try:
            Ed25519PublicKey.from_public_bytes(self.public).verify(signature, text.encode())
        except (InvalidSignature, ValueError):
            return False
        return True


@dataclass(frozen=True)
class Note:
    """A text that ends with a line end, and lines of signatures: (name, key id, signature)."""

    text: str
    signatures: Sequence[tuple[str, bytes, bytes]]

    def __str__(self) -> str:
        lines = (f"{DASH}{name} {base64.b64encode(key + made).decode()}\n" for name, key, made in self.signatures)
        return f"{self.text}\n{''.join(lines)}"

    @classmethod
    def parse(cls, raw: str) -> Self:
        text, between, rest = raw.rpartition("\n\n")
        lines = rest.split("\n")
        found = [SIGNATURE.fullmatch(line) for line in lines[:-1]]
        if not between or lines[-1] or not found or not all(found):
            raise NotANote("these bytes are no signed note: a text, an empty line, and lines of signatures")
        parts = [(match[1], _decoded(match[2])) for match in found if match]
        note = cls(f"{text}\n", tuple((name, part[:4], part[4:]) for name, part in parts))
        if str(note) != raw:  # base64 has more than one way to write the last bits
            raise NotANote("the note is not written as its bytes are")
        return note


@dataclass(frozen=True)
class Checkpoint:
    """A head: how many events, the root of their tree, the hash of the newest, and when it was signed.

    Time and hash are extension lines, which the layout allows and signs with the rest.
    """

    origin: str
    size: int
    root: bytes
    at: datetime
    head: str

    @property
    def text(self) -> str:
        root = base64.b64encode(self.root).decode()
        return f"{self.origin}\n{self.size}\n{root}\ntime {canonical.instant(self.at)}\nhead {self.head}\n"

    @classmethod
    def parse(cls, text: str) -> Self:
        found = CHECKPOINT.fullmatch(text)
        if found is None:
            raise NotANote("the note is no checkpoint: origin, size, root, time and head, each on its line")
        try:
            at = datetime.fromisoformat(found["time"])
        except ValueError as error:
            raise NotANote(f"the checkpoint's time {found['time']} is none") from error
        return cls(found["origin"], int(found["size"]), _decoded(found["root"]), at, found["head"])


def _decoded(text: str) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except binascii.Error as error:
        raise NotANote(f"{text[:80]!r} is not base64") from error

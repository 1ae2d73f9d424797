"""The private key of the anchor process. Nothing else imports this (tests/audit/test_signing.py reads the sources)."""

from __future__ import annotations

import base64
import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from audit.notes import ED25519, NAME, NotANote, Note, VerifierKey

PRIVATE = "PRIVATE+KEY+"


class KeyUnusable(Exception):
    """A key file that cannot be used; the text says why and what to do."""


@dataclass(frozen=True)
class SigningKey:
    """An Ed25519 key and its name, the origin of what it signs. It shows itself by its public half alone."""

    name: str
    _private: Ed25519PrivateKey = field(repr=False)

    @classmethod
    def fresh(cls, name: str) -> Self:
        if not NAME.fullmatch(name):
            raise KeyUnusable(f"INSTALLATION is {name!r}; a key's name has no white space and no +")
        return cls(name, Ed25519PrivateKey.generate())

    @classmethod
    def load(cls, path: Path) -> Self:
        try:
            if path.stat().st_mode & 0o077:
                raise KeyUnusable(f"{path} can be read by others than its owner; run: chmod 600 {path}")
            text = path.read_text().strip()
        except OSError as error:
            said = f"{path} cannot be read ({error.strerror}); make a key with `manage.py anchor_key create`"
            raise KeyUnusable(said) from error
        try:
            return cls._parsed(text)
        except (NotANote, ValueError) as error:
            raise KeyUnusable(f"{path} holds no key that `manage.py anchor_key create` made") from error

    @classmethod
    def _parsed(cls, text: str) -> Self:
        name, _, encoded = text.removeprefix(PRIVATE).split("+", 2)
        seed = base64.b64decode(encoded, validate=True)
        return cls(name, Ed25519PrivateKey.from_private_bytes(seed.removeprefix(ED25519)))

    @property
    def verifier(self) -> VerifierKey:
        return VerifierKey(self.name, self._private.public_key().public_bytes_raw())

    def write(self, path: Path) -> None:
        """Into a file that only its owner can read and that is not there yet."""
        encoded = base64.b64encode(ED25519 + self._private.private_bytes_raw()).decode()
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w") as file:
            file.write(f"{PRIVATE}{self.name}+{self.verifier.id.hex()}+{encoded}\n")
            file.flush()
            os.fsync(file.fileno())

    def sign(self, text: str) -> Note:
        return co_signed(text, self)


def co_signed(text: str, *keys: SigningKey) -> Note:
    """One note, signed by each of the keys."""
    made = ((key.name, key.verifier.id, key._private.sign(text.encode())) for key in keys)
    return Note(text, tuple(made))

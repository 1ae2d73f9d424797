"""Secrets by reference: the inventory holds `env:NAME` or `file:/path`; the value is read at use and shown nowhere."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from typing import NoReturn

from clusters.errors import Configuration

REFERENCE = re.compile(r"(env:[A-Za-z_][A-Za-z0-9_]*|file:.+)\Z")
LONGEST = 64 * 1024


class Secret:
    """A value that is only ever given out by `reveal()`: its text, format, JSON and pickle forms refuse."""

    __slots__ = ("_reference", "_value")

    def __init__(self, reference: str, value: str) -> None:
        self._reference = reference
        self._value = value

    def reveal(self) -> str:
        return self._value

    def __repr__(self) -> str:
        return f"<secret {self._reference}>"

    def __str__(self) -> NoReturn:
        raise TypeError(f"the secret {self._reference} is not text; reveal() it at the place of use")

    def __format__(self, spec: str) -> NoReturn:
        raise TypeError(f"the secret {self._reference} is not text; reveal() it at the place of use")

    def __reduce_ex__(self, protocol: object) -> NoReturn:
        raise TypeError(f"the secret {self._reference} is not stored or sent anywhere")


@dataclass(frozen=True)
class SecretReference:
    """Where a secret lies; this may be shown, stored and compared."""

    reference: str

    def resolve(self) -> Secret:
        kind, _, name = self.reference.partition(":")
        value = os.environ.get(name) if kind == "env" else self._from_file(name)
        if not value:
            raise Configuration(self.reference, "this secret is not there; set it for this process, then try again")
        return Secret(self.reference, value)

    def _from_file(self, path: str) -> str:
        try:
            with open(path, encoding="utf-8") as file:
                return file.read(LONGEST).strip("\r\n")
        except (OSError, UnicodeDecodeError) as error:
            said = getattr(error, "strerror", None) or "it is not text"
            raise Configuration(self.reference, f"this secret cannot be read: {said}") from None

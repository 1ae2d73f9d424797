"""Which key may sign which head, as the record itself says: a key is announced, and handed on, by events.

`anchor-key.created` holds a note of the new key over the installation and the hash of the first event, so the key is
bound to this record. `anchor-key.rotated` holds a note that both keys signed. A head of n events is signed by the key
of the last such event up to n.
"""

from __future__ import annotations

import json
from collections.abc import Iterable

from audit.notes import NotANote, Note, VerifierKey

CREATED, ROTATED = "anchor-key.created", "anchor-key.rotated"
KINDS = (CREATED, ROTATED)
HANDED_ON = "breakwater.audit.key-rotation.v1"
BEGUN = "breakwater.audit.key.v1"


class Unvouched(ValueError):
    """A key event that does not prove what it says; the text says why."""


def created_text(key: VerifierKey, genesis: str) -> str:
    return f"{BEGUN}\n{key.name}\n{key}\ngenesis {genesis}\n"


def rotated_text(old: VerifierKey, new: VerifierKey) -> str:
    return f"{HANDED_ON}\n{new.name}\n{old}\n{new}\n"


class KeyRing:
    """The keys in force as the record is read from its first event on; `given` were noted elsewhere."""

    def __init__(self, given: Iterable[VerifierKey] = ()) -> None:
        self.given = frozenset(given)
        self.in_force: VerifierKey | None = None
        self._chain: list[VerifierKey] = []  # each signed for the next

    @property
    def is_vouched(self) -> bool:
        """Whether a key that was noted elsewhere leads to the one in force, or none was noted."""
        return not self.given or bool(self.given & set(self._chain))

    def take(self, kind: str, body: bytes | memoryview[int], installation: str, genesis: str) -> None:
        note = _note(body)
        if kind == CREATED:
            self._begin(note, installation, genesis)
        else:
            self._hand_on(note, installation)

    def _begin(self, note: Note, installation: str, genesis: str) -> None:
        key = _key(note, 2)
        if note.text != created_text(key, genesis) or key.name != installation or not key.has_signed(note):
            raise Unvouched("the key it announces did not sign for this installation and its first event")
        if self.in_force and key not in self.given:
            raise Unvouched(
                f"it puts {key} in place of a key that did not sign for it; if that one was lost, and you know "
                "that this one follows it, name it: --key"
            )
        self.in_force, self._chain = key, [key]

    def _hand_on(self, note: Note, installation: str) -> None:
        new, old = _key(note, 3), self.in_force
        if old is None or note.text != rotated_text(old, new) or new.name != installation:
            raise Unvouched("it does not hand on the key that was in force")
        if not (old.has_signed(note) and new.has_signed(note)):
            raise Unvouched("a key is handed on by two signatures, of the old one and the new one; they are not here")
        self.in_force = new
        self._chain.append(new)


def _note(body: bytes | memoryview[int]) -> Note:
    try:
        return Note.parse(json.loads(bytes(body))["facts"]["note"])
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise Unvouched("it holds no signed note") from error


def _key(note: Note, line: int) -> VerifierKey:
    try:
        return VerifierKey.parse(note.text.split("\n")[line])
    except (NotANote, IndexError) as error:
        raise Unvouched("its note names no key") from error

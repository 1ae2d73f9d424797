"""Announcing a signing key in the record, and handing it on: events that the keys themselves sign."""

from __future__ import annotations

import os
from pathlib import Path

from django.conf import settings

from audit.body import read
from audit.keys import CREATED, KINDS, ROTATED, KeyRing, Unvouched, created_text, rotated_text
from audit.ledger import Actor, Ledger, ledger
from audit.models import Event
from audit.notes import NotANote, VerifierKey
from audit.signing import KeyUnusable, SigningKey, co_signed


def ring_of_record() -> KeyRing:
    """The keys as the record announces them; Unvouched where an event does not prove what it says."""
    opening = Event.objects.filter(seq=1).first()
    rows = list(Event.objects.filter(kind__in=KINDS).order_by("seq"))
    ring = KeyRing(_announced(row) for row in rows)
    for row in rows:
        ring.take(row.kind, row.body, settings.INSTALLATION, opening.hash if opening else "")
    return ring


def announce(actor: Actor, key: SigningKey, *, is_lost: bool = False) -> bool:
    """Say in the record that this key signs; whether that was new. `is_lost`: the one before cannot sign any more."""
    with ledger(actor) as book:
        in_force = _in_force()
        if in_force == key.verifier:
            return False
        if in_force and not is_lost:
            raise KeyUnusable(
                f"the record says that {in_force} signs; hand it on with `anchor_key rotate`, or say that it is lost "
                "with --lost"
            )
        genesis = Event.objects.filter(seq=1).values_list("hash", flat=True).first()
        if genesis is None:
            raise KeyUnusable("the record is empty; run this again")
        note = key.sign(created_text(key.verifier, genesis))
        _add(book, CREATED, key.verifier, str(note), before=str(in_force or ""))
    return True


def created(path: Path, *, is_lost: bool = False) -> tuple[SigningKey, bool]:
    """The key of this file, made where there is none, and announced; whether that was new."""
    if not path.exists():
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        SigningKey.fresh(settings.INSTALLATION).write(path)
    key = current(path)
    return key, announce(Actor.product("anchor"), key, is_lost=is_lost)


def hand_on(actor: Actor, old: SigningKey, new: SigningKey) -> None:
    """One event, signed by both."""
    with ledger(actor) as book:
        if (in_force := _in_force()) != old.verifier:
            raise KeyUnusable(f"the record says that {in_force or 'no key'} signs, and the file holds {old.verifier}")
        note = co_signed(rotated_text(old.verifier, new.verifier), old, new)
        _add(book, ROTATED, new.verifier, str(note), before=str(old.verifier))


def current(path: Path) -> SigningKey:
    """The key in the file; a rotation that was cut short between record and file is carried to its end."""
    coming = successor(path)
    if coming.exists() and SigningKey.load(coming).verifier == _in_force():
        os.replace(coming, path)
    return SigningKey.load(path)


def successor(path: Path) -> Path:
    return path.with_name(f"{path.name}.next")


def _add(book: Ledger, kind: str, key: VerifierKey, note: str, before: str) -> None:
    book.add(kind, object=key.id.hex(), before=before, after=str(key), facts={"note": note})


def _in_force() -> VerifierKey | None:
    """The newest announced, whoever vouches for it."""
    named = Event.objects.filter(kind__in=KINDS).order_by("-seq").first()
    return _announced(named) if named else None


def _announced(event: Event) -> VerifierKey:
    body = read(event.body) or {"after": ""}
    try:
        return VerifierKey.parse(body["after"])
    except NotANote as error:
        raise Unvouched(f"event {event.seq} names no key") from error

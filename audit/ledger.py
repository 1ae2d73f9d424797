"""Writing the record. Every service that changes anything does so inside `with ledger(actor) as book:`."""

from __future__ import annotations

import hashlib
import re
import secrets
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from types import MappingProxyType

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.db import transaction

from audit import canonical
from audit.body import columns
from audit.canonical import Plain
from audit.clock import database_now
from audit.models import HEAD, Event, Head, SideText

VERSION = 1
CHAIN_DOMAIN = b"breakwater.audit.v1\0"
SIDE_DOMAIN = b"breakwater.audit.side.v1\0"
NOTHING_BEFORE = "0" * 64
KIND = re.compile(r"[a-z][a-z-]*\.[a-z][a-z-]*")
NO_FACTS: Mapping[str, object] = MappingProxyType({})


@dataclass(frozen=True)
class Actor:
    """Who acts, and through which door. The chain holds the opaque ids; the name stands beside it."""

    person: str  # "" for the product itself
    name: str
    source: str  # "web" | "celery:<task id>" | "executor" | "poller" | "cli" | "release"
    session: str = ""  # digest of the session key
    auth: str = ""  # "password" | "demo-link" | ""
    account: str = ""

    @classmethod
    def product(cls, source: str) -> Actor:
        """Breakwater itself, at work in `source`."""
        return cls(person="", name="", source=source)


@contextmanager
def ledger(actor: Actor, *, request_id: str = "") -> Iterator[Ledger]:
    """One transaction: the head row is locked first, the change is made, its events are appended last.

    `durable` refuses to be opened inside another ledger (pass the Ledger on instead) or any other open transaction:
    there, other locks could have been taken before the head, and that order deadlocks.
    """
    with transaction.atomic(durable=True):
        head = _locked_head()
        book = Ledger(actor, request_id)
        yield book
        book._append_to(head)


class Ledger:
    """Collects the events of one transaction, in the order they are added."""

    def __init__(self, actor: Actor, request_id: str = "") -> None:
        self.actor = actor
        self._request_id = request_id
        self._entries: list[dict[str, Plain]] = []
        self._closed = False

    @cached_property
    def now(self) -> datetime:
        """The one instant of this transaction, from the database's clock: what it does and its events share it."""
        return database_now()

    def add(
        self,
        kind: str,
        *,
        object: str = "",
        run: int | None = None,
        step: int | None = None,
        attempt: int | None = None,
        fence: int | None = None,
        before: str = "",
        after: str = "",
        digest: str = "",
        guards: Sequence[Mapping[str, object]] = (),
        facts: Mapping[str, object] = NO_FACTS,
        reason: str = "",
    ) -> None:
        """Add one event. `kind` is noun.past ("step.claimed"); `facts` and `guards` hold no floats (TypeError).

        `reason` is free text: it is kept beside the chain, which holds its salted digest.
        """
        if self._closed:
            raise RuntimeError(f"{kind} was added to a ledger that is closed; its transaction is over")
        if not KIND.fullmatch(kind):
            raise ValueError(f"{kind!r} is no kind of event; say noun.past, for example step.claimed")
        entry = {
            "kind": kind, "object": object, "run": run, "step": step, "attempt": attempt, "fence": fence,
            "before": before, "after": after, "digest": digest, "guards": guards, "facts": facts, "reason": reason,
        }  # fmt: skip
        # Copied here, so that a value the record cannot hold is refused on its caller's line and none changes later.
        self._entries.append(canonical.mapping(entry))

    def _append_to(self, head: Head) -> None:
        self._closed = True
        if not self._entries:
            return
        at = self.now
        shared = canonical.mapping({
            "v": VERSION, "ts": at, "request": self._request_id, "installation": head.installation,
            "actor": _actor(self.actor),
        })  # fmt: skip
        for entry in self._entries:
            entry["reason"] = _aside(str(entry["reason"]), SideText.What.REASON, self.actor.person)
        Event.objects.bulk_create([_chained(head, at, shared | entry) for entry in self._entries])
        head.save(update_fields=["seq", "hash"])


def chain_hash(prev: str, body: bytes | memoryview[int]) -> str:
    """The hash of one event: over the domain, the hash before it, and the body's bytes."""
    return hashlib.sha256(b"".join((CHAIN_DOMAIN, bytes.fromhex(prev), body))).hexdigest()


def side_digest(salt: str, text: str) -> str:
    return hashlib.sha256(SIDE_DOMAIN + bytes.fromhex(salt) + text.encode()).hexdigest()


def _chained(head: Head, at: datetime, fields: dict[str, Plain]) -> Event:
    head.seq += 1
    fields["seq"] = head.seq
    body, prev = canonical.written(fields), head.hash
    head.hash = chain_hash(prev, body)
    return Event(prev=prev, hash=head.hash, body=body, at=at, **columns(fields))


def _actor(actor: Actor) -> dict[str, str]:
    return {
        "id": actor.account, "person": actor.person, "name": _named(actor), "session": actor.session,
        "auth": actor.auth, "source": actor.source,
    }  # fmt: skip


def _named(actor: Actor) -> str:
    """One side row for each name of a person, not one for each event."""
    name = canonical.clean(actor.name)
    names = SideText.objects.filter(what=SideText.What.NAME, person=actor.person)
    known = {row.text: row.digest for row in names} if name else {}
    return known.get(name) or _aside(name, SideText.What.NAME, actor.person)


def _aside(text: str, what: str, person: str) -> str:
    if not text:
        return ""
    text, salt = canonical.clean(text), secrets.token_hex(16)
    row = SideText(digest=side_digest(salt, text), salt=salt, what=what, person=person, text=text)
    row.save(force_insert=True)
    return row.digest


def _locked_head() -> Head:
    """The head row, locked. On SQLite the IMMEDIATE transaction is the lock, and `select_for_update` says nothing."""
    head = Head.objects.select_for_update().filter(pk=HEAD).first() or _opened_head()
    if head.installation != settings.INSTALLATION:
        raise ImproperlyConfigured(
            f"this record belongs to the installation {head.installation!r}, and INSTALLATION says "
            f"{settings.INSTALLATION!r}; set it back, or use the database of the other installation"
        )
    return head


def _opened_head() -> Head:
    """The first writer opens the chain; of two at once, the second waits at the insert and finds it open."""
    fresh = Head(pk=HEAD, seq=0, hash=NOTHING_BEFORE, installation=settings.INSTALLATION)
    Head.objects.bulk_create([fresh], ignore_conflicts=True)
    head = Head.objects.select_for_update().get(pk=HEAD)
    if head.seq:
        return head
    if Event.objects.exists():
        raise RuntimeError("the record has events and no head: somebody removed it; restore a back-up of the database")
    opening = Ledger(Actor.product("record"))
    opening.add("record.opened", object=head.installation, facts={"format": "breakwater.audit.v1"})
    opening._append_to(head)
    return head

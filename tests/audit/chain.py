"""Making a record, and changing it behind its back as the owner of the database could."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager

from django.db import connection

from audit import canonical, triggers
from audit.body import columns
from audit.ledger import Actor, chain_hash, ledger
from audit.models import Event, Head

ANN = Actor("5a8d", "Ann", "web", auth="password")


def make_record(events: int, **fields: object) -> None:
    """`events` events in all, the opening one counted."""
    for number in range(2, events + 1):
        with ledger(ANN) as book:
            book.add("step.claimed", **{"object": f"event {number}", "reason": f"why {number}", **fields})  # type: ignore[arg-type]


@contextmanager
def unsealed() -> Iterator[None]:
    """As the owner of the tables: the triggers are off."""
    with connection.schema_editor() as editor:
        triggers.remove(editor)
        triggers.remove_anchoring(editor)
    yield
    with connection.schema_editor() as editor:
        triggers.install(editor)
        triggers.install_anchoring(editor)


def rewrite_from(seq: int, **changed: object) -> None:
    """Change one event and give it and all that follow good hashes."""
    events = list(Event.objects.filter(seq__gte=seq).order_by("seq"))
    prev = events[0].prev
    with unsealed():
        Event.objects.filter(seq__gte=seq).delete()
        for event in events:
            fields = json.loads(bytes(event.body)) | (changed if event.seq == seq or "installation" in changed else {})
            raw = canonical.encode(fields)
            fresh = Event(prev=prev, hash=chain_hash(prev, raw), body=raw, at=event.at, **columns(fields))
            fresh.save(force_insert=True)
            prev = fresh.hash
    Head.objects.update(hash=prev)

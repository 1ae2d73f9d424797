"""What the pages of statements show: what each client is asked, what was said last, and whether that still counts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from clusters.declared import PairEntry
from clusters.facts import ClientFacts
from clusters.readiness.statements import Statement, asked
from dashboard import attestations
from dashboard.models import Attestation


@dataclass(frozen=True)
class Asked:
    """One question to one client; `said` newest first. `kind` and `word` are those of `_state`."""

    client: str
    asks: Statement
    said: tuple[Attestation, ...]
    now: datetime

    @property
    def newest(self) -> Attestation | None:
        return self.said[0] if self.said else None

    @property
    def reply(self) -> str:
        return reply_of(self.asks, self.newest.reply) if self.newest else ""

    @property
    def state(self) -> tuple[str, str]:
        if self.newest is None:
            return "unknown", "nobody has said"
        if self.newest.expires_at <= self.now:
            return "watch", "expired"
        if not self.newest.owner.active:
            return "watch", "its owner has left"
        reply = self.asks.replies.get(self.newest.reply)
        return ("act", "weak") if reply is None or reply.is_weak else ("ok", "in force")


@dataclass(frozen=True)
class ClientAsked:
    client: ClientFacts
    lines: tuple[Asked, ...]


def reply_of(asks: Statement, reply: str) -> str:
    return asks.replies[reply].text if reply in asks.replies else f"{reply} (an answer of another release)"


def client_lines(entry: PairEntry, now: datetime) -> tuple[ClientAsked, ...]:
    rows = tuple(attestations.of_pair(entry.name))
    return tuple(
        ClientAsked(client, tuple(_asked(rows, client.name, asks, now) for asks in asked(client, entry.topology)))
        for client in entry.clients
    )


def one_line(entry: PairEntry, client: str, statement: str, now: datetime) -> Asked | None:
    """None where the inventory in force asks no such thing."""
    found = (line for one in client_lines(entry, now) for line in one.lines if line.client == client)
    return next((line for line in found if line.asks.key == statement), None)


def _asked(rows: Sequence[Attestation], client: str, asks: Statement, now: datetime) -> Asked:
    said = tuple(row for row in rows if (row.client, row.statement) == (client, asks.key))
    return Asked(client, asks, said, now)

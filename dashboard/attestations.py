"""What people say of clients that no cluster can tell: given, kept for good, replaced by what is said later."""

from __future__ import annotations

from datetime import timedelta

from django.db.models import QuerySet

from audit.clock import database_now
from audit.ledger import Actor, ledger
from clusters.declared import PairEntry
from clusters.facts import Attested
from clusters.readiness.statements import Statement, asked
from dashboard import inventory
from dashboard.models import Attestation
from people.models import Account, Person
from people.rights import Right, require

LASTS_DAYS = {30: "A month", 91: "A quarter", 182: "Half a year", 365: "A year"}
HALF_A_YEAR = 182


class Unusable(Exception):
    """A statement that cannot be taken, as a sentence. Nothing was changed."""


def newest(pair: str) -> tuple[Attested, ...]:
    """The newest statement of each kind about each client, in force or not."""
    now = database_now()
    rows = {(row.client, row.statement): row for row in reversed(of_pair(pair))}
    return tuple(
        Attested(
            row.client, row.statement, row.reply, row.owner.name, row.given_at, row.expires_at,
            is_expired=row.expires_at <= now, is_owned=row.owner.active,
        )
        for row in rows.values()
    )  # fmt: skip


def of_pair(pair: str) -> QuerySet[Attestation]:
    """Every statement that was ever given about clients of this pair, newest first."""
    return Attestation.objects.filter(pair=pair).select_related("owner", "given_by")


def give(
    actor: Actor, account: Account, entry: PairEntry, client: str, asks: Statement, reply: str, said: str,
    owner: Person, days: int,
) -> Attestation:  # fmt: skip
    """From here on this one counts; what was said before is kept."""
    with ledger(actor) as book:
        person, now = require(account, Right.ATTEST), database_now()
        _fits(entry, client, asks, reply)
        if not said.strip():
            raise Unusable("Say what it rests on, in a sentence: whoever reads it at night has nothing else.")
        if not Person.objects.filter(pk=owner.pk, active=True).exists():
            raise Unusable(f"{owner.name} is not active here: name a person who can be asked.")
        if days not in LASTS_DAYS:
            raise Unusable(f"A statement counts for {', '.join(map(str, LASTS_DAYS))} days, not for {days}.")
        made = Attestation.objects.create(
            pair=entry.name, client=client, statement=asks.key, reply=reply, said=said.strip(), owner=owner,
            given_by=person, given_at=now, expires_at=now + timedelta(days=days),
        )  # fmt: skip
        told = {"reply": reply, "owner": str(owner.public_id), "expires": made.expires_at.isoformat()}
        book.add("attestation.given", object=str(made), after=reply, reason=made.said, facts=told)
        return made


def _fits(entry: PairEntry, client: str, asks: Statement, reply: str) -> None:
    found = inventory.pair_entry(entry.name)
    declared = next((one for one in found.clients if one.name == client), None) if found else None
    if found is None or declared is None or asks not in asked(declared, found.topology):
        raise Unusable(f"The inventory in force no longer asks this of {client}: reload the page.")
    if reply not in asks.replies:
        raise Unusable(f"“{reply}” is no answer to “{asks.asks}”")

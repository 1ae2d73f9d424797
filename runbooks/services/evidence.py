"""What is kept, and what a judgement may rest on."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from datetime import datetime
from typing import Any

from django.db.models import Q

from audit import canonical
from audit.ledger import Ledger
from runbooks.engine.link_settings import SAVED
from runbooks.models import Attempt, Evidence, Incident, Run, StepRun
from runbooks.services.plain import digest, plain, recordable

RECEIPT = "receipt"


def keep(
    book: Ledger,
    kind: str,
    data: Mapping[str, Any],
    at: datetime,
    *,
    incident: Incident | None = None,
    step: StepRun | None = None,
    attempt: Attempt | None = None,
) -> Evidence:
    """Store evidence of a step, or of the incident itself. What a rehearsal finds never enters the incident."""
    run = step.run if step else None
    incident_id = incident.pk if incident else None
    if run is not None and not run.is_rehearsal:
        incident_id = run.incident_id
    row = Evidence.objects.create(
        incident_id=incident_id,
        run=run,
        step=step,
        attempt=attempt,
        kind=kind,
        at=at,
        data=plain(data),
        digest=digest(data),
    )
    book.add(
        "evidence.kept", object=f"{kind} {row.pk}", run=run.pk if run else None, step=step.pk if step else None,
        attempt=attempt.number if attempt else None, digest=row.digest,
    )  # fmt: skip
    return row


def known_to(run: Run) -> dict[str, Mapping[str, Any]]:
    """The newest data of each kind, of the run's incident and of the run itself (which may not be stored yet).

    What was taken away from a link stands for the pair: whichever run did it, another one may have to put it back.
    """
    scope = Q(kind__startswith=SAVED, run__pair=run.pair)
    if run.pk is not None:
        scope |= Q(run=run)
    if run.incident_id is not None:
        scope |= Q(incident=run.incident_id)
    rows = Evidence.objects.filter(scope).order_by("at", "pk").values_list("kind", "data")
    return dict(rows)


def texts(digests: Collection[str]) -> Iterator[tuple[str, str]]:
    """For a pack: the exact text under each of these digests, once."""
    rows = Evidence.objects.filter(digest__in=digests).order_by("digest", "pk").values_list("digest", "data")
    yield from {found: canonical.encode(recordable(data)).decode() for found, data in rows}.items()

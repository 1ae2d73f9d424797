"""The instants T0–T8 of a recovery (failure to applications healthy), each put once."""

from __future__ import annotations

from datetime import datetime

from runbooks.models import Incident, Mark

# The step kind whose success is a mark. T0 and T3 come with the declaration, T1 with the first alert, T8 by a person.
BY_KIND = {
    "outage.confirm": "T2",
    "mirrors.failover": "T4",
    "mirrors.promote": "T4",
    "mirrors.reverse-and-start": "T4",
    "clients.route": "T5",
    "groups.start": "T6",
}


def put(incident: Incident, name: str, at: datetime, source: str, subject: str = "") -> Mark:
    """The first instant counts: a mark that stands is left as it is."""
    mark, _ = Mark.objects.get_or_create(
        incident=incident, name=name, subject=subject, defaults={"at": at, "source": source}
    )
    return mark

"""What a commander may do with an incident."""

from __future__ import annotations

from collections.abc import Iterator

from runbooks.queries.incidents import IncidentPage
from runbooks.queries.run_acts import RunAct


def incident_acts(page: IncidentPage) -> list[RunAct]:
    return list(_acts(page)) if page.incident.is_open and page.viewer.may_command else []


def _acts(page: IncidentPage) -> Iterator[RunAct]:
    names = {mark.name for mark, _, _ in page.marks}
    if "T8" not in names:
        yield RunAct(
            "healthy",
            "The applications are healthy",
            "Say that the applications are healthy…",
            "Your word stops the recovery clock (T8). It is marked as attested, by you.",
            reasons=("confirmed by the application owners", "dashboards of the applications are normal"),
        )
    if not page.incident.will_not_return:
        yield RunAct(
            "will-not-return",
            f"Declare that {page.incident.side} will not return",
            "Declare that the side will not return…",
            "It opens what is refused while the side may come back (R09). Only for a side that is gone for good.",
        )
    yield RunAct(
        "close",
        "Close the incident",
        "Close the incident…",
        "From then on nothing is expected any more: what is wrong is shown as wrong.",
        reasons=("everything is back where it belongs", "false alarm"),
        why_not=" ".join(page.held_open),
    )

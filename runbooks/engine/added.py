"""Guards that a definition adds to a step. A kind's own guards always stay."""

from __future__ import annotations

from runbooks.engine.complaint import Complaints, nearest
from runbooks.engine.fields import make, read_fields
from runbooks.engine.kinds import Guard, StepKind, guards
from runbooks.engine.text import Spot
from runbooks.engine.values import BadValue


def read_guards(kind: type[StepKind], what: str, spot: Spot | None, complaints: Complaints) -> tuple[Guard, ...]:
    """A list of names, or of `name: {field: value}`."""
    if spot is None:
        return ()
    if not isinstance(spot.value, list):
        complaints.add(spot.line, f"{what}: guards must be a list of guard names; they are added to the kind's own")
        return ()
    found = [_guard(kind, what, child, complaints) for child in spot.value]
    return tuple(guard for guard in found if guard is not None)


def _guard(kind: type[StepKind], what: str, spot: Spot, complaints: Complaints) -> Guard | None:
    named = spot.value if isinstance(spot.value, dict) else {str(spot.value): Spot({}, spot.line)}
    if len(named) != 1:
        complaints.add(spot.line, f"{what}: write one guard per line: a name, or name: {{field: value}}")
        return None
    name, fields = next(iter(named.items()))
    if name not in guards:
        complaints.add(spot.line, f"{what}: there is no guard {name!r}{nearest(name, tuple(guards))}")
        return None
    owner = guards.get(name)
    values = read_fields(owner, f"{what}: guard {name}", fields, {}, complaints)
    try:
        added: Guard = make(owner, values)
    except (BadValue, TypeError):
        return None  # its fields have been complained of already
    if any(_weakens(added, own) for own in kind.guards if type(own) is owner):
        complaints.add(spot.line, f"{what}: {kind.kind} already has guard {name}, and it cannot be weakened")
    return added


def _weakens(added: Guard, own: Guard) -> bool:
    return added != own and not own.is_stricter(added)

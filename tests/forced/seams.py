"""What is made to answer wrongly, and how."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any

from clusters.readiness import Finding, Standing, checks
from config.claims import CANNOT, CASES
from runbooks.engine import judge
from runbooks.engine.guards.rule import MissingFact
from runbooks.engine.kinds import guards
from runbooks.engine.outcome import Verdict

Forge = Callable[[Callable[..., Any]], Callable[..., Any]]


@dataclass(frozen=True)
class Seam:
    """One function that is replaced, for the claims of one code in one case."""

    code: str
    name: str
    case: str
    holder: Any
    attribute: str
    forge: Forge

    @contextmanager
    def forced(self) -> Iterator[None]:
        own, kept = self.attribute in vars(self.holder), getattr(self.holder, self.attribute)
        setattr(self.holder, self.attribute, self.forge(kept))
        try:
            yield
        finally:
            if own:
                setattr(self.holder, self.attribute, kept)
            else:
                delattr(self.holder, self.attribute)


def seams() -> Iterator[Seam]:
    from runbooks.services import incidents  # once the settings are read

    for name in guards:
        yield from _of_class(guards.get(name), name, GUARD)
    for name in checks:
        yield from _of_class(checks.get(name), name, CHECK)
    yield from _of_class(guards.get("topics_writable"), "topics_writable", GUARD, "R16")  # said by it
    yield Seam("R19", "judge", "unknown", judge, "_unknown", _unknown_is_met)
    yield Seam("R39", "held_open_by", "refuses", incidents, "held_open_by", lambda real: lambda *seen: [])
    yield Seam("R39", "held_open_by", "unknown", incidents, "held_open_by", lambda real: lambda *seen: [])
    yield Seam("R39", "held_open_by", "passes", incidents, "held_open_by", lambda real: lambda *seen: ["It is held."])


def _of_class(kind: Any, name: str, forges: dict[str, Forge], code: str = "") -> Iterator[Seam]:
    for case in CASES:
        if case not in CANNOT.get(name, {}):
            yield Seam(code or kind.code, name, case, kind, "judge", forges[case])


# --- guards


def _open(real: Callable[..., Verdict]) -> Callable[..., Verdict]:
    return lambda *seen: replace(real(*seen), is_met=True, says="")


def _shut(real: Callable[..., Verdict]) -> Callable[..., Verdict]:
    return lambda *seen: replace(real(*seen), is_met=False, says="forced")


def _blind(real: Callable[..., Verdict]) -> Callable[..., Verdict]:
    def judged(guard: Any, *seen: Any) -> Verdict:
        try:
            return real(guard, *seen)
        except (MissingFact, LookupError):
            return Verdict(guard.code, guard.title, guard.level, True, "forced", "forced", guard.source)

    return judged


GUARD = {"refuses": _open, "passes": _shut, "unknown": _blind}


def _unknown_is_met(real: Callable[..., Verdict]) -> Callable[..., Verdict]:
    return lambda *said, **more: replace(real(*said, **more), is_met=True)


# --- readiness checks


def _found(wrongly: dict[Standing, Standing]) -> Forge:
    def forge(real: Callable[..., Finding]) -> Callable[..., Finding]:
        def judged(*seen: Any) -> Finding:
            found = real(*seen)
            return replace(found, standing=wrongly.get(found.standing, found.standing))

        return judged

    return forge


CHECK = {
    "refuses": _found({Standing.FAILS: Standing.MET}),
    "passes": _found({Standing.MET: Standing.FAILS, Standing.SPARED: Standing.FAILS}),
    "unknown": _found({Standing.UNKNOWN: Standing.MET}),
}

"""`python -m config.coverage` prints docs/coverage.md: which procedure, refusal and readiness check stands where.

Read off the registries, so that the page cannot promise what the code does not hold. What is not built says so.
"""

from __future__ import annotations

import inspect
import sys
from collections import defaultdict
from collections.abc import Iterable, Iterator
from importlib.resources import files

from clusters.readiness import Check, checks
from clusters.readiness.answer import NOT_LOOKED_AT
from runbooks.engine.definition import parse
from runbooks.engine.kinds import guards, steps

PROCEDURES = {
    "P1": ("Unplanned outage, active-active", ("unplanned-outage-active-active",)),
    "P2": ("Return to the home region, active-active", ("return-home-active-active",)),
    "P3": ("Permanent loss, active-active", ("extended-loss-active-active",)),
    "P4": ("Restore after a failover, no prefix", ("restore-active-passive",)),
    "P5": ("Restore after a failover, prefix: delete and mirror again", ()),
    "P6a": ("Planned test or maintenance, active-active", ("planned-move-active-active",)),
    "P6b": ("Planned test or maintenance, active-passive", ("planned-switch-active-passive",)),
    "P7": ("Unplanned failover, active-passive", ("failover-active-passive",)),
    "P8": ("Planned migration by promote", ("planned-promote-active-passive",)),
    "P9": ("Fail-forward", ()),
    "P10": ("Recover unreplicated data", ()),
    "P11": ("Pause mirrors to control catch-up", ("pause-catch-up",)),
    "P12": ("MirrorMaker 2 failover", ()),
    "P13": ("MirrorMaker 2 fail-back", ()),
    "P14": ("Consumer-last migration", ()),
    "P15": ("Drill", ("planned-move-active-active", "planned-switch-active-passive")),
}
REFUSALS = [f"R{number:02}" for number in range(1, 42)]
CHECKS = [f"C{number:02}" for number in range(1, 27)]
# What refuses without being a guard of a step.
ELSEWHERE = {
    "R16": "said by the guard of R15 where producers would meet a mirror",
    "R19": "every guard whose fact is missing (`runbooks/engine/judge.py`)",
    "R21": "readiness check C06; no step changes a link's settings",
    "R22": "readiness check C07; no step changes a link's settings",
    "R23": "readiness check C07; no step changes a link's settings",
    "R39": "closing the incident (`runbooks/services/incidents.py`)",
}
MISSING = "**not built**"


def page() -> str:
    return "\n".join([*_head(), *_procedures(), *_refusals(), *_kinds(), *_checks(), ""])


def _head() -> Iterator[str]:
    yield "# What is covered"
    yield ""
    yield "Made by `python -m config.coverage`; a test fails when this page and the code differ."
    yield ""


def _table(title: str, head: Iterable[str], rows: Iterable[Iterable[str]]) -> Iterator[str]:
    cells = list(head)
    yield from (f"## {title}", "", f"| {' | '.join(cells)} |", f"|{' --- |' * len(cells)}")
    yield from (f"| {' | '.join(row)} |" for row in rows)
    yield ""


def _procedures() -> Iterator[str]:
    library = files("runbooks") / "library"

    def told(slug: str) -> str:
        return f"`{slug}`, {len(parse((library / f'{slug}.yaml').read_text()).steps)} steps"

    rows = ((code, title, "; ".join(map(told, slugs)) or MISSING) for code, (title, slugs) in PROCEDURES.items())
    return _table("Procedures", ("", "procedure", "shipped runbook"), rows)


def _refusals() -> Iterator[str]:
    by_code: dict[str, list[str]] = defaultdict(list)
    for name in guards:
        by_code[guards.get(name).code].append(name)
    known = [*REFUSALS, *sorted(by_code.keys() - set(REFUSALS))]
    rows = ((code, *_refusal(code, by_code.get(code, []))) for code in known)
    return _table("Refusals", ("", "guard", "level", "what it lets pass"), rows)


def _refusal(code: str, names: list[str]) -> tuple[str, str, str]:
    if not names:
        return ELSEWHERE.get(code, MISSING), "", ""
    found = [guards.get(name) for name in names]
    levels = dict.fromkeys(guard.level.value for guard in found)
    return ", ".join(f"`{name}`" for name in names), ", ".join(levels), " ".join(map(_first, found))


def _kinds() -> Iterator[str]:
    rows = (
        (f"`{name}`", kind.nature.value, "yes" if kind.is_irreversible else "", str(len(kind.guards)))
        for name, kind in ((name, steps.get(name)) for name in steps)
    )
    return _table("Step kinds", ("kind", "nature", "no way back", "guards"), rows)


def _checks() -> Iterator[str]:
    by_code = {checks.get(name).code: checks.get(name) for name in checks}
    rows = (_check(code, by_code.get(code)) for code in CHECKS)
    return _table("Readiness", ("", "check", "level", "what it asks for"), rows)


def _check(code: str, found: type[Check] | None) -> tuple[str, str, str, str]:
    if found is None:
        return code, NOT_LOOKED_AT[code], "", MISSING
    return code, found.title, found.weight.value, _first(found)


def _first(documented: type) -> str:
    """The first sentence of what it says of itself."""
    said = " ".join((inspect.getdoc(documented) or "").split())
    return f"{said.partition('. ')[0].rstrip('.')}."


if __name__ == "__main__":
    import django

    django.setup()
    sys.stdout.write(page())

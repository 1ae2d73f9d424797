"""`python -m config.coverage` prints docs/coverage.md: which procedure, refusal and readiness check stands where.

Read off the registries, and the tests that show it off their markers (config/claims.py), so that the page cannot
promise what the code does not hold. What is not built, and what nothing shows, says so.
"""

from __future__ import annotations

import inspect
import sys
from collections import defaultdict
from collections.abc import Iterable, Iterator
from functools import cache
from importlib.resources import files

from clusters.readiness import Check, checks
from clusters.readiness.answer import NOT_LOOKED_AT
from config.claims import CANNOT, CASES, claims
from config.demo.children import ROOT
from config.variants import VARIANTS
from runbooks.engine.definition import parse
from runbooks.engine.kinds import guards, steps

PROCEDURES = {
    "P1": ("Unplanned outage, active-active", ("unplanned-outage-active-active",)),
    "P2": ("Return to the home region, active-active", ("return-home-active-active",)),
    "P3": ("Permanent loss, active-active", ("extended-loss-active-active",)),
    "P4": ("Restore after a failover, no prefix", ("restore-active-passive",)),
    "P5": ("Restore after a failover, prefix: delete and mirror again", ("rebuild-mirrors-active-active",)),
    "P6a": ("Planned test or maintenance, active-active", ("planned-move-active-active",)),
    "P6b": ("Planned test or maintenance, active-passive", ("planned-switch-active-passive",)),
    "P7": ("Unplanned failover, active-passive", ("failover-active-passive",)),
    "P8": ("Planned migration by promote", ("planned-promote-active-passive",)),
    "P9": ("Fail-forward", ("fail-forward",)),
    "P11": ("Pause mirrors to control catch-up", ("pause-catch-up", "hold-offset-sync")),
    "P10": ("Recover unreplicated data", ("recover-unreplicated",)),
    "P12": ("MirrorMaker 2 failover", ()),
    "P13": ("MirrorMaker 2 fail-back", ()),
    "P14": (
        "Consumer-last migration",
        ("consumer-last-active-passive", "consumers-follow-active-passive"),
    ),
    "P15": ("Drill", ("planned-move-active-active", "planned-switch-active-passive")),
}
REFUSALS = [f"R{number:02}" for number in range(1, 42)]
CHECKS = [f"C{number:02}" for number in range(1, 28)]
# What refuses without being a guard of a step.
ELSEWHERE = {
    "R16": "said by the guard of R15 where producers would meet a mirror",
    "R19": "every guard whose fact is missing (`runbooks/engine/judge.py`)",
    "R39": "closing the incident (`runbooks/services/incidents.py`), for mirrors and for offset sync",
}
MISSING = "**not built**"
UNSHOWN = "**nothing shows it**"


def page() -> str:
    return "\n".join([*_head(), *_procedures(), *_variants(), *_refusals(), *_kinds(), *_checks(), ""])


def _head() -> Iterator[str]:
    yield "# What is covered"
    yield ""
    yield "Made by `python -m config.coverage`; a test fails when this page and the code differ."
    yield ""
    yield (
        "*Shown by* are tests that claim the row. *Refuses*: with its text and the fact that was seen; *passes*: what "
        "it lets through; *unknown*: what is not known refuses. `make forced` has every guard and check answer "
        "wrongly, one at a time and in each of the three ways: the tests that claim it must then fail."
    )
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

    rows = (
        (code, title, "; ".join(map(told, slugs)) or MISSING, _whole(code) if slugs else "")
        for code, (title, slugs) in PROCEDURES.items()
    )
    return _table("Procedures", ("", "procedure", "shipped runbook", "shown by"), rows)


def _variants() -> Iterator[str]:
    rows = (
        (f"`{slug}`", one.way.value, ", ".join(f"`{other}`" for other in one.others) or f"none: {one.why}")
        for slug, one in VARIANTS.items()
    )
    return _table("Graceful and ungraceful", ("shipped runbook", "it is", "in the other way"), rows)


def _refusals() -> Iterator[str]:
    by_code = _guards_by_code()
    rows = ((code, *_refusal(code, by_code.get(code, []))) for code in _refusal_codes())
    return _table("Refusals", ("", "guard", "level", "what it lets pass", "shown by"), rows)


def _guards_by_code() -> dict[str, list[str]]:
    by_code: dict[str, list[str]] = defaultdict(list)
    for name in guards:
        by_code[guards.get(name).code].append(name)
    return by_code


def _refusal_codes() -> list[str]:
    return [*REFUSALS, *sorted(_guards_by_code().keys() - set(REFUSALS))]


def _refusal(code: str, names: list[str]) -> tuple[str, str, str, str]:
    if not names:
        return ELSEWHERE.get(code, MISSING), "", "", _by_case(code) if code in ELSEWHERE else ""
    found = [guards.get(name) for name in names]
    levels = dict.fromkeys(guard.level.value for guard in found)
    named = ", ".join(f"`{name}`" for name in names)
    return named, ", ".join(levels), " ".join(map(_first, found)), _by_case(code, *names)


def _kinds() -> Iterator[str]:
    rows = (
        (f"`{name}`", kind.nature.value, "yes" if kind.is_irreversible else "", str(len(kind.guards)))
        for name, kind in ((name, steps.get(name)) for name in steps)
    )
    return _table("Step kinds", ("kind", "nature", "no way back", "guards"), rows)


def _checks() -> Iterator[str]:
    by_code = {checks.get(name).code: checks.get(name) for name in checks}
    rows = (_check(code, by_code.get(code)) for code in CHECKS)
    return _table("Readiness", ("", "check", "level", "what it asks for", "shown by"), rows)


def _check(code: str, found: type[Check] | None) -> tuple[str, str, str, str, str]:
    if found is None:
        return code, NOT_LOOKED_AT[code], "", MISSING, ""
    name = next(name for name in checks if checks.get(name) is found)
    return code, found.title, found.weight.value, _first(found), _by_case(code, name)


@cache
def _claimed() -> dict[tuple[str, str], list[str]]:
    """Tests by what they claim. The file is said once, without the folder that all of them share."""
    found: dict[tuple[str, str], list[str]] = defaultdict(list)
    last: tuple[str, str, str] | None = None
    for one in claims(ROOT):
        file, _, name = one.test.removeprefix("tests/").partition("::")
        said = f"`::{name}`" if last == (one.code, one.case, file) else f"`{file}::{name}`"
        found[one.code, one.case].append(said)
        last = (one.code, one.case, file)
    return found


def _whole(code: str) -> str:
    return ", ".join(_claimed().get((code, ""), [])) or UNSHOWN


def _by_case(code: str, *names: str) -> str:
    """The tests of each case; where a guard or check does not have it, why."""
    told = []
    for case in CASES:
        tests = _claimed().get((code, case), [])
        cannot = [CANNOT[name][case] for name in names if case in CANNOT.get(name, {})]
        told += [f"*{case}* {', '.join(tests)}"] if tests else []
        told += [f"*{case}* cannot be: {cannot[0]}"] if not tests and len(cannot) == len(names) and cannot else []
    return "<br>".join(told) or UNSHOWN


def wrong_claim(codes: Iterable[str], case: str | Iterable[str] = "") -> str:
    """What is wrong with what a marker says; empty where nothing is."""
    cases, rows = [case] if isinstance(case, str) else list(case), {*_refusal_codes(), *CHECKS}
    codes = [code for some in codes for code in some.split()]
    if odd := [code for code in codes if code not in rows | PROCEDURES.keys()]:
        return f"there is no row {', '.join(odd)} in docs/coverage.md"
    if odd := [code for code in codes if (code in PROCEDURES) is any(cases)]:
        return f"{', '.join(odd)}: a refusal or a check is claimed in a case ({', '.join(CASES)}), a procedure in none"
    odd = [each for each in cases if each and each not in CASES]
    return f"there is no case {', '.join(odd)}; there are {', '.join(CASES)}" if odd else ""


def _first(documented: type) -> str:
    """The first sentence of what it says of itself."""
    said = " ".join((inspect.getdoc(documented) or "").split())
    return f"{said.partition('. ')[0].rstrip('.')}."


if __name__ == "__main__":
    import django

    django.setup()
    sys.stdout.write(page())

"""Which tests show which row of docs/coverage.md, read from their sources; nothing is run for it.

A test says so itself, and more than one marker may stand over it:

    @pytest.mark.claims("R12", case="refuses")                 # a guard, or a readiness check: "C14"
    @pytest.mark.claims("R14", "R30", case=("passes", "unknown"))
    @pytest.mark.claims("C01 C02 C03", case="passes")          # a table of many
    @pytest.mark.claims("P7", "P4")                            # a procedure, by a runbook that runs whole

`refuses`: it refuses (a check fails) with its text and the fact that was seen; `passes`: it lets pass; `unknown`: the
fact is not known, and that refuses. Each claim is tried: `make forced` turns every guard and check into one that does
the opposite, one case at a time, and its claimed tests must then fail (tests/forced). A claim stands as a decorator of
a test or of its class, or in `pytestmark`.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

CASES = ("refuses", "passes", "unknown")
MARKER = "claims"
# Cases that a guard or a check does not have, by its name, and why.
CANNOT: dict[str, dict[str, str]] = {
    "as_reconciled": {"unknown": "without a reconciliation it warns, and lets nothing else through"},
    "both_reachable": {"unknown": "a side that was not reached is one that does not answer"},
    "cut_saved": {"refuses": "a cut that is not saved is an unknown one"},
    "export_complete": {"refuses": "an export that is not whole is an unknown one"},
    "fresh_facts": {"unknown": "a reading has its time"},
    "mirrormaker2": {
        "refuses": "the settings of MirrorMaker 2 are not judged yet",
        "passes": "it spares pairs with a link, and lets no other pass",
    },
    "loss_accepted": {"unknown": "what nobody has accepted is refused"},
    "may_change": {"unknown": "an inventory that says nothing says no"},
    "no_command_needed": {"unknown": "the inventory has a topology, or does not load"},
    "offset_sync_saved": {"refuses": "settings that are not saved are unknown"},
    "outage_seen": {"unknown": "a vantage point without an opinion does not count"},
    "platform-known": {"unknown": "what is not known is what it fails for"},
    "tail_settled": {"refuses": "a tail that is not settled is an unknown one"},
    "topics_named": {"unknown": "the names are the step's own"},
}


@dataclass(frozen=True, order=True)
class Claim:
    """`case` is empty for a procedure. `test` is its path in the tree and its name."""

    code: str
    case: str
    test: str


def claims(root: Path) -> tuple[Claim, ...]:
    """Every claim under `root`/tests, in order."""
    return tuple(sorted({found for path in (root / "tests").rglob("test_*.py") for found in _of_file(root, path)}))


def _of_file(root: Path, path: Path) -> Iterator[Claim]:
    text = path.read_text()
    if f"mark.{MARKER}" in text:
        tree = ast.parse(text)
        yield from _of_body(tree.body, f"{path.relative_to(root)}", _assigned(tree))


def _of_body(body: Iterable[ast.stmt], place: str, outer: list[ast.Call]) -> Iterator[Claim]:
    for node in body:
        if isinstance(node, ast.ClassDef):
            yield from _of_body(node.body, f"{place}::{node.name}", [*outer, *_marks(node.decorator_list)])
        elif isinstance(node, ast.FunctionDef) and node.name.startswith("test"):
            for call in (*outer, *_marks(node.decorator_list)):
                yield from (Claim(code, case, f"{place}::{node.name}") for code, case in said(*_arguments(call)))


def said(codes: Iterable[str], case: str | Iterable[str] = "") -> Iterator[tuple[str, str]]:
    """What one marker says: each code in each of its cases."""
    cases = [case] if isinstance(case, str) else list(case)
    return ((code, each) for some in codes for code in some.split() for each in cases)


def _assigned(tree: ast.Module) -> list[ast.Call]:
    """The claims of `pytestmark = …`, which all tests of the file make."""
    values = (
        node.value
        for node in tree.body
        if isinstance(node, ast.Assign) and any(getattr(one, "id", "") == "pytestmark" for one in node.targets)
    )
    return [call for value in values for call in _marks(value.elts if isinstance(value, ast.List) else [value])]


def _marks(nodes: Iterable[ast.expr]) -> list[ast.Call]:
    return [node for node in nodes if isinstance(node, ast.Call) and getattr(node.func, "attr", "") == MARKER]


def _arguments(call: ast.Call) -> tuple[tuple[str, ...], tuple[str, ...]]:
    codes = tuple(str(ast.literal_eval(each)) for each in call.args)
    cases = next((ast.literal_eval(each.value) for each in call.keywords if each.arg == "case"), "")
    return codes, (cases,) if isinstance(cases, str) else tuple(cases)

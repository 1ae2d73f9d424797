"""docs/coverage.md is what the code holds, and names every procedure, refusal and check there is."""

from __future__ import annotations

import re

from config.coverage import CHECKS, MISSING, PROCEDURES, REFUSALS, page
from config.demo.children import ROOT
from runbooks.engine.kinds import guards

PAGE = ROOT / "docs" / "coverage.md"


def test_the_page_is_what_the_code_holds() -> None:
    assert PAGE.read_text() == page(), "make it anew: python -m config.coverage > docs/coverage.md"


def test_no_row_is_empty_or_left_out() -> None:
    rows = {cells[1].strip(): cells for line in page().splitlines() if len(cells := line.split("|")) > 3}
    for code in (*PROCEDURES, *REFUSALS, *CHECKS):
        assert rows[code][2].strip(), code


def test_every_shipped_runbook_belongs_to_a_procedure() -> None:
    claimed = {slug for _, slugs in PROCEDURES.values() for slug in slugs}
    assert claimed == {path.stem for path in (ROOT / "runbooks" / "library").glob("*.yaml")}


def test_what_is_built_is_not_said_to_be_missing() -> None:
    codes = {guards.get(name).code for name in guards}
    missing = {line.split("|")[1].strip() for line in page().splitlines() if MISSING in line}
    assert not codes & missing
    assert {code for code in missing if re.fullmatch(r"R\d\d", code)} == set()

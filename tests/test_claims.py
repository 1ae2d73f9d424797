"""What tests claim of docs/coverage.md: read from their sources, strict, and borne out (`make forced`)."""

from __future__ import annotations

from pathlib import Path

import pytest

from clusters.readiness import checks
from config.claims import CANNOT, CASES, Claim, claims
from config.coverage import UNSHOWN, page, wrong_claim
from config.demo.children import ROOT
from runbooks.engine.guards.mirrors import MirrorsCanPause
from runbooks.engine.guards.prefix import NoPrefix
from runbooks.engine.kinds import guards
from tests.conftest import _only_known_claims
from tests.forced.running import Tried, idle, unnoticed
from tests.forced.seams import GUARD, Seam, seams

MADE = """
pytestmark = [pytest.mark.faults, pytest.mark.claims("P1")]

@pytest.mark.claims("R01 R02", case=("refuses", "unknown"))
@pytest.mark.parametrize("row", ROWS)
def test_one(row): ...

class TestMore:
    @pytest.mark.claims("C01", case="passes")
    def test_two(self): ...

def no_test(): ...
"""


def test_claims_are_read_from_the_source(tmp_path: Path) -> None:
    (tmp_path / "tests").mkdir()
    (tmp_path / "tests" / "test_made.py").write_text(MADE)
    one, two = "tests/test_made.py::test_one", "tests/test_made.py::TestMore::test_two"
    assert claims(tmp_path) == (
        Claim("C01", "passes", two),
        Claim("P1", "", two),
        Claim("P1", "", one),
        *(Claim(code, case, one) for code in ("R01", "R02") for case in ("refuses", "unknown")),
    )


@pytest.mark.parametrize(
    ("codes", "case", "says"),
    [
        (["R01", "C26"], "refuses", ""),
        (["R12b", "may-change"], ("refuses", "passes", "unknown"), ""),
        (["P15"], "", ""),
        (["R01", "R42"], "refuses", "there is no row R42 in docs/coverage.md"),
        (["R01"], "allows", "there is no case allows; there are refuses, passes, unknown"),
        (["R01"], "", "R01: a refusal or a check is claimed in a case (refuses, passes, unknown), a procedure in none"),
        (["P1"], "passes", "P1: a refusal or a check is claimed in a case (refuses, passes, unknown), a procedure in "
         "none"),
    ],
)  # fmt: skip
def test_only_what_there_is_can_be_claimed(codes: list[str], case: str, says: str) -> None:
    assert wrong_claim(codes, case) == says


def test_an_unknown_claim_ends_the_collection(request: pytest.FixtureRequest) -> None:
    _only_known_claims([request.node])
    request.node.add_marker(pytest.mark.claims("R99", case="refuses"))
    with pytest.raises(pytest.UsageError, match="test_an_unknown_claim_ends_the_collection: there is no row R99"):
        _only_known_claims([request.node])


def test_every_row_that_is_built_is_shown() -> None:
    assert [line.split("|")[1].strip() for line in page().splitlines() if f"| {UNSHOWN} |" in line] == []


def test_each_guard_and_check_is_claimed_in_each_case_it_has() -> None:
    claimed = {(one.code, one.case) for one in claims(ROOT)}
    assert [f"{seam.code} {seam.name} {seam.case}" for seam in seams() if (seam.code, seam.case) not in claimed] == []


def test_what_has_no_such_case_is_there() -> None:
    assert CANNOT.keys() <= {*guards, *checks}
    assert {case for cases in CANNOT.values() for case in cases} <= set(CASES)


@pytest.mark.parametrize("guard", [NoPrefix, MirrorsCanPause], ids=["its own", "inherited"])
def test_a_guard_is_as_it_was_after_it_was_forced(guard: type) -> None:
    before, owned = guard.judge, "judge" in vars(guard)
    with Seam("R00", "made", "refuses", guard, "judge", GUARD["refuses"]).forced():
        assert guard.judge is not before
    assert (guard.judge, "judge" in vars(guard)) == (before, owned)


def test_a_lie_that_nobody_notices_and_a_claim_that_is_idle_are_told() -> None:
    opened, shut = (Seam("R00", "made", case, NoPrefix, "judge", GUARD[case]) for case in ("refuses", "passes"))
    tried = [Tried(opened, ("a", "b"), ("a",)), Tried(shut, ("c",), ()), Tried(opened, (), ())]
    assert list(unnoticed(tried)) == [
        "R00 made passes: none of 1 claimed tests fails",
        "R00 made refuses: no test claims it",
    ]
    assert list(idle(tried)) == ["R00 passes: c passes all the same", "R00 refuses: b passes all the same"]

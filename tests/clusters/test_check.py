"""`inventory check`: each fact with its origin, each unknown with what to do, and nothing changed anywhere."""

from __future__ import annotations

import io
from pathlib import Path

import pytest
from django.conf import settings
from django.core.management import CommandError, call_command

from clusters.check import Level, check
from clusters.connections import close_all
from clusters.inventory import load


@pytest.fixture(autouse=True)
def _closed():
    yield
    close_all()


def ran(*words: str) -> tuple[str, int]:
    out = io.StringIO()
    try:
        call_command("inventory", *words, stdout=out)
    except CommandError as error:
        return f"{out.getvalue()}\n{error}", error.returncode
    return out.getvalue(), 0


def test_a_whole_inventory_is_found_and_nothing_is_changed(inventory, control):
    lines = list(check(inventory))
    assert {line.level for line in lines} == {Level.FOUND}
    said = "\n".join(map(str, lines))
    assert "orders / us-east: version of broker 2: 8.1.0 [declared; declared by sandbox" in said
    assert "archive / us-west: Tiered Storage: on [probed;" in said
    assert "orders / checkout: driver clients: on us-east, 2 of 2 instances ready" in said
    assert all(control.journal(pair) == [] for pair in inventory.pairs)


def test_an_unknown_says_what_to_do(inventory, sandbox):
    text = sandbox.inventory_text().replace(
        "tiering: {value: false, how: declared", "tiering: {value: false, how: ''", 1
    )
    unknown = [line for line in check(load(text)) if line.level is Level.UNKNOWN]
    assert [(line.where, line.what.split(":")[0]) for line in unknown] == [("orders / us-east", "Tiered Storage")]
    assert "without how" in unknown[0].what
    assert "declare it in the inventory" in unknown[0].todo


def test_a_dead_side_and_a_missing_link_are_problems(inventory, control, sandbox):
    control.fault("orders", "region-down", "us-east")
    text = sandbox.inventory_text().replace("name: ledger-link", "name: no-such-link")
    problems = {(line.where, line.what.split(":")[0]) for line in check(load(text)) if line.level is Level.PROBLEM}
    assert problems >= {
        ("orders / us-east", "rest"),
        ("orders / us-east", "kafka"),
        ("ledger / eu-north", "there is no link 'no-such-link'"),
    }


def test_a_secret_that_cannot_be_resolved_is_a_problem(inventory, sandbox):
    text = sandbox.inventory_text().replace(f"file:{sandbox.directory}/webhook-secret", "env:NO_SUCH_SECRET", 1)
    problems = [line for line in check(load(text)) if line.level is Level.PROBLEM]
    assert [(line.where, line.what) for line in problems] == [
        ("orders", "env:NO_SUCH_SECRET: this secret is not there; set it for this process, then try again")
    ]


def test_the_command_prints_and_ends_with_what_it_found(inventory):
    said, code = ran("check")
    assert code == 0
    assert said.startswith(f"3 pairs, digest {inventory.digest}")
    assert "found    orders / us-east: rest: answers" in said


def test_the_command_complains_by_line(inventory):
    path = Path(settings.INVENTORY_FILE)
    path.write_text("pairs:\n  - name: x\n    colour: blue\n")
    said, code = ran("check")
    assert code == 1
    assert f"{path.name}:3: pair x: nobody knows 'colour' here" in said


def test_the_command_can_only_read(inventory, control):
    control.fault("orders", "region-down", "us-east")
    said, code = ran("check", "--offline")
    assert code == 0
    assert said.count("\n") == 1


def test_the_command_ends_with_one_for_a_problem_and_two_for_an_unknown(inventory, sandbox, tmp_path):
    path = tmp_path / "inventory.yaml"
    path.write_text(sandbox.inventory_text().replace("how: declared", "how: ''", 1))
    assert ran("check", "--file", str(path))[1] == 2
    path.write_text(sandbox.inventory_text().replace("name: ledger-link", "name: no-such-link"))
    assert ran("check", "--file", str(path))[1] == 1
    assert ran("check", "--file", str(tmp_path / "absent.yaml"))[1] == 1

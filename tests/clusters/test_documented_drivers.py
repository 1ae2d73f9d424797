"""Every driver that the inventory's page shows is read without a complaint, and every kind is shown."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from clusters.document import Fields, Items, read_document
from clusters.form import Form
from clusters.routing import drivers

PAGE = (Path(__file__).parents[2] / "docs" / "inventory.md").read_text()
BLOCKS = [block for block in re.findall(r"```yaml\n(.*?)```", PAGE, re.DOTALL) if block.startswith("drivers:")]


def read(block: str) -> tuple[str, list[str]]:
    document = read_document(block)
    assert isinstance(document, Fields)
    listed = document.nodes["drivers"]
    assert isinstance(listed, Items)
    (node,) = listed.nodes
    complaints: list[tuple[int, str]] = []
    form = Form(node, complaints, "driver")
    _, kind, _ = form.word("name"), form.text("kind"), form.text("vantage", "")
    drivers.get(kind).read_settings(form)
    form.done()
    return kind, [said for _, said in complaints]


@pytest.mark.parametrize("block", BLOCKS)
def test_what_the_page_shows_can_be_written_so(block: str) -> None:
    assert read(block)[1] == []


def test_no_kind_is_left_out() -> None:
    in_the_whole_pair = {"webhook", "manual"}
    assert {read(block)[0] for block in BLOCKS} | in_the_whole_pair == set(drivers)

"""The whole-outage runbooks as a printer gets them: legible and complete, from the file alone."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import Browser
from pypdf import PdfReader

from runbooks.paper.drawn import drawn
from tests.runbooks.conftest import in_force, shipped
from tests.runbooks.paper.conftest import sheet_of, wanted
from tests.runbooks.paper.test_sheet import P1, P7, boxes, everything

__all__ = ["in_force", "sheet_of", "shipped", "wanted"]
pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


def squeezed(text: str) -> str:
    """Without spaces, in which alone a printed line differs from what it was made of."""
    return "".join(text.split())


@pytest.mark.parametrize(("pair", "slug", "side"), [("orders", P1, "us-east"), ("ledger", P7, "eu-north")])
def test_it_prints_complete_without_the_program(browser: Browser, tmp_path: Path, sheet_of, pair, slug, side) -> None:
    sheet = sheet_of(pair, slug, side)
    file = tmp_path / sheet.file
    file.write_text(drawn(sheet))
    context = browser.new_context(offline=True, java_script_enabled=False)
    asked: list[str] = []
    page = context.new_page()
    page.on("request", lambda request: asked.append(request.url))
    page.goto(file.as_uri())
    shown = page.locator(".box")
    assert shown.count() == boxes(sheet)
    assert all(shown.nth(at).bounding_box()["width"] >= 8 for at in range(0, shown.count(), 7))
    page.pdf(path=tmp_path / "sheet.pdf", prefer_css_page_size=True)
    assert asked == [file.as_uri()]
    context.close()

    pages = [each.extract_text() for each in PdfReader(tmp_path / "sheet.pdf").pages]
    text = ""
    for number, page_text in enumerate(map(squeezed, pages), 1):
        edges = ("Breakwater:paperrunbook", f"page{number}of{len(pages)}")
        for edge in edges:
            assert page_text.count(edge) == 1
            page_text = page_text.replace(edge, "")
        text += page_text.lower()
    for each in everything(sheet):
        assert squeezed(each).lower() in text, each
    assert 3 < len(pages) < 16

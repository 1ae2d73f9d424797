"""PDF of any text: nothing is dropped, nothing is turned around, nothing is too long."""

from __future__ import annotations

import io

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pypdf import PdfReader

from runbooks.pdf.document import Document
from runbooks.pdf.letters import printable, visual


def made(*texts: str) -> bytes:
    doc = Document("A title", "a note")
    for text in texts:
        doc.heading(text, 3)
        doc.text(text)
        doc.row(text, text)
    return doc.pdf()


def words(pdf: bytes) -> str:
    return " ".join(" ".join(page.extract_text() for page in PdfReader(io.BytesIO(pdf)).pages).split())


def test_the_same_calls_give_the_same_bytes() -> None:
    assert made("orders", "Zürich") == made("orders", "Zürich")


@settings(max_examples=60, deadline=None)
@given(st.text(max_size=300))
def test_no_text_breaks_it(text: str) -> None:
    assert len(PdfReader(io.BytesIO(made(text))).pages) >= 1


def test_what_cannot_be_drawn_stands_there_by_its_code_point() -> None:
    said = words(made("send \u202etsew-ue to 東 \x00\x1b[31m"))
    for shown in ("⟨U+202E⟩tsew-ue", "⟨U+6771⟩", "⟨U+0000⟩", "⟨U+001B⟩[31m"):
        assert shown in said


def test_a_word_wider_than_the_page_and_a_text_longer_than_it_are_whole() -> None:
    long = "".join(f"topic{number}." for number in range(300))
    pdf = made(long, *(f"line {number}" for number in range(400)))
    assert long in words(pdf).replace(" ", "")
    pages = PdfReader(io.BytesIO(pdf)).pages
    assert len(pages) > 10
    assert f"page 3 of {len(pages)}" in pages[2].extract_text()


def test_a_line_never_leaves_the_paper() -> None:
    pdf = PdfReader(io.BytesIO(made("W" * 5000, "a " * 3000)))
    low, right = [], []

    def visit(text, _cm, tm, _font, size) -> None:
        if text.strip():
            low.append(tm[5])
            right.append(tm[4])

    for page in pdf.pages:
        page.extract_text(visitor_text=visit)
    assert min(low) > 20
    assert max(right) < 595


@pytest.mark.parametrize(
    ("line", "drawn"),
    [
        ("by Dana", "by Dana"),
        ("by דנה, then", "by הנד, then"),
        ("שלום (12.5) עולם", "םלוע (12.5) םולש"),
        ("a שלום b עולם c", "a םולש b םלוע c"),
        ("topic-1 שלום-2", "topic-1 םולש-2"),
    ],
)
def test_right_to_left_stands_in_its_order_and_turns_nothing_else(line: str, drawn: str) -> None:
    assert visual(line) == drawn


def test_letters_of_the_font_are_left_alone() -> None:
    assert printable("ä 12\tx", {*map(ord, "ä 12x")}) == "ä 12    x"

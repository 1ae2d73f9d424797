"""A document of headings, paragraphs and labelled lines on A4 pages. Every line is placed by itself, so that nothing
is ever too long or too wide for a page.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from io import BytesIO
from pathlib import Path

from reportlab.lib.pagesizes import A4
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.ttfonts import TTFont
from reportlab.pdfgen.canvas import Canvas

from runbooks.pdf.letters import printable, visual

FONTS = Path(__file__).parent / "fonts"
PLAIN, BOLD = "DejaVuSans", "DejaVuSans-Bold"
WIDTH, HEIGHT = A4
MARGIN, LABEL = 50.0, 120.0  # points: around the page, and the column of labels
SIZE, LEADING = 8.5, 1.45  # of the text, and of a line in sizes
TOGETHER = 8  # lines of a row that no page parts
GREY, BLACK = 0.35, 0.0
HEADINGS = {1: 16.0, 2: 11.5, 3: 9.0}


@dataclass(frozen=True)
class Line:
    x: float
    y: float
    text: str
    font: str
    size: float
    grey: float


class Document:
    """Call in reading order, then `pdf`. `note` stands at the head of every page."""

    def __init__(self, title: str, note: str) -> None:
        _register()
        self.title, self.note = title, note
        self._pages: list[list[Line]] = []
        self._break()

    def heading(self, text: str, level: int = 2) -> None:
        size = HEADINGS[level]
        self._need(size * 3)  # never alone at the foot of a page
        self._y -= size * 0.9
        self._put(text, MARGIN, WIDTH - MARGIN, BOLD, size)
        self._y -= size * 0.2

    def text(self, text: str, *, is_dim: bool = False, is_bold: bool = False) -> None:
        self._put(text, MARGIN, WIDTH - MARGIN, BOLD if is_bold else PLAIN, SIZE, GREY if is_dim else BLACK)

    def row(self, label: str, text: str) -> None:
        """A label with what is said of it beside; each goes on over as many lines as it needs."""
        left = list(_wrapped(label, BOLD, SIZE, LABEL - 8))
        right = list(_wrapped(text, PLAIN, SIZE, WIDTH - 2 * MARGIN - LABEL))
        drawn: list[Line] = []
        rows = max(len(left), len(right))
        self._need(SIZE * LEADING * min(rows, TOGETHER))
        for at in range(rows):
            if self._y - SIZE * LEADING < MARGIN:
                self._pages[-1] += _label_first(drawn)
                drawn = []
                self._break()
            self._y -= SIZE * LEADING
            if at < len(left):
                drawn.append(Line(MARGIN, self._y, left[at], BOLD, SIZE, GREY))
            if at < len(right):
                drawn.append(Line(MARGIN + LABEL, self._y, right[at], PLAIN, SIZE, BLACK))
        self._pages[-1] += _label_first(drawn)

    def gap(self) -> None:
        self._y -= SIZE * 0.7

    def pdf(self, subject: str = "") -> bytes:
        """The same calls give the same bytes."""
        buffer = BytesIO()
        canvas = Canvas(buffer, pagesize=A4, invariant=1, lang="en")
        canvas.setTitle(_printable(self.title, PLAIN))
        canvas.setSubject(_printable(subject, PLAIN))
        canvas.setCreator("Breakwater")
        for number, lines in enumerate(self._pages, 1):
            for line in [*lines, *self._edges(number)]:
                canvas.setFont(line.font, line.size)
                canvas.setFillGray(line.grey)
                canvas.drawString(line.x, line.y, line.text)
            canvas.showPage()
        canvas.save()
        return buffer.getvalue()

    def _edges(self, number: int) -> Iterator[Line]:
        note = next(_wrapped(self.note, PLAIN, 7, WIDTH - 2 * MARGIN))
        yield Line(MARGIN, HEIGHT - MARGIN + 14, note, PLAIN, 7, GREY)
        yield Line(MARGIN, MARGIN - 20, f"Breakwater · page {number} of {len(self._pages)}", PLAIN, 7, GREY)

    def _put(self, text: str, left: float, right: float, font: str, size: float, grey: float = BLACK) -> None:
        for line in _wrapped(text, font, size, right - left):
            self._need(size * LEADING)
            self._y -= size * LEADING
            self._draw(left, line, font, size, grey)

    def _draw(self, x: float, text: str, font: str, size: float, grey: float) -> None:
        self._pages[-1].append(Line(x, self._y, text, font, size, grey))

    def _need(self, room: float) -> None:
        if self._y - room < MARGIN:
            self._break()

    def _break(self) -> None:
        self._pages.append([])
        self._y = HEIGHT - MARGIN


def _label_first(lines: list[Line]) -> list[Line]:
    """In the order in which they are read out or copied."""
    return sorted(lines, key=lambda line: line.x)


@cache
def _register() -> None:
    for name in (PLAIN, BOLD):
        pdfmetrics.registerFont(TTFont(name, str(FONTS / f"{name}.ttf")))


def _printable(text: str, font: str) -> str:
    return printable(text, pdfmetrics.getFont(font).face.charToGlyph)


def _wrapped(text: str, font: str, size: float, width: float) -> Iterator[str]:
    for paragraph in text.splitlines() or [""]:
        for line in _lines(_printable(paragraph, font), font, size, width):
            yield visual(line)


def _lines(text: str, font: str, size: float, width: float) -> Iterator[str]:
    line = ""
    for word in text.split(" "):
        longer = f"{line} {word}" if line else word
        if _long(longer, font, size) <= width:
            line = longer
            continue
        if line:
            yield line
        *full, line = _cut(word, font, size, width)
        yield from full
    yield line


def _cut(word: str, font: str, size: float, width: float) -> list[str]:
    """A word that is wider than the column, in pieces that fit."""
    pieces, piece = [], ""
    for letter in word:
        if piece and _long(piece + letter, font, size) > width:
            pieces.append(piece)
            piece = ""
        piece += letter
    return [*pieces, piece]


def _long(text: str, font: str, size: float) -> float:
    return float(pdfmetrics.stringWidth(text, font, size))

"""The pieces a drawing is made of, and a pencil that places them. Knows nothing of clusters."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True)
class Shape:
    """`tag` is rect, text or path; the rest are its attributes as they stand in the SVG."""

    tag: str
    kind: str = ""
    x: int = 0
    y: int = 0
    width: int = 0
    height: int = 0
    text: str = ""
    anchor: str = ""
    path: str = ""


@dataclass
class Pencil:
    shapes: list[Shape] = field(default_factory=list)

    def box(self, kind: str, x: int, y: int, width: int, height: int) -> None:
        self.shapes.append(Shape("rect", kind, x, y, width, height))

    def say(self, x: int, y: int, text: str, kind: str = "", anchor: str = "") -> None:
        if text:
            self.shapes.append(Shape("text", kind, x, y, text=text, anchor=anchor))

    def line(self, path: str, kind: str = "lane") -> None:
        self.shapes.append(Shape("path", kind, path=path))


@dataclass(frozen=True)
class Drawing:
    kind: str  # wide | tall
    width: int
    height: int
    shapes: tuple[Shape, ...]


def shortened(text: str, longest: int) -> str:
    return text if len(text) <= longest else f"{text[: longest - 1]}…"

"""Any text as what can be drawn on paper: nothing turned around unseen, nothing dropped without a word."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Container

RIGHT_TO_LEFT = {"R", "AL"}
LEFT_TO_RIGHT = {"L"}
NUMBERS = {"EN", "AN"}
MIRRORED = str.maketrans("()[]{}<>«»", ")(][}{><»«")
TURNING = re.compile(r"[\u200e\u200f\u202a-\u202e\u2066-\u2069]")
PARTS = re.compile(r"\d+(?:[.,:/]\d+)*|.", re.DOTALL)


def printable(text: str, glyphs: Container[int]) -> str:
    """Control characters, those that turn text around, and those the font lacks stand there by their code point."""
    return "".join(_shown(letter, glyphs) for letter in text.expandtabs(4).replace("\u00a0", " "))


def _shown(letter: str, glyphs: Container[int]) -> str:
    is_drawn = unicodedata.category(letter) not in {"Cc", "Cf", "Cs", "Co", "Zl", "Zp"} and ord(letter) in glyphs
    return letter if is_drawn else f"⟨U+{ord(letter):04X}⟩"


def visual(line: str) -> str:
    """A line that reads from left to right, with each stretch written from right to left in the order it is drawn.

    Numbers keep theirs. Arabic letters are not joined.
    """
    if not any(unicodedata.bidirectional(letter) in RIGHT_TO_LEFT for letter in line):
        return line
    drawn, start = [], 0
    for begin, end in _stretches(line):
        drawn += [line[start:begin], _turned(line[begin:end])]
        start = end
    return "".join([*drawn, line[start:]])


def _stretches(line: str) -> list[tuple[int, int]]:
    """From the first to the last letter of each kind that no letter of the other kind parts."""
    found: list[tuple[int, int]] = []
    is_open = False
    for at, letter in enumerate(line):
        way = unicodedata.bidirectional(letter)
        if way in RIGHT_TO_LEFT:
            begin = found.pop()[0] if is_open else at
            found.append((begin, at + 1))
            is_open = True
        elif way in LEFT_TO_RIGHT:
            is_open = False
    return found


def _turned(stretch: str) -> str:
    parts = [part.translate(MIRRORED) for part in PARTS.findall(stretch)]
    return "".join(reversed(parts))


def untwisted(text: str) -> str:
    """What turns text around is shown and not obeyed."""
    return TURNING.sub(lambda found: f"⟨U+{ord(found[0]):04X}⟩", text)

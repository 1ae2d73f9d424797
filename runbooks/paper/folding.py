"""Long commands over several lines, broken where a shell allows it: after a word, with a backslash."""

from __future__ import annotations

import re

WIDTH = 84
WORD = re.compile(r"(?:[^\s'\"]|'[^']*'|\"[^\"]*\")+|['\"]\S*")


def folded(text: str) -> str:
    return "\n".join(_line(line) for line in text.splitlines())


def _line(text: str) -> str:
    lines: list[str] = []
    line = ""
    for word in WORD.findall(text):
        if line and len(line) + 1 + len(word) > WIDTH:
            lines.append(f"{line} \\")
            line = f"  {word}"
        else:
            line = f"{line} {word}" if line else word
    return "\n".join([*lines, line])

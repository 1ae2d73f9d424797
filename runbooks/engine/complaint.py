"""What is wrong with a runbook's text, by line, all at once."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from difflib import get_close_matches


@dataclass(frozen=True, order=True)
class Complaint:
    """One thing to put right. `line` counts from 1."""

    line: int
    text: str

    def __str__(self) -> str:
        return f"line {self.line}: {self.text}"


class DefinitionError(Exception):
    """The text is not a runbook. `complaints` holds every reason found, in the order of the lines."""

    def __init__(self, *complaints: Complaint) -> None:
        self.complaints = tuple(sorted(set(complaints)))
        super().__init__("; ".join(map(str, self.complaints)))


class Complaints:
    """Collects, so that a writer sees everything at once instead of one thing per attempt."""

    def __init__(self) -> None:
        self._found: list[Complaint] = []

    def add(self, line: int, text: str) -> None:
        self._found.append(Complaint(line, text))

    def raise_any(self) -> None:
        if self._found:
            raise DefinitionError(*self._found)


def nearest(word: str, known: Collection[str]) -> str:
    """`; did you mean …?` or, with nothing near, what is known; for the end of a complaint."""
    near = get_close_matches(word, known, 1)
    return f"; did you mean {near[0]!r}?" if near else f"; known here: {', '.join(sorted(known)) or 'nothing'}"

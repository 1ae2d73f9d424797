"""What is wrong with a record, and where it begins."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Finding:
    """The first event that is not as it was written."""

    seq: int
    # "edit" | "gap" | "fork" | "side text missing" | "side text changed" | "truncation" | "rewrite" | "replay"
    # | "bad signature" | "uncovered period"
    kind: str
    said: str

    def __str__(self) -> str:
        return f"first bad event: {self.seq}, {self.kind}: {self.said}"

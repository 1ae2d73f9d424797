"""How a list of steps shows which of them belong together, and which may go at once."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from runbooks.engine.written import side_by_side

AFTERWARDS = "After that"


def beside_of(needs: Mapping[str, Collection[str]]) -> dict[str, str]:
    """`may go at once with step 4`, for each step by its key; nothing for one that goes alone."""
    numbers = {key: str(number) for number, key in enumerate(needs, start=1)}
    return {key: _beside([numbers[other] for other in others]) for key, others in side_by_side(needs).items()}


def _beside(numbers: Collection[str]) -> str:
    return f"may go at once with step{'s' * (len(numbers) > 1)} {', '.join(numbers)}" if numbers else ""


def group_above(group: str, before: str) -> str:
    """The heading above a step, where a group of them begins or has just ended."""
    if group == before:
        return ""
    return group or AFTERWARDS

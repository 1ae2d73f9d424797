"""What a person says when nothing else can prove it: a name and a reason, both or nothing."""

from __future__ import annotations

from runbooks.engine.context import Case
from runbooks.engine.outcome import Prompt


def attestation(what: str, *, is_required: bool = True) -> tuple[Prompt, ...]:
    return (
        Prompt("attested_by", f"Who has seen that {what}?", is_required, "The name of the person who looked."),
        Prompt("attested_reason", "How do they know?", is_required, "Where they looked, and what they saw there."),
    )


def attested(case: Case) -> str:
    """`name: reason`, or nothing where either is missing."""
    name, reason = (case.inputs.get(key, "").strip() for key in ("attested_by", "attested_reason"))
    return f"{name}: {reason}" if name and reason else ""

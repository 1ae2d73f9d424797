"""An administrator's verified exception from a refusal, and what the cluster's own dry run says of the step."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True)
class VerifiedException:
    """`operation` is the kind of step it is for. `is_expired` by the database's clock, when it was read."""

    name: str
    pair: str
    link: str
    operation: str
    by: str
    reference: str
    expires: datetime
    is_expired: bool = False
    is_revoked: bool = False

    def why_not(self, now: datetime) -> str:
        """Why it is not in force; empty while it is."""
        if self.is_revoked:
            return f"{self.name} was revoked"
        is_over = self.is_expired or self.expires <= now
        return f"{self.name} has expired on {self.expires:%F %H:%M} UTC" if is_over else ""


@dataclass(frozen=True)
class DryRun:
    """`agreed` is None where it told nothing: it was not made, not served, or not answered."""

    agreed: bool | None
    said: str
    at: datetime

"""One form as a page offers it: its fields, its words, and what it carries along."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from runbooks.queries.steps import StepRows

INPUT = "input-"  # before the name of a prompt, in a form
TO_CONFIRM = "To confirm, type"


@dataclass(frozen=True)
class Asked:
    """A field of a form, beside the phrase and the reason."""

    name: str
    label: str
    help: str = ""
    is_required: bool = True


@dataclass(frozen=True)
class Offer:
    """One form. `act` names its address (`runbooks:step-<act>`); `why_not` says why it cannot be used yet."""

    act: str
    button: str
    title: str = ""
    explains: str = ""
    needs_reason: bool = False
    reasons: Sequence[str] = ()
    phrase: str = ""
    phrase_label: str = TO_CONFIRM
    asks: Sequence[Asked] = ()
    binds: str = ""
    why_not: str = ""
    hidden: Sequence[tuple[str, str]] = ()

    @property
    def id(self) -> str:
        """Unique on a page."""
        own = [value for name, value in self.hidden if name == "guard"]
        return "-".join([self.act, *own]).replace(":", "-")


@dataclass(frozen=True)
class Offers:
    """At most one primary act, which stands in the bar; the others open on demand."""

    primary: Offer | None = None
    seconds: Sequence[Offer] = field(default_factory=tuple)

    @property
    def names(self) -> str:
        """Changes when something else can be done than when the page was made."""
        found = [self.primary] if self.primary else []
        return " ".join(f"{offer.id}{'!' if offer.why_not else ''}" for offer in [*found, *self.seconds])


def fence(rows: StepRows) -> tuple[str, str]:
    return "fence", str(rows.step.fence)


def vote(rows: StepRows) -> list[tuple[str, str]]:
    """What a word on the live attempt carries: the attempt's own digest, not that of today's preflight."""
    return [fence(rows), ("digest", rows.live.digest if rows.live else "")]

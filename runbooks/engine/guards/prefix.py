"""Reverse and restore on a link with a prefix: refused, but for a verified exception that the cluster agrees with."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar

from runbooks.engine.context import Case
from runbooks.engine.exception import VerifiedException
from runbooks.engine.guards.platform import link_sides
from runbooks.engine.guards.rule import MissingFact, Rule, present
from runbooks.engine.kinds import StepKind, guards
from runbooks.engine.outcome import Level, Verdict

NEEDS = "no prefix on either side, or a verified exception in force and a dry run that agrees"


def exceptions_for(step: StepKind, case: Case) -> tuple[VerifiedException, ...]:
    """Those recorded for just this pair, link and operation, newest first, in force or not."""
    wanted = (case.facts.pair, case.facts.link, step.kind)
    return tuple(one for one in case.exceptions if (one.pair, one.link, one.operation) == wanted)


def exception_in_force(step: StepKind, case: Case) -> VerifiedException | None:
    return next((one for one in exceptions_for(step, case) if not one.why_not(case.now)), None)


@guards.add("no_prefix")
@dataclass(frozen=True)
class NoPrefix(Rule):
    """The link puts no prefix on mirrors, on either side.

    An admin may record a verified exception for one pair, link and operation. It lets pass only until it expires or is
    revoked, and only where the cluster's own dry run, made for this judgement, agrees as well.
    """

    code: ClassVar[str] = "R05"
    title: ClassVar[str] = "The link has no prefix"
    level: ClassVar[Level] = Level.ABSOLUTE
    source: ClassVar[str] = "reverse is refused on prefixed links; restore on a prefixed pair is undocumented"

    def judge(self, step: StepKind, case: Case) -> Verdict:
        prefixes = [
            (side, present(link.prefix, f"the prefix of link {link.name} on {side.side}"))
            for side, link in link_sides(case)
        ]
        found = next(((side, prefix) for side, prefix in prefixes if prefix), None)
        if found is None:
            return self.met("none on either side", NEEDS)
        side, prefix = found
        return self._prefixed(step, case, prefix, f"{prefix!r} on {side.side}", side.configs_at)

    def _prefixed(self, step: StepKind, case: Case, prefix: str, saw: str, at: datetime | None) -> Verdict:
        says = (
            f'This link uses prefix "{prefix}". Reverse is not supported on prefixed links, and restore on a '
            f"prefixed pair is unverified. In active-active move the clients instead."
        )
        excepted = exception_in_force(step, case)
        if excepted is None:
            over = [one.why_not(case.now) for one in exceptions_for(step, case)[:1]]
            return self.refused(" ".join([says, *(f"{why[0].upper()}{why[1:]}." for why in over)]), saw, NEEDS, at)
        if case.dry_run is None or case.dry_run.agreed is None:
            why = f": {case.dry_run.said}" if case.dry_run else ""
            raise MissingFact(f"what the cluster's own dry run says of this, which {excepted.name} rests on{why}")
        if not case.dry_run.agreed:
            said = f"{says} {excepted.name.capitalize()} is in force, but the cluster's own dry run refused: "
            return self.refused(said + case.dry_run.said, saw, NEEDS, case.dry_run.at)
        until = f"{excepted.expires:%F %H:%M} UTC"
        return self.met(
            f"{saw}; {excepted.name} by {excepted.by} ({excepted.reference}) until {until}, and the dry run agrees",
            NEEDS, case.dry_run.at,
        )  # fmt: skip

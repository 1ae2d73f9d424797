"""What a link does not bear: judged on its settings as they would be after the step, not only as they are."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Protocol, runtime_checkable

from runbooks.engine.context import Case
from runbooks.engine.guards.rule import MissingFact, Rule, acting_side, present
from runbooks.engine.kinds import StepKind, guards
from runbooks.engine.link_settings import Settings, half_on, setting
from runbooks.engine.outcome import Level, Verdict
from runbooks.engine.vantage import span

GROUP_PREFIX = "consumer.group.prefix.enable"
AUTO_CREATE = "auto.create.mirror.topics.enable"
ACL_SYNC = "acl.sync.enable"


@runtime_checkable
class ChangesSettings(Protocol):
    def changes(self, case: Case) -> Settings:
        """What the step sets on the half of the link where it acts; None resets a setting to its default, off."""
        ...


class Combination(Rule):
    """Subclasses say which switch must be off, and when."""

    level: ClassVar[Level] = Level.ABSOLUTE
    switch: ClassVar[str]
    text: ClassVar[str]

    def concerns(self, mode: str | None, prefix: str | None, side: str) -> str:
        """Why the switch has to be off here; empty where it may be on."""
        raise NotImplementedError

    def judge(self, step: StepKind, case: Case) -> Verdict:
        side = acting_side(step, case)
        link = half_on(case, side)
        needs = f"{self.switch}=false after this step"
        why = self.concerns(link.mode, link.prefix, side.side)
        if not why:
            return self.met("does not concern this link", needs, side.configs_at)
        changes = step.changes(case) if isinstance(step, ChangesSettings) else {}
        value = (changes[self.switch] or "false") if self.switch in changes else setting(link, self.switch, side.side)
        if value not in {"true", "false"}:
            raise MissingFact(f"what {self.switch}={value} of link {link.name} on {side.side} means")
        saw = f"{why}; {self.switch} would be {value} on {side.side}"
        return self.refused(self.text, saw, needs, side.configs_at) if value == "true" else self.met(saw, needs)


def _prefixed(prefix: str | None, side: str) -> str:
    found = present(prefix, f"the prefix of the link on {side}")
    return f"the link has prefix {found}" if found else ""


def _bidirectional(mode: str | None, side: str) -> str:
    return "the link is bidirectional" if present(mode, f"the mode of the link on {side}") == "BIDIRECTIONAL" else ""


@guards.add("no_group_prefix")
@dataclass(frozen=True)
class NoGroupPrefix(Combination):
    """A bidirectional link does not prefix the names of consumer groups, before this step or by it."""

    code: ClassVar[str] = "R21"
    title: ClassVar[str] = "Group names cross as they are"
    source: ClassVar[str] = "the platform takes no group prefix on a bidirectional link"
    switch: ClassVar[str] = GROUP_PREFIX
    text: ClassVar[str] = f"{GROUP_PREFIX} cannot be used on a bidirectional link."

    def concerns(self, mode: str | None, prefix: str | None, side: str) -> str:
        return _bidirectional(mode, side)


@guards.add("no_auto_create_with_prefix")
@dataclass(frozen=True)
class NoAutoCreateWithPrefix(Combination):
    """A bidirectional link with a prefix does not create mirrors by itself, before this step or by it."""

    code: ClassVar[str] = "R22"
    title: ClassVar[str] = "Mirrors are created one by one beside a prefix"
    source: ClassVar[str] = "the platform refuses prefix and automatic mirrors on a bidirectional link"
    switch: ClassVar[str] = AUTO_CREATE
    text: ClassVar[str] = (
        "Prefix and automatic mirror creation cannot be combined on a bidirectional link. Create mirrors explicitly."
    )

    def concerns(self, mode: str | None, prefix: str | None, side: str) -> str:
        return _prefixed(prefix, side) if _bidirectional(mode, side) else ""


@guards.add("no_acl_sync_with_prefix")
@dataclass(frozen=True)
class NoAclSyncWithPrefix(Combination):
    """A link with a prefix does not sync ACLs, before this step or by it."""

    code: ClassVar[str] = "R23"
    title: ClassVar[str] = "No ACLs are synced beside a prefix"
    source: ClassVar[str] = "the platform refuses prefix and ACL sync on one link"
    switch: ClassVar[str] = ACL_SYNC
    text: ClassVar[str] = (
        "Prefix and ACL sync cannot be combined. Use a separate link without data for ACLs, or manage ACLs yourself."
    )

    def concerns(self, mode: str | None, prefix: str | None, side: str) -> str:
        return _prefixed(prefix, side)


@guards.add("fresh_link_settings")
@dataclass(frozen=True)
class FreshLinkSettings(Rule):
    """The settings of the half of the link that is acted on were read within the limit for settings."""

    code: ClassVar[str] = "R26"
    title: ClassVar[str] = "The link's settings are fresh"
    level: ClassVar[Level] = Level.ABSOLUTE
    source: ClassVar[str] = "Breakwater: facts expire (policy of the pair)"

    def judge(self, step: StepKind, case: Case) -> Verdict:
        side, limit = acting_side(step, case), case.policy.configs_for
        age = case.now - present(side.configs_at, f"when the settings of {side.side} were read")
        saw, needs = f"{side.side}: {span(age)} ago", f"{span(limit)} or less"
        if age <= limit:
            return self.met(saw, needs, side.configs_at)
        seconds = int(limit.total_seconds())
        says = f"The reading of the settings of {side.side} is {int(age.total_seconds())}s old; limit {seconds}s."
        return self.refused(f"{says} Refresh and try again.", saw, needs, side.configs_at)

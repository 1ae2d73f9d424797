"""Who may do what. Services ask here, fresh from the database at each call; views only hide what would be refused."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING

from django.apps import apps
from django.conf import settings
from django.contrib.auth.models import AnonymousUser
from django.core.exceptions import PermissionDenied

from audit.clock import database_now

if TYPE_CHECKING:
    from people.models import Account, Person


class Right(StrEnum):
    LOOK = "look"
    COMMAND = "command"  # confirm, pause, abort, skip, re-arm, declare
    APPROVE_STEP = "approve_step"  # never one's own; the database sees to that
    WRITE_DEFINITION = "write_definition"
    APPROVE_DEFINITION = "approve_definition"  # never one's own
    EXPORT_AUDIT = "export_audit"
    MANAGE_PEOPLE = "manage_people"
    SANDBOX_FAULTS = "sandbox_faults"
    ATTEST = "attest"
    RECORD_EXCEPTION = "record_exception"
    REVIEW_BREAK_GLASS = "review_break_glass"  # never one's own
    WAIVE_APPROVAL = "waive_approval"  # no role holds it: an account for break-glass does, while its glass is broken


RIGHTS: dict[str, frozenset[Right]] = {
    "viewer": frozenset({Right.LOOK}),
    "commander": frozenset({Right.LOOK, Right.COMMAND, Right.APPROVE_STEP, Right.SANDBOX_FAULTS, Right.ATTEST}),
    "reviewer": frozenset({Right.LOOK, Right.APPROVE_DEFINITION, Right.EXPORT_AUDIT, Right.REVIEW_BREAK_GLASS}),
    "admin": frozenset(Right) - {Right.COMMAND, Right.APPROVE_STEP, Right.WAIVE_APPROVAL},
}
# What an account for break-glass has of its person's rights, and what it gains once its glass is broken.
GLASS_WHOLE = frozenset({Right.LOOK})
GLASS_BROKEN = frozenset({Right.LOOK, Right.COMMAND, Right.WAIVE_APPROVAL})
WHAT = {
    Right.LOOK: "look at this console",
    Right.COMMAND: "declare an incident, or confirm, pause, abort, skip or re-arm a step",
    Right.APPROVE_STEP: "approve a step",
    Right.WRITE_DEFINITION: "write a runbook definition",
    Right.APPROVE_DEFINITION: "approve a runbook definition",
    Right.EXPORT_AUDIT: "export the audit trail",
    Right.MANAGE_PEOPLE: "manage people",
    Right.SANDBOX_FAULTS: "set sandbox faults",
    Right.RECORD_EXCEPTION: "record or revoke a verified exception from a refusal",
    Right.ATTEST: "enter what the owner of a client says of it",
    Right.REVIEW_BREAK_GLASS: "review what was done with a break-glass account",
    Right.WAIVE_APPROVAL: "go on without the approval of another person",
}


# What a process with READ_ONLY leaves to anybody, whatever their roles.
KEPT_WHEN_READ_ONLY = frozenset({Right.LOOK, Right.EXPORT_AUDIT})
READ_ONLY_SAYS = (
    "This console is read-only (READ_ONLY is on): it shows everything and changes nothing. "
    "To act, open a console without that setting."
)


# By whether breaking the glass would give the right.
GLASS_SAYS = {
    True: (
        "Nobody goes on alone but with an account for break-glass whose glass is broken: sign in with that account, "
        "and say why on its first page."
    ),
    False: (
        "An account for break-glass only commands: it never approves what somebody else confirmed, and manages "
        "nothing. Sign in with your everyday account for that."
    ),
}


class Forbidden(PermissionDenied):
    """A right that is missing, as a sentence: who may, and what the asker is."""


def roles_of(who: Account | Person | AnonymousUser) -> frozenset[str]:
    """The roles that count now: none for a deactivated person or account."""
    # By name, because people.models imports this module for Account.has_perm.
    grants = apps.get_model("people", "RoleGrant")._default_manager.filter(person__active=True)
    match who._meta.label if hasattr(who, "_meta") else "":
        case "people.Account":
            held = grants.filter(person__accounts=who.pk, person__accounts__is_active=True)
        case "people.Person":
            held = grants.filter(person=who.pk)
        case _:
            return frozenset()
    return frozenset(held.values_list("role", flat=True))


def rights_of(who: Account | Person | AnonymousUser) -> frozenset[Right]:
    held: frozenset[Right] = frozenset().union(*(RIGHTS[role] for role in roles_of(who)))
    if getattr(who, "is_break_glass", False):
        held = _through_glass(who, held)
    return held & KEPT_WHEN_READ_ONLY if settings.READ_ONLY else held


def _through_glass(account: Account | Person | AnonymousUser, held: frozenset[Right]) -> frozenset[Right]:
    """An account for break-glass gives nobody a role: only who may command can do so alone, and it approves nothing."""
    is_broken = apps.get_model("people", "BrokenGlass")._default_manager.filter(
        account=account.pk, ended_at=None, ends_at__gt=database_now()
    )
    if Right.COMMAND in held and is_broken.exists():
        return GLASS_BROKEN
    return held & GLASS_WHOLE


def may(who: Account | Person | AnonymousUser, right: Right) -> bool:
    return right in rights_of(who)


def require(account: Account | AnonymousUser, right: Right) -> Person:
    """The account's person, who holds `right`; Forbidden otherwise."""
    if right not in KEPT_WHEN_READ_ONLY:
        writable()
    if isinstance(account, AnonymousUser) or right not in rights_of(account):
        raise _refused(account, right)
    return account.person


def _refused(account: Account | AnonymousUser, right: Right) -> Forbidden:
    roles = roles_of(account)
    may_otherwise = any(right in RIGHTS[role] for role in roles)
    if right is Right.WAIVE_APPROVAL or (may_otherwise and getattr(account, "is_break_glass", False)):
        return Forbidden(GLASS_SAYS[right in GLASS_BROKEN])
    return refusal(right, roles)


def writable() -> None:
    """Forbidden in a read-only process; for what no right stands before."""
    if settings.READ_ONLY:
        raise Forbidden(READ_ONLY_SAYS)


def refusal(right: Right, roles: frozenset[str]) -> Forbidden:
    holders = listed([role for role in RIGHTS if right in RIGHTS[role]], "or")
    held = f"You are {listed(sorted(roles), 'and')}." if roles else "You hold no role here."
    said = f"Only a person with the role {holders} may {WHAT[right]}. {held}"
    return Forbidden(f"{said} An admin can grant roles on the People page.")


def listed(words: list[str], last: str) -> str:
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} {last} {words[-1]}"

"""Runbook definitions: written by one person, approved by another; those of a release approved by the release."""

from __future__ import annotations

import hashlib
from datetime import date
from pathlib import Path

from audit.clock import database_now
from audit.ledger import Actor, Ledger, ledger
from people.rights import Forbidden, Right
from runbooks.engine import definition as engine
from runbooks.engine.complaint import DefinitionError
from runbooks.engine.part import SLUG
from runbooks.engine.states import IllegalMove
from runbooks.engine.text import read
from runbooks.models import Definition, DefinitionVersion, VersionState
from runbooks.services.errors import Invalid, Stale
from runbooks.services.library import APPROVED, not_usable, outdated
from runbooks.services.who import Who

LIBRARY = Path(__file__).parent.parent / "library"
V = VersionState


def save_draft(who: Who, text: str, *, version_id: int | None = None) -> DefinitionVersion:
    """Edit a draft of one's own, or begin a new version. The text may still be wrong: `submit` insists that it is not.

    Invalid where not even the runbook's name can be read.
    """
    with ledger(who.actor) as book:
        person = who.require(Right.WRITE_DEFINITION)
        slug, title = _named(text)
        if version_id is None:
            version = _new(slug, title, text)
            version.author = person
        else:
            version = _draft(version_id)
            _same_runbook(version, slug)
        if version.author_id != person.pk:
            raise Forbidden("This draft was begun by another person: begin a version of your own from its text.")
        version.text, version.digest = text, text_digest(text)
        version.save()
        book.add("definition.drafted", object=str(version), digest=version.digest)
        return version


def submit(who: Who, version_id: int) -> DefinitionVersion:
    """Hand a draft to the reviewers. Invalid with every complaint while its text is wrong."""
    with ledger(who.actor) as book:
        who.require(Right.WRITE_DEFINITION)
        version = _draft(version_id)
        _up_to_date(parsed(version.text))
        _turn(book, version, V.IN_REVIEW, "definition.submitted", submitted_at=database_now(), rejection="")
        return version


def approve(who: Who, version_id: int, *, digest: str, review_by: date | None = None) -> DefinitionVersion:
    """Let runs be started from this text. `digest` is that of the text the reviewer saw. Never one's own."""
    with ledger(who.actor) as book:
        person = who.require(Right.APPROVE_DEFINITION)
        version = _in_review(version_id, digest)
        if version.author_id == person.pk:
            raise Forbidden(
                "You wrote this version, with this account or another of yours: another person has to approve it."
            )
        text = _up_to_date(parsed(version.text))
        now = database_now()
        for older in DefinitionVersion.objects.filter(definition=version.definition, state=V.APPROVED):
            _turn(book, older, V.RETIRED, "definition.superseded", retired_at=now)
        _turn(
            book, version, V.APPROVED, "definition.approved", approved_by=person, approved_at=now, review_by=review_by
        )
        version.definition.title, version.definition.retired = text.title, False
        version.definition.save()
        return version


def reject(who: Who, version_id: int, *, digest: str, reason: str) -> DefinitionVersion:
    """Send it back to its author as a draft."""
    with ledger(who.actor) as book:
        who.require(Right.APPROVE_DEFINITION)
        version = _in_review(version_id, digest)
        said = _reason(reason)
        _turn(book, version, V.DRAFT, "definition.rejected", reason=said, rejection=said)
        return version


def retire(who: Who, slug: str, *, reason: str) -> Definition:
    """No new run starts from any version; runs under way go on."""
    with ledger(who.actor) as book:
        who.require(Right.APPROVE_DEFINITION)
        definition = Definition.objects.get(slug=slug)
        for version in definition.versions.filter(state=V.APPROVED):
            _turn(book, version, V.RETIRED, "definition.version-retired", retired_at=database_now())
        definition.retired = True
        definition.save()
        book.add("definition.retired", object=slug, reason=_reason(reason))
        return definition


def import_released(folder: Path = LIBRARY) -> list[DefinitionVersion]:
    """Bring in the runbooks of this release. A new one arrives approved by the release, an update as a draft."""
    return [version for path in sorted(folder.glob("*.yaml")) if (version := _import(path.read_text("utf-8")))]


def _import(text: str) -> DefinitionVersion | None:
    digest, runbook = text_digest(text), parsed(text)
    if DefinitionVersion.objects.filter(definition__slug=runbook.slug, digest=digest).exists():
        return None
    with ledger(Actor.product("release")) as book:
        is_update = DefinitionVersion.objects.filter(definition__slug=runbook.slug).exists()
        version = _new(runbook.slug, runbook.title, text)
        version.digest, version.is_released = digest, True
        if not is_update:
            version.state, version.approved_at = V.APPROVED, version.made_at
        version.save()
        book.add("definition.imported", object=str(version), after=version.state, digest=digest)
        return version


def text_digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def parsed(text: str) -> engine.RunbookDefinition:
    """Invalid with every complaint by its line."""
    try:
        return engine.parse(text, APPROVED)
    except DefinitionError as error:
        raise Invalid({"text": "\n".join(str(complaint) for complaint in error.complaints)}) from error


def _up_to_date(runbook: engine.RunbookDefinition) -> engine.RunbookDefinition:
    if said := [*not_usable(runbook), *outdated(runbook)]:
        raise Invalid({"text": "\n".join(said)})
    return runbook


def _named(text: str) -> tuple[str, str]:
    """The runbook's name and title, from a text that may be wrong elsewhere."""
    try:
        found = read(text).value
    except DefinitionError as error:
        raise Invalid({"text": str(error.complaints[0])}) from error
    keys = {key: str(spot.value) for key, spot in found.items()} if isinstance(found, dict) else {}
    if not SLUG.fullmatch(keys.get("runbook", "")):
        raise Invalid({"text": "line 1: the text must begin with `runbook: name` (small letters, digits, dashes)"})
    return keys["runbook"], keys.get("title", keys["runbook"])


def _new(slug: str, title: str, text: str) -> DefinitionVersion:
    definition, _ = Definition.objects.get_or_create(slug=slug, defaults={"title": title})
    newest = definition.versions.first()
    return DefinitionVersion(
        definition=definition, number=newest.number + 1 if newest else 1, text=text, digest=text_digest(text),
        made_at=database_now(),
    )  # fmt: skip


def _draft(version_id: int) -> DefinitionVersion:
    version = DefinitionVersion.objects.select_related("definition").get(pk=version_id)
    if version.state != V.DRAFT:
        raise IllegalMove(f"{version} is {version.get_state_display()}: only a draft can be changed or submitted")
    return version


def _in_review(version_id: int, digest: str) -> DefinitionVersion:
    version = DefinitionVersion.objects.select_related("definition").get(pk=version_id)
    if version.state != V.IN_REVIEW:
        raise IllegalMove(f"{version} is {version.get_state_display()}, not in review")
    if version.digest != digest:
        raise Stale("The text is not the one you were shown: reload the page and read it again.")
    return version


def _same_runbook(version: DefinitionVersion, slug: str) -> None:
    if version.definition.slug != slug:
        raise Invalid({"text": f"this is a version of {version.definition.slug}; the text says runbook: {slug}"})


def _turn(
    book: Ledger, version: DefinitionVersion, state: VersionState, kind: str, *, reason: str = "", **changes: object
) -> None:
    before = version.state
    version.state = state
    for name, value in changes.items():
        setattr(version, name, value)
    version.save()
    book.add(kind, object=str(version), before=before, after=state, digest=version.digest, reason=reason)


def _reason(reason: str) -> str:
    if not reason.strip():
        raise Invalid({"reason": "Say why, in a sentence: it stays in the record."})
    return reason.strip()

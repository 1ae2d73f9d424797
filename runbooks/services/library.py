"""The texts of approved runbooks, for those that hold others; and whether what they hold may still be used."""

from __future__ import annotations

from datetime import UTC, datetime

from runbooks.engine.written import Inclusion, RunbookDefinition
from runbooks.models import DefinitionVersion, VersionState


class Approved:
    """`engine.included.Library` of this installation: a version that was approved once can be found for ever."""

    def text(self, slug: str, digest: str) -> str | None:
        versions = DefinitionVersion.objects.filter(definition__slug=slug, digest=digest, approved_at__isnull=False)
        return versions.values_list("text", flat=True).first()

    def approved(self, slug: str) -> str | None:
        versions = DefinitionVersion.objects.filter(definition__slug=slug, state=VersionState.APPROVED)
        return versions.values_list("digest", flat=True).first()


APPROVED = Approved()


def not_usable(runbook: RunbookDefinition) -> list[str]:
    """Why no run may begin: a runbook that it holds was retired, or should have been reviewed. A newer version of it
    is no reason; what was reviewed together goes on together.
    """
    return [why for held in runbook.holds if (why := _why_not(held))]


def outdated(runbook: RunbookDefinition) -> list[str]:
    """What a text that is submitted or approved must not hold: another version than the one in force."""
    said = ((held, APPROVED.approved(held.slug)) for held in runbook.holds)
    return [
        f"step {held.key}: {held.slug} has a newer version in force; write version: {in_force}"
        for held, in_force in said
        if in_force and in_force != held.digest
    ]


def _why_not(held: Inclusion) -> str:
    versions = DefinitionVersion.objects.filter(definition__slug=held.slug, digest=held.digest)
    version = versions.exclude(approved_at=None).select_related("definition").first()
    if version is None or version.definition.retired:
        return f"It holds {held.slug}, which is retired."
    if version.review_by is not None and version.review_by < datetime.now(UTC).date():
        return f"It holds {version}, which was to be reviewed by {version.review_by}."
    return ""

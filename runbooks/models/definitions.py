"""Runbook definitions and their versions. A version's text never changes once it has left draft."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models import F, Q

from people.models import Person


class Definition(models.Model):
    """A runbook by name; what it says stands in its versions."""

    slug = models.SlugField(max_length=80, unique=True)
    title = models.CharField(max_length=200)
    retired = models.BooleanField(default=False)

    class Meta:
        ordering: ClassVar = ["slug"]

    def __str__(self) -> str:
        return self.slug


class VersionState(models.TextChoices):
    DRAFT = "draft"
    IN_REVIEW = "in_review"
    APPROVED = "approved"
    RETIRED = "retired"


class DefinitionVersion(models.Model):
    """One text of a runbook. `author` is empty for texts that came with a release."""

    definition = models.ForeignKey(Definition, models.PROTECT, related_name="versions")
    number = models.PositiveIntegerField()
    text = models.TextField()
    digest = models.CharField(max_length=64)
    state = models.CharField(max_length=10, choices=VersionState.choices, default=VersionState.DRAFT)
    is_released = models.BooleanField(default=False)
    author = models.ForeignKey(Person, models.PROTECT, null=True, related_name="+")
    made_at = models.DateTimeField()
    submitted_at = models.DateTimeField(null=True)
    approved_by = models.ForeignKey(Person, models.PROTECT, null=True, related_name="+")
    approved_at = models.DateTimeField(null=True)
    rejection = models.TextField(blank=True)  # why the last review sent it back
    review_by = models.DateField(null=True)  # after this day the version starts no run until somebody reviews it
    retired_at = models.DateTimeField(null=True)

    class Meta:
        ordering: ClassVar = ["definition", "-number"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["definition", "number"], name="runbooks_version_number"),
            models.CheckConstraint(
                condition=Q(approved_by__isnull=True) | Q(author__isnull=True) | ~Q(approved_by=F("author")),
                name="runbooks_version_not_own",
            ),
            models.CheckConstraint(
                condition=~Q(state="approved") | Q(approved_by__isnull=False) | Q(is_released=True),
                name="runbooks_version_approved_by",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.definition.slug} v{self.number}"

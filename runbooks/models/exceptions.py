"""Verified exceptions from a refusal that stands until the vendor says otherwise."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models import F, Q

from people.models import Person


class RecordedException(models.Model):
    """One pair, link and operation that an admin has verified, for a time. Revoked once, and never changed else."""

    pair = models.CharField(max_length=100)
    link = models.CharField(max_length=255)
    operation = models.CharField(max_length=60)  # the kind of step
    why = models.TextField()
    reference = models.CharField(max_length=200)  # what the vendor said, and where
    recorded_by = models.ForeignKey(Person, models.PROTECT, related_name="+")
    recorded_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    revoked_by = models.ForeignKey(Person, models.PROTECT, null=True, related_name="+")
    revoked_at = models.DateTimeField(null=True)
    revoked_why = models.TextField(blank=True)

    class Meta:
        ordering: ClassVar = ["-recorded_at", "-pk"]
        constraints: ClassVar = [
            models.CheckConstraint(condition=Q(expires_at__gt=F("recorded_at")), name="runbooks_exception_ends"),
            models.CheckConstraint(
                condition=Q(revoked_at__isnull=True, revoked_by__isnull=True)
                | Q(revoked_at__isnull=False, revoked_by__isnull=False),
                name="runbooks_exception_revoked",
            ),
        ]

    def __str__(self) -> str:
        return f"exception {self.pk}"

"""The switch that keeps every command from leaving, whatever run it belongs to."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models import Q

from people.models import Person


class Stop(models.Model):
    """A time in which nothing was sent to any cluster; `is_on` until somebody lifts it. One at a time."""

    is_on = models.BooleanField(default=True)
    set_by = models.ForeignKey(Person, models.PROTECT, related_name="+")
    set_at = models.DateTimeField()
    reason = models.TextField(blank=True)  # may be empty: who has to stop everything need not write first
    lifted_by = models.ForeignKey(Person, models.PROTECT, null=True, related_name="+")
    lifted_at = models.DateTimeField(null=True)
    lifted_reason = models.TextField(blank=True)

    class Meta:
        ordering: ClassVar = ["-set_at", "-pk"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["is_on"], condition=Q(is_on=True), name="runbooks_one_stop"),
            models.CheckConstraint(
                condition=Q(is_on=True, lifted_at__isnull=True) | Q(is_on=False, lifted_at__isnull=False),
                name="runbooks_stop_lifted",
            ),
        ]

    def __str__(self) -> str:
        return f"stop {self.pk}"

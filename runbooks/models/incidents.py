"""What clocks, expectations, evidence and reports hang on."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models import Q

from people.models import Person


class Incident(models.Model):
    """A declared outage of one side of a pair. A failover and the return home are two runs of one incident."""

    pair = models.CharField(max_length=100)
    side = models.CharField(max_length=100)
    t0 = models.DateTimeField()  # last success before the first failure
    t0_uncertainty_ms = models.PositiveIntegerField(default=0)
    declared_by = models.ForeignKey(Person, models.PROTECT, related_name="+")
    declared_at = models.DateTimeField()
    reason = models.TextField()
    expected = models.JSONField(default=dict)  # states that are expected while it is open
    will_not_return = models.BooleanField(default=False)  # the commander's word that the side is gone for good
    closed_by = models.ForeignKey(Person, models.PROTECT, null=True, related_name="+")
    closed_at = models.DateTimeField(null=True)
    closed_reason = models.TextField(blank=True)

    class Meta:
        ordering: ClassVar = ["-declared_at"]
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["pair"], condition=Q(closed_at__isnull=True), name="runbooks_one_open_incident"
            )
        ]

    def __str__(self) -> str:
        return f"{self.pair}: {self.side}, {self.declared_at:%Y-%m-%d %H:%M}"

    @property
    def is_open(self) -> bool:
        return self.closed_at is None


class Mark(models.Model):
    """One instant of the recovery clock, T0–T8, of an incident, or of a run that belongs to none.

    `subject` names the application where there is one mark for each. `uncertainty_ms`: it came by so much earlier at
    most, or later for T0. `evidence` is what it was read off.
    """

    incident = models.ForeignKey(Incident, models.PROTECT, null=True, related_name="marks")
    run = models.ForeignKey("runbooks.Run", models.PROTECT, null=True, related_name="marks")
    name = models.CharField(max_length=2)
    subject = models.CharField(max_length=300, blank=True)
    at = models.DateTimeField()
    uncertainty_ms = models.PositiveIntegerField(default=0)
    source = models.TextField()
    evidence = models.ForeignKey("runbooks.Evidence", models.PROTECT, null=True, related_name="marks")

    class Meta:
        ordering: ClassVar = ["name", "at"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["incident", "name", "subject"], name="runbooks_mark_once"),
            models.UniqueConstraint(fields=["run", "name", "subject"], name="runbooks_mark_once_of_run"),
            models.CheckConstraint(
                condition=Q(incident__isnull=True, run__isnull=False) | Q(incident__isnull=False, run__isnull=True),
                name="runbooks_mark_of_one_clock",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.name} {self.subject}".strip()

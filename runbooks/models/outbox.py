"""The work that is due. A row is the enqueue; a message is only a bell."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models import Q

from runbooks.models.runs import StepRun


class Outbox(models.Model):
    """One slice of work, due at an instant. It is done once: picked by a conditional update, then marked done."""

    class Task(models.TextChoices):
        ADVANCE = "advance"  # claim and send: the act queue
        LOOK = "look"  # observe: the observe queue
        PREFLIGHT = "preflight"

    task = models.CharField(max_length=10, choices=Task.choices)
    step = models.ForeignKey(StepRun, models.PROTECT, related_name="+")
    fence = models.PositiveIntegerField()
    made_at = models.DateTimeField()
    due_at = models.DateTimeField()
    published_at = models.DateTimeField(null=True)
    unpublishable_at = models.DateTimeField(null=True)  # publishing failed: the executor takes it at once
    picked_at = models.DateTimeField(null=True)
    done_at = models.DateTimeField(null=True)

    class Meta:
        ordering: ClassVar = ["due_at", "pk"]
        verbose_name_plural = "outbox"
        indexes: ClassVar = [
            models.Index(fields=["due_at"], condition=Q(done_at__isnull=True), name="runbooks_outbox_due"),
            models.Index(fields=["step", "fence"], name="runbooks_outbox_step"),
        ]

    def __str__(self) -> str:
        return f"{self.task} {self.step_id} at fence {self.fence}"


class WorkerBeat(models.Model):
    """A sign of life, by the database's clock: of each worker for each queue it answers on, and of the executor."""

    name = models.CharField(max_length=200)
    role = models.CharField(max_length=20)  # act, observe, executor
    at = models.DateTimeField()
    ahead_s = models.FloatField(default=0.0)  # how far its host's clock is ahead of the database's

    class Meta:
        ordering: ClassVar = ["role", "name"]
        constraints: ClassVar = [models.UniqueConstraint(fields=["name", "role"], name="runbooks_beat_once")]

    def __str__(self) -> str:
        return self.name

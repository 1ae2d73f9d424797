"""Runs and their steps. State and fence change through `services.moves` alone; triggers refuse every other way."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models import Q

from people.models import Person
from runbooks.engine.states import RUN_OVER, Mode, RunState, StepState
from runbooks.models.definitions import DefinitionVersion
from runbooks.models.incidents import Incident


class Run(models.Model):
    """One definition version at work on one pair, with parameters, targets and inventory pinned at its start."""

    incident = models.ForeignKey(Incident, models.PROTECT, null=True, related_name="runs")
    version = models.ForeignKey(DefinitionVersion, models.PROTECT, related_name="runs")
    pair = models.CharField(max_length=100)
    mode = models.CharField(max_length=10)
    parameters = models.JSONField(default=dict)
    targets = models.JSONField(default=dict)  # step key → names
    inventory_digest = models.CharField(max_length=64)
    state = models.CharField(max_length=30, default=RunState.RUNNING.value)
    fence = models.PositiveIntegerField(default=0)
    held = models.TextField(blank=True)  # why nothing is sent, although it runs
    commander = models.ForeignKey(Person, models.PROTECT, related_name="+")
    started_by = models.ForeignKey(Person, models.PROTECT, related_name="+")
    started_at = models.DateTimeField()
    finished_at = models.DateTimeField(null=True)
    ending = models.TextField(blank=True)  # why it was aborted, or what its exceptions are

    class Meta:
        ordering: ClassVar = ["-started_at", "-pk"]
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["pair"],
                condition=Q(mode__in=[Mode.LIVE.value, Mode.DRILL.value])
                & ~Q(state__in=sorted(state.value for state in RUN_OVER)),
                name="runbooks_one_active_run",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.pair}-{self.pk}"

    @property
    def is_over(self) -> bool:
        return self.state in RUN_OVER

    @property
    def is_rehearsal(self) -> bool:
        return self.mode == Mode.REHEARSAL


class StepRun(models.Model):
    """One step of a run. What decides it (confirm, approvals, time-out) is copied from the pinned version."""

    run = models.ForeignKey(Run, models.PROTECT, related_name="steps")
    position = models.PositiveSmallIntegerField()  # from 1
    key = models.CharField(max_length=80)
    kind = models.CharField(max_length=80)
    kind_version = models.PositiveSmallIntegerField(default=1)
    nature = models.CharField(max_length=10)  # check, attest, act
    is_irreversible = models.BooleanField(default=False)
    title = models.CharField(max_length=200)
    needs = models.JSONField(default=list)  # keys
    confirm = models.CharField(max_length=20, default="click")  # click, cluster, topic, record-count
    approvals = models.PositiveSmallIntegerField(default=0)
    timeout = models.DurationField()
    is_optional = models.BooleanField(default=False)

    state = models.CharField(max_length=20, default=StepState.LOCKED.value)
    fence = models.PositiveIntegerField(default=0)
    attempts = models.PositiveSmallIntegerField(default=0)
    moved_at = models.DateTimeField()
    moved_by = models.ForeignKey(Person, models.PROTECT, null=True, related_name="+")  # empty: Breakwater itself
    ready_at = models.DateTimeField(null=True)
    claimed_by = models.CharField(max_length=100, blank=True)
    claimed_at = models.DateTimeField(null=True)
    lease_until = models.DateTimeField(null=True)
    started_at = models.DateTimeField(null=True)  # of the present attempt: first sent, or observed
    ended_at = models.DateTimeField(null=True)
    overdue = models.BooleanField(default=False)
    drifted = models.BooleanField(default=False)
    drift_why = models.TextField(blank=True)
    summary = models.TextField(blank=True)
    rehearsed = models.CharField(max_length=10, blank=True)  # allowed, refused, unjudged

    class Meta:
        ordering: ClassVar = ["run", "position"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["run", "position"], name="runbooks_step_position"),
            models.UniqueConstraint(fields=["run", "key"], name="runbooks_step_key"),
        ]
        indexes: ClassVar = [models.Index(fields=["state"], name="runbooks_step_state")]

    def __str__(self) -> str:
        return f"{self.run} {self.position} {self.key}"

"""One arming of a step: what was asked, each call that was sent, what was seen of each item."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models import Q

from people.models import Person
from runbooks.engine.outcome import ItemState
from runbooks.models.incidents import Incident
from runbooks.models.runs import Run, StepRun


class Attempt(models.Model):
    """One arming: who confirmed what. Approvals bind `digest`; a decline, expiry or change ends it."""

    step = models.ForeignKey(StepRun, models.PROTECT, related_name="armings")
    number = models.PositiveSmallIntegerField()
    requester = models.ForeignKey(Person, models.PROTECT, related_name="+")
    digest = models.CharField(max_length=64)
    binding = models.JSONField()  # the categories that the digest covers
    seen = models.JSONField(default=dict)  # numbers that move by themselves, as the confirmer saw them
    verdicts = models.JSONField(default=list)  # the guards, as the confirmer saw them
    inputs = models.JSONField(default=dict)
    phrase = models.CharField(max_length=300, blank=True)
    is_guided = models.BooleanField(default=False)  # a person runs the vendor's command
    command = models.TextField(blank=True)  # that command, as the page showed it
    requested_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    is_live = models.BooleanField(default=True)
    ended_at = models.DateTimeField(null=True)
    ending = models.TextField(blank=True)
    sent_at = models.DateTimeField(null=True)
    pre_state = models.JSONField(default=dict)
    memory = models.JSONField(default=dict)  # what earlier looks found
    releases = models.PositiveSmallIntegerField(default=0)  # workers that died with it before anything was sent
    looks = models.PositiveIntegerField(default=0)
    clear_looks = models.PositiveIntegerField(default=0)  # running count of looks that said: not applied
    clear_since = models.DateTimeField(null=True)

    class Meta:
        ordering: ClassVar = ["step", "number"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["step", "number"], name="runbooks_attempt_number"),
            models.UniqueConstraint(fields=["step"], condition=Q(is_live=True), name="runbooks_one_live_attempt"),
            # What an approval's composite key points to.
            models.UniqueConstraint(fields=["id", "requester"], name="runbooks_attempt_requester"),
        ]

    def __str__(self) -> str:
        return f"{self.step} attempt {self.number}"


class Call(models.Model):
    """One request to the outside. The row is committed before the socket is touched."""

    class Outcome(models.TextChoices):
        PENDING = "pending"
        ACCEPTED = "accepted"
        REFUSED = "refused"
        NOT_SENT = "not-sent"
        NOT_SERVED = "not-served"
        UNKNOWN = "unknown"
        BY_HAND = "by-hand"

    attempt = models.ForeignKey(Attempt, models.PROTECT, related_name="calls")
    number = models.PositiveSmallIntegerField()
    intent = models.JSONField()  # the exact request, and how its outcome will be recognised
    items = models.JSONField()
    digest = models.CharField(max_length=64)
    sent_at = models.DateTimeField()
    deadline_at = models.DateTimeField()  # no byte of it is written after this
    outcome = models.CharField(max_length=10, choices=Outcome.choices, default=Outcome.PENDING)
    said = models.TextField(blank=True)
    answer = models.JSONField(default=dict)
    ended_at = models.DateTimeField(null=True)

    class Meta:
        ordering: ClassVar = ["attempt", "number"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["attempt", "number"], name="runbooks_call_number"),
        ]

    def __str__(self) -> str:
        return f"{self.attempt} call {self.number}"


class Item(models.Model):
    """One target of an attempt. It is in at most one call."""

    attempt = models.ForeignKey(Attempt, models.PROTECT, related_name="items")
    name = models.CharField(max_length=300)
    state = models.CharField(max_length=20, default=ItemState.PLANNED.value)
    call = models.ForeignKey(Call, models.PROTECT, null=True, related_name="sent_items")
    saw = models.TextField(blank=True)
    updated_at = models.DateTimeField()

    class Meta:
        ordering: ClassVar = ["attempt", "name"]
        constraints: ClassVar = [models.UniqueConstraint(fields=["attempt", "name"], name="runbooks_item_once")]

    def __str__(self) -> str:
        return self.name


class Look(models.Model):
    """One observation of an attempt; `items` lists what changed since the look before."""

    attempt = models.ForeignKey(Attempt, models.PROTECT, related_name="seen_looks")
    at = models.DateTimeField()
    said = models.TextField(blank=True)
    items = models.JSONField(default=dict)

    class Meta:
        ordering: ClassVar = ["attempt", "at", "pk"]

    def __str__(self) -> str:
        return self.said


class Evidence(models.Model):
    """Something that was true and is kept: a receipt, a cut, what a step ended with."""

    incident = models.ForeignKey(Incident, models.PROTECT, null=True, related_name="evidence")
    run = models.ForeignKey(Run, models.PROTECT, null=True, related_name="evidence")
    step = models.ForeignKey(StepRun, models.PROTECT, null=True, related_name="evidence")
    attempt = models.ForeignKey(Attempt, models.PROTECT, null=True, related_name="evidence")
    kind = models.CharField(max_length=80)
    at = models.DateTimeField()
    data = models.JSONField()
    digest = models.CharField(max_length=64)

    class Meta:
        ordering: ClassVar = ["at", "pk"]
        verbose_name_plural = "evidence"

    def __str__(self) -> str:
        return self.kind

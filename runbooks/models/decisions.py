"""What persons decided, and what the page showed them. Decisions are never edited: a change of mind is a new row."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models import F, Q

from people.models import Person
from runbooks.models.attempts import Attempt
from runbooks.models.runs import StepRun


class Approval(models.Model):
    """Another person's word on an attempt.

    `requester` repeats the attempt's (a composite key keeps it true), so that the database itself can refuse an
    approval of one's own request.
    """

    class Verdict(models.TextChoices):
        APPROVE = "approve"
        DECLINE = "decline"

    attempt = models.ForeignKey(Attempt, models.PROTECT, related_name="approvals")
    requester = models.ForeignKey(Person, models.PROTECT, related_name="+")
    approver = models.ForeignKey(Person, models.PROTECT, related_name="+")
    verdict = models.CharField(max_length=10, choices=Verdict.choices)
    reason = models.TextField(blank=True)
    seen = models.JSONField(default=dict)
    verdicts = models.JSONField(
        null=True
    )  # the guards, as this person saw them; unknown of words given before it was kept
    digest = models.CharField(max_length=64)
    at = models.DateTimeField()

    class Meta:
        ordering: ClassVar = ["attempt", "at"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["attempt", "approver"], name="runbooks_one_word_each"),
            models.CheckConstraint(condition=~Q(approver=F("requester")), name="runbooks_approval_not_own"),
        ]

    def __str__(self) -> str:
        return f"{self.approver}: {self.verdict}"


APPROVAL = "approval"  # in the place of a guard: that another person has to agree


class Override(models.Model):
    """A commander's word that one named guard does not hold the next arming of a step; or, of somebody who broke the
    glass, that it needs no other person.
    """

    step = models.ForeignKey(StepRun, models.PROTECT, related_name="overrides")
    attempt = models.PositiveSmallIntegerField()  # the number of the arming it is for
    guard = models.CharField(max_length=40)  # the code
    person = models.ForeignKey(Person, models.PROTECT, related_name="+")
    reason = models.TextField()
    at = models.DateTimeField()

    class Meta:
        ordering: ClassVar = ["step", "at"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["step", "attempt", "guard"], name="runbooks_override_once")
        ]

    def __str__(self) -> str:
        return self.guard


class DriftAcknowledgement(models.Model):
    """A commander's word that a step's result may stay as it is now; it covers `why` and nothing else."""

    step = models.ForeignKey(StepRun, models.PROTECT, related_name="drift_acknowledgements")
    why = models.TextField()
    person = models.ForeignKey(Person, models.PROTECT, related_name="+")
    reason = models.TextField()
    at = models.DateTimeField()

    class Meta:
        ordering: ClassVar = ["step", "at"]

    def __str__(self) -> str:
        return self.why


class Preflight(models.Model):
    """What a step would meet now: the guards, the vendor's dry run, and the digest that a decision would bind.

    Made by an `observe` worker and only read by pages. Empty `digest`: it could not be made, `problem` says why.
    """

    step = models.OneToOneField(StepRun, models.PROTECT, related_name="preflight")
    at = models.DateTimeField(null=True)
    wanted_at = models.DateTimeField(null=True)
    fence = models.PositiveIntegerField(default=0)
    attempt = models.PositiveSmallIntegerField(default=0)  # the number of the arming it was made for
    verdicts = models.JSONField(default=list)
    preview = models.JSONField(default=dict)
    challenge = models.TextField(blank=True)
    prompts = models.JSONField(default=list)
    targets = models.JSONField(default=list)
    binding = models.JSONField(default=dict)
    seen = models.JSONField(default=dict)
    digest = models.CharField(max_length=64, blank=True)
    phrase = models.CharField(max_length=300, blank=True)  # what has to be typed; empty for a click
    problem = models.TextField(blank=True)
    oldest_at = models.DateTimeField(null=True)  # the oldest reading under it

    def __str__(self) -> str:
        return f"preflight of {self.step}"


class Nonce(models.Model):
    """A form that was used. The same form again gets the first one's result; another body gets a refusal."""

    value = models.CharField(max_length=64, unique=True)
    person = models.ForeignKey(Person, models.PROTECT, related_name="+")
    session = models.CharField(max_length=64, blank=True)
    step = models.ForeignKey(StepRun, models.PROTECT, related_name="+")
    fence = models.PositiveIntegerField()
    body = models.CharField(max_length=64)  # digest of what the form said
    used_at = models.DateTimeField()

    def __str__(self) -> str:
        return self.value

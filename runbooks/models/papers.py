"""What was last written as paper, and why nothing was, if so."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models import Q

from people.models import Person
from runbooks.models.runs import StepRun

ONLY = 1


class PaperRound(models.Model):
    """The one row. `state` is what the sheets were made from; `problem` is why the last try wrote nothing."""

    state = models.CharField(max_length=64, blank=True)
    written_at = models.DateTimeField(null=True)
    sheets = models.JSONField(default=list)  # file names
    tried_at = models.DateTimeField(null=True)
    problem = models.TextField(blank=True)

    class Meta:
        constraints: ClassVar = [models.CheckConstraint(condition=Q(pk=ONLY), name="runbooks_one_paper_round")]

    def __str__(self) -> str:
        return f"{len(self.sheets)} sheets"


class PaperTick(models.Model):
    """A step that people did by paper while this program was not there: what they wrote down, entered afterwards.

    It moves no step and satisfies no guard; it is told beside what was sensed, and never as that.
    """

    step = models.ForeignKey(StepRun, models.PROTECT, related_name="paper_ticks")
    done_by = models.CharField(max_length=200)  # as it stands on paper
    done_at = models.DateTimeField()  # as it stands on paper
    note = models.TextField(blank=True)
    entered_by = models.ForeignKey(Person, models.PROTECT, related_name="+")
    entered_at = models.DateTimeField()

    class Meta:
        ordering: ClassVar = ["done_at", "pk"]

    def __str__(self) -> str:
        return f"{self.step}: {self.done_by}"

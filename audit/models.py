"""The record's tables: the chain, its head, the side texts that may be erased without breaking it, and what the anchor
process signed and handed over.
"""

from __future__ import annotations

from typing import ClassVar

from django.db import models

HEAD = 1  # the one head row's key


class Head(models.Model):
    """Where the chain ends. One row; locking it orders every writer of the installation."""

    seq = models.BigIntegerField()
    hash = models.CharField(max_length=64)
    installation = models.CharField(max_length=100)

    class Meta:
        constraints: ClassVar = [models.CheckConstraint(condition=models.Q(pk=HEAD), name="audit_one_head")]


class Event(models.Model):
    """One event. `body` holds the exact bytes that were hashed; the other columns repeat it for lists alone.

    Triggers refuse UPDATE, DELETE and TRUNCATE. Unique `seq` and `prev` make a fork impossible even without the lock.
    """

    seq = models.BigIntegerField(primary_key=True)
    prev = models.CharField(max_length=64, unique=True)
    hash = models.CharField(max_length=64, unique=True)
    body = models.BinaryField()
    at = models.DateTimeField(db_index=True)
    kind = models.CharField(max_length=64)
    source = models.CharField(max_length=100)
    person = models.CharField(max_length=36, blank=True)
    object = models.CharField(max_length=200, blank=True)
    run = models.BigIntegerField(null=True)
    step = models.BigIntegerField(null=True)

    class Meta:
        ordering: ClassVar = ["seq"]
        indexes: ClassVar = [
            models.Index(fields=[column, "seq"], name=f"audit_event_{column}")
            for column in ("kind", "source", "person", "object", "run", "step")
        ]


class SideText(models.Model):
    """A name or free text. The chain holds its salted digest alone, so deleting it leaves the chain whole."""

    class What(models.TextChoices):
        NAME = "name"
        REASON = "reason"

    digest = models.CharField(max_length=64, primary_key=True)
    salt = models.CharField(max_length=32)
    what = models.CharField(max_length=10, choices=What.choices)
    person = models.CharField(max_length=36, blank=True)
    text = models.TextField()

    class Meta:
        indexes: ClassVar = [models.Index(fields=["what", "person"], name="audit_side_person")]


class Checkpoint(models.Model):
    """A signed head, as the anchor process signed it. Triggers refuse to change it or to remove it."""

    size = models.BigIntegerField(db_index=True)
    note = models.TextField()
    key = models.CharField(max_length=200)  # the public one
    at = models.DateTimeField()
    anchors = models.JSONField(default=list)  # the names of those it goes to


class Acknowledgement(models.Model):
    """What an anchor said to a checkpoint: taken, or `error`. One row when it is taken, one for each new error."""

    checkpoint = models.ForeignKey(Checkpoint, on_delete=models.PROTECT)
    anchor = models.CharField(max_length=200)
    at = models.DateTimeField()
    error = models.TextField(blank=True)

    class Meta:
        indexes: ClassVar = [models.Index(fields=["anchor", "id"], name="audit_ack_anchor")]


class Refusal(models.Model):
    """Why the anchor process refused to sign."""

    at = models.DateTimeField()
    said = models.TextField()

"""Definitions, incidents, runs, decisions and the outbox."""

from __future__ import annotations

from runbooks.models.attempts import Attempt, Call, Evidence, Item, Look
from runbooks.models.decisions import Approval, DriftAcknowledgement, Nonce, Override, Preflight
from runbooks.models.definitions import Definition, DefinitionVersion, VersionState
from runbooks.models.exceptions import RecordedException
from runbooks.models.incidents import Incident, Mark
from runbooks.models.outbox import Outbox, WorkerBeat
from runbooks.models.papers import PaperRound, PaperTick
from runbooks.models.runs import Run, StepRun
from runbooks.models.stops import Stop

__all__ = [
    "Approval",
    "Attempt",
    "Call",
    "Definition",
    "DefinitionVersion",
    "DriftAcknowledgement",
    "Evidence",
    "Incident",
    "Item",
    "Look",
    "Mark",
    "Nonce",
    "Outbox",
    "Override",
    "PaperRound",
    "PaperTick",
    "Preflight",
    "RecordedException",
    "Run",
    "StepRun",
    "Stop",
    "VersionState",
    "WorkerBeat",
]

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from runbooks.engine.context import Case
from runbooks.engine.guards.rule import Rule, acting_side
from runbooks.engine.kinds import StepKind, guards
from runbooks.engine.outcome import Level, Verdict
from runbooks.engine.truncation import declared_tails

RECONCILED = "loss.reconcile"
FAILED = f"{RECONCILED} (failed)"
IN_PART = f"{RECONCILED} (in part)"


@guards.add("as_reconciled")
@dataclass(frozen=True)
class AsReconciled(Rule):
    """What will be destroyed is exactly what the reconciliation of this incident found to have never arrived.

    A side that was found behind the cut has lost acknowledged data: nothing may be restored onto it.
    """

    code: ClassVar[str] = "R36"
    title: ClassVar[str] = "The restore will destroy what was reconciled"
    level: ClassVar[Level] = Level.ABSOLUTE
    source: ClassVar[str] = "messages_truncated is the end of the old home − its cut, partition by partition"

    def judge(self, step: StepKind, case: Case) -> Verdict:
        side, topics = acting_side(step, case).side, step.subjects(case).topics
        needs = "settled records equal to the reconciled ones; no partition of the old home below its cut"
        newest = _newest(case, side)
        for topic in topics:
            for part in _partitions(newest, topic):
                if part["behind"]:
                    says = (
                        f"{side} ends at {part['source_end']} on {topic}-{part['partition']}, below the cut "
                        f"{part['cut']}: it has lost records that the other side has. Do not restore."
                    )
                    return self.refused(says, f"{topic}-{part['partition']} is behind by {part['behind']:,}", needs)
        if not all(_partitions(newest, topic) for topic in topics):
            says = (
                "Nobody has reconciled the loss in this incident; the settled records are checked by themselves only."
            )
            return self.refused(says, "not reconciled", needs, level=Level.WARNING, waits_for=RECONCILED)
        for topic, tails in declared_tails(case, side, topics).items():
            reconciled = {part["partition"]: part["unreplicated"] for part in _partitions(newest, topic)}
            for tail in tails:
                known = reconciled.get(tail.partition)
                if tail.records != known:
                    says = (
                        f"Restore would truncate {tail.records} records of {topic}-{tail.partition}, expected {known} "
                        f"as reconciled. Stop: someone wrote on {side}, or the cut is wrong."
                    )
                    return self.refused(says, f"{topic}-{tail.partition}: {tail.records}, not {known}", needs)
        return self.met(f"as reconciled: {newest.get('words')}", needs)


def _newest(case: Case, side: str) -> Mapping[str, Any]:
    """Of a whole reconciliation and of ones that found something wrong, what was found last."""
    kept = (case.evidence.get(kind, {}) for kind in (RECONCILED, IN_PART, FAILED))
    found = [data for data in kept if data.get("side") == side]
    return max(found, key=lambda data: str(data.get("at", "")), default={})


def _partitions(found: Mapping[str, Any], topic: str) -> list[Mapping[str, Any]]:
    return list(found.get("topics", {}).get(topic, {}).get("partitions", ()))

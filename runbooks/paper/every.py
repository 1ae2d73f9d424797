"""Every sheet there can be: each approved runbook, for each pair that it fits and each side that it may be about."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from django.db.models import QuerySet

from clusters.declared import PairEntry
from dashboard import inventory
from runbooks.engine.written import RunbookDefinition
from runbooks.models import DefinitionVersion, VersionState
from runbooks.paper.sheet import Sheet, sheet, sides_of
from runbooks.services.definitions import parsed


@dataclass(frozen=True)
class Wanted:
    entry: PairEntry
    version: DefinitionVersion
    runbook: RunbookDefinition
    side: str

    def sheet(self, now: datetime) -> Sheet:
        return sheet(self.entry, self.version, self.runbook, self.side, inventory.digest_in_force(), now)


def every_sheet() -> Iterator[Wanted]:
    versions = [(version, parsed(version.text)) for version in _approved()]
    for entry in inventory.in_force().pairs.values():
        for version, runbook in versions:
            if runbook.applies_to in {None, entry.topology}:
                yield from (Wanted(entry, version, runbook, side) for side in sides_of(entry, runbook))


def state_of_everything(now: datetime) -> str:
    """Another text whenever sheets have to be written anew: other definitions, another inventory, another day."""
    rows = [f"{pk}:{digest}" for pk, digest in _approved().values_list("pk", "digest")]
    said = "\n".join([inventory.digest_in_force(), *rows, f"{now:%Y-%m-%d}"])
    return hashlib.sha256(said.encode()).hexdigest()


def _approved() -> QuerySet[DefinitionVersion]:
    found = DefinitionVersion.objects.filter(state=VersionState.APPROVED, definition__retired=False)
    return found.select_related("definition").order_by("definition__slug")

"""When sheets are written, and whether those that lie there can still be trusted."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from django.conf import settings
from django.db import transaction

from audit.clock import database_now
from dashboard import inventory
from runbooks.models import PaperRound
from runbooks.models.papers import ONLY
from runbooks.paper.drawn import drawn
from runbooks.paper.every import every_sheet, state_of_everything
from runbooks.paper.folder import is_whole, write

log = logging.getLogger(__name__)
STALE = timedelta(hours=25)  # a day, and an hour to write them


@dataclass(frozen=True)
class PaperStanding:
    """`problem` is empty while sheets are there and of today; `folder` is empty where none is configured."""

    folder: str
    round: PaperRound | None
    problem: str


def write_round(folder: Path, now: datetime) -> list[str]:
    """All sheets, into that folder; their names."""
    sheets = {sheet.file: drawn(sheet) for sheet in (wanted.sheet(now) for wanted in every_sheet())}
    write(folder, sheets, now)
    return sorted(sheets)


def keep_written() -> None:
    """Writes them where they are not those of today's definitions and inventory; what hinders it is kept for people."""
    if not settings.PAPER_FOLDER:
        return
    folder, now = Path(settings.PAPER_FOLDER), database_now()
    with inventory.kept():
        found = PaperRound.objects.filter(pk=ONLY).first()
        state = state_of_everything(now)
        if found and found.state == state and not found.problem and is_whole(folder, found.sheets):
            return
        _keep(state, now, lambda: write_round(folder, now))


def _keep(state: str, now: datetime, written: Callable[[], list[str]]) -> None:
    problem = inventory.why_none()
    if not problem:
        try:
            names = written()
        except OSError as error:
            problem = f"{error.filename or settings.PAPER_FOLDER}: {error.strerror or error}"
    changes: dict[str, object] = {"tried_at": now, "problem": problem}
    if problem:
        log.warning("paper runbooks could not be written: %s", problem)
    else:
        changes |= {"state": state, "written_at": now, "sheets": names}
    with transaction.atomic():
        PaperRound.objects.update_or_create(pk=ONLY, defaults=changes)


def paper_standing(now: datetime) -> PaperStanding:
    if not settings.PAPER_FOLDER:
        return PaperStanding("", None, "")
    found = PaperRound.objects.filter(pk=ONLY).first()
    return PaperStanding(str(settings.PAPER_FOLDER), found, _problem(found, now))


def _problem(found: PaperRound | None, now: datetime) -> str:
    if found is None:
        return "None was ever written: run_executor writes them."
    old = f" Those that lie there are of {found.written_at:%-d %B, %H:%M} UTC." if found.written_at else ""
    if found.problem:
        return f"They cannot be written: {found.problem}.{old}"
    if found.written_at is None or now - found.written_at > STALE:
        return f"They are not written any more: is run_executor alive?{old}"
    return ""

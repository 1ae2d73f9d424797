"""Runbooks as a library, a runbook's versions, and one version as its writer, reviewer and commander see it."""

from __future__ import annotations

import difflib
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from people.rights import Right
from runbooks.engine.complaint import Complaint, DefinitionError
from runbooks.engine.definition import parse
from runbooks.engine.difference import diff
from runbooks.engine.written import RunbookDefinition
from runbooks.models import Definition, DefinitionVersion, VersionState
from runbooks.queries.plan import PlanLine, plan
from runbooks.queries.viewer import Viewer
from runbooks.queries.words import Chip, counted
from runbooks.services.library import APPROVED

CHIPS: dict[str, Chip] = {
    VersionState.DRAFT: Chip("machine", "Draft", "queued"),
    VersionState.IN_REVIEW: Chip("machine", "In review", "approver"),
    VersionState.APPROVED: Chip("ok", "Approved", "sensed"),
    VersionState.RETIRED: Chip("locked", "Retired", "cancelled"),
}


@dataclass(frozen=True)
class LibraryLine:
    definition: Definition
    approved: DefinitionVersion | None
    newest: DefinitionVersion
    chip: Chip
    title: str
    steps: str
    applies_to: str


@dataclass(frozen=True)
class TextLine:
    """`complaints` stand under the line they are about."""

    text: str
    complaints: Sequence[str] = ()


@dataclass(frozen=True)
class DiffLine:
    sign: str  # "+", "-" or ""
    text: str


@dataclass(frozen=True)
class TextView:
    """A text read: its lines with what is wrong, and, where it is right, what it means."""

    lines: Sequence[TextLine]
    complaints: Sequence[Complaint]
    runbook: RunbookDefinition | None
    steps: Sequence[PlanLine] = field(default_factory=tuple)

    @property
    def parameters(self) -> str:
        if self.runbook is None or not self.runbook.parameters:
            return "none"
        return ", ".join(f"{each.title} ({each.type.name})" for each in self.runbook.parameters)


@dataclass(frozen=True)
class Changes:
    """Between the version that is in force and this text: in meaning, and in lines."""

    since: DefinitionVersion
    meaning: Sequence[str]
    lines: Sequence[DiffLine]
    is_readable: bool

    @property
    def count(self) -> str:
        changed = sum(bool(line.sign) for line in self.lines)
        return f"{counted(len(self.meaning), 'change')} in meaning, {counted(changed, 'line')}"


def library() -> list[LibraryLine]:
    versions: dict[int, list[DefinitionVersion]] = defaultdict(list)
    for version in DefinitionVersion.objects.select_related("definition", "author", "approved_by"):
        versions[version.definition_id].append(version)
    return [
        _library_line(definition, versions[definition.pk])
        for definition in Definition.objects.all()
        if versions[definition.pk]
    ]


def _library_line(definition: Definition, versions: Sequence[DefinitionVersion]) -> LibraryLine:
    approved = next((version for version in versions if version.state == VersionState.APPROVED), None)
    text = read_text((approved or versions[0]).text).runbook
    chip = (
        CHIPS[VersionState.RETIRED]
        if definition.retired
        else CHIPS[VersionState(approved.state if approved else versions[0].state)]
    )
    applies_to = f"{text.applies_to} pairs" if text and text.applies_to else "any pair"
    return LibraryLine(
        definition,
        approved,
        versions[0],
        chip,
        definition.title,
        counted(len(text.steps), "step") if text else "not readable",
        applies_to,
    )


def read_text(text: str) -> TextView:
    try:
        runbook = parse(text, APPROVED)
    except DefinitionError as error:
        return TextView(list(_lines(text, error.complaints)), error.complaints, None)
    return TextView(list(_lines(text, ())), (), runbook, list(plan(runbook)))


def _lines(text: str, complaints: Sequence[Complaint]) -> Iterator[TextLine]:
    said: dict[int, list[str]] = defaultdict(list)
    lines = text.splitlines() or [""]
    for complaint in complaints:
        said[min(max(complaint.line, 1), len(lines))].append(complaint.text)
    for number, line in enumerate(lines, start=1):
        yield TextLine(line, said[number])


def changes(version: DefinitionVersion | None, definition: Definition | None, text: str) -> Changes | None:
    """Against the newest approved version, or the one before; None where there is nothing to compare with."""
    if definition is None:
        return None
    others = definition.versions.exclude(pk=version.pk) if version else definition.versions.all()
    older = others.filter(number__lt=version.number) if version else others
    since = older.filter(state=VersionState.APPROVED).first() or older.exclude(state=VersionState.DRAFT).first()
    return _compared(since, text) if since else None


def _compared(since: DefinitionVersion, text: str) -> Changes:
    old, new = read_text(since.text).runbook, read_text(text).runbook
    meaning = diff(old, new) if old and new else ()
    return Changes(since, meaning, list(_text_diff(since.text, text)), bool(old and new))


def _text_diff(old: str, new: str) -> Iterator[DiffLine]:
    for line in difflib.unified_diff(old.splitlines(), new.splitlines(), lineterm="", n=2):
        if line.startswith(("---", "+++")):
            continue
        if line.startswith("@@"):
            yield DiffLine("", "…")
        else:
            yield DiffLine(line[:1].strip(), line[1:])


@dataclass(frozen=True)
class VersionActs:
    """What this viewer may do with this version."""

    edit: bool
    submit: bool
    judge: bool
    why_not: str = ""


def acts(version: DefinitionVersion, viewer: Viewer, view: TextView) -> VersionActs:
    is_own = viewer.is_(version.author_id)
    is_draft, in_review = version.state == VersionState.DRAFT, version.state == VersionState.IN_REVIEW
    may_write, may_judge = Right.WRITE_DEFINITION in viewer.rights, Right.APPROVE_DEFINITION in viewer.rights
    why = ""
    if in_review and may_judge and is_own:
        why = "You wrote it: another person has to approve it."
    if is_draft and may_write and view.complaints:
        why = "Correct what is wrong before it goes to review."
    is_mine = may_write and (is_own or version.author_id is None)
    return VersionActs(
        is_draft and may_write and is_own,
        is_draft and is_mine and not view.complaints,
        in_review and may_judge and not is_own,
        why,
    )

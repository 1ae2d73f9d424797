"""A runbook inside a runbook: its steps take the place of the entry that names it, one level deep.

The entry pins the text by its digest, so that what was reviewed with the outer runbook is what runs; a newer version of
the inner one changes nothing before somebody pins it, and another person approves that.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Protocol

from clusters.facts import Topology
from runbooks.engine.complaint import Complaints, DefinitionError, nearest
from runbooks.engine.fields import Field, Reference, read_value
from runbooks.engine.part import SLUG, Part, names
from runbooks.engine.text import Spot, read
from runbooks.engine.values import ValueType, plain
from runbooks.engine.written import Inclusion, RunbookDefinition, StepDefinition

ENTRY = ("key", "runbook", "version", "with", "needs", "title")
DIGEST = re.compile(r"[0-9a-f]{64}")


class Library(Protocol):
    """Where texts of other runbooks come from. A text by its digest never changes."""

    def text(self, slug: str, digest: str) -> str | None: ...
    def approved(self, slug: str) -> str | None:
        """The digest of the version that is in force."""
        ...


class Empty:
    """Knows no other runbook."""

    def text(self, slug: str, digest: str) -> str | None:
        return None

    def approved(self, slug: str) -> str | None:
        return None


EMPTY = Empty()
Reads = Callable[[Spot, str, Complaints], RunbookDefinition]


@dataclass(frozen=True)
class Group:
    """The steps that one entry became; whoever needs the entry needs the last of them."""

    key: str
    steps: tuple[StepDefinition, ...]
    inclusion: Inclusion | None = None

    @property
    def ends(self) -> tuple[str, ...]:
        needed = {need for step in self.steps for need in step.needs}
        return tuple(step.key for step in self.steps if step.key not in needed)


def is_entry(spot: Spot) -> bool:
    return isinstance(spot.value, dict) and "runbook" in spot.value


@dataclass(frozen=True)
class Outer:
    """What the entries of a runbook need to know of it."""

    slug: str
    topology: Topology | None
    types: Mapping[str, ValueType]
    library: Library | None


def held_by(spot: Spot, before: str, outer: Outer, reads: Reads, complaints: Complaints) -> Group:
    """The steps of another runbook, in the place of the entry that names it."""
    part = Part(spot, f"step {plain(spot).get('key')}", ENTRY, complaints)
    key, slug = part.word("key", SLUG, "move-clients"), part.word("runbook", SLUG, "unplanned-outage-active-active")
    needs: tuple[str, ...] = part.take("needs", names, (before,) if before else ())
    digest = part.text("version")
    if outer.library is None or slug == outer.slug:
        why = "a runbook cannot hold itself" if slug == outer.slug else "one level is all there is"
        part.complain(f"{why}; {outer.slug} holds {slug}", "runbook")
        return Group(key, ())
    text = _pinned(outer.library, slug, digest, part.what, part.line, complaints)
    held = _inner(text, digest, part.what, part.line, reads, complaints) if text else None
    if held is None:
        return Group(key, ())
    if held.applies_to not in {None, outer.topology}:
        part.complain(
            f"{slug} is for {held.applies_to} pairs, and {outer.slug} for {outer.topology or 'any'}", "runbook"
        )
    given = _arguments(held, part.what, part.spots.get("with", Spot({}, part.line)), outer.types, complaints)
    title = part.text("title", held.title)
    steps = _in_place(held, key, title, given, needs, part.line)
    return Group(key, steps, Inclusion(key, slug, digest, title))


def _pinned(library: Library, slug: str, digest: str, what: str, line: int, complaints: Complaints) -> str | None:
    """The pinned text; None, with a complaint that says what to write, where there is none."""
    in_force = library.approved(slug)
    if in_force is None and not (DIGEST.fullmatch(digest) and library.text(slug, digest)):
        complaints.add(line, f"{what}: there is no approved runbook {slug!r}")
        return None
    if not DIGEST.fullmatch(digest):
        wanted = f"write version: {in_force}" if in_force else "its digest has 64 hexadecimal digits"
        complaints.add(line, f"{what}: version must pin the text of {slug} by its digest; {wanted}")
        return None
    text = library.text(slug, digest)
    if text is None:
        complaints.add(line, f"{what}: {slug} has no approved version {digest[:12]}…; the one in force is {in_force}")
    elif hashlib.sha256(text.encode()).hexdigest() != digest:
        complaints.add(line, f"{what}: the text of {slug} is not the one that {digest[:12]}… names")
        text = None
    return text


def _inner(
    text: str, digest: str, what: str, line: int, reads: Reads, complaints: Complaints
) -> RunbookDefinition | None:
    """The inner runbook, read by itself: it may hold no other one, and nothing that is wrong."""
    found = Complaints()
    try:
        definition = reads(read(text), digest, found)
        found.raise_any()
    except DefinitionError as error:
        first = error.complaints[0]
        complaints.add(line, f"{what}: its text is wrong in {first}")
        return None
    return definition


def _arguments(
    inner: RunbookDefinition, what: str, spot: Spot, parameters: Mapping[str, ValueType], complaints: Complaints
) -> dict[str, Any]:
    """What the entry gives each parameter of the inner runbook: a value, or a parameter of the outer one."""
    if not isinstance(spot.value, dict):
        complaints.add(spot.line, f"{what}: with must be a mapping (parameter: value)")
        return {}
    known = {each.name: Field(each.name, each.type, True, None, each.help) for each in inner.parameters}
    for name, child in spot.value.items():
        if name not in known:
            complaints.add(child.line, f"{what}: {inner.slug} has no parameter {name!r}{nearest(name, known)}")
    for name, field in known.items():
        if name not in spot.value:
            complaints.add(spot.line, f"{what}: {inner.slug} needs {name}: {field.type.help}")
    given = {name: child for name, child in spot.value.items() if name in known}
    return {name: read_value(known[name], what, child, parameters, complaints) for name, child in given.items()}


def _in_place(
    inner: RunbookDefinition, key: str, title: str, given: Mapping[str, Any], needs: tuple[str, ...], line: int
) -> tuple[StepDefinition, ...]:
    """The inner steps as steps of the outer runbook: keys behind the entry's, its first ones after what it needs."""
    return tuple(
        replace(
            step,
            key=f"{key}-{step.key}",
            needs=tuple(f"{key}-{need}" for need in step.needs) or needs,
            with_={name: _given(value, given) for name, value in step.with_.items()},
            group=title,
            line=line,
        )
        for step in inner.steps
    )


def _given(value: object, given: Mapping[str, Any]) -> object:
    return given.get(value.name, value) if isinstance(value, Reference) else value


def opened(groups: Sequence[Group]) -> tuple[StepDefinition, ...]:
    """All steps in order; a need of an entry becomes a need of the last steps it became."""
    ends = {group.key: group.ends for group in groups if group.inclusion or not group.steps}
    return tuple(
        replace(step, needs=tuple(dict.fromkeys(end for need in step.needs for end in ends.get(need, (need,)))))
        for group in groups
        for step in group.steps
    )

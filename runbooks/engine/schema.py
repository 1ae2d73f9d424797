"""What an editor can tell a writer: every step kind and guard with its help, its fields and its own guards."""

from __future__ import annotations

from dataclasses import dataclass
from inspect import cleandoc

from runbooks.engine.fields import Field, fields_of
from runbooks.engine.judge import name_of
from runbooks.engine.kinds import Nature, guards, steps
from runbooks.engine.outcome import Level
from runbooks.engine.values import PARAMETER_TYPES, ValueType


@dataclass(frozen=True)
class GuardHelp:
    name: str
    code: str
    title: str
    level: Level
    source: str
    help: str
    fields: tuple[Field, ...]


@dataclass(frozen=True)
class KindHelp:
    """`title` is the first line of the kind's docstring, `help` the rest; `guards` names those it always has."""

    kind: str
    title: str
    help: str
    nature: Nature
    is_irreversible: bool
    fields: tuple[Field, ...]
    guards: tuple[str, ...]


@dataclass(frozen=True)
class Schema:
    kinds: tuple[KindHelp, ...]
    guards: tuple[GuardHelp, ...]
    parameter_types: tuple[ValueType, ...]


def schema() -> Schema:
    return Schema(
        tuple(kind_help(name) for name in steps),
        tuple(guard_help(name) for name in guards),
        tuple(PARAMETER_TYPES.values()),
    )


def kind_help(name: str) -> KindHelp:
    found = steps.get(name)
    title, _, rest = cleandoc(found.__doc__ or "").partition("\n")
    own = tuple(dict.fromkeys(name_of(guard) for guard in found.guards))
    return KindHelp(name, title.rstrip("."), rest.strip(), found.nature, found.is_irreversible, fields_of(found), own)


def guard_help(name: str) -> GuardHelp:
    found = guards.get(name)
    help_text = cleandoc(found.__doc__ or "")
    return GuardHelp(name, found.code, found.title, found.level, found.source, help_text, fields_of(found))

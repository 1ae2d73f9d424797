"""The controls of simulated pairs, over HTTP: faults, clients, journal, and the truth to hold beside what is believed.

Only pairs whose inventory entry has a `sandbox` are reached. This is the one place where a web request calls out.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

import httpx

from clusters.declared import PairEntry
from dashboard import inventory

LIMITS = httpx.Timeout(2.0)
MAX_BYTES = 8 * 1024 * 1024


class SandboxError(Exception):
    """The sandbox did not answer, or refused; the text says which."""


class NotSandbox(LookupError):
    """A pair that is not in force, or a real one: it has no controls, and none are looked for."""


@dataclass(frozen=True)
class Option:
    name: str
    default: object
    help: str
    choices: tuple[object, ...]

    @property
    def is_number(self) -> bool:
        return isinstance(self.default, int | float) and not isinstance(self.default, bool)


@dataclass(frozen=True)
class Fault:
    name: str
    title: str
    help: str
    has_sides: bool
    options: tuple[Option, ...]


@dataclass(frozen=True)
class Active:
    """A fault that is on; `side` is empty where it concerns both."""

    name: str
    side: str
    options: Mapping[str, object]


@dataclass(frozen=True)
class Target:
    name: str
    kind: str
    side: str
    desired: int
    ready: int
    terminating: int
    topics: tuple[str, ...]


@dataclass(frozen=True)
class Command:
    number: int
    at: str
    side: str
    via: str
    action: str
    topics: tuple[str, ...]
    is_dry_run: bool
    outcome: str


def pairs() -> dict[str, PairEntry]:
    """The simulated pairs in force, by name."""
    return {name: entry for name, entry in inventory.in_force().pairs.items() if entry.sandbox}


class Controls:
    """Of one pair. Every call raises SandboxError when it gets no answer, or a refusal."""

    def __init__(self, pair: str) -> None:
        entry = pairs().get(pair)
        if entry is None or entry.sandbox is None:
            raise NotSandbox(f"{pair} is not a simulated pair: the inventory gives it no sandbox controls")
        self.entry = entry
        self._control, self._journal = entry.sandbox.control, entry.sandbox.journal

    def faults(self) -> tuple[Fault, ...]:
        found = _ask("GET", f"{self._control.partition('/pairs/')[0]}/faults")
        return tuple(map(_fault, found["faults"]))

    def truth(self) -> dict[str, Any]:
        return _ask("GET", self._control)

    def targets(self) -> tuple[Target, ...]:
        return tuple(map(_target, _ask("GET", f"{self._control}/targets")["targets"]))

    def journal(self) -> tuple[Command, ...]:
        """Newest first."""
        return tuple(map(_command, reversed(_ask("GET", self._journal)["commands"]))) if self._journal else ()

    def start(self, fault: str, side: str, options: Mapping[str, object]) -> None:
        _ask("POST", f"{self._control}/faults", {"name": fault, "side": side or None, "options": dict(options)})

    def stop(self, fault: str, side: str) -> None:
        where = f"?side={quote(side, safe='')}" if side else ""
        _ask("DELETE", f"{self._control}/faults/{quote(fault, safe='')}{where}")

    def reset(self) -> None:
        _ask("POST", f"{self._control}/reset", {})


def active(truth: Mapping[str, Any]) -> tuple[Active, ...]:
    return tuple(Active(each["name"], each["side"] or "", each["options"]) for each in truth["faults"])


def _ask(method: str, url: str, body: object = None) -> dict[str, Any]:
    """No redirect is followed and no proxy of the environment is used: the address is the inventory's, as it stands."""
    try:
        with httpx.Client(timeout=LIMITS, trust_env=False) as http:
            answer = http.request(method, url, json=body)
    except httpx.HTTPError as error:
        raise SandboxError(f"the sandbox does not answer: {error or type(error).__name__}") from error
    if len(answer.content) > MAX_BYTES:
        raise SandboxError("the sandbox answered more than can be shown")
    try:
        found = answer.json()
    except ValueError as error:
        raise SandboxError(f"the sandbox answered {answer.status_code} and no JSON") from error
    if not answer.is_success or not isinstance(found, dict):
        said = found.get("error") if isinstance(found, dict) else ""
        raise SandboxError(f"the sandbox refused: {said or answer.status_code}")
    return found


def _fault(found: Mapping[str, Any]) -> Fault:
    options = tuple(
        Option(name, option["default"], option.get("help", ""), tuple(option.get("choices", ())))
        for name, option in found["options"].items()
    )
    return Fault(found["name"], found["title"], found["help"], not found.get("both_sides", False), options)


def _target(found: Mapping[str, Any]) -> Target:
    return Target(
        found["target"], found["kind"], found["side"] or "", found["desired"], found["ready"], found["terminating"],
        tuple(found["topics"]),
    )  # fmt: skip


def _command(found: Mapping[str, Any]) -> Command:
    return Command(
        found["n"], found["at"], found["side"], found["via"], found["action"], tuple(found["topics"]),
        found["validate_only"], found["outcome"],
    )  # fmt: skip


def chosen(fault: Fault, given: Mapping[str, str]) -> dict[str, object]:
    """Options as the form gave them, as what they are; ValueError for what is none of the choices or no number."""
    return {option.name: _value(option, given[option.name]) for option in fault.options if option.name in given}


def _value(option: Option, text: str) -> object:
    if option.choices:
        return _one_of(option.choices, text, option.name)
    if not option.is_number:
        return text
    try:
        return type(option.default)(text)  # type: ignore[call-arg]
    except ValueError:
        raise ValueError(f"{option.name} must be a number, not {text!r}") from None


def _one_of(choices: Iterable[object], text: str, name: str) -> object:
    for choice in choices:
        if str(choice) == text:
            return choice
    raise ValueError(f"{name} is none of its choices: {text!r}")

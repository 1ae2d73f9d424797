"""Fences clients off by the clusters' own authorizers: DENY for their principals on the side they have left.

A fence moves nobody: it keeps a client that was moved by other means, or forgotten, from working on the side it left,
above all when that side returns. Its bindings name one principal, one topic and one operation each, never a pattern.
"""

from __future__ import annotations

import hashlib
import shlex
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import partial
from typing import Any

from clusters.backends.kafka_admin.settings import KafkaSettings, read
from clusters.declared import DriverEntry
from clusters.errors import ClusterError, Configuration, Malformed, NoAnswer, NotSent
from clusters.form import Form
from clusters.gateway import ClientState, Command, Commands, RouteAnswer, RoutePlan
from clusters.routing import drivers
from clusters.routing.acl_fence import AclFence, Denial
from clusters.together import together

LOOK_S = 3.0  # brokers that hang must leave time to write to the others
Standing = Mapping[str, frozenset[Denial]]
Rows = Mapping[str, list[dict[str, str]]]


class Denied(StrEnum):
    WRITE = "WRITE"
    READ = "READ"


@dataclass(frozen=True)
class Fenced:
    """Who is kept from what, on whichever side it has left."""

    target: str
    principal: str
    topics: tuple[str, ...]
    operations: tuple[Denied, ...]

    @property
    def denials(self) -> frozenset[Denial]:
        return frozenset(Denial(topic, self.principal, each.value) for topic in self.topics for each in self.operations)


@dataclass(frozen=True)
class AclSettings:
    sides: Mapping[str, KafkaSettings]
    targets: tuple[Fenced, ...]


@drivers.add("kafka-acl")
class KafkaAcl:
    """Sees bindings, never instances. A side that does not answer cannot be fenced, and is not taken to be.

    Super users pass every fence; and the authorizer of a cluster that tells of no ACL at all is not believed.
    """

    kind = "kafka-acl"
    is_manual = False

    def __init__(self, entry: DriverEntry) -> None:
        settings: AclSettings = entry.settings
        self.name = entry.name
        self.vantage = entry.vantage
        self._targets = {each.target: each for each in settings.targets}
        self._fences = {side: AclFence(side, each) for side, each in settings.sides.items()}

    @staticmethod
    def read_settings(form: Form) -> AclSettings:
        sides = dict(_side(each) for each in form.forms("sides", f"{form.what}, side"))
        if form.is_readable and len(sides) < 2:
            form.complain(f"{form.what}: sides must say how the brokers of both are reached, each once", "sides")
        targets = tuple(_fenced(each) for each in form.forms("targets", f"{form.what}, target"))
        if form.is_readable and not targets:
            form.complain(f"{form.what}: targets must name at least one", "targets")
        return AclSettings(sides, targets)

    @staticmethod
    def looks_by_hand(settings: AclSettings, target: str) -> Commands:
        fenced = _of(settings.targets, target)
        return tuple(
            Command(f"Which ACLs the topics of {target} have on {side}", _tool(kafka, "--list", *_topics(fenced)))
            for side, kafka in settings.sides.items()
            if fenced
        )

    @staticmethod
    def moves_by_hand(settings: AclSettings, target: str, to: str | None) -> Commands:
        fenced = _of(settings.targets, target)
        return tuple(_by_hand(fenced, side, kafka, to) for side, kafka in settings.sides.items() if fenced)

    def plan(self, target: str, *, to: str | None, deadline: float) -> RoutePlan:
        if to is not None and to not in self._fences:
            raise Configuration(self.name, f"the inventory does not say how the brokers of {to} are reached")
        wanted = self._fenced(target).denials
        found, lost = self._look(wanted, deadline)
        for side, said in lost.items():
            raise NoAnswer(self.name, f"{side} does not answer and cannot be fenced; fence it when it does: {said}")
        create = {side: _rows(wanted - there) for side, there in found.items() if side != to and wanted - there}
        delete = {to: _rows(found[to])} if to is not None and found[to] else {}
        before = self._state(target, wanted, found, {})
        request = {"side": to, "create": create, "delete": delete}
        words = [f"{_sum(rows)} created on {side}" for side, rows in create.items()]
        words += [f"{_sum(rows)} deleted on {side}" for side, rows in delete.items()]
        will = "; ".join(words) or "nothing to create or delete"
        return RoutePlan(target, before, request, f"{target}: {will}; now: {before.said}")

    def apply(self, plan: RoutePlan, *, run: str, key: str, deadline: float) -> RouteAnswer:
        """Fences first, opens last: in between a client is kept out of both, never let into both."""
        return self._change(plan.target, plan.request["create"], plan.request["delete"], deadline)

    def verify(self, target: str, *, deadline: float) -> ClientState:
        wanted = self._fenced(target).denials
        return self._state(target, wanted, *self._look(wanted, deadline))

    def close(self) -> None:
        for fence in self._fences.values():
            fence.close()

    def _fenced(self, target: str) -> Fenced:
        if target not in self._targets:
            raise Configuration(self.name, f"the inventory does not say whom and what to deny for {target}")
        return self._targets[target]

    def _look(self, wanted: frozenset[Denial], deadline: float) -> tuple[Standing, dict[str, str]]:
        """What stands on each side, and why those that do not answer do not. All at the same time."""
        until = min(deadline, time.monotonic() + LOOK_S)
        looks = together({side: partial(fence.standing, wanted, until) for side, fence in self._fences.items()})
        found = {side: seen for side, seen in looks.items() if isinstance(seen, frozenset)}
        lost = {side: _silence(seen) for side, seen in looks.items() if isinstance(seen, ClusterError)}
        if not found:
            raise NoAnswer(self.name, "; ".join(f"{side}: {said}" for side, said in lost.items()))
        return found, lost

    def _state(self, target: str, wanted: frozenset[Denial], found: Standing, lost: Mapping[str, str]) -> ClientState:
        """At the one side that is open while every other is fenced whole; a fence in part is none."""
        is_open = [side for side, there in found.items() if not there]
        is_whole = not lost and all(there in (wanted, frozenset()) for there in found.values())
        words = [f"{side}: {len(there)} of {len(wanted)} DENY bindings stand" for side, there in found.items()]
        words += [f"{side} does not answer: what stands there is not known" for side in lost]
        return ClientState(
            target,
            is_open[0] if is_whole and len(is_open) == 1 else None,
            0 if is_whole and not is_open else None,
            None,
            None,
            ";".join(f"{side}={_digest(there)}" for side, there in sorted(found.items())),
            "; ".join(words),
            sees_instances=False,
            unseen=", ".join(lost),
        )

    def _change(self, target: str, create: Rows, delete: Rows, deadline: float) -> RouteAnswer:
        """After the first call that was taken, no error proves that nothing was done."""
        done: list[str] = []
        calls = [(side, rows, self._fences[side].put, "created") for side, rows in create.items()]
        calls += [(side, rows, self._fences[side].take, "deleted") for side, rows in delete.items()]
        for side, rows, call, word in calls:
            try:
                call([Denial.of(row) for row in rows], deadline)
            except ClusterError as error:
                if not done:
                    raise
                raise NoAnswer(self.name, f"{', '.join(done)}, then {error}") from error
            done.append(f"{_sum(rows)} {word} on {side}")
        return RouteAnswer(target, accepted=True, said=", ".join(done) or "it stands so already; nothing was sent")


def _side(form: Form) -> tuple[str, KafkaSettings]:
    name, settings = form.text("side"), read(form)
    form.done()
    return name, settings


def _fenced(form: Form) -> Fenced:
    target, principal, topics = form.word("target"), form.principal("principal"), form.topics("topics")
    if form.is_readable and not (principal and topics):
        form.complain(f"{form.what} {target}: needs a principal and topics, each by its name")
    operations = tuple(dict.fromkeys(_operations(form))) if "deny" in form else (Denied.WRITE,)
    form.done()
    return Fenced(target, principal or "", topics, operations)


def _operations(form: Form) -> Iterator[Denied]:
    for text in form.texts("deny"):
        if text in {*Denied}:
            yield Denied(text)
        else:
            form.complain(f"{form.what}: deny {text!r} is not one of {', '.join(Denied)}", "deny")


def _silence(error: ClusterError) -> str:
    """Why a side does not answer; an answer that says something else is an error of its own."""
    if isinstance(error, Malformed) or not isinstance(error, NoAnswer | NotSent):
        raise error
    return error.said


def _of(targets: tuple[Fenced, ...], target: str) -> Fenced | None:
    return next((each for each in targets if each.target == target), None)


def _topics(fenced: Fenced) -> Iterator[str]:
    for topic in fenced.topics:
        yield from ("--topic", topic)


def _by_hand(fenced: Fenced, side: str, kafka: KafkaSettings, to: str | None) -> Command:
    verb, what = ("--remove", "Open") if side == to else ("--add", "Close")
    words = [verb, *(("--force",) if side == to else ()), "--deny-principal", fenced.principal]
    for operation in fenced.operations:
        words += ["--operation", operation.value.capitalize()]
    return Command(f"{what} {side} for {fenced.target}", _tool(kafka, *words, *_topics(fenced)))


def _tool(kafka: KafkaSettings, *words: str) -> str:
    tool = ["kafka-acls", "--bootstrap-server", kafka.bootstrap, "--command-config", "CLIENT.properties"]
    return shlex.join([*tool, *words])


def _rows(denials: frozenset[Denial]) -> list[dict[str, Any]]:
    return [denial.row() for denial in sorted(denials)]


def _sum(rows: list[dict[str, str]]) -> str:
    principals = ", ".join(sorted({row["principal"] for row in rows}))
    topics = ", ".join(sorted({row["resource_name"] for row in rows}))
    operations = " and ".join(sorted({row["operation"] for row in rows}))
    return f"DENY {operations} on {topics} for {principals}"


def _digest(there: frozenset[Denial]) -> str:
    return hashlib.sha256(repr(sorted(there)).encode()).hexdigest()[:12] if there else "open"

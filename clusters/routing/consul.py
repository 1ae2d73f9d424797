"""Moves clients through Consul KV: keys that say where to connect, written by compare-and-set in every datacenter.

KV is not replicated between datacenters, so each that has clients is written by itself (`?dc=`). Several keys of one
datacenter are one transaction. Clients are expected to watch their key and to restart when it changes.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

from clusters.declared import DriverEntry
from clusters.errors import ClusterError, Configuration, Malformed, NoAnswer, NotSent
from clusters.form import Form
from clusters.gateway import ClientState, RouteAnswer, RoutePlan
from clusters.outbound import Outbound
from clusters.routing import drivers
from clusters.routing.consul_kv import ConsulKV, Held
from clusters.secrets import Secret, SecretReference
from clusters.together import together

MOST_KEYS = 64  # operations that one transaction takes
LOOK_S = 2.0  # a datacenter that hangs must leave time to write in the others
NOWHERE = ""
Found = Mapping[str, list[Held]]
Lost = Mapping[str, str]


@dataclass(frozen=True)
class Datacenter:
    """`side` is the side whose loss takes it along; empty for one that stands apart from both."""

    name: str
    side: str
    url: str


@dataclass(frozen=True)
class KeyTemplate:
    """`values` by side; `stopped` is what the key holds while its clients run nowhere, None where nothing says so."""

    key: str
    values: Mapping[str, str]
    stopped: str | None


@dataclass(frozen=True)
class ConsulSettings:
    token: SecretReference | None
    ca: str | None
    datacenters: tuple[Datacenter, ...]
    keys: tuple[KeyTemplate, ...]


@drivers.add("consul")
class Consul:
    """`apply` writes only where nobody has written since `plan`. A datacenter that falls with the side that is left may
    be unreachable, and is said; any other must answer before anything is written.
    """

    kind = "consul"
    is_manual = False

    def __init__(self, entry: DriverEntry) -> None:
        settings: ConsulSettings = entry.settings
        self.name = entry.name
        self.vantage = entry.vantage
        self._token = settings.token
        self._keys = settings.keys
        self._centers = {each.name: self._center(each, settings.ca) for each in settings.datacenters}

    @staticmethod
    def read_settings(form: Form) -> ConsulSettings:
        url = form.url("url")
        centers = tuple(_datacenter(each, url) for each in form.forms("datacenters", f"{form.what}, datacenter"))
        keys = tuple(_key(each) for each in form.forms("keys", f"{form.what}, key"))
        for name, found in (("datacenters", centers), ("keys", keys)):
            if form.is_readable and not found:
                form.complain(f"{form.what}: {name} must name at least one", name)
        if len(keys) > MOST_KEYS:
            form.complain(f"{form.what}: one Consul transaction takes {MOST_KEYS} keys at most", "keys")
        token = form.secret("token") if "token" in form else None
        return ConsulSettings(token, form.optional("ca"), centers, keys)

    def plan(self, target: str, *, to: str | None, deadline: float) -> RoutePlan:
        found, lost = self._look(target, deadline)
        self._refuse_lost(lost, to)
        before = self._state(target, found, lost)
        writes = {dc: self._writes(target, to, kept) for dc, kept in found.items()}
        request = {"side": to, "writes": writes, "left_out": dict(lost)}
        place = f"sent to {to}" if to else "sent nowhere"
        said = f"{target} will be {place}, {len(self._keys)} keys in each of {', '.join(found)}; now: {before.said}"
        return RoutePlan(target, before, request, said)

    def apply(self, plan: RoutePlan, *, run: str, key: str, deadline: float) -> RouteAnswer:
        """One write a datacenter, in turn. After the first that was accepted, no error proves that nothing was done."""
        done: list[str] = []
        for dc, writes in plan.request["writes"].items():
            try:
                self._centers[dc].write(writes, deadline)
            except ClusterError as error:
                if not done:
                    raise
                raise NoAnswer(self.name, f"written in {', '.join(done)}, then {error}") from error
            done.append(dc)
        left = plan.request["left_out"]
        more = f"; not in {', '.join(left)}, which does not answer" if left else ""
        return RouteAnswer(plan.target, accepted=True, said=f"written in {', '.join(done)}{more}")

    def verify(self, target: str, *, deadline: float) -> ClientState:
        found, lost = self._look(target, deadline)
        state = self._state(target, found, lost)
        self._refuse_lost(lost, state.side)
        return state

    def close(self) -> None:
        for center in self._centers.values():
            center.close()

    def _center(self, center: Datacenter, ca: str | None) -> ConsulKV:
        sign_in = self._credential if self._token else None
        http = Outbound(self.name, center.url, credential=sign_in, header="X-Consul-Token", ca=ca)
        return ConsulKV(self.name, center.name, center.side, http)

    def _credential(self) -> tuple[str, tuple[Secret, ...]]:
        assert self._token  # noqa: S101  (asked for only where there is one)
        secret = self._token.resolve()
        return secret.reveal(), (secret,)

    def _look(self, target: str, deadline: float) -> tuple[Found, Lost]:
        """What each datacenter holds, key by key, and why those that do not answer do not. All at the same time: one
        that hangs takes no time from the others."""
        names = [_filled(key.key, target) for key in self._keys]
        until = min(deadline, time.monotonic() + LOOK_S)
        looks = together({dc: partial(_held, center, names, until) for dc, center in self._centers.items()})
        found = {dc: seen for dc, seen in looks.items() if isinstance(seen, list)}
        lost = {dc: _silence(seen) for dc, seen in looks.items() if isinstance(seen, ClusterError)}
        if not found:
            raise NoAnswer(self.name, "; ".join(lost.values()))
        return found, lost

    def _state(self, target: str, found: Found, lost: Lost) -> ClientState:
        meant = {dc: self._meaning(target, kept) for dc, kept in found.items()}
        place = next(iter(meant.values())) if len(set(meant.values())) == 1 else None
        version = ";".join(f"{dc}={','.join(str(held.index) for held in kept)}" for dc, kept in sorted(found.items()))
        words = [f"{dc} says {_place(where)}" for dc, where in meant.items()]
        words += [f"{dc} does not answer, its clients keep what it last told them" for dc in lost]
        return ClientState(
            target,
            place or None,
            0 if place == NOWHERE else None,
            None,
            None,
            version,
            "; ".join(words),
            sees_instances=False,
            unseen=", ".join(lost),
        )

    def _meaning(self, target: str, kept: list[Held]) -> str | None:
        """The side that every key agrees on, NOWHERE where all say stopped, None where they differ or say neither."""
        values = [held.value for held in kept]
        for side in self._keys[0].values:
            if values == [_filled(key.values[side], target) if side in key.values else None for key in self._keys]:
                return side
        return NOWHERE if values == [key.stopped for key in self._keys] else None

    def _refuse_lost(self, lost: Lost, place: str | None) -> None:
        """Only a datacenter that falls with the side that is left may be silent."""
        for dc, said in lost.items():
            side = self._centers[dc].side
            if not side or side == place:
                stands = f"stands on {side}" if side else "stands apart from both sides"
                raise NoAnswer(self.name, f"{dc} {stands}, has clients and does not answer: {said}")

    def _writes(self, target: str, to: str | None, kept: list[Held]) -> list[dict[str, Any]]:
        found = []
        for key, held in zip(self._keys, kept, strict=True):
            value = key.values.get(to) if to is not None else key.stopped
            if value is None:
                what = f"a value for {to}" if to else "what stands there while its clients are stopped"
                raise Configuration(self.name, f"the inventory does not give the key {key.key} {what}")
            names = {"key": _filled(key.key, target), "value": _filled(value, target)}
            found.append({**names, "cas": held.index, "before": held.value})
        return found


def _held(center: ConsulKV, keys: list[str], deadline: float) -> list[Held]:
    return [center.held(key, deadline) for key in keys]


def _silence(error: ClusterError) -> str:
    """Why a datacenter does not answer; an answer that says something else is an error of its own."""
    if isinstance(error, Malformed) or not isinstance(error, NoAnswer | NotSent):
        raise error
    return error.said


def _datacenter(form: Form, url: str) -> Datacenter:
    found = Datacenter(form.word("name"), form.text("side", ""), form.url("url") if "url" in form else url)
    form.done()
    return found


def _key(form: Form) -> KeyTemplate:
    values = form.form("values", f"{form.what}, values")
    found = {side: values.text(side) for side in values} if values else {}
    if form.is_readable and not found:
        form.complain(f"{form.what}: values must say what the key holds for each side", "values")
    key = KeyTemplate(form.text("key"), found, form.optional("stopped"))
    if key.stopped in found.values():
        form.complain(f"{form.what}: stopped must differ from the value of every side", "stopped")
    form.done()
    return key


def _filled(text: str, target: str) -> str:
    return text.replace("{target}", target)


def _place(where: str | None) -> str:
    return "something that is no side" if where is None else where or "nowhere"

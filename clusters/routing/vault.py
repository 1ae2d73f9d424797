"""Moves clients through Vault: a secret that says where to connect, written by check-and-set.

The secret that is switched holds nothing secret itself: addresses, and which credentials to take. The credentials of
both sides lie under paths of their own, and before a switch those of the side it goes to must be there.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from clusters.curl import curl, named
from clusters.declared import DriverEntry
from clusters.errors import ClusterError, Configuration, Rejected
from clusters.form import Form
from clusters.gateway import ClientState, Command, Commands, RouteAnswer, RoutePlan
from clusters.outbound import Outbound
from clusters.routing import drivers
from clusters.routing.vault_kv import Kept, VaultKV
from clusters.secrets import Secret, SecretReference

NOWHERE = ""
CAS = "VERSION"
PATH = re.compile(r"[A-Za-z0-9{_][A-Za-z0-9{}._-]*(/[A-Za-z0-9{_][A-Za-z0-9{}._-]*)*\Z")


@dataclass(frozen=True)
class VaultSettings:
    """`values` by side and field; `stopped` is what it holds while its clients run nowhere, empty where nothing is."""

    url: str
    token: SecretReference
    ca: str | None
    mount: str
    switch: str
    values: Mapping[str, Mapping[str, str]]
    credentials: Mapping[str, str]
    stopped: Mapping[str, str]


@drivers.add("vault")
class Vault:
    """`apply` writes only over the version that `plan` read. A secret that holds anything else than the inventory says
    is not touched, and what it holds is never shown: somebody keeps something there that a switch would take away.
    """

    kind = "vault"
    is_manual = False

    def __init__(self, entry: DriverEntry) -> None:
        settings: VaultSettings = entry.settings
        self.name = entry.name
        self.vantage = entry.vantage
        self._settings = settings
        http = Outbound(entry.name, settings.url, credential=self._credential, header="X-Vault-Token", ca=settings.ca)
        self._kv = VaultKV(entry.name, settings.mount, http)

    @staticmethod
    def read_settings(form: Form) -> VaultSettings:
        values = form.form("values", f"{form.what}, values")
        sides = {side: _texts(values, side) for side in values} if values else {}
        stopped = _texts(form, "stopped") if "stopped" in form else {}
        credentials = _texts(form, "credentials")
        for each in [*sides.values(), *([stopped] if stopped else [])]:
            if form.is_readable and not each:
                form.complain(f"{form.what}: values must say what the secret holds, field by field", "values")
        if form.is_readable and (not sides or set(sides) != set(credentials)):
            form.complain(f"{form.what}: values and credentials must name the same sides", "values")
        if len({tuple(sorted(each.items())) for each in [*sides.values(), stopped]}) <= len(sides):
            form.complain(f"{form.what}: what it holds must differ from side to side, and while stopped", "values")
        mount, switch = (_path(form, key, form.text(key)) for key in ("mount", "switch"))
        for side, path in credentials.items():
            _path(form, "credentials", path, f"credentials of {side}")
        where = form.url("url"), form.secret("token"), form.optional("ca")
        return VaultSettings(*where, mount, switch, sides, credentials, stopped)

    @staticmethod
    def looks_by_hand(settings: VaultSettings, target: str) -> Commands:
        return (Command(f"Where {target} is sent, and by which version", _curl(settings, target)),)

    @staticmethod
    def moves_by_hand(settings: VaultSettings, target: str, to: str | None) -> Commands:
        """VERSION is the one that the look before it showed; without a word for a stop nothing is spelt."""
        data = settings.values.get(to, {}) if to else settings.stopped
        if not data:
            return ()
        held = {key: _filled(value, target) for key, value in data.items()}
        spelt = _curl(settings, target, {"options": {"cas": CAS}, "data": held}).replace(f'"{CAS}"', CAS)
        return (Command(f"Send {target} {f'to {to}' if to else 'nowhere'}, once", spelt),)

    def plan(self, target: str, *, to: str | None, deadline: float) -> RoutePlan:
        path, kept = self._kept(target, deadline)
        before = self._state(target, kept)
        if before.side is None and before.desired is None:
            known = "the values of no side, nor those of a stop"
            raise Rejected(self.name, f"{path} holds {known}; what it holds is not shown, and not overwritten")
        data = self._data(target, to)
        proof = self._credentials(target, to, deadline) if to else {}
        request = {"side": to, "path": path, "data": data, "cas": kept.version, "credentials": proof}
        place = f"sent to {to}, whose credentials are there ({_words(proof)})" if to else "sent nowhere"
        return RoutePlan(target, before, request, f"{target} will be {place}; now: {before.said}")

    def apply(self, plan: RoutePlan, *, run: str, key: str, deadline: float) -> RouteAnswer:
        path, cas = plan.request["path"], plan.request["cas"]
        version = self._kv.write(path, plan.request["data"], cas, deadline)
        said = f"{path} was version {cas} and is version {version}"
        return RouteAnswer(plan.target, accepted=True, said=said, version=str(version))

    def verify(self, target: str, *, deadline: float) -> ClientState:
        return self._state(target, self._kept(target, deadline)[1])

    def close(self) -> None:
        self._kv.close()

    def _credential(self) -> tuple[str, tuple[Secret, ...]]:
        secret = self._settings.token.resolve()
        return secret.reveal(), (secret,)

    def _kept(self, target: str, deadline: float) -> tuple[str, Kept]:
        path = _filled(self._settings.switch, target)
        return path, self._kv.kept(path, deadline)

    def _credentials(self, target: str, to: str, deadline: float) -> dict[str, int]:
        """Path and version of what its clients will sign in with, proven to be there by metadata alone."""
        path = _filled(self._settings.credentials[to], target)
        try:
            return {path: self._kv.version_of(path, deadline)}
        except ClusterError as error:
            says = f"the credentials of {target} for {to} are not proven to be there: {error.said}"
            raise type(error)(self.name, says) from error

    def _data(self, target: str, to: str | None) -> dict[str, str]:
        found = self._settings.values.get(to, {}) if to else self._settings.stopped
        if not found:
            what = f"for {to}" if to else "while its clients are stopped"
            raise Configuration(self.name, f"the inventory does not say what {self._settings.switch} holds {what}")
        return {key: _filled(value, target) for key, value in found.items()}

    def _state(self, target: str, kept: Kept) -> ClientState:
        """The side whose values are there, all of them and nothing else."""
        held = dict(kept.data)
        meant = [side for side in self._settings.values if held == self._data(target, side)]
        if self._settings.stopped and held == self._data(target, None):
            meant = [NOWHERE]
        place = meant[0] if meant else None
        where = "something that is no side" if place is None else place or "nowhere"
        said, version = f"version {kept.version} says {where}", str(kept.version)
        desired = 0 if place == NOWHERE else None
        return ClientState(target, place or None, desired, None, None, version, said, sees_instances=False)


def _curl(settings: VaultSettings, target: str, body: Mapping[str, Any] | None = None) -> str:
    url = f"{settings.url}/v1/{settings.mount}/data/{_filled(settings.switch, target)}"
    token = ("--header", f'"X-Vault-Token: {named(settings.token)}"')
    return curl(url, ca=settings.ca, auth=token, body=body)


def _texts(form: Form, key: str) -> dict[str, str]:
    fields = form.form(key, f"{form.what}, {key}")
    return {name: fields.text(name) for name in fields} if fields else {}


def _path(form: Form, key: str, text: str, what: str = "") -> str:
    if text and not PATH.match(text.strip("/")):
        form.complain(f"{form.what}: {what or key} {text!r} is not a path of Vault", key)
    return text.strip("/")


def _filled(text: str, target: str) -> str:
    return text.replace("{target}", target)


def _words(proof: Mapping[str, int]) -> str:
    return ", ".join(f"{path} version {version}" for path, version in proof.items())

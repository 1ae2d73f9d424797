"""Moves clients through the team's own client control: a signed PUT with compare-and-set, proven by GET.

The contract: `GET {url}/{target}` tells side, desired, ready, terminating and a version. `PUT` of the same path takes
`{side, desired, if_version, run, key}`, signed `sha256=HMAC(secret, "<time>.<body>")`; 409 means somebody was faster.
202 means taken, to be carried out later: `Location`, below the same address, tells `{state, said}` of the order.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import re
import shlex
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from clusters.curl import curl, named
from clusters.declared import DriverEntry
from clusters.errors import Malformed, NoAnswer, NotServed, Rejected, Unauthorised
from clusters.form import Form
from clusters.gateway import ClientState, Command, Commands, Progress, RouteAnswer, RoutePlan
from clusters.outbound import Answer, Outbound, printable
from clusters.routing import drivers
from clusters.secrets import SecretReference

REFUSED_LATE = {408, 425, 429}
STATUS = re.compile(r"(/[A-Za-z0-9_~-][A-Za-z0-9._~-]*)+\Z")  # below the driver's address; `..` cannot be written so


@dataclass(frozen=True)
class WebhookSettings:
    url: str
    secret: SecretReference
    ca: str | None = None


@drivers.add("webhook")
class Webhook:
    """A time-out of `apply` is unknown, never failed; `verify` asks again and is the only proof."""

    kind = "webhook"
    is_manual = False

    def __init__(self, entry: DriverEntry) -> None:
        settings: WebhookSettings = entry.settings
        self.name = entry.name
        self.vantage = entry.vantage
        self._secret = settings.secret
        self._http = Outbound(entry.name, settings.url, ca=settings.ca)

    @staticmethod
    def read_settings(form: Form) -> WebhookSettings:
        return WebhookSettings(form.url("url"), form.secret("secret"), form.optional("ca"))

    @staticmethod
    def looks_by_hand(settings: WebhookSettings, target: str) -> Commands:
        return (Command(f"Where {target} runs", curl(_address(settings, target), ca=settings.ca)),)

    @staticmethod
    def moves_by_hand(settings: WebhookSettings, target: str, to: str | None) -> Commands:
        """Signed as `apply` signs. VERSION is the one that the look before it showed."""
        body = json.dumps({"desired": None if to else 0, "if_version": None, "key": None, "run": "paper", "side": to})
        for blank, word in (
            ('"desired": null', '"desired": INSTANCES'),
            ('"if_version": null', '"if_version": VERSION'),
        ):
            body = body.replace(blank, word)
        key = json.dumps(f"paper:{target}:{to or 'stop'}")
        body = body.replace('"key": null', f'"key": {key}')
        signed = f'printf %s "$at.$body" | openssl dgst -sha256 -hmac "{named(settings.secret)}" -r | cut -d" " -f1'
        words = ["curl", "--silent", "--show-error", "--max-time", "10", "--request", "PUT"]
        words += ["--cacert", settings.ca] if settings.ca else []
        headers = '--header "X-Breakwater-Time: $at" --header "X-Breakwater-Signature: sha256=$signature"'
        lines = [
            f"body={shlex.quote(body)}",
            "at=$(date +%s)",
            f"signature=$({signed})",
            f'{shlex.join(words)} {headers} --data "$body" {shlex.quote(_address(settings, target))}',
        ]
        return (Command(f"{f'Run {target} on {to}' if to else f'Stop {target} everywhere'}, once", "\n".join(lines)),)

    def plan(self, target: str, *, to: str | None, deadline: float) -> RoutePlan:
        """Keeps the number of instances that runs now; a target that stands still starts with the number it had."""
        before = self.verify(target, deadline=deadline)
        desired = 0 if to is None else before.desired or 1
        request = {"side": to, "desired": desired, "if_version": _number(before.version)}
        place = f"run on {to} with {desired} instances" if to else "be stopped everywhere"
        return RoutePlan(target, before, request, f"{target} will {place}; now: {before.said}")

    def apply(self, plan: RoutePlan, *, run: str, key: str, deadline: float) -> RouteAnswer:
        return self._put(plan.target, {**plan.request, "run": run, "key": key}, deadline)

    def verify(self, target: str, *, deadline: float) -> ClientState:
        return self._state(target, self._checked(self._http.read(self._path(target), deadline=deadline)))

    def close(self) -> None:
        self._http.close()

    def _put(self, target: str, body: Mapping[str, Any], deadline: float) -> RouteAnswer:
        content = json.dumps(body, sort_keys=True, separators=(",", ":")).encode()
        at = str(int(time.time()))
        secret = self._secret.resolve().reveal().encode()
        signature = hmac.new(secret, f"{at}.".encode() + content, hashlib.sha256).hexdigest()
        headers = {"X-Breakwater-Time": at, "X-Breakwater-Signature": f"sha256={signature}"}
        answer = self._http.write("PUT", self._path(target), deadline=deadline, content=content, headers=headers)
        if answer.status == 202:
            return self._taken(target, answer)
        state = self._state(target, self._checked(answer))
        return RouteAnswer(target, accepted=True, said=state.said, version=state.version)

    def _taken(self, target: str, answer: Answer) -> RouteAnswer:
        """Taken, to be carried out later. A status address that does not lie under the driver's own is never asked."""
        follow = answer.headers.get("location", "").removeprefix(self._http.origin)
        if STATUS.match(follow):
            return RouteAnswer(target, accepted=True, said=f"taken, not carried out yet: {answer.said}", follow=follow)
        where = f"its status address {follow!r} lies elsewhere and is not asked" if follow else "it names no address"
        return RouteAnswer(target, accepted=True, said=f"taken, not carried out yet ({where}): {answer.said}")

    def progress(self, follow: str, *, deadline: float) -> Progress:
        if not STATUS.match(follow):
            raise Malformed(self.name, f"{follow!r} is no status address")
        answer = self._checked(self._http.read(follow, deadline=deadline))
        try:
            found = json.loads(answer.body)
            state, said = found["state"], printable(str(found.get("said", "")))
        except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
            raise Malformed(self.name, f"unreadable status: {answer.said}") from error
        if state not in {"working", "done", "failed"}:
            raise Malformed(self.name, f"a status nobody knows: {answer.said}")
        return Progress(state == "failed", f"{self.name} says {state}{f': {said}' if said else ''}")

    def _path(self, target: str) -> str:
        return f"/{quote(target, safe='')}"

    def _checked(self, answer: Answer) -> Answer:
        if answer.status == 200:
            return answer
        if answer.status in {401, 403}:
            raise Unauthorised(self.name, answer.said)
        if answer.status in {404, 405}:
            raise NotServed(self.name, answer.said)
        if answer.status == 409:
            raise Rejected(self.name, f"somebody changed it since it was read; look again: {answer.said}")
        if 400 <= answer.status < 500 and answer.status not in REFUSED_LATE:
            raise Rejected(self.name, answer.said)
        raise NoAnswer(self.name, answer.said)

    def _state(self, target: str, answer: Answer) -> ClientState:
        try:
            found = json.loads(answer.body)
            side, desired, ready = found["side"], _count(found["desired"]), _count(found["ready"])
            terminating, version = _count(found["terminating"]), found["version"]
        except (ValueError, KeyError, TypeError, RecursionError) as error:
            raise Malformed(self.name, f"unreadable answer: {answer.said}") from error
        if found.get("target") != target or not (side is None or isinstance(side, str)):
            raise Malformed(self.name, f"the answer is about something else: {answer.said}")
        where = f"on {side}" if side else "on no side"
        said = f"{where}, {ready} of {desired} instances ready, {terminating} ending"
        return ClientState(target, side, desired, ready, terminating, str(version), said)


def _address(settings: WebhookSettings, target: str) -> str:
    return f"{settings.url.rstrip('/')}/{quote(target, safe='')}"


def _count(value: object) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or value < 0:
        raise TypeError(f"{value!r} is not a count")
    return value


def _number(version: str | None) -> int | str | None:
    return int(version) if version is not None and version.isdecimal() else version

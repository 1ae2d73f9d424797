"""Moves clients by switching every instance of Conduktor Gateway to the other of the two clusters it knows.

Each instance is switched by itself and answers for itself. No call is published that tells which cluster an instance
uses: what follows the switch is proven by the log ends of both sides, or not at all.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial

from clusters.curl import curl
from clusters.declared import DriverEntry
from clusters.errors import ClusterError, Configuration, Malformed, NoAnswer, NotSent, NotServed, Rejected, Unauthorised
from clusters.form import Form
from clusters.gateway import ClientState, Command, Commands, RouteAnswer, RoutePlan
from clusters.outbound import Answer, Outbound
from clusters.routing import drivers
from clusters.sign_in import Basic, for_curl
from clusters.together import together

SWITCHED = "Cluster switched"
INTERCEPTORS = "/gateway/v2/interceptor"  # a list behind the same credential; nothing in it is looked at
LATER = {408, 425, 429}


@dataclass(frozen=True)
class Instance:
    """`side` is the side whose loss takes it along; empty for one that stands apart from both."""

    name: str
    side: str
    url: str


@dataclass(frozen=True)
class ConduktorSettings:
    """`clusters` tells by side what the gateways call its cluster; the first that they were configured with is main."""

    auth: Basic
    ca: str | None
    instances: tuple[Instance, ...]
    clusters: Mapping[str, str]


@dataclass(frozen=True)
class Switched:
    said: str


@drivers.add("conduktor")
class Conduktor:
    """Every client of these gateways moves at once, whatever target is named. An instance that fell with the side that
    is left may be unreachable, and is said; any other that does not answer leaves the switch in part, and unknown.
    """

    kind = "conduktor"
    is_manual = False

    def __init__(self, entry: DriverEntry) -> None:
        settings: ConduktorSettings = entry.settings
        self.name = entry.name
        self.vantage = entry.vantage
        self._clusters = settings.clusters
        self._instances = {each.name: each for each in settings.instances}
        sign_in = settings.auth.header
        self._http = {
            each.name: Outbound(each.name, each.url, credential=sign_in, ca=settings.ca) for each in settings.instances
        }

    @staticmethod
    def read_settings(form: Form) -> ConduktorSettings:
        auth = Basic(form.secret("user"), form.secret("password"))
        instances = tuple(_instance(each) for each in form.forms("instances", f"{form.what}, instance"))
        if form.is_readable and not instances:
            form.complain(f"{form.what}: instances must name every instance of the gateway", "instances")
        if len({each.name for each in instances}) < len(instances):
            form.complain(f"{form.what}: instances holds one name twice", "instances")
        sides = form.form("clusters", f"{form.what}, clusters")
        clusters = {side: sides.word(side) for side in sides} if sides else {}
        if form.is_readable and (len(clusters) != 2 or "main" not in clusters.values()):
            form.complain(f"{form.what}: clusters must say which side is main, and what the other is", "clusters")
        return ConduktorSettings(auth, form.optional("ca"), instances, clusters)

    @staticmethod
    def moves_by_hand(settings: ConduktorSettings, target: str, to: str | None) -> Commands:
        """Every instance by itself; none where the gateways cannot do it."""
        if to is None or to not in settings.clusters:
            return ()
        words = ("--request", "POST", *for_curl(settings.auth))
        path = f"/admin/pclusters/v1/pcluster/main/switch?to={settings.clusters[to]}"
        return tuple(
            Command(f"Switch {each.name} to {to}, once", curl(f"{each.url}{path}", ca=settings.ca, auth=words))
            for each in settings.instances
        )

    def plan(self, target: str, *, to: str | None, deadline: float) -> RoutePlan:
        if to is None:
            raise Configuration(self.name, "a gateway sends clients to one cluster or the other; it cannot stop them")
        if to not in self._clusters:
            raise Configuration(self.name, f"the inventory does not say what the gateways call the cluster of {to}")
        name = self._clusters[to]
        path = f"/admin/pclusters/v1/pcluster/main/switch?to={name}"
        request = {"side": to, "cluster": name, "call": f"POST {path}", "instances": list(self._instances)}
        said = f"every client of {', '.join(self._instances)} will be sent to {to} ({name}), not {target} alone"
        return RoutePlan(target, self.verify(target, deadline=deadline), request, said)

    def apply(self, plan: RoutePlan, *, run: str, key: str, deadline: float) -> RouteAnswer:
        """Each instance once, all at the same time: one that hangs must not keep the others on the old cluster."""
        to, name = plan.request["side"], plan.request["cluster"]
        answers = together({each: partial(self._switch, each, name, deadline) for each in self._instances})
        switched = [each for each, seen in answers.items() if isinstance(seen, Switched)]
        wrong = {each: seen for each, seen in answers.items() if isinstance(seen, ClusterError)}
        lost = {each: error for each, error in wrong.items() if self._may_be_lost(each, error, to)}
        words = "; ".join(f"{each}: {_word(seen)}" for each, seen in answers.items())
        if not switched:
            raise self._none(wrong, words)
        if wrong.keys() - lost.keys():
            raise NoAnswer(self.name, f"switched in part, {len(switched)} of {len(answers)} instances: {words}")
        return RouteAnswer(plan.target, accepted=True, said=words, follow=f"{name} on {', '.join(switched)}")

    def verify(self, target: str, *, deadline: float) -> ClientState:
        said = "the gateways have no call that tells which cluster they use; the log ends of both sides must show it"
        return ClientState(target, None, None, None, None, None, said, sees_instances=False, is_blind=True)

    def access(self, *, deadline: float) -> str:
        """Each instance is asked for a list that needs the credential. Older gateways have none: that tells nothing."""
        asked = together({each: partial(self._list, each, deadline) for each in self._instances})
        for seen in asked.values():
            if isinstance(seen, ClusterError) and not isinstance(seen, NotServed):
                raise seen
        older = [each for each, seen in asked.items() if isinstance(seen, NotServed)]
        return (
            f"{', '.join(older)}: no list to ask for (GET {INTERCEPTORS}), so the credential is untried"
            if older
            else ""
        )

    def close(self) -> None:
        for http in self._http.values():
            http.close()

    def _switch(self, instance: str, cluster: str, deadline: float) -> Switched:
        path, params = "/admin/pclusters/v1/pcluster/main/switch", {"to": cluster}
        answer = self._http[instance].write("POST", path, deadline=deadline, params=params, content=b"")
        return _checked(instance, answer)

    def _list(self, instance: str, deadline: float) -> None:
        answer = self._http[instance].read(INTERCEPTORS, deadline=deadline)
        if answer.status != 200:
            raise _refusal(instance, answer)

    def _may_be_lost(self, instance: str, error: ClusterError, to: str) -> bool:
        """Gone with the side that is left, and provably never told."""
        side = self._instances[instance].side
        return isinstance(error, NotSent) and bool(side) and side != to

    def _none(self, wrong: Mapping[str, ClusterError], words: str) -> ClusterError:
        """As much as the least certain of the answers proves."""
        for kind in (NoAnswer, NotSent):
            if any(isinstance(error, kind) for error in wrong.values()):
                return kind(self.name, f"no instance was seen to switch: {words}")
        return next(iter(wrong.values())) if len(wrong) == 1 else Rejected(self.name, f"no instance switched: {words}")


def _instance(form: Form) -> Instance:
    found = Instance(form.word("name"), form.text("side", ""), form.url("url"))
    form.done()
    return found


def _checked(instance: str, answer: Answer) -> Switched:
    if answer.status == 200:
        if SWITCHED not in answer.body.decode("utf-8", "replace"):
            raise Malformed(instance, f"it does not say that it switched: {answer.said}")
        return Switched(SWITCHED)
    raise _refusal(instance, answer)


def _refusal(instance: str, answer: Answer) -> ClusterError:
    if answer.status in {401, 403}:
        return Unauthorised(instance, answer.said)
    if answer.status in {404, 405}:
        return NotServed(instance, answer.said)
    if 400 <= answer.status < 500 and answer.status not in LATER:
        return Rejected(instance, answer.said)
    return NoAnswer(instance, answer.said)


def _word(seen: Switched | ClusterError) -> str:
    if isinstance(seen, Switched):
        return "switched"
    return f"{'not told' if isinstance(seen, NotSent) else 'not seen to switch'}, {seen.said}"

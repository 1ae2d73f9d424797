"""Moves clients by hand: gives people exact instructions and believes nothing it cannot see."""

from __future__ import annotations

from clusters.declared import DriverEntry
from clusters.form import Form
from clusters.gateway import ClientState, RouteAnswer, RoutePlan
from clusters.routing import drivers


@drivers.add("manual")
class Manual:
    """Nothing is sent anywhere. `verify` is always unknown: only a named person can say where the clients are."""

    kind = "manual"
    is_manual = True

    def __init__(self, entry: DriverEntry) -> None:
        self.name = entry.name
        self.vantage = entry.vantage

    @staticmethod
    def read_settings(form: Form) -> None:
        return None

    def plan(self, target: str, *, to: str | None, deadline: float) -> RoutePlan:
        place = f"start {target} on {to} and nowhere else" if to else f"stop {target} everywhere"
        by_hand = (
            f"{place[0].upper()}{place[1:]}. Then look at the place that runs it until it says so: "
            f"no instance on any other side, not even one that is ending. Note who looked, where and when."
        )
        request = {"driver": self.name, "target": target, "side": to}
        return RoutePlan(target, None, request, f"a person will {place}", by_hand)

    def apply(self, plan: RoutePlan, *, run: str, key: str, deadline: float) -> RouteAnswer:
        return RouteAnswer(plan.target, accepted=True, said="left to people; nothing was sent")

    def verify(self, target: str, *, deadline: float) -> ClientState:
        said = "this driver cannot see the clients; a named person must attest where they run"
        return ClientState(target, None, None, None, None, None, said)

    def close(self) -> None:
        """Nothing is open."""

"""Named faults. Adding one is one entry in FAULTS; the control API and the drill page list them by themselves."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from .damage import KINDS
from .wires import Mode, Wire

if TYPE_CHECKING:
    from .model import Pair

Options = dict[str, Any]
ANY_SIDE = ""


@dataclass(frozen=True)
class Option:
    default: Any
    help: str
    choices: tuple[Any, ...] = ()


@dataclass(frozen=True)
class Fault:
    """What a fault does, said in data: which wires it cuts and what it changes in answers to commands."""

    name: str
    title: str
    help: str
    options: Mapping[str, Option] = field(default_factory=dict)
    cuts: frozenset[Wire] = frozenset()
    both_sides: bool = False
    once: Callable[[Pair, str, Options], None] | None = None  # changes the model at once and is gone


def _forget_fetches(pair: Pair, side: str, options: Options) -> None:
    for half in pair.cluster(side).links.values():
        for mirror in half.mirrors.values():
            if not mirror.is_stopped:
                mirror.forget_fetches(negative=bool(options["negative"]))


def _lose_records(pair: Pair, side: str, options: Options) -> None:
    cluster = pair.cluster(side)
    for topic in cluster.topics.values():
        if topic.is_writable:
            for log in topic.logs:
                log.truncate(max(log.start, log.end - int(options["records"])))
            topic.epoch += 1  # what is written at these offsets from now on are other records
            for half in cluster.followers:
                half.source_written(topic.name)


ACTION = Option("", "only this mirror action, for example failover; empty means any command")
TIMES = Option(1, "how many commands it meets before it is gone; 0 means until cleared")

FAULTS: dict[str, Fault] = {
    fault.name: fault
    for fault in (
        Fault(
            "region-down",
            "Region down",
            "The whole region is gone: brokers, REST, clients placed there, and its witness.",
            {"mode": Option("refuse", "how connections meet it", ("refuse", "hang"))},
            cuts=frozenset(Wire),
        ),
        Fault(
            "link-down",
            "Link down",
            "Only the cluster link between the two sides is broken; clients and consoles reach both.",
            cuts=frozenset({Wire.LINK}),
            both_sides=True,
        ),
        Fault(
            "clients-cut",
            "Clients cut off",
            "Clients and this console cannot reach the side; the link and the witness inside it still can.",
            {"mode": Option("refuse", "how connections meet it", ("refuse", "hang"))},
            cuts=frozenset({Wire.REST, Wire.KAFKA, Wire.CLIENTS}),
        ),
        Fault(
            "slow",
            "Slow answers",
            "Every answer over REST and the Kafka protocol takes this much longer.",
            {"seconds": Option(2.0, "added to each answer, not scaled")},
        ),
        Fault(
            "clock-wrong",
            "Clock wrong",
            "The hosts of this side have another time than everybody else: their answers are dated by it.",
            {"seconds": Option(5.0, "how far ahead, not scaled; negative is behind")},
        ),
        Fault(
            "server-errors",
            "Server errors",
            "REST answers with this status instead of working.",
            {
                "status": Option(503, "HTTP status to answer"),
                "only": Option("", "only where the path has this in it, for example /configs; empty means any"),
                "applied": Option(False, "apply commands first, then answer the error", (True, False)),
            },
        ),
        Fault(
            "accepted-then-dropped",
            "Accepted, then dropped",
            "REST takes a command and closes the connection without an answer. Dry runs are left alone.",
            {
                "applied": Option(True, "whether the command is carried out", (True, False)),
                "action": ACTION,
                "times": TIMES,
            },
        ),
        Fault(
            "orders-dropped",
            "Orders dropped",
            "The client control takes an order to place or stop clients and closes the connection without an answer.",
            {"applied": Option(True, "whether the order is carried out", (True, False)), "times": TIMES},
            both_sides=True,
        ),
        Fault(
            "refuse-half",
            "Half refused",
            "Every other topic of a mirror command gets an error of its own inside a 200.",
            {"action": ACTION, "times": Option(0, TIMES.help), "topics": Option("", "these alone, commas between")},
        ),
        Fault(
            "transitions-stuck",
            "Transitions stuck",
            "Mirrors stay in their PENDING state; the transition errors name the link coordinator.",
            {"topics": Option("", "these alone, with commas between; empty means all")},
        ),
        Fault(
            "pods-stuck",
            "Clients do not stop",
            "Clients that were told to leave this side stay there, terminating.",
        ),
        Fault(
            "damaged-answers",
            "Damaged answers",
            "REST works, but its successful answers arrive damaged; commands are carried out all the same.",
            {"kind": Option("truncated", "what is wrong with them", tuple(KINDS))},
        ),
        Fault(
            "records-lost",
            "Records lost",
            "The newest records of every topic this side may write are gone, as after an unclean election.",
            {"records": Option(5, "how many per partition")},
            once=_lose_records,
        ),
        Fault(
            "offsets-ahead",
            "Offsets ahead of the data",
            "Group offsets reach this side before the records do, so a group may stand above the end of its topic.",
        ),
        Fault(
            "fetchers-restarted",
            "Fetchers restarted",
            "Mirrors on this side forget what they fetched: lag 0 and last source fetch offset -1 until new records.",
            {"negative": Option(False, "say a negative lag instead of 0", (True, False))},
            once=_forget_fetches,
        ),
    )
}


@dataclass
class Injected:
    fault: Fault
    side: str
    options: Options
    since: float
    left: int | None  # commands it still meets; None: until cleared

    def as_json(self) -> dict[str, Any]:
        return {"name": self.fault.name, "side": self.side or None, "options": self.options, "since": self.since}


class UnknownFault(KeyError):
    """No such fault, side or option."""


class Faults:
    """The faults in force on one pair. Callers hold the pair's lock."""

    def __init__(self, pair: Pair) -> None:
        self._pair = pair
        self.active: list[Injected] = []

    def inject(self, name: str, side: str | None, options: Options) -> None:
        fault = FAULTS.get(name)
        if fault is None:
            raise UnknownFault(f"there is no fault {name}; there are: {', '.join(FAULTS)}")
        if not fault.both_sides and side not in self._pair.sides:
            raise UnknownFault(f"{name} needs a side: {' or '.join(self._pair.sides)}")
        chosen = _complete(fault, options)
        where = ANY_SIDE if fault.both_sides else str(side)
        if fault.once is not None:
            return fault.once(self._pair, where, chosen)
        self._remove(name, where)
        left = int(chosen.get("times", 0)) or None
        self.active.append(Injected(fault, where, chosen, self._pair.clock.now(), left))
        return None

    def clear(self, name: str | None = None, side: str | None = None) -> None:
        """Clear one fault, or all; without a side on both."""
        self._remove(name, side)

    def mode(self, side: str, wire: Wire) -> Mode | None:
        """How a cut wire behaves; None when it is whole."""
        modes = [Mode(found.options.get("mode", "refuse")) for found in self._on(side) if wire in found.fault.cuts]
        return max(modes, key=lambda mode: mode is Mode.REFUSE) if modes else None

    def delay(self, side: str) -> float:
        return sum(float(found.options["seconds"]) for found in self._named("slow", side))

    def clock_ahead(self, side: str) -> float:
        return sum(float(found.options["seconds"]) for found in self._named("clock-wrong", side))

    def server_error(self, side: str, path: str) -> Injected | None:
        met = (found for found in self._named("server-errors", side) if str(found.options["only"]) in path)
        return next(met, None)

    def drop(self, side: str, action: str) -> Injected | None:
        """The fault that swallows the answer to this command; it is counted down."""
        return self._meet("accepted-then-dropped", side, action)

    def drop_order(self) -> Injected | None:
        """The fault that swallows the client control's answer to an order; it is counted down."""
        return self._meet("orders-dropped", ANY_SIDE, "")

    def refuse(self, side: str, action: str, topics: list[str]) -> dict[str, str]:
        met = self._meet("refuse-half", side, action)
        if met is None:
            return {}
        named = [topic for topic in topics if topic in _listed(met)] if _listed(met) else topics[1::2]
        return {topic: f"Cannot {action} topic {topic} now, try again later" for topic in named}

    def holds_transitions(self, side: str, topic: str) -> bool:
        return any(topic in (_listed(found) or [topic]) for found in self._named("transitions-stuck", side))

    def keeps_pods(self, side: str) -> bool:
        return bool(self._named("pods-stuck", side))

    def damage(self, side: str) -> str | None:
        found = self._named("damaged-answers", side)
        return str(found[0].options["kind"]) if found else None

    def syncs_ahead(self, side: str) -> bool:
        return bool(self._named("offsets-ahead", side))

    def _meet(self, name: str, side: str, action: str) -> Injected | None:
        for found in self._named(name, side):
            if found.options.get("action", "") in ("", action):
                if found.left is not None:
                    found.left -= 1
                    if found.left == 0:
                        self._remove(name, side)
                return found
        return None

    def _on(self, side: str) -> list[Injected]:
        return [found for found in self.active if found.side in (side, ANY_SIDE)]

    def _named(self, name: str, side: str) -> list[Injected]:
        return [found for found in self._on(side) if found.fault.name == name]

    def _remove(self, name: str | None, side: str | None) -> None:
        self.active = [
            found
            for found in self.active
            if not (name in (None, found.fault.name) and (side is None or found.side in (side, ANY_SIDE)))
        ]


def _listed(found: Injected) -> list[str]:
    return [name for name in str(found.options["topics"]).split(",") if name]


def _complete(fault: Fault, options: Options) -> Options:
    for name, value in options.items():
        known = fault.options.get(name)
        if known is None:
            raise UnknownFault(f"{fault.name} has no option {name}; it has: {', '.join(fault.options) or 'none'}")
        if known.choices and value not in known.choices:
            raise UnknownFault(f"{name} is {value!r}; it may be one of {known.choices}")
    return {name: options.get(name, option.default) for name, option in fault.options.items()}

"""The shipped runbooks as they follow on one another: what happens to a pair, and what is run on it in which mode."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from importlib.resources import files
from typing import Any

from runbooks.engine.definition import RunbookDefinition, parse
from runbooks.engine.kinds import Nature, steps
from runbooks.engine.states import Mode
from tests.domain.own import OWN

HOMES = {"orders": ("us-east", "eu-west"), "ledger": ("eu-north", "eu-south")}
TOPOLOGIES = {"orders": "active-active", "ledger": "active-passive"}
MIRRORED = {"topics": ["us-east.orders", "us-east.payments"]}


@dataclass(frozen=True)
class Behind:
    """Records are written at home that the link does not carry over before the region is lost."""

    topic: str
    records: int = 20


@dataclass(frozen=True)
class Lost:
    """The region is gone, and seen to be; declared, unless this is a drill."""

    is_declared: bool = True


@dataclass(frozen=True)
class Back:
    """The region is up again, and seen to be."""


@dataclass(frozen=True)
class ForGood:
    """The commander declares that the region will not return."""


@dataclass(frozen=True)
class Run:
    """A runbook from its first step to its last. `at` is the side that its parameters are suggested for: the home, or
    the other. `held` is the step at which it must stop for good, and the guard or the words by which; it is aborted
    then. `skips` are optional steps that the commander goes on without.
    """

    slug: str
    mode: Mode = Mode.LIVE
    at_home: bool = True
    more: Mapping[str, Any] = field(default_factory=dict)
    held: tuple[str, str] | None = None
    skips: tuple[str, ...] = ()


@dataclass(frozen=True)
class Closed:
    """The incident is closed: nothing holds it open."""


Act = Behind | Lost | Back | ForGood | Run | Closed


@dataclass(frozen=True, eq=False)
class Story:
    name: str
    pair: str
    acts: tuple[Act, ...]

    @property
    def runs(self) -> tuple[Run, ...]:
        return tuple(act for act in self.acts if isinstance(act, Run))


D, UNDECLARED = Mode.DRILL, Lost(is_declared=False)
P1, P2, P3 = "unplanned-outage-active-active", "return-home-active-active", "extended-loss-active-active"
P4, P7 = "restore-active-passive", "failover-active-passive"
P5, P9, P10 = "rebuild-mirrors-active-active", "fail-forward", "recover-unreplicated"
MOVE, SWITCH = "planned-move-active-active", "planned-switch-active-passive"
LAST, FOLLOW = "consumer-last-active-passive", "consumers-follow-active-passive"
PROMOTE, PAUSE, HOLD = "planned-promote-active-passive", "pause-catch-up", "hold-offset-sync"
REST = "schemas-rest"
NEVER_CROSSED: Mapping[str, Any] = {"topics": ["entries"]}
# Every group that has committed offsets on the mirrors, one of the other region's among them.
READ_BY: Mapping[str, Any] = {**MIRRORED, "groups": ["settlement", "fulfilment", "reporting"]}
ALONE: Mapping[str, Any] = {"side": "eu-south"}
HELD_BACK: Mapping[str, Any] = {"side": "eu-west", **MIRRORED}
# The cut is kept by the incident, and a drill has none: what needs it goes no further in a drill.
REBUILT = Run(P5, D, more=READ_BY, held=("settle-writes", "cut_saved"))
RECOVERED = Run(P10, D, more=NEVER_CROSSED, held=("export", "cut_saved"))
FORWARD = Run(P9, D, held=("export-cut", "cut_saved"))
RESTORED = Run(P4, D, held=("reconcile", "where mirroring to eu-south stopped"))
GIVEN_UP = Run(P3, D, more=MIRRORED, held=("failover", "no_command_needed"))

STORIES: tuple[Story, ...] = (
    Story(
        "lost and restored",
        "ledger",
        (Behind("entries"), Lost(), Run(P7), Back(), Run(P10, more=NEVER_CROSSED), Run(P4), Closed()),
    ),
    Story("lost and home again", "orders", (Lost(), Run(P1), Back(), Run(P2), Closed())),
    Story(
        "lost for good, and back after all",
        "orders",
        (Lost(), Run(P1), ForGood(), Run(P3, more=MIRRORED), Back(), Run(P5, more=READ_BY), Closed()),
    ),
    Story(
        "mirrored anew, tried",
        "orders",
        (Lost(), Run(P1), ForGood(), Run(P3, more=MIRRORED), Back(), Closed(), REBUILT),
    ),
    Story("switched and back", "ledger", (Run(SWITCH), Run(SWITCH, D, at_home=False))),
    Story(
        "consumers last, and back",
        "ledger",
        (Run(LAST), Run(FOLLOW), Run(LAST, D, at_home=False), Run(FOLLOW, D, at_home=False)),
    ),
    Story("left for good", "ledger", (Run(PROMOTE),)),
    Story("left for good, tried", "ledger", (Run(PROMOTE, D),)),
    Story("moved and back", "orders", (Run(MOVE), Run(MOVE, D, at_home=False))),
    Story("held back", "orders", (Run(PAUSE, more=HELD_BACK), Run(PAUSE, D, more=HELD_BACK))),
    Story("given up for the other", "ledger", (Lost(), Run(P7), ForGood(), Run(P9))),
    Story("offsets held back", "ledger", (Run(HOLD, more=ALONE), Run(HOLD, D, more=ALONE))),
    Story("lost and restored, tried", "ledger", (UNDECLARED, Run(P7, D), Back(), RECOVERED, FORWARD, RESTORED)),
    Story("lost and home again, tried", "orders", (UNDECLARED, Run(P1, D), Back(), Run(P2, D, skips=("reconcile",)))),
    Story("lost for good, tried", "orders", (UNDECLARED, GIVEN_UP)),
    Story("schemas at rest", "ledger", (Run(REST), Run(REST, D))),
)  # fmt: skip


@cache
def library() -> dict[str, RunbookDefinition]:
    folder = files("runbooks") / "library"
    slugs = sorted(path.name.removesuffix(".yaml") for path in folder.iterdir() if path.name.endswith(".yaml"))
    return {slug: parse((folder / f"{slug}.yaml").read_text()) for slug in slugs}


@cache
def told() -> dict[str, RunbookDefinition]:
    """What is shipped, and what stories have of their own."""
    return {**library(), **{slug: parse(text) for slug, text in OWN.items()}}


def fitting(slug: str) -> str:
    """The pair of its story, or one that the runbook is for."""
    pairs = [story.pair for story in STORIES for run in story.runs if run.slug == slug]
    if pairs:
        return pairs[0]
    topology = told()[slug].applies_to
    return next(pair for pair, own in TOPOLOGIES.items() if topology in (None, own))


def rehearsals() -> tuple[Story, ...]:
    """Every runbook there is, on a quiet day."""
    return tuple(
        Story(f"rehearsed on {pair}", pair, tuple(_rehearsed(slug) for slug in told() if fitting(slug) == pair))
        for pair in TOPOLOGIES
    )


def _rehearsed(slug: str) -> Run:
    more = next((run.more for story in STORIES for run in story.runs if run.slug == slug), {})
    return Run(slug, Mode.REHEARSAL, more=more)


def driven() -> set[tuple[str, Mode]]:
    return {(run.slug, run.mode) for story in (*STORIES, *rehearsals()) for run in story.runs}


def sending() -> set[str]:
    return {name for name in steps if steps.get(name).nature is Nature.ACT}

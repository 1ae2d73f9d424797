"""Which story is played how: on which database, carried by what, in which batches, confirmed by whom."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cache

from clusters.sandbox.faults import FAULTS
from tests.domain import stories
from tests.domain.allpairs import Row, all_pairs
from tests.domain.stories import STORIES, TOPOLOGIES, Story

SEED = 7
FACTORS = {
    "topology": tuple(TOPOLOGIES.values()),
    "database": ("sqlite", "postgres"),
    # In this process, slice by slice; the executor alone; two Celery workers and the executor.
    "carrier": ("here", "executor", "celery"),
    "batch": ("all at once", "one by one"),
    # As shipped; by one person alone; every act typed, and approved by another.
    "confirmation": ("shipped", "alone", "two for all"),
}


def allowed(row: Row) -> bool:
    """The size of a batch is set in the tests' own process: the product's processes have no door for it."""
    return row["batch"] == "all at once" or row["carrier"] == "here"


@dataclass(frozen=True)
class Case:
    story: Story
    how: Row

    @property
    def name(self) -> str:
        return f"{self.story.name}: {', '.join(self.how[factor] for factor in list(FACTORS)[1:])}"


@cache
def cases() -> tuple[Case, ...]:
    """Each story once; where that leaves pairs over, the shortest of the topology again."""
    told = [*STORIES, *stories.rehearsals()]
    rows = all_pairs(FACTORS, [{"topology": TOPOLOGIES[story.pair]} for story in told], allowed=allowed, seed=SEED)
    again = [_shortest(row["topology"]) for row in rows[len(told) :]]
    return tuple(Case(story, row) for story, row in zip([*told, *again], rows, strict=True))


def _shortest(topology: str) -> Story:
    return min((one for one in STORIES if TOPOLOGIES[one.pair] == topology), key=lambda one: len(one.acts))


@dataclass(frozen=True)
class Meeting:
    """A fault that meets these kinds of step in one story, each once."""

    fault: str
    story: Story
    kinds: tuple[str, ...]
    database: str

    @property
    def name(self) -> str:
        return f"{self.fault} at {', '.join(self.kinds)} in {self.story.name}"


# Where a fault makes a step impossible for good, rightly: the guard that holds it. The story ends there.
HELD: dict[tuple[str, str], str] = {
    ("records-lost", "mirrors.truncate-and-restore"): "tail_unmoved",
    ("records-lost", "topics.delete"): "writes_settled",
}
# What these take is not given back when they are gone, and later steps are held for it, rightly: each kind meets them
# in a story of its own, which ends with that step.
STAYS = frozenset({"records-lost"})


@cache
def meetings() -> tuple[Meeting, ...]:
    """On one database and the other in turn, so that each story meets half of the faults on either."""
    return tuple(
        Meeting(*one, FACTORS["database"][(row + column) % 2])
        for row, fault in enumerate(FAULTS)
        for column, one in enumerate(_of(fault))
    )


def _of(fault: str) -> Iterator[tuple[str, Story, tuple[str, ...]]]:
    for story, kinds in responsible().items():
        alone = [kind for kind in kinds if fault in STAYS or (fault, kind) in HELD]
        if rest := tuple(kind for kind in kinds if kind not in alone):
            yield fault, cut_short(story, rest), rest
        yield from ((fault, _soonest(kind), (kind,)) for kind in alone)


def _soonest(kind: str) -> Story:
    """The one that has fewest steps until it has one of this kind."""
    return min((cut_short(story, (kind,)) for story in STORIES if kind in kinds_of(story)), key=_length)


def _length(story: Story) -> int:
    return sum(len(stories.told()[run.slug].steps) for run in story.runs)


def cut_short(story: Story, kinds: tuple[str, ...]) -> Story:
    """As much of it as has a step of each kind."""
    shorter = (replace(story, acts=story.acts[:length]) for length in range(1, len(story.acts) + 1))
    return next(one for one in shorter if kinds_of(one).issuperset(kinds))


@cache
def responsible() -> dict[Story, tuple[str, ...]]:
    """Each sending kind with the first story, played live to its end, that has a step of it."""
    found: dict[Story, tuple[str, ...]] = {}
    for kind in sorted(stories.sending()):
        story = next((one for one in STORIES if kind in kinds_of(one)), None)
        if story is not None:
            found[story] = (*found.get(story, ()), kind)
    return found


def kinds_of(story: Story) -> set[str]:
    """Of the steps that are sent in it."""
    live = [run.slug for run in story.runs if run.held is None]
    return {step.kind for slug in live for step in stories.told()[slug].steps} & stories.sending()

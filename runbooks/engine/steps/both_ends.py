"""How long the logs of both sides are right before a planned command swaps or ends their mirroring.

What the source holds beyond its mirror is all that such a command could leave behind. The command itself catches up
once more, so that is the most that can be lost, as long as nobody writes.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from clusters.facts import TopicFacts
from runbooks.engine.context import StepContext
from runbooks.engine.guards.rule import listed
from runbooks.engine.steps.last_look import last_look, unseen

Ends = Mapping[str, Mapping[str, list[int | None]]]


def both_ends(ctx: StepContext, side: str, topics: tuple[str, ...]) -> Ends:
    """Of each mirror on `side`: its log ends by partition, and those of its source on the other side.

    A topic that one side does not list would be missing from what is lost, as if nothing of it were: that refuses.
    """
    other = ctx.case.facts.other(side).side
    known = {mirror.topic: mirror.source_topic for mirror in ctx.case.facts.side(side).mirrors or ()}
    sources = {topic: known.get(topic, topic) for topic in topics}
    with last_look(f"the log ends of {side} and {other}"):
        mine = ctx.gateways.side(side).topics(topics, deadline=ctx.deadline)
        theirs = ctx.gateways.side(other).topics(sorted(set(sources.values())), deadline=ctx.deadline)
    if missing := [*_unlisted(topics, mine, side), *_unlisted(sources.values(), theirs, other)]:
        raise unseen(f"the log ends of {' and of '.join(missing)}, right before sending (not listed there)")
    return {
        topic: {"mirror": list(mine[topic].end_offsets), "source": list(theirs[source].end_offsets)}
        for topic, source in sources.items()
    }


def _unlisted(topics: Iterable[str], found: Mapping[str, TopicFacts], side: str) -> list[str]:
    """Without one partition's log end is as good as not there: an empty sum would read as nothing lost."""
    names = {topic for topic in topics if topic not in found or not found[topic].end_offsets}
    return [f"{listed(names)} on {side}"] if names else []


def ends_kept(ctx: StepContext) -> dict[str, Any]:
    """As evidence of the step, once it was sent."""
    return {"ends": dict(ctx.pre_state["ends"])} if "ends" in ctx.pre_state else {}

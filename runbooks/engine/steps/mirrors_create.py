from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar

from clusters.errors import ClusterError
from clusters.facts import MirrorFacts, MirrorStatus
from clusters.gateway import PairByHand, Prepared
from runbooks.engine.by_hand import ByHand
from runbooks.engine.context import Case, StepContext
from runbooks.engine.guards.created import MirrorsCanBeCreated
from runbooks.engine.guards.fresh import FreshConfigs, FreshFacts
from runbooks.engine.guards.may_change import MayChange
from runbooks.engine.guards.mirrors import BothReachable, TopicsNamed
from runbooks.engine.guards.platform import NotOpenSource
from runbooks.engine.kinds import Guard, steps
from runbooks.engine.outcome import Item, Observation, Refused
from runbooks.engine.rebuild import UNREAD, source_name, source_on_paper
from runbooks.engine.steps.last_look import last_look
from runbooks.engine.steps.mirrored import named, odd
from runbooks.engine.steps.one_by_one import OneByOne
from runbooks.engine.values import Side, Topics

M = MirrorStatus


@steps.add("mirrors.create")
@dataclass(frozen=True)
class CreateMirrors(OneByOne):
    """Create the mirrors.

    Mirrors topics of the other side here, from their start: a mirror topic is made of each, named as the link's prefix
    asks. There must be no topic of that name. Done when every mirror reads ACTIVE; that it has caught up is for the
    step that waits for it.
    """

    topics: Topics = field(metadata={"about": "the mirror topics, prefix included, one by one"})
    side: Side | None = field(default=None, metadata={"about": "the side that is to hold the mirrors"})
    away_from: Side | None = field(default=None, metadata={"about": "instead of `side`: the other one than this"})

    kind: ClassVar[str] = "mirrors.create"
    one_of: ClassVar[tuple[str, ...]] = ("side", "away_from")
    way_back: ClassVar[str] = "Delete the mirror topics again: nothing is lost, the source has it all."
    guards: ClassVar[tuple[Guard, ...]] = (
        MayChange(),
        TopicsNamed(),
        BothReachable(),
        FreshFacts(),
        FreshConfigs(),
        NotOpenSource(),
        MirrorsCanBeCreated(),
    )

    def also_reads(self, case: Case) -> tuple[str, ...]:
        return tuple(source_name(case, self.where(case), topic) for topic in self.topics)

    def challenge(self, case: Case) -> str:
        return f"Mirror {named(self.topics)} on {self.where(case)} from {case.facts.other(self.where(case)).side}?"

    def targets(self, case: Case) -> tuple[str, ...]:
        return self.topics

    def will_happen(self, case: Case) -> str:
        source = case.facts.other(self.where(case)).side
        made = f"{named(self.topics)} on {self.where(case)} are made as mirrors of {source}"
        return f"{made} and fetch everything from its start."

    def clients_see(self, case: Case) -> str:
        return "The topics are there again, read-only. Groups start once they have been placed in them."

    def recognised_by(self, case: Case) -> str:
        return f"every topic is an ACTIVE mirror on {self.where(case)}"

    def by_hand(self, case: Case, tools: PairByHand) -> ByHand:
        where, link = self.where(case), case.facts.link
        side = tools.side(where)
        made = ((source_on_paper(case, where, topic), topic) for topic in self.topics)
        return ByHand(
            does=(
                "Look first: no topic of these names is there. Send each command once, and look after a time-out.",
                f"Where a command says {UNREAD}, put the name without the link's prefix: that was not read.",
            ),
            looks=side.looks_at_mirrors(link),
            sends=tuple(command for source, topic in made for command in side.creates_mirror(link, source, topic)),
            expects=(f"In the end {self.recognised_by(case)}:", *self.topics),
            notes=("Sent at", "Refused topics, and why"),
        )

    def prepared(self, ctx: StepContext, item: str) -> Prepared:
        source = source_name(ctx.case, self.where(ctx.case), item)
        return ctx.gateways.side(self.where(ctx.case)).mirror_creation(ctx.case.facts.link, source, item)

    def pre_state(self, ctx: StepContext, items: tuple[str, ...]) -> Mapping[str, Any]:
        with last_look(f"the topics of {self.where(ctx.case)}"):
            found = ctx.gateways.side(self.where(ctx.case)).topics(items, deadline=ctx.deadline)
        for topic in items:
            if topic in found:
                says = f"{topic} already exists on {self.where(ctx.case)}; a mirror needs a free name."
                raise Refused(MirrorsCanBeCreated().refused(says, f"{topic} exists", "a free name", ctx.case.now))
        return {"absent": dict.fromkeys(items, True)}

    def observe(self, ctx: StepContext) -> Observation:
        topics, gateway = ctx.items or self.topics, ctx.gateways.side(self.where(ctx.case))
        try:
            mirrors = {mirror.topic: mirror for mirror in gateway.mirrors(ctx.case.facts.link, deadline=ctx.deadline)}
            found = gateway.topics(topics, deadline=ctx.deadline)
        except ClusterError as error:
            return Observation({topic: Item.unknown(str(error)) for topic in topics}, str(error))
        items = {topic: self._judge(ctx, topic, mirrors.get(topic), is_there=topic in found) for topic in topics}
        made = sum(item.state == "done" for item in items.values())
        evidence = {"side": self.where(ctx.case), "at": ctx.case.now.isoformat(), "topics": list(self.topics)}
        return Observation(items, f"{made} of {len(items)} are ACTIVE on {self.where(ctx.case)}", evidence)

    def _judge(self, ctx: StepContext, topic: str, mirror: MirrorFacts | None, *, is_there: bool) -> Item:
        if mirror is None and not is_there and ctx.pre_state.get("absent", {}).get(topic):
            return Item.not_applied(f"no such topic on {self.where(ctx.case)}")
        if mirror is None and is_there:
            return Item.waiting(f"there on {self.where(ctx.case)}, and not listed as a mirror yet")
        if mirror is not None and mirror.status is M.ACTIVE:
            return Item.done(f"ACTIVE mirror on {self.where(ctx.case)}")
        if mirror is not None and mirror.status is M.FAILED:
            return Item.failed(f"FAILED on {self.where(ctx.case)}: {mirror.error}")
        if mirror is not None and mirror.status is M.SOURCE_UNAVAILABLE:
            return Item.waiting(f"made on {self.where(ctx.case)}; its source cannot be reached")
        return odd(mirror, self.where(ctx.case))

    def holds(self, case: Case) -> str | None:
        """A mirror that was made and is broken since."""
        side = case.facts.side(self.where(case))
        broken = [mirror for mirror in side.mirrors or () if mirror.topic in self.topics and mirror.status is M.FAILED]
        return f"{broken[0].topic} on {self.where(case)} is FAILED: {broken[0].error}" if broken else None

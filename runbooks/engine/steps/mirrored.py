"""What the three mirror commands have in common: dry run, intent, one call per batch, and looking topic by topic."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import takewhile
from typing import Any, ClassVar

from clusters.errors import ClusterError, NotServed, Rejected
from clusters.facts import MirrorFacts, MirrorStatus
from clusters.gateway import MirrorAction, MirrorAnswer, PairByHand, SideGateway
from runbooks.engine.by_hand import ByHand
from runbooks.engine.context import Case, StepContext
from runbooks.engine.guards.prefix import exception_in_force
from runbooks.engine.guards.rule import MissingFact, listed, present
from runbooks.engine.kinds import Nature
from runbooks.engine.outcome import Answer, Item, Observation, Preview, Reply, Result
from runbooks.engine.steps.kind import Kind
from runbooks.engine.steps.last_look import last_look
from runbooks.engine.steps.sending import sending
from runbooks.engine.transactions import in_order, transactional
from runbooks.engine.vantage import span

BATCH = 50
ERRORS_FETCHED = 10
Mirrors = Mapping[str, MirrorFacts]


class Mirrored(Kind):
    """Subclasses have `topics`, say which action it is, and judge a topic from the mirrors of both sides."""

    nature: ClassVar[Nature] = Nature.ACT
    action: ClassVar[MirrorAction]
    way_back: ClassVar[str]
    topics: tuple[str, ...]

    def clients_see(self, case: Case) -> str:
        raise NotImplementedError

    def will_happen(self, case: Case) -> str:
        raise NotImplementedError

    def judge_topic(self, ctx: StepContext, topic: str, here: Mirrors, there: Mirrors | None) -> Item:
        """`there` is None where the other side could not be read."""
        raise NotImplementedError

    def looks_there(self) -> bool:
        """Whether the other side has to be read to judge."""
        return True

    def side_of(self, case: Case) -> str:
        return present(self.subjects(case).side, "the side this step acts on")

    def targets(self, case: Case) -> tuple[str, ...]:
        return self.topics

    def batch(self) -> int:
        return BATCH

    def by_hand(self, case: Case, tools: PairByHand) -> ByHand:
        side, link = self.side_of(case), case.facts.link
        return ByHand(
            does=("Run the dry run first. Send the command once: after a time-out look, and do not send it again.",),
            looks=tools.side(side).looks_at_mirrors(link),
            sends=tuple(
                command
                for batch in _batches(self.topics)
                for command in tools.side(side).alters_mirrors(self.action, link, batch)
            ),
            expects=(
                "The dry run names no error.",
                f"In the end {self.recognised_by(case)}:",
                *self.topics,
            ),
            notes=("Sent at", "Refused topics, and why"),
        )

    def next_call(self, case: Case, waiting: tuple[str, ...]) -> tuple[str, ...]:
        """The most urgent first; a topic with transactions by itself."""
        ordered = in_order(case, waiting)
        alone = transactional(case, ordered)
        if ordered and ordered[0] in alone:
            return ordered[:1]
        plain = takewhile(lambda topic: topic not in alone, ordered)
        return tuple(plain)[: self.batch()]

    def goes_in_turn(self, case: Case, names: tuple[str, ...]) -> bool:
        return bool(transactional(case, names))

    def preview(self, ctx: StepContext) -> Preview:
        side, link = self.side_of(ctx.case), ctx.case.facts.link
        gateway = ctx.gateways.side(side)
        problems: dict[str, str] = {}
        evidence: dict[str, Any] = {}
        is_guided = is_unanswered = False
        try:
            answers = [self._dry_run(ctx, gateway, batch) for batch in _batches(self.topics)]
            for answer in answers:
                problems |= {topic: reply.error for topic, reply in answer.replies.items() if reply.error}
                evidence |= _figures(answer)
        except NotServed:
            is_guided = True
        except ClusterError as error:
            problems, is_unanswered = {"dry run": str(error)}, not isinstance(error, Rejected)
        return Preview(
            will_happen=self.will_happen(ctx.case),
            clients_see=self.clients_see(ctx.case),
            undo=self.way_back,
            command=self._command(gateway, link),
            is_guided=is_guided,
            problems=problems,
            evidence={"dry_run": evidence},
            is_unanswered=is_unanswered,
        )

    def request(self, ctx: StepContext, items: tuple[str, ...]) -> Mapping[str, Any]:
        gateway = ctx.gateways.side(self.side_of(ctx.case))
        sent = gateway.mirror_request(self.action, ctx.case.facts.link, items)
        return {"request": dict(sent), "recognised_by": self.recognised_by(ctx.case)}

    def recognised_by(self, case: Case) -> str:
        raise NotImplementedError

    def pre_state(self, ctx: StepContext, items: tuple[str, ...]) -> Mapping[str, Any]:
        """The mirrors of both sides as they are now; what is looked at later is compared with this."""
        side = self.side_of(ctx.case)
        with last_look(f"the mirrors of {side}"):
            here = self._mirrors(ctx, side)
            there = self._mirrors(ctx, ctx.case.facts.other(side).side) if self.looks_there() else {}
        return {
            "here": {name: state_of(here.get(name)) for name in items},
            "there": {name: state_of(there.get(name)) for name in items},
        }

    def apply(self, ctx: StepContext, items: tuple[str, ...]) -> Answer:
        return sending(lambda: self._send(ctx, items))

    def observe(self, ctx: StepContext) -> Observation:
        side, topics = self.side_of(ctx.case), ctx.items or self.topics
        try:
            here = self._mirrors(ctx, side)
        except ClusterError as error:
            return Observation({topic: Item.unknown(str(error)) for topic in topics}, str(error), {})
        there = self._mirrors_there(ctx, side)
        items = {topic: self.judge_topic(ctx, topic, here, there) for topic in topics}
        items = self._with_errors(ctx, side, items)
        done = sum(item.state == "done" for item in items.values())
        evidence = {"side": side, "at": ctx.case.now.isoformat(), **self.evidence(ctx, items)}
        return Observation(items, f"{done} of {len(items)} done on {side}", evidence)

    def evidence(self, ctx: StepContext, items: Mapping[str, Item]) -> dict[str, Any]:
        return {}

    def binding_facts(self, case: Case) -> Mapping[str, Any]:
        facts = {**super().binding_facts(case), "command": self.action, "link": case.facts.link}
        if excepted := exception_in_force(self, case):
            facts["exception"] = excepted.name
        return {**facts, "sides": {name: _platform(case, name) for name in self._bound_sides(case)}}

    def _bound_sides(self, case: Case) -> tuple[str, ...]:
        """The sides whose platform is part of what is approved. A side that is lost may come and go."""
        side = self.side_of(case)
        return (side, case.facts.other(side).side) if self.looks_there() else (side,)

    def _dry_run(self, ctx: StepContext, gateway: SideGateway, topics: tuple[str, ...]) -> MirrorAnswer:
        link = ctx.case.facts.link
        return gateway.alter_mirrors(self.action, link, topics, validate_only=True, deadline=ctx.deadline)

    def _command(self, gateway: SideGateway, link: str) -> str:
        return "\n".join(gateway.mirror_command(self.action, link, batch) for batch in _batches(self.topics))

    def _send(self, ctx: StepContext, items: tuple[str, ...]) -> Answer:
        gateway, link = ctx.gateways.side(self.side_of(ctx.case)), ctx.case.facts.link
        answer = gateway.alter_mirrors(self.action, link, items, validate_only=False, deadline=ctx.deadline)
        replies = {topic: Reply(not reply.error, reply.error or "accepted") for topic, reply in answer.replies.items()}
        accepted = any(reply.is_accepted for reply in replies.values())
        result = Result.ACCEPTED if accepted else Result.REFUSED
        return Answer(result, answer.said, replies, {"answer": _figures(answer)})

    def _mirrors(self, ctx: StepContext, side: str) -> Mirrors:
        found = ctx.gateways.side(side).mirrors(ctx.case.facts.link, deadline=ctx.deadline)
        return {mirror.topic: mirror for mirror in found}

    def _mirrors_there(self, ctx: StepContext, side: str) -> Mirrors | None:
        if not self.looks_there():
            return None
        try:
            return self._mirrors(ctx, ctx.case.facts.other(side).side)
        except ClusterError:
            return None

    def _with_errors(self, ctx: StepContext, side: str, items: Mapping[str, Item]) -> dict[str, Item]:
        """The cluster's own reasons beside what is under way or failed; a few each look, they cost a call each."""
        found = dict(items)
        slow = [topic for topic, item in items.items() if item.state in {"waiting", "failed", "unknown"}]
        for topic in slow[:ERRORS_FETCHED]:
            try:
                mirror = ctx.gateways.side(side).mirror(ctx.case.facts.link, topic, deadline=ctx.deadline)
            except ClusterError:
                continue
            if mirror and mirror.transition_errors:
                said = "; ".join(f"{error.code}: {error.message}" for error in mirror.transition_errors)
                found[topic] = Item(items[topic].state, f"{items[topic].saw}; {said}")
        return found


def is_unmoved(ctx: StepContext, where: str, topic: str, mirror: MirrorFacts | None) -> bool:
    """Provably in the state it had right before sending; a mirror that lost or found its source has not been moved."""
    if topic not in ctx.pre_state.get(where, {}):
        return False
    before = ctx.pre_state[where][topic]
    if before is None or mirror is None:
        return before is None and mirror is None
    if {before["status"], mirror.status} <= {MirrorStatus.ACTIVE, MirrorStatus.SOURCE_UNAVAILABLE}:
        return True
    return bool(before == state_of(mirror))


def under_way(case: Case, mirror: MirrorFacts, side: str) -> Item:
    since = f" for {span(case.now - mirror.state_at)}" if mirror.state_at else ""
    return Item.waiting(f"{mirror.status} on {side}{since}")


def odd(mirror: MirrorFacts | None, side: str) -> Item:
    """A state this step does not lead to, or one nobody knows: no conclusion is drawn from it."""
    if mirror is None:
        return Item.unknown(f"not listed as a mirror on {side}")
    return Item.unknown(f"reads {mirror.said_status or mirror.status} on {side}, which this step does not lead to")


def named(topics: tuple[str, ...]) -> str:
    return f"{topics[0]}" if len(topics) == 1 else f"{len(topics)} topics ({listed(topics, 4)})"


def _batches(topics: tuple[str, ...]) -> list[tuple[str, ...]]:
    return [topics[at : at + BATCH] for at in range(0, len(topics), BATCH)]


def state_of(mirror: MirrorFacts | None) -> dict[str, str | None] | None:
    if mirror is None:
        return None
    return {"status": mirror.status, "at": mirror.state_at.isoformat() if mirror.state_at else None}


def _figures(answer: MirrorAnswer) -> dict[str, Any]:
    """What a cluster said per topic: its lags at that moment, and what it truncates."""
    return {
        topic: {
            "error": reply.error,
            "lags": [[lag.partition, lag.lag, lag.last_source_fetch_offset] for lag in reply.lags],
            "messages_truncated": reply.messages_truncated,
            "truncations": [
                [row.partition, row.offset_truncated_to, row.messages_truncated] for row in reply.truncations
            ],
        }
        for topic, reply in answer.replies.items()
    }


def _platform(case: Case, name: str) -> dict[str, Any]:
    """A link that is unread binds nothing: read by the next look, it would void the decision, and nothing had moved."""
    side = case.facts.side(name)
    link = side.link(case.facts.link)
    if link is not None and link.is_unread:
        said = (
            f"they could not be read ({side.said or 'no answer'}), and what is confirmed rests on its mode and prefix"
        )
        raise MissingFact(f"the settings of link {link.name} on {name}: {said}")
    return {
        "cluster": side.cluster_id,
        "edition": side.edition.value,
        "metadata": side.metadata.value,
        "tiering": side.tiering.value,
        "versions": {str(broker.broker_id): str(broker.version.value) for broker in side.brokers},
        "link_mode": link.mode if link else None,
        "prefix": link.prefix if link else None,
    }

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar

from clusters.errors import NotServed
from clusters.facts import MirrorStatus
from clusters.gateway import MirrorAction
from runbooks.engine.context import Case, StepContext
from runbooks.engine.guards.active_groups import NoActiveGroups
from runbooks.engine.guards.fresh import FreshConfigs, FreshFacts
from runbooks.engine.guards.loss import CutSaved, TailSettled, TailUnmoved
from runbooks.engine.guards.may_change import MayChange
from runbooks.engine.guards.mirrors import BothReachable, NoCommandNeeded, TopicsCanRestore, TopicsNamed
from runbooks.engine.guards.platform import (
    BidirectionalVersion,
    EditionAllows,
    LinkBidirectional,
    LinkSidesMatch,
    NoCombinedNodes,
    NotOpenSource,
    NoZookeeper,
    RestoreVersion,
)
from runbooks.engine.guards.prefix import NoPrefix
from runbooks.engine.guards.quiet import QuietHere
from runbooks.engine.guards.reconciled import AsReconciled
from runbooks.engine.guards.rule import MissingFact
from runbooks.engine.guards.tiered_restore import NoTieredRestore
from runbooks.engine.guards.transactions import TransactionsInTurn
from runbooks.engine.kinds import Guard, steps
from runbooks.engine.outcome import Item, Refused
from runbooks.engine.steps.last_look import last_look
from runbooks.engine.steps.mirrored import Mirrored, Mirrors, is_unmoved, named, odd, under_way
from runbooks.engine.truncation import Tails, contradiction, declared_tails, records
from runbooks.engine.values import Side, Topics

M = MirrorStatus


@steps.add("mirrors.truncate-and-restore")
@dataclass(frozen=True)
class TruncateAndRestore(Mirrored):
    """Truncate the old home and mirror it from the new one.

    Cuts topics of the old home back to the saved cut offsets and makes them mirrors of the side that took over. Records
    above the cut are destroyed for good, so they must have been exported or declared worthless first, and the cluster's
    own dry run must name the same figures. Done when every topic reads ACTIVE here.
    """

    side: Side = field(metadata={"about": "the old home, whose topics are truncated"})
    topics: Topics = field(metadata={"about": "the topics, one by one"})

    kind: ClassVar[str] = "mirrors.truncate-and-restore"
    is_irreversible: ClassVar[bool] = True
    action: ClassVar[MirrorAction] = MirrorAction.TRUNCATE_AND_RESTORE
    way_back: ClassVar[str] = (
        "Not possible. Records above the cut are gone from this cluster; only an export holds them."
    )
    guards: ClassVar[tuple[Guard, ...]] = (
        MayChange(),
        NoTieredRestore(),
        NoCommandNeeded(),
        TopicsNamed(),
        BothReachable(),
        FreshFacts(),
        FreshConfigs(),
        EditionAllows(),
        NotOpenSource(),
        RestoreVersion(),
        BidirectionalVersion(),
        NoZookeeper(),
        NoCombinedNodes(),
        LinkBidirectional(),
        NoPrefix(),
        LinkSidesMatch(),
        TopicsCanRestore(),
        NoActiveGroups(),
        QuietHere(),
        CutSaved(),
        TailSettled(),
        TailUnmoved(),
        AsReconciled(),
        TransactionsInTurn(),
    )

    def challenge(self, case: Case) -> str:
        topics, source = named(self.topics), case.facts.other(self.side).side
        return f"Cut {topics} on {self.side} back to the saved offsets and mirror them from {source}?"

    def record_count(self, case: Case) -> int | None:
        try:
            return records(self._tails(case))
        except MissingFact:
            return None

    def will_happen(self, case: Case) -> str:
        count = self.record_count(case)
        amount = f"{count:,} records" if count is not None else "Records above the cut"
        topics = named(self.topics)
        return f"{amount} of {topics} are destroyed on {self.side}; then they are mirrors of the other side."

    def clients_see(self, case: Case) -> str:
        return f"{self.side} is read-only for these topics from now on. Clients on the other side notice nothing."

    def recognised_by(self, case: Case) -> str:
        return f"every topic is an ACTIVE mirror on {self.side}, and the truncation is as the incident saved it"

    def pre_state(self, ctx: StepContext, items: tuple[str, ...]) -> Mapping[str, Any]:
        """With a dry run right before sending: one record written since its tail was settled stops it here."""
        found = dict(super().pre_state(ctx, items))
        gateway = ctx.gateways.side(self.side)
        try:
            with last_look("what the restore would truncate"):
                answer = self._dry_run(ctx, gateway, items)
        except Refused as refused:
            if isinstance(refused.__cause__, NotServed):
                return {**found, "dry_run": "not served by this cluster"}
            raise
        tails = declared_tails(ctx.case, self.side, items)
        for topic in items:
            reply = answer.replies[topic]
            said = reply.error or contradiction(tails[topic], reply)
            if said:
                needs = "the dry run names the saved cut and the settled records"
                raise Refused(TailUnmoved().refused(said, f"{topic}: {said}", needs, ctx.case.now))
        return {**found, "dry_run": "as saved"}

    def judge_topic(self, ctx: StepContext, topic: str, here: Mirrors, there: Mirrors | None) -> Item:
        mirror = here.get(topic)
        if mirror is not None and mirror.status is M.ACTIVE:
            return self._judge_truncation(ctx, topic)
        if mirror is not None and mirror.status in {M.PENDING_SETUP_FOR_RESTORE, M.PENDING_RESTORE}:
            return under_way(ctx.case, mirror, self.side)
        if mirror is not None and mirror.status is M.FAILED:
            return Item.failed(f"FAILED on {self.side}: {mirror.error}")
        if is_unmoved(ctx, "here", topic, mirror):
            return Item.not_applied(f"still {mirror.status if mirror else 'an ordinary topic'} on {self.side}")
        return odd(mirror, self.side)

    def _judge_truncation(self, ctx: StepContext, topic: str) -> Item:
        said = ctx.memory.get("answer", {}).get(topic, {}).get("messages_truncated")
        wanted = records(declared_tails(ctx.case, self.side, (topic,)))
        if said in {None, -1}:
            return Item.done(f"ACTIVE mirror on {self.side}; how many records it cut off was not told")
        if said != wanted:
            return Item.failed(
                f"R36: ACTIVE on {self.side}, but {said:,} records were cut off and {wanted:,} were settled"
            )
        return Item.done(f"ACTIVE mirror on {self.side}; {said:,} records cut off, as settled")

    def evidence(self, ctx: StepContext, items: Mapping[str, Item]) -> dict[str, Any]:
        return {"truncated": ctx.memory.get("answer", {})}

    def binding_facts(self, case: Case) -> Mapping[str, Any]:
        """With the frozen cut and tail: an approval covers exactly these records."""
        try:
            tails = self._tails(case)
        except MissingFact:
            return {**super().binding_facts(case), "tails": None}
        frozen = {topic: [[tail.partition, tail.cut, tail.end] for tail in parts] for topic, parts in tails.items()}
        return {**super().binding_facts(case), "tails": frozen}

    def _tails(self, case: Case) -> Tails:
        return declared_tails(case, self.side, self.topics)

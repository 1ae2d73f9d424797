from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar

from clusters.errors import ClusterError
from clusters.facts import GroupFacts, GroupState
from clusters.gateway import ClientState, PairByHand
from runbooks.engine.by_hand import ByHand
from runbooks.engine.clamping import of_group, words
from runbooks.engine.context import Case, StepContext
from runbooks.engine.guards.acl_parity import AclParity
from runbooks.engine.guards.fresh import FreshFacts
from runbooks.engine.guards.groups import CommittedWithinLog, GroupNotElsewhere, SubscriptionCovered
from runbooks.engine.guards.keepers import NotKept
from runbooks.engine.guards.may_change import MayChange
from runbooks.engine.guards.mirrormaker import NotAWorkerGroup
from runbooks.engine.guards.offsets_synced import OffsetsSynced
from runbooks.engine.guards.rule import listed
from runbooks.engine.kinds import Guard, Nature, steps
from runbooks.engine.outcome import Answer, Item, Observation, Preview, Prompt, Refused
from runbooks.engine.steps import routed
from runbooks.engine.steps.attestation import acknowledged, attestations, attested
from runbooks.engine.steps.kind import Kind
from runbooks.engine.steps.proof import coordinator
from runbooks.engine.values import Groups, Side


@steps.add("groups.start")
@dataclass(frozen=True)
class StartGroups(Kind):
    """Start the consumer groups.

    Starts each group on a side through the driver that runs it, after it is proven stopped on the other one. It is done
    when the group is STABLE with members and its committed offsets advance, or already stand at the end of the log.
    """

    groups: Groups = field(metadata={"about": "the consumer groups to start"})
    to: Side | None = field(default=None, metadata={"about": "the side they start on"})
    away_from: Side | None = field(default=None, metadata={"about": "instead of `to`: the side they left"})

    kind: ClassVar[str] = "groups.start"
    nature: ClassVar[Nature] = Nature.ACT
    one_of: ClassVar[tuple[str, ...]] = ("to", "away_from")
    guards: ClassVar[tuple[Guard, ...]] = (
        MayChange(),
        FreshFacts(),
        GroupNotElsewhere(),
        CommittedWithinLog(),
        OffsetsSynced(),
        SubscriptionCovered(),
        NotKept(),
        AclParity(),
        NotAWorkerGroup(),
    )

    def challenge(self, case: Case) -> str:
        return f"Start {listed(self.groups)} on {self.where(case)}?"

    def targets(self, case: Case) -> tuple[str, ...]:
        return self.groups

    def prompts(self, case: Case) -> tuple[Prompt, ...]:
        by_hand = routed.teams_of(case.facts, [group for group in self.groups if _is_by_hand(case, group)])
        return attestations(by_hand, lambda names: f"{listed(names)} run on {self.where(case)}")

    def by_hand(self, case: Case, tools: PairByHand) -> ByHand:
        to = self.where(case)
        looks, sends, does = routed.by_hand(tools, routed.of_groups(case.facts, self.groups), to)
        return ByHand(
            does=does,
            looks=(*tools.side(to).looks_at_groups(self.groups), *looks),
            sends=sends,
            expects=tuple(
                f"{group}: Stable on {to} with members; CURRENT-OFFSET grows, or stands at LOG-END-OFFSET."
                for group in self.groups
            ),
            notes=("First commit of each group (T6)",),
        )

    def preview(self, ctx: StepContext) -> Preview:
        to = self.where(ctx.case)
        return routed.preview(
            ctx,
            routed.of_groups(ctx.case.facts, self.groups),
            to,
            self._instances(ctx.case),
            done=f"Done when each is STABLE on {to} and commits.",
            see=f"Consumers go on from the offsets synced to this side: {self._expected(ctx.case)}",
            undo=f"Stop them on {to} again; offsets committed there stay.",
        )

    def request(self, ctx: StepContext, items: tuple[str, ...]) -> Mapping[str, Any]:
        to, some = self.where(ctx.case), routed.of_groups(ctx.case.facts, items)
        done = f"STABLE on {to} with members, and commits advance or stand at the end"
        return routed.request(ctx, some, to, self._instances(ctx.case), done)

    def pre_state(self, ctx: StepContext, items: tuple[str, ...]) -> Mapping[str, Any]:
        """With the last look at the driver: a workload it shows on the other side must not be started here."""
        to, some = self.where(ctx.case), routed.of_groups(ctx.case.facts, items)
        found = routed.plans(ctx, some, to, self._instances(ctx.case))
        for group, client in some.items():
            known = found.get(routed.item_of(client)) if client else None
            if known and known["before"]:
                self._refuse_elsewhere(ctx.case, group, ClientState(**known["before"]))
        groups = {group: coordinator(ctx, to, group)[0] for group in items}
        expected = {group: of_group(ctx.case, to, known) for group, known in groups.items() if known}
        return {
            **found,
            "committed": {group: _offsets(known) for group, known in groups.items()},
            "forecast": {group: [each.as_evidence() for each in rows] for group, rows in expected.items()},
            "expected": {group: words(rows) for group, rows in expected.items()},
        }

    def apply(self, ctx: StepContext, items: tuple[str, ...]) -> Answer:
        (group,) = items
        client = routed.of_groups(ctx.case.facts, items)[group]
        return routed.send(ctx, client, group, self.where(ctx.case), self._instances(ctx.case).get(group))

    def observe(self, ctx: StepContext) -> Observation:
        to = self.where(ctx.case)
        items = {group: self._look(ctx, group) for group in ctx.items or self.groups}
        now = ctx.case.now.isoformat()
        first = dict(ctx.memory.get("first_commit", {}))
        first |= {group: now for group, item in items.items() if item.state == "done" and group not in first}
        evidence: dict[str, Any] = {"to": to, "at": now, "groups": list(self.groups), "first_commit": first}
        evidence["marks"] = {"T6": first}
        evidence |= self._compared(ctx, items)
        evidence |= acknowledged(ctx, routed.of_groups(ctx.case.facts, self.groups))
        done = sum(item.state == "done" for item in items.values())
        return Observation(items, f"{done} of {len(items)} run on {to}", evidence)

    def _expected(self, case: Case) -> str:
        """Of each group, what was expected with the facts of now."""
        known = case.facts.side(self.where(case)).groups
        if known is None:
            return "what is read twice or never cannot be told, as the groups here are not known."
        said = [
            f"{group}: {words(of_group(case, self.where(case), known[group]))}."
            for group in self.groups
            if group in known
        ]
        return " ".join(said) or "none of them has an offset here."

    def _compared(self, ctx: StepContext, items: Mapping[str, Item]) -> dict[str, Any]:
        """The forecast beside what happened: a group below its start has gone back, by auto.offset.reset."""
        stored: Mapping[str, list[Mapping[str, Any]]] = ctx.pre_state.get("forecast", {})
        before: Mapping[str, Any] = ctx.memory.get("happened", {})
        happened = {}
        for group, rows in stored.items():
            if group in before or group not in items or items[group].state != "done":
                continue
            now = _offsets(coordinator(ctx, self.where(ctx.case), group)[0])
            starts = {f"{row['topic']}-{row['partition']}": row["start"] for row in rows}
            back = {at: start - now[at] for at, start in starts.items() if at in now and now[at] < start}
            happened[group] = {"went_back": back, "is_as_forecast": not back, "committed": now}
        return {
            "forecast": dict(stored),
            "expected": dict(ctx.pre_state.get("expected", {})),
            "happened": {**before, **happened},
        }

    def binding_facts(self, case: Case) -> Mapping[str, Any]:
        return {**super().binding_facts(case), "to": self.where(case)}

    def holds(self, case: Case) -> str | None:
        """Split brain: a group that runs on both sides."""
        both = [name for name in self.groups if all(_runs(side.groups, name) for side in case.facts.sides.values())]
        return f"R10: {listed(both)} runs on both sides; one group may run on one cluster only" if both else None

    def _instances(self, case: Case) -> Mapping[str, int]:
        """How many ran before a step of this incident stopped them."""
        found: Mapping[str, int] = case.evidence.get("groups.stop", {}).get("instances", {})
        return found

    def _refuse_elsewhere(self, case: Case, group: str, before: ClientState) -> None:
        if before.side in {None, self.where(case)} or before.is_stopped:
            return
        says = f"Group {group} is or may be active on {before.side}. One group may run on one cluster only."
        needs = f"{group} stopped on {before.side}"
        raise Refused(GroupNotElsewhere().refused(f"{says} Stop it and prove it.", before.said, needs))

    def _look(self, ctx: StepContext, group: str) -> Item:
        to = self.where(ctx.case)
        found, said = coordinator(ctx, to, group)
        if found is None:
            return Item.unknown(said or f"{to} did not tell of {group}")
        there = ctx.case.facts.other(to)
        if _runs(there.groups, group) and found.is_active:
            return Item.waiting(f"R10: {group} runs on {there.side} too; stop it there")
        if found.state is not GroupState.STABLE or not found.members:
            return self._not_yet(ctx, group, f"{found.state} on {to}, {found.members} members")
        words = f"STABLE on {to}, {found.members} members"
        if _is_by_hand(ctx.case, group) and not attested(ctx.case, routed.team_of(ctx.case.facts, group)):
            return Item.waiting(f"{words}; nobody has attested it")
        return self._commits(ctx, group, found, words)

    def _not_yet(self, ctx: StepContext, group: str, words: str) -> Item:
        client = routed.of_groups(ctx.case.facts, (group,))[group]
        if client is None or client.is_by_hand:
            return Item.waiting(words)
        state, said = routed.verified(ctx, client)
        if state is not None and routed.is_untouched(ctx, client, state):
            return Item.not_applied(f"{words}; the driver shows no order taken: {said}")
        return routed.pending(ctx, client, f"{words}; driver: {said}")

    def _commits(self, ctx: StepContext, group: str, found: GroupFacts, words: str) -> Item:
        before: Mapping[str, int] = ctx.pre_state.get("committed", {}).get(group, {})
        now = _offsets(found)
        advanced = sum(max(0, offset - before.get(partition, 0)) for partition, offset in now.items())
        if advanced:
            return Item.done(f"{words}; commits advanced by {advanced:,} records")
        if not now:
            return Item.waiting(f"{words}; it has committed nothing yet")
        behind = self._behind(ctx, found)
        if behind is None:
            return Item.unknown(f"{words}; no new commits, and the log ends could not be read")
        if behind == 0:
            return Item.done(f"{words}; at the end of every partition: nothing to read, so no new commit is seen")
        return Item.waiting(f"{words}; no commit yet, {behind:,} records behind")

    def _behind(self, ctx: StepContext, found: GroupFacts) -> int | None:
        """Records between the commits and the log ends; None where an end cannot be read."""
        names = sorted({commit.topic for commit in found.committed})
        try:
            topics = ctx.gateways.side(self.where(ctx.case)).topics(names, deadline=ctx.deadline)
        except ClusterError:
            return None
        behind = 0
        for commit in found.committed:
            ends = topics[commit.topic].end_offsets if commit.topic in topics else ()
            end = ends[commit.partition] if commit.partition < len(ends) else None
            if end is None:
                return None
            behind += max(0, end - commit.offset)
        return behind


def _offsets(group: GroupFacts | None) -> dict[str, int]:
    return {f"{commit.topic}-{commit.partition}": commit.offset for commit in group.committed} if group else {}


def _runs(groups: Mapping[str, GroupFacts] | None, name: str) -> bool:
    return groups is not None and name in groups and groups[name].is_active


def _is_by_hand(case: Case, group: str) -> bool:
    client = routed.of_groups(case.facts, (group,))[group]
    return client is None or client.is_by_hand

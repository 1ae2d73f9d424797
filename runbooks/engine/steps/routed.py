"""What steps that move clients through a routing driver have in common."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, replace
from typing import Any

from clusters.errors import ClusterError, NoAnswer
from clusters.facts import ClientFacts, PairFacts
from clusters.gateway import ClientState, Commands, FollowsOrders, PairByHand, ReadsKeepers, RoutePlan
from runbooks.engine.context import StepContext
from runbooks.engine.guards.keepers import NotKept, at_work
from runbooks.engine.guards.rule import MissingFact
from runbooks.engine.outcome import Answer, Item, Preview, Refused, Reply, Result
from runbooks.engine.steps.last_look import last_look
from runbooks.engine.steps.sending import sending

# What an item moves: the declared workload, or None where nothing but people can move it.
Workloads = Mapping[str, ClientFacts | None]


def item_of(client: ClientFacts) -> str:
    return f"{client.driver}/{client.name}"


def producers(facts: PairFacts, names: tuple[str, ...]) -> dict[str, ClientFacts]:
    """Declared producers by item. MissingFact for one that is not declared, or is a consumer group's workload."""
    known = {client.name: client for client in facts.clients}
    for name in names:
        if name not in known:
            raise MissingFact(f"client {name}: the inventory declares no such client")
        if known[name].kind != "producers":
            raise MissingFact(
                f"client {name} as producers: it is a consumer group, which is stopped and started instead"
            )
    return {item_of(known[name]): known[name] for name in names}


def of_groups(facts: PairFacts, groups: Sequence[str]) -> Workloads:
    """The workload that runs each consumer group."""
    runs = {client.group: client for client in facts.clients if client.kind == "group" and client.group}
    return {group: runs.get(group) for group in groups}


def teams_of(facts: PairFacts, groups: Sequence[str]) -> list[tuple[str, str]]:
    """Each group with the team that moves it by hand; empty where none is declared, or a driver moves it."""
    return [(team_of(facts, group), group) for group in groups]


def team_of(facts: PairFacts, group: str) -> str:
    client = of_groups(facts, (group,))[group]
    return client.team if client and client.is_by_hand else ""


def by_hand(tools: PairByHand, workloads: Workloads, to: str | None) -> tuple[Commands, Commands, tuple[str, ...]]:
    """Where they run, how they are moved, and what people do where no driver spells it."""
    known = {item: client for item, client in workloads.items() if client}
    looks = [command for each in known.values() for command in tools.looks_at_client(each.driver, each.name)]
    moves = {item: tools.moves_client(each.driver, each.name, to) for item, each in known.items()}
    place = f"Run %s on {to}, and nowhere else" if to else "Stop %s everywhere"
    does = [
        f"{place % item}{f' by the means of {known[item].driver}' if item in known else ' by hand'}."
        for item in workloads
        if not moves.get(item)
    ]
    return tuple(looks), tuple(command for each in moves.values() for command in each), tuple(does)


def plan_of(ctx: StepContext, client: ClientFacts, to: str | None, instances: int | None = None) -> RoutePlan:
    """The plan stored as pre-state, so that what is sent is what was decided; a new one before that.

    `instances` are those that ran before the client was stopped: a driver that finds none would start too few.
    """
    stored = ctx.pre_state.get(item_of(client))
    if stored:
        return RoutePlan(client.name, _state(stored["before"]), stored["request"], stored["said"], stored["by_hand"])
    plan = ctx.gateways.driver(client.driver).plan(client.name, to=to, deadline=ctx.deadline)
    if instances and "desired" in plan.request:
        return replace(plan, request={**plan.request, "desired": instances})
    return plan


def stored(client: ClientFacts, plan: RoutePlan) -> dict[str, Any]:
    """A plan as pre-state."""
    before = asdict(plan.before) if plan.before else None
    said = {"before": before, "request": dict(plan.request), "said": plan.said, "by_hand": plan.by_hand}
    return {item_of(client): said}


def before_of(ctx: StepContext, client: ClientFacts) -> ClientState | None:
    found = ctx.pre_state.get(item_of(client))
    return _state(found["before"]) if found else None


def _state(stored: Mapping[str, Any] | None) -> ClientState | None:
    return ClientState(**stored) if stored else None


def instances(ctx: StepContext, workloads: Workloads) -> dict[str, int]:
    """How many instances of each item ran before this step, so that as many can be started elsewhere."""
    found = {item: before_of(ctx, client) for item, client in workloads.items() if client}
    return {item: before.desired for item, before in found.items() if before and before.desired}


def preview(
    ctx: StepContext, workloads: Workloads, to: str | None, before: Mapping[str, int], *, done: str, see: str, undo: str
) -> Preview:
    """From each driver's own plan; `before` are the instances to start again."""
    said, problems, by_hand = [], {}, []
    for item, client in workloads.items():
        if client is None:
            by_hand.append(f"{'Start' if to else 'Stop'} {item} {f'on {to}' if to else 'everywhere'} by hand.")
            continue
        try:
            plan = plan_of(ctx, client, to, before.get(item))
        except ClusterError as error:
            problems[item] = str(error)
            continue
        said.append(plan.said)
        by_hand += [plan.by_hand] if plan.by_hand else []
    will = "; ".join(said) or "No order is sent"
    return Preview(f"{will}. {done}", see, undo, command="\n".join(by_hand), problems=problems)


def request(
    ctx: StepContext, workloads: Workloads, to: str | None, before: Mapping[str, int], recognised_by: str
) -> dict[str, Any]:
    sent = {
        item: dict(plan_of(ctx, client, to, before.get(item)).request) if client else None
        for item, client in workloads.items()
    }
    return {"requests": sent, "recognised_by": recognised_by}


def plans(ctx: StepContext, workloads: Workloads, to: str | None, before: Mapping[str, int]) -> dict[str, Any]:
    """Pre-state of the items: where each runs now, and the order that will be sent."""
    found: dict[str, Any] = {}
    for item, client in workloads.items():
        if client is not None:
            with last_look(f"where {client.name} runs"):
                plan = plan_of(ctx, client, to, before.get(item))
                _refuse_kept(ctx, client, plan)
                found |= stored(client, plan)
    return found


def _refuse_kept(ctx: StepContext, client: ClientFacts, plan: RoutePlan) -> None:
    """What has begun to keep the workload since it was judged: it would undo the order that is about to be sent."""
    driver = ctx.gateways.driver(client.driver)
    if not isinstance(driver, ReadsKeepers):
        return
    now, judged = driver.keepers(client.name, deadline=ctx.deadline), ctx.case.facts.keepers.get(client.name)
    known = at_work(judged) if judged else frozenset()
    if new := sorted(at_work(now) - known, key=lambda keeper: keeper.controller):
        raise Refused(NotKept().says(*new))
    asked = judged.unread if judged else {}
    unread = {**now.unread, **{side: why for side, why in now.silent.items() if side in plan.request.get("places", ())}}
    for side, why in unread.items():
        if side not in asked:
            raise NoAnswer(client.driver, f"what else keeps {client.name} on {side} could not be read: {why}")


def send(
    ctx: StepContext, client: ClientFacts | None, item: str, to: str | None, instances: int | None = None
) -> Answer:
    """One order to one driver. The key is the attempt's, so that even a doubled order is applied once."""
    if client is None:
        said = "no routing driver moves it; nothing was sent, and only what is seen counts"
        return Answer(Result.ACCEPTED, said, {item: Reply(is_accepted=True, said=said)})
    driver = ctx.gateways.driver(client.driver)

    def call() -> Answer:
        plan = plan_of(ctx, client, to, instances)
        found = driver.apply(plan, run=ctx.run, key=f"{ctx.attempt}:{item}", deadline=ctx.deadline)
        result = Result.ACCEPTED if found.accepted else Result.REFUSED
        follow = {"follow": {item_of(client): found.follow}} if found.follow else {}
        return Answer(result, found.said, {item: Reply(found.accepted, found.said)}, follow)

    return sending(call)


def verified(ctx: StepContext, client: ClientFacts) -> tuple[ClientState | None, str]:
    """Where the driver says the client runs, or why it cannot say."""
    try:
        state = ctx.gateways.driver(client.driver).verify(client.name, deadline=ctx.deadline)
    except ClusterError as error:
        return None, str(error)
    return state, state.said


def pending(ctx: StepContext, client: ClientFacts | None, saw: str) -> Item:
    """Not there yet; failed only where the driver says that nothing more will come of the order it took."""
    follow = ctx.memory.get("follow", {}).get(item_of(client)) if client else None
    if client is None or not follow:
        return Item.waiting(saw)
    driver = ctx.gateways.driver(client.driver)
    if not isinstance(driver, FollowsOrders):
        return Item.waiting(saw)
    try:
        progress = driver.progress(follow, deadline=ctx.deadline)
    except ClusterError as error:
        return Item.waiting(f"{saw}; how its order gets on is not known: {error}")
    return (Item.failed if progress.has_given_up else Item.waiting)(f"{saw}; {progress.said}")


def is_untouched(ctx: StepContext, client: ClientFacts, state: ClientState) -> bool:
    """Compare-and-set proves it: an unchanged version has taken no order, unless one was taken to be done later."""
    before = before_of(ctx, client)
    return (
        not is_taken(ctx, client)
        and before is not None
        and state.version is not None
        and state.version == before.version
    )


def is_taken(ctx: StepContext, client: ClientFacts) -> bool:
    """Its driver said whole that it takes the order, and gave a word to follow it by."""
    return item_of(client) in ctx.memory.get("follow", {})


def is_outside(vantage: str, region: str, side: str) -> bool:
    """Whether a driver looks from somewhere that does not fall with the side."""
    words = vantage.replace(",", " ").split()
    return bool(vantage.strip()) and region not in words and side not in words

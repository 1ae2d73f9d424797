"""What kinds have in common that alter settings of one half of a link: dry run, the last look, setting by setting."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from clusters.errors import ClusterError, NotServed
from clusters.gateway import PairByHand, SideGateway
from runbooks.engine.by_hand import ByHand
from runbooks.engine.context import Case, StepContext
from runbooks.engine.guards.rule import present
from runbooks.engine.kinds import Nature
from runbooks.engine.link_settings import Settings, is_same
from runbooks.engine.outcome import Answer, Item, Level, Observation, Preview, Refused, Reply, Result, Verdict
from runbooks.engine.steps.kind import Kind
from runbooks.engine.steps.last_look import last_look
from runbooks.engine.steps.sending import sending

ALL = 100


class AltersLink(Kind):
    """Items are `<setting> on <side>`. Subclasses say what is set, and judge what is there right before sending."""

    nature: ClassVar[Nature] = Nature.ACT
    way_back: ClassVar[str]

    def changes(self, case: Case) -> Settings:
        raise NotImplementedError

    def will_happen(self, case: Case) -> str:
        raise NotImplementedError

    def clients_see(self, case: Case) -> str:
        raise NotImplementedError

    def check_before(self, ctx: StepContext, now: Settings, sent: Settings) -> str:
        """Why nothing may be sent, given the settings as they are now; empty where it may."""
        return ""

    def kept(self, ctx: StepContext, now: Settings) -> Mapping[str, Any]:
        """What of the settings right before sending is kept as evidence, by its kind."""
        return {}

    def on_paper(self, case: Case) -> Settings:
        """What is set, as far as it is known before the run; a word in capitals stands for what people noted."""
        return self.changes(case)

    def by_hand(self, case: Case, tools: PairByHand) -> ByHand:
        side, link, changes = self.side_of(case), case.facts.link, self.on_paper(case)
        return ByHand(
            does=(f"Note how {', '.join(changes)} read on link {link} of {side} before anything is sent.",),
            looks=tools.side(side).looks_at_link(link),
            sends=tools.side(side).alters_link(link, changes),
            expects=tuple(f"{name} on {side} reads {value}" for name, value in changes.items()),
            notes=("Sent at", "What each read before"),
        )

    def side_of(self, case: Case) -> str:
        return present(self.subjects(case).side, "the side this step acts on")

    def targets(self, case: Case) -> tuple[str, ...]:
        return tuple(item_of(name, self.side_of(case)) for name in self.changes(case))

    def batch(self) -> int:
        return ALL

    def preview(self, ctx: StepContext) -> Preview:
        gateway, link, changes = self._gateway(ctx), ctx.case.facts.link, self.changes(ctx.case)
        problems, dry_run = {}, "taken"
        try:
            answer = gateway.alter_link_configs(link, changes, validate_only=True, deadline=ctx.deadline)
            problems = {name: error for name, error in answer.errors.items() if error}
        except NotServed as error:
            dry_run = f"none: the settings are sent one after another, switches last ({error.said})"
        except ClusterError as error:
            problems = {"dry run": str(error)}
        return Preview(
            will_happen=self.will_happen(ctx.case),
            clients_see=self.clients_see(ctx.case),
            undo=self.way_back,
            command=gateway.link_configs_command(link, changes),
            problems=problems,
            evidence={"dry_run": dry_run},
        )

    def request(self, ctx: StepContext, items: tuple[str, ...]) -> Mapping[str, Any]:
        sent = self._gateway(ctx).link_configs_request(ctx.case.facts.link, self._of(ctx.case, items))
        return {"request": dict(sent), "recognised_by": "each setting reads as it was sent"}

    def pre_state(self, ctx: StepContext, items: tuple[str, ...]) -> Mapping[str, Any]:
        sent = self._of(ctx.case, items)
        with last_look(f"the settings of link {ctx.case.facts.link} on {self.side_of(ctx.case)}"):
            now = self._configs(ctx)
        if why := self.check_before(ctx, now, sent):
            raise Refused(_changed_meanwhile(why))
        return {"here": {name: now.get(name) for name in sent}, "keep": self.kept(ctx, now)}

    def apply(self, ctx: StepContext, items: tuple[str, ...]) -> Answer:
        return sending(lambda: self._send(ctx, items))

    def observe(self, ctx: StepContext) -> Observation:
        names = ctx.items or self.targets(ctx.case)
        try:
            now = self._configs(ctx)
        except ClusterError as error:
            return Observation({name: Item.unknown(str(error)) for name in names}, str(error))
        wanted, before = self._of(ctx.case, names), ctx.pre_state.get("here", {})
        items = {item_of(name, self.side_of(ctx.case)): _judge(name, wanted, now, before) for name in wanted}
        done = sum(item.state == "done" for item in items.values())
        evidence = {"side": self.side_of(ctx.case), "link": ctx.case.facts.link, "at": ctx.case.now.isoformat()}
        return Observation(items, f"{done} of {len(items)} settings read as sent", evidence)

    def binding_facts(self, case: Case) -> Mapping[str, Any]:
        return {**super().binding_facts(case), "link": case.facts.link, "settings": dict(self.changes(case))}

    def _send(self, ctx: StepContext, items: tuple[str, ...]) -> Answer:
        link, changes, side = ctx.case.facts.link, self._of(ctx.case, items), self.side_of(ctx.case)
        answer = self._gateway(ctx).alter_link_configs(link, changes, validate_only=False, deadline=ctx.deadline)
        replies = {item_of(name, side): Reply(not error, error or "accepted") for name, error in answer.errors.items()}
        return Answer(Result.ACCEPTED, answer.said, replies)

    def _configs(self, ctx: StepContext) -> Settings:
        return self._gateway(ctx).link_configs(ctx.case.facts.link, deadline=ctx.deadline)

    def _gateway(self, ctx: StepContext) -> SideGateway:
        return ctx.gateways.side(self.side_of(ctx.case))

    def _of(self, case: Case, items: tuple[str, ...]) -> Settings:
        side = self.side_of(case)
        return {name: value for name, value in self.changes(case).items() if item_of(name, side) in items}


def item_of(name: str, side: str) -> str:
    return f"{name} on {side}"


def _judge(name: str, wanted: Settings, now: Settings, before: Settings) -> Item:
    if name not in now:
        return Item.unknown("the cluster does not list this setting")
    saw = f"reads {now[name] or 'nothing'}"
    if is_same(now[name], wanted[name]):
        return Item.done(saw)
    if name in before and is_same(now[name], before[name]):
        return Item.not_applied(f"still {saw}")
    return Item.unknown(f"{saw}, which is neither what was sent nor what was there before")


def _changed_meanwhile(why: str) -> Verdict:
    return Verdict(
        code="offset-sync",
        title="The settings are what they were judged to be",
        level=Level.ABSOLUTE,
        is_met=False,
        saw=why,
        needs="the settings as they were judged, right before sending",
        source="Breakwater: re-check, then send",
        says=f"{why} Nothing was sent.",
    )

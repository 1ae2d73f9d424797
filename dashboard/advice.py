"""What a pair needs of people now, in words: for the list on the overview and the top of the pair page."""

from __future__ import annotations

from dataclasses import dataclass

from clusters.facts import Topology
from clusters.health import Severity
from dashboard.links import assess, incident, pair_page
from dashboard.standing import PairStanding, SideStanding


@dataclass(frozen=True)
class Advice:
    """`title` is the answer, `text` the reason; `link` names what to do, empty where nothing is to be done."""

    title: str
    text: str
    link: str = ""
    href: str = ""
    is_alarm: bool = False


def advice(pair: PairStanding) -> Advice:
    if pair.doubles:
        return _double(pair)
    if pair.silent:
        return _silent(pair, pair.silent[0])
    if pair.judged.severity in {Severity.CRITICAL, Severity.ACT}:
        judged = pair.alarms[0]
        return Advice(_sentence(judged.words), judged.why, "Look at it", pair_page(pair.entry.name), is_alarm=True)
    if pair.judged.severity is Severity.UNKNOWN:
        text = f"{pair.judged.why}. Every guard that needs it refuses until it is seen again."
        return Advice("Unknown, not healthy.", text, f"Restore sight of {pair.entry.name}", pair_page(pair.entry.name))
    if pair.judged.severity is Severity.WATCH:
        return Advice(_sentence(pair.judged.words), pair.judged.why, "Look at it", pair_page(pair.entry.name))
    if pair.judged.severity is Severity.EXPECTED:
        return Advice("Expected.", pair.judged.why)
    return Advice("Protected. Nothing to do.", "")


def _double(pair: PairStanding) -> Advice:
    group = pair.doubles[0]
    where = " and on ".join(group.active_on)
    text = "Both sides commit, and the last writer wins. Stop it on one of them before anything else."
    return Advice(
        f"{group.name} runs on {where}.",
        text,
        f"Stop {group.name} on one side",
        pair_page(pair.entry.name),
        is_alarm=True,
    )


def _silent(pair: PairStanding, side: SideStanding) -> Advice:
    other = pair.other(side.name)
    if pair.incidents:
        text = f"Incident {pair.incidents[0]} is open. {_case(pair, side, other)}"
        return Advice(f"{side.name} is not answering.", text, "Go on with the incident", incident(pair.incidents[0]))
    if len(pair.silent) > 1:
        text = "Neither side answers this console: it may be this console that is cut off. Ask the witnesses first."
        return Advice(
            "Neither side is answering.", text, f"Assess {side.name}", assess(pair.entry.name, side.name), is_alarm=True
        )
    text = _case(pair, side, other)
    return Advice(
        f"{side.name} is not answering.", text, f"Assess {side.name}", assess(pair.entry.name, side.name), is_alarm=True
    )


def _case(pair: PairStanding, side: SideStanding, other: SideStanding) -> str:
    if pair.entry.topology is Topology.ACTIVE_ACTIVE:
        return (
            f"{other.name} takes writes of its own: moving clients there is usually enough, and no mirror command is "
            f"needed. What {side.name} still holds arrives late; it is not lost."
        )
    if not other.totals.mirrors:
        return f"{other.name} serves. What is written there is not protected until {side.name} is back."
    return f"{other.name} holds the only copy that answers. Decide: wait, or fail over."


def _sentence(words: str) -> str:
    return f"{words[:1].upper()}{words[1:]}."

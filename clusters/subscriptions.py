"""What a consumer group would read on a side, by the subscription that the inventory declares for it.

Java's consumers match the whole name. Clients of librdkafka take a pattern only with a leading ^, and leave its end
open; without the ^ it is the name of one topic.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable
from functools import lru_cache

from clusters.facts import ClientFacts, Library, PairFacts, SideFacts, Subscription

LONGEST = 500
OPEN_REPEATS = 3  # each more multiplies the time by the length of a topic's name
# An escape, a class, the beginning or end of a group, a repeat without an end, or any other character.
SIGN = re.compile(r"\\.|\[\^?\]?(?:\\.|[^\]\\])*\]|\((?:\?[:=!<>P]*)?|\)|[*+]|\{\d+,\}|.", re.DOTALL)
OPEN = re.compile(r"[*+]|\{\d+,\}")


def pattern_problem(text: str) -> str:
    """Why a pattern cannot be judged here; empty when it can. One that may take for ever is none."""
    if len(text) > LONGEST:
        return f"is longer than {LONGEST} characters"
    try:
        re.compile(text)
    except (re.error, RecursionError, OverflowError) as error:
        return f"is no pattern that can be judged here ({error})"
    return _slow(text)


def _slow(text: str) -> str:
    """Repeats without an end: too many of them, or one around a group that holds one or a choice."""
    groups, total, closed = [False], 0, False
    for sign in SIGN.findall(text):
        if OPEN.fullmatch(sign):
            total += 1
            if closed:
                return "repeats a group that itself repeats or chooses, which can take for ever"
            groups[-1] = True
        was_open = groups[-1]
        if sign.startswith("("):
            groups.append(False)
        elif sign == "|":
            groups[-1] = True
        elif sign == ")" and len(groups) > 1:
            groups.pop()
            groups[-1] = groups[-1] or was_open
        closed = sign == ")" and was_open
    return f"has more than {OPEN_REPEATS} repeats without an end" if total > OPEN_REPEATS else ""


def matches(subscription: Subscription, name: str) -> bool:
    if subscription.library is Library.JAVA:
        return bool(_compiled(subscription.pattern).fullmatch(name))
    if not subscription.pattern.startswith("^"):
        return subscription.pattern == name
    return bool(_compiled(subscription.pattern).match(name))


@lru_cache(maxsize=256)
def _compiled(text: str) -> re.Pattern[str]:
    return re.compile(text)


def expected(facts: PairFacts, client: ClientFacts, side: SideFacts) -> frozenset[str] | None:
    """Its topics, and behind a prefix their mirrors, as they are called on a side. None: the prefix is not known."""
    half = side.link(facts.link)
    if side.links is None or (half is not None and half.prefix is None):
        return None
    prefixes = {"", half.prefix or ""} if half else {""}
    return frozenset(prefix + topic for topic in client.topics for prefix in prefixes)


def read_on(subscription: Subscription, side: str, names: Iterable[str]) -> frozenset[str]:
    """Of these names, what the group would read there."""
    if subscription.pattern:
        return frozenset(name for name in names if matches(subscription, name))
    return frozenset(subscription.topics.get(side, ())) & frozenset(names)


def names_on(side: SideFacts) -> Collection[str] | None:
    """Every topic there, internal ones too; None where not all are known."""
    return None if side.topics is None or side.other_topics is None else {*side.topics, *side.other_topics}

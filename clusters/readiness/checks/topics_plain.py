from __future__ import annotations

import re
from collections.abc import Iterator
from typing import ClassVar

from clusters.broker_settings import CLEANUP, MESSAGE_FORMAT
from clusters.facts import PairFacts
from clusters.readiness.finding import Check, Finding, Weight, checks
from clusters.readiness.topics import NOBODY_DECLARED, settings_of, some, with_mirrors

FIRST_OF_V2 = (0, 11)


@checks.add("topics-plain")
class TopicsPlain(Check):
    """No declared topic is compacted, carries transactions, or keeps records in a format that links do not take."""

    code: ClassVar[str] = "C20"
    title: ClassVar[str] = "No topic needs care of its own"
    weight: ClassVar[Weight] = Weight.HIGH
    needs: ClassVar[str] = "declared topics not compacted, not transactional, in message format v2"
    act: ClassVar[str] = (
        "Transactional: one topic at a time, each to its end; Confluent Platform does not support mirroring it at all. "
        "Compacted: where a tail is truncated, an older value may become the last. Format v0 or v1: its mirror fails."
    )

    def judge(self, facts: PairFacts) -> Finding:
        if not any(client.topics for client in facts.clients):
            return self.unknown(NOBODY_DECLARED)
        old, compacted = set(_old(facts)), set(_compacted(facts))
        transactional = {topic for client in facts.clients if client.transactional for topic in client.topics}
        said = [f"{what}: {some(sorted(names))}" for what, names in _words(transactional, old, compacted) if names]
        if said:
            return self.fails(*said, weight=Weight.HIGH if transactional or old else Weight.MEDIUM)
        if unread := [
            f"{name} on {side}" for side, name in with_mirrors(facts) if settings_of(facts, side, name) is None
        ]:
            return self.unknown(f"the settings could not be read of {some(unread)}")
        undeclared = [c.name for c in facts.clients if c.kind == "producers" and c.transactional is None]
        if undeclared:
            return self.unknown(f"nobody declares whether these write transactions: {some(undeclared)}")
        return self.met(f"{len(set(with_mirrors(facts)))} topics, mirrors among them")


def _words(transactional: set[str], old: set[str], compacted: set[str]) -> tuple[tuple[str, set[str]], ...]:
    return ("transactional", transactional), ("message format v0 or v1", old), ("compacted", compacted)


def _old(facts: PairFacts) -> Iterator[str]:
    """A cluster that no longer has the setting knows no other format than v2."""
    for side, name in with_mirrors(facts):
        found = re.match(r"(\d+)\.(\d+)", (settings_of(facts, side, name) or {}).get(MESSAGE_FORMAT, ""))
        if found and (int(found[1]), int(found[2])) < FIRST_OF_V2:
            yield name


def _compacted(facts: PairFacts) -> Iterator[str]:
    for side, name in with_mirrors(facts):
        if "compact" in (settings_of(facts, side, name) or {}).get(CLEANUP, ""):
            yield name

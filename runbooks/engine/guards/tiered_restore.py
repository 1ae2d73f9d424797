from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from clusters.facts import PairFacts, SideFacts, Version
from runbooks.engine import matrix
from runbooks.engine.context import Case
from runbooks.engine.guards.rule import MissingFact, Rule, known, present
from runbooks.engine.kinds import StepKind, guards
from runbooks.engine.matrix import TieredRestore
from runbooks.engine.outcome import Level, Verdict

NEEDS = "no broker on 7.9.0–7.9.2, 8.0.0, 7.7 or 7.8 while Tiered Storage is on anywhere, and both known"


@guards.add("no_tiered_restore")
@dataclass(frozen=True)
class NoTieredRestore(Rule):
    """Truncate-and-restore never runs where Tiered Storage can make it lose data. Nobody can override this.

    Judged on every broker of both clusters, and on Tiered Storage of both clusters and of each topic: one affected
    broker and one tiered topic anywhere are enough. An unknown version or unknown tiering refuses. Between two clusters
    of Confluent Cloud the rule does not apply; beside a Platform cluster a Cloud cluster counts as tiered.
    """

    code: ClassVar[str] = "R01"
    title: ClassVar[str] = "Tiered Storage cannot make the restore lose data"
    level: ClassVar[Level] = Level.ABSOLUTE
    source: ClassVar[str] = matrix.ADVISORY

    def judge(self, step: StepKind, case: Case) -> Verdict:
        sides = tuple(case.facts.sides.values())
        editions = {side.side: known(side.edition, f"the edition of {side.side}") for side in sides}
        if all(edition.is_cloud for edition in editions.values()):
            return self.met("both clusters are Confluent Cloud, where the rule does not apply", NEEDS)
        platform = [side for side in sides if not editions[side.side].is_cloud]
        versions = {(side.side, broker): version for side in platform for broker, version in broker_versions(side)}
        tiered = _tiered(case.facts, step.subjects(case).topics)
        affected = {
            place: version
            for place, version in versions.items()
            if matrix.tiered_restore(version).verdict is not TieredRestore.SAFE
        }
        saw = f"versions {_ranges(versions)}; Tiered Storage {tiered or 'off everywhere'}"
        at = min(side.read_at for side in sides)
        if not (affected and tiered):
            return self.met(saw, NEEDS, at)
        return self.refused(_says(next(iter(affected.items())), tiered), saw, NEEDS, at)


def broker_versions(side: SideFacts) -> list[tuple[int, Version]]:
    """Every broker's exact version. MissingFact where one is unknown, or no broker is known at all."""
    if not side.brokers:
        raise MissingFact(f"the versions of the brokers of {side.side}")
    return [
        (broker.broker_id, known(broker.version, f"the version of broker {broker.broker_id} of {side.side}"))
        for broker in side.brokers
    ]


def _tiered(facts: PairFacts, topics: tuple[str, ...]) -> str:
    """Where Tiered Storage is on, empty where it is known to be off everywhere; MissingFact where that is not known."""
    places: list[str] = []
    for side in facts.sides.values():
        if known(side.edition, f"the edition of {side.side}").is_cloud:
            places.append(f"always on {side.side} (Cloud)")
            continue
        if known(side.tiering, f"whether Tiered Storage is on for {side.side}"):
            places.append(f"on for {side.side}")
        read = present(side.topics, f"the topics of {side.side}")
        for topic in topics:
            tiered = present(read[topic].tiered if topic in read else None, f"whether {topic} on {side.side} is tiered")
            places += [f"on for {topic} on {side.side}"] if tiered else []
    return ", ".join(places[:3])


def _says(found: tuple[tuple[str, int], Version], tiered: str) -> str:
    (side, broker), version = found
    head = f"Truncate-and-restore is refused: this cluster runs {version} with Tiered Storage."
    where = f"Seen on broker {broker} of {side}; Tiered Storage is {tiered}."
    if matrix.tiered_restore(version).verdict is TieredRestore.UNPROVEN:
        return f"{head} {matrix.NOTHING_SAID[0].upper()}{matrix.NOTHING_SAID[1:]}. {where}"
    rule = (
        "Versions 7.9.0–7.9.2 and 8.0.0 can lose data silently or leave the topic inconsistent. "
        "Upgrade to 7.9.3, 8.0.1 or 8.1.0 first."
    )
    return f"{head} {rule} {where}"


def _ranges(versions: dict[tuple[str, int], Version]) -> str:
    sides: dict[str, set[Version]] = {}
    for (side, _), version in versions.items():
        sides.setdefault(side, set()).add(version)
    return "; ".join(f"{side} {', '.join(map(str, sorted(found)))}" for side, found in sides.items())

"""What reverse and restore need of both clusters and their link. No override helps: the platform cannot do it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar

from clusters.facts import Edition, LinkFacts, MetadataMode, SideFacts
from runbooks.engine import matrix
from runbooks.engine.context import Case
from runbooks.engine.features import DR_GUIDE, Has
from runbooks.engine.guards.rule import MissingFact, Rule, known, present
from runbooks.engine.guards.tiered_restore import broker_versions
from runbooks.engine.kinds import StepKind, guards
from runbooks.engine.outcome import Level, Verdict


def on_platform(case: Case) -> Iterator[SideFacts]:
    """The sides whose versions and metadata mode matter; Confluent Cloud keeps its own up to date."""
    for side in case.facts.sides.values():
        if not known(side.edition, f"the edition of {side.side}").is_cloud:
            yield side


def link_sides(case: Case) -> Iterator[tuple[SideFacts, LinkFacts]]:
    for side in case.facts.sides.values():
        present(side.links, f"the links of {side.side}")
        yield side, present(side.link(case.facts.link), f"link {case.facts.link} on {side.side}")


@guards.add("link_bidirectional")
@dataclass(frozen=True)
class LinkBidirectional(Rule):
    """Both sides of the link are in bidirectional mode, as their settings say."""

    code: ClassVar[str] = "R02"
    title: ClassVar[str] = "The link is bidirectional"
    level: ClassVar[Level] = Level.ABSOLUTE
    source: ClassVar[str] = DR_GUIDE

    def judge(self, step: StepKind, case: Case) -> Verdict:
        needs = "link.mode BIDIRECTIONAL on both sides"
        for side in case.facts.sides.values():
            if side.links is not None and side.link(case.facts.link) is None:
                says = f"Reverse/restore needs a bidirectional link, and {side.side} has no half of {case.facts.link}."
                return self.refused(f"{says} Use delete-and-remirror.", f"none on {side.side}", needs, side.read_at)
        for side, link in link_sides(case):
            mode = present(link.mode, f"the mode of link {link.name} on {side.side}")
            if mode != "BIDIRECTIONAL":
                says = f"Reverse/restore needs a bidirectional link. This link is {mode}. Use delete-and-remirror."
                return self.refused(says, f"{mode} on {side.side}", needs, side.configs_at)
        return self.met("BIDIRECTIONAL on both sides", needs)


@guards.add("restore_version")
@dataclass(frozen=True)
class RestoreVersion(Rule):
    """Every broker of both clusters runs a version that has reverse and restore."""

    code: ClassVar[str] = "R03"
    title: ClassVar[str] = "Both clusters have reverse and restore"
    level: ClassVar[Level] = Level.ABSOLUTE
    source: ClassVar[str] = matrix.REVERSE_AND_RESTORE.source

    def judge(self, step: StepKind, case: Case) -> Verdict:
        text = "Reverse/restore needs Confluent Platform 7.7 or later. Lowest broker version seen: {version}."
        return _minimum(self, case, matrix.REVERSE_AND_RESTORE, text)


@guards.add("bidirectional_version")
@dataclass(frozen=True)
class BidirectionalVersion(Rule):
    """Every broker of both clusters runs a version that has bidirectional links."""

    code: ClassVar[str] = "R07"
    title: ClassVar[str] = "Both clusters have bidirectional links"
    level: ClassVar[Level] = Level.ABSOLUTE
    source: ClassVar[str] = matrix.BIDIRECTIONAL.source

    def judge(self, step: StepKind, case: Case) -> Verdict:
        text = "Bidirectional mode needs Confluent Platform 7.5 or later on both sides. Lowest seen: {version}."
        return _minimum(self, case, matrix.BIDIRECTIONAL, text)


def _minimum(rule: Rule, case: Case, row: matrix.MinimumRow, text: str) -> Verdict:
    needs, seen = f"{row.at_least} or later on every broker", []
    for side in on_platform(case):
        lowest = min(version for _, version in broker_versions(side))
        if lowest < row.at_least:
            return rule.refused(text.format(version=lowest), f"{lowest} on {side.side}", needs, side.read_at)
        seen.append(f"{lowest} on {side.side}")
    return rule.met(f"lowest {', '.join(seen)}" if seen else "Confluent Cloud on both sides", needs)


@guards.add("no_zookeeper")
@dataclass(frozen=True)
class NoZookeeper(Rule):
    """Both clusters run on KRaft."""

    code: ClassVar[str] = "R04"
    title: ClassVar[str] = "Both clusters run on KRaft"
    level: ClassVar[Level] = Level.ABSOLUTE
    source: ClassVar[str] = DR_GUIDE

    def judge(self, step: StepKind, case: Case) -> Verdict:
        for side in on_platform(case):
            if known(side.metadata, f"the metadata mode of {side.side}") is MetadataMode.ZOOKEEPER:
                says = "Reverse/restore is not available on ZooKeeper-based clusters."
                return self.refused(says, f"ZooKeeper on {side.side}", "KRaft on both sides", side.read_at)
        return self.met("KRaft", "KRaft on both sides")


@guards.add("no_combined_nodes")
@dataclass(frozen=True)
class NoCombinedNodes(Rule):
    """The clusters the step acts on have controllers of their own, not combined with brokers."""

    code: ClassVar[str] = "R33"
    title: ClassVar[str] = "Controllers are separate from brokers"
    source: ClassVar[str] = "observed on CP 8.3: link transitions hang on combined nodes"

    def judge(self, step: StepKind, case: Case) -> Verdict:
        acting = step.subjects(case).side
        for side in on_platform(case):
            # A lost side takes no part in a failover, and its mode may not be known.
            if side.side != acting and not side.reachable:
                continue
            if known(side.metadata, f"the metadata mode of {side.side}") is MetadataMode.KRAFT_COMBINED:
                says = "This cluster runs combined KRaft nodes, where link transitions are known to hang."
                return self.refused(says, f"combined nodes on {side.side}", "isolated controllers", side.read_at)
        return self.met("isolated controllers", "isolated controllers")


@guards.add("edition_allows")
@dataclass(frozen=True)
class EditionAllows(Rule):
    """Both clusters are of an edition that can be a side of a bidirectional link."""

    code: ClassVar[str] = "R06"
    title: ClassVar[str] = "Both editions allow it"
    level: ClassVar[Level] = Level.ABSOLUTE
    source: ClassVar[str] = DR_GUIDE

    def judge(self, step: StepKind, case: Case) -> Verdict:
        needs = "Confluent Platform, or Cloud Dedicated or Enterprise"
        for side in case.facts.sides.values():
            edition = known(side.edition, f"the edition of {side.side}")
            if edition is not Edition.APACHE and matrix.bidirectional(edition) is not Has.ALLOWED:
                says = (
                    f"Bidirectional mode is not supported on {edition}. Both clusters must be Dedicated or Enterprise."
                )
                return self.refused(says, f"{edition} on {side.side}", needs, side.read_at)
        editions = (f"{side.edition.value} on {side.side}" for side in case.facts.sides.values())
        return self.met(", ".join(editions), needs)


@guards.add("not_open_source")
@dataclass(frozen=True)
class NotOpenSource(Rule):
    """Neither cluster is open-source Apache Kafka, which has no mirrors."""

    code: ClassVar[str] = "R08"
    title: ClassVar[str] = "Neither cluster is open-source Kafka"
    level: ClassVar[Level] = Level.ABSOLUTE
    source: ClassVar[str] = DR_GUIDE

    def judge(self, step: StepKind, case: Case) -> Verdict:
        for side in case.facts.sides.values():
            if known(side.edition, f"the edition of {side.side}") is Edition.APACHE:
                says = "Open-source Kafka cannot take part in a bidirectional link or host mirror topics."
                return self.refused(says, f"Apache Kafka on {side.side}", "Confluent on both sides", side.read_at)
        return self.met("Confluent on both sides", "Confluent on both sides")


@guards.add("link_sides_match")
@dataclass(frozen=True)
class LinkSidesMatch(Rule):
    """The two halves of the link belong together: one id, and each names the other's cluster."""

    code: ClassVar[str] = "R32"
    title: ClassVar[str] = "The two link sides match"
    level: ClassVar[Level] = Level.ABSOLUTE
    source: ClassVar[str] = "halves that do not pair carry data, but never reverse"

    def judge(self, step: StepKind, case: Case) -> Verdict:
        (one, here), (two, there) = link_sides(case)
        if not here.cluster_link_id or not there.cluster_link_id:
            raise MissingFact(f"the id of link {here.name}")
        crossed = here.remote_cluster_id in {"", two.cluster_id} and there.remote_cluster_id in {"", one.cluster_id}
        saw = f"ids {here.cluster_link_id} and {there.cluster_link_id}"
        needs = "the same id, and each side naming the other cluster"
        if here.cluster_link_id != there.cluster_link_id or not crossed:
            return self.refused("The two link sides do not match (name/id/cluster ids).", saw, needs)
        return self.met(saw, needs)

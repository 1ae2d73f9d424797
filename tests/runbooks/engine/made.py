"""Facts made by hand: a quiet active-passive pair after a failover, everything known and nothing in the way."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from clusters.facts import (
    BrokerFacts,
    ClientFacts,
    Committed,
    Edition,
    Fact,
    GroupFacts,
    GroupState,
    LinkFacts,
    MetadataMode,
    MirrorFacts,
    MirrorStatus,
    Origin,
    PairFacts,
    PartitionLag,
    Policy,
    SideFacts,
    TopicFacts,
    Topology,
    Vantage,
    Version,
    unknown,
)
from runbooks.engine.context import Case
from runbooks.engine.reconciling import Partition, words
from runbooks.engine.states import Mode

NOW = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
OLD, NEW, LINK, TOPIC = "eu-north", "eu-south", "ledger-link", "entries"


def declared(value: Any) -> Fact[Any]:
    return Fact(value, Origin.DECLARED) if value is not None else unknown("nobody has declared it")


def brokers(*versions: str | None) -> tuple[BrokerFacts, ...]:
    return tuple(
        BrokerFacts(number, declared(Version.parse(text) if text else None)) for number, text in enumerate(versions, 1)
    )


def link(**changes: Any) -> LinkFacts:
    made = LinkFacts(
        name=LINK,
        cluster_link_id="link-1",
        remote_cluster_id="",
        state="ACTIVE",
        error="NO_ERROR",
        error_message="",
        mode="BIDIRECTIONAL",
        prefix="",
        configs={},
    )
    return replace(made, **changes)


def mirror(status: MirrorStatus = MirrorStatus.ACTIVE, topic: str = TOPIC, **changes: Any) -> MirrorFacts:
    lags = tuple(PartitionLag(partition, 0, 100) for partition in range(2))
    made = MirrorFacts(LINK, topic, topic, status, str(status), "NO_ERROR", NOW - timedelta(seconds=90), 2, lags)
    return replace(made, **changes)


def topic(*ends: int | None, tiered: bool | None = False, name: str = TOPIC) -> TopicFacts:
    return TopicFacts(name, len(ends), (0,) * len(ends), ends, tiered)


def group(name: str, state: GroupState = GroupState.EMPTY, members: int = 0, **offsets: int) -> GroupFacts:
    """`offsets` are of the partitions of the topic: p0=100."""
    commits = tuple(Committed(TOPIC, int(key[1:]), offset) for key, offset in offsets.items())
    return GroupFacts(name, state, members, commits)


def side(name: str, **changes: Any) -> SideFacts:
    made = SideFacts(
        side=name,
        region=name,
        is_home=name == OLD,
        read_at=NOW - timedelta(seconds=2),
        reachable=True,
        said="",
        probes=(),
        cluster_id=f"id-{name}",
        edition=declared(Edition.PLATFORM),
        metadata=declared(MetadataMode.KRAFT),
        tiering=declared(value=False),
        brokers=brokers("8.1.0", "8.1.0", "8.1.0"),
        links=(link(),),
        mirrors=(),
        topics={TOPIC: topic(100, 100)},
        groups={},
        offsets_at=NOW - timedelta(seconds=2),
        configs_at=NOW - timedelta(seconds=20),
    )
    return replace(made, **changes)


def lost(name: str, **changes: Any) -> SideFacts:
    """A side that does not answer: what could not be read is None."""
    gone: dict[str, Any] = {
        "reachable": False, "said": "rest: connection refused",
        "links": None, "mirrors": None, "topics": None, "groups": None, "offsets_at": None, "configs_at": None,
    }  # fmt: skip
    return side(name, **(gone | changes))


def pair(*sides: SideFacts, **changes: Any) -> PairFacts:
    made = PairFacts(
        pair="ledger",
        topology=Topology.ACTIVE_PASSIVE,
        link=LINK,
        home=OLD,
        sides={one.side: one for one in sides},
        clients=(
            ClientFacts("writer", "producers", (TOPIC,), "clients", OLD, transactional=False),
            ClientFacts("balances", "group", (TOPIC,), "clients", OLD, group="balances"),
        ),
        vantages=(),
        policy=Policy(),
        may_change=True,
    )
    return replace(made, **changes)


def vantage(name: str, kind: str, sees: bool | None, seconds: int, of: str = OLD) -> Vantage:
    """Says so since `seconds` ago, and has just looked."""
    return Vantage(name, kind, of, sees, NOW - timedelta(seconds=seconds), "", NOW - timedelta(seconds=1))


def case(facts: PairFacts, **changes: Any) -> Case:
    return replace(Case(facts=facts, now=NOW, mode=Mode.LIVE), **changes)


def cut_saved(*ends: int, survivor: str = NEW) -> dict[str, Any]:
    partitions = [{"partition": number, "end": end} for number, end in enumerate(ends)]
    return {"survivor": survivor, "lower": 5, "basis": "last known lag", "topics": {TOPIC: {"partitions": partitions}}}


def tail_settled(*tails: tuple[int, int], of: str = OLD) -> dict[str, Any]:
    """(cut, end) of each partition."""
    rows = [{"partition": number, "cut": cut, "end": end} for number, (cut, end) in enumerate(tails)]
    return {"purpose": "tail", "side": of, "statement": "worthless", "topics": {TOPIC: {"tails": rows}}}


def reconciled(*partitions: Partition, of: str = OLD) -> dict[str, Any]:
    rows = [part.as_evidence() for part in partitions]
    topics = {TOPIC: {"source": TOPIC, "partitions": rows}}
    return {"side": of, "at": "2026-11-20T11:59:30+00:00", "words": words(partitions), "topics": topics}


def quiet(of: str, *ends: int) -> dict[str, Any]:
    return {"side": of, "at": "2026-11-20T11:59:00+00:00", "ends": {TOPIC: list(ends)}}


def restore_case(old: dict[str, Any] | None = None, new: dict[str, Any] | None = None, **changes: Any) -> Case:
    """After a failover: the old home holds 7 records above the cut, the new one is a stopped mirror."""
    old_home = {"topics": {TOPIC: topic(103, 104)}, **(old or {})}
    new_home = {"topics": {TOPIC: topic(150, 160)}, "mirrors": (mirror(MirrorStatus.STOPPED),), **(new or {})}
    evidence = {
        "cut.save": cut_saved(100, 100),
        "topics.quiet": quiet(OLD, 103, 104),
        "loss.accept": tail_settled((100, 103), (100, 104)),
        "loss.reconcile": reconciled(Partition(0, 100, 0, 103, 150), Partition(1, 100, 0, 104, 160)),
    }
    facts = pair(side(OLD, **old_home), side(NEW, **new_home))
    return case(facts, **{"evidence": evidence, **changes})


def reverse_case(old: dict[str, Any] | None = None, new: dict[str, Any] | None = None, **changes: Any) -> Case:
    """After the restore: the old home holds an ACTIVE mirror that has caught up with the new one."""
    old_home = {"topics": {TOPIC: topic(150, 160)}, "mirrors": (mirror(),), **(old or {})}
    new_home = {"topics": {TOPIC: topic(150, 160)}, "mirrors": (mirror(MirrorStatus.STOPPED),), **(new or {})}
    facts = pair(side(OLD, **old_home), side(NEW, **new_home))
    return case(facts, **{"evidence": {"topics.quiet": quiet(NEW, 150, 160)}, **changes})


def failover_case(new: dict[str, Any] | None = None, old: SideFacts | None = None, **changes: Any) -> Case:
    """The home side is lost, its outage confirmed, the cut saved and the loss accepted."""
    survivor = {"mirrors": (mirror(MirrorStatus.SOURCE_UNAVAILABLE),), **(new or {})}
    evidence = {
        "outage.confirm": {"side": OLD, "at": "2026-11-20T11:50:00+00:00"},
        "cut.save": cut_saved(100, 100),
        "loss.accept": {"purpose": "loss", "side": OLD, "words": "5 records", "at": "now", "topics": {TOPIC: {}}},
    }
    facts = pair(old or lost(OLD), side(NEW, **survivor))
    return case(facts, **{"evidence": evidence, **changes})

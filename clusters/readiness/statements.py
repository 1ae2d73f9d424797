"""What no cluster can tell of a client, and its owner has to say: as data, with why it matters in a failover."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from clusters.facts import ClientFacts, Topology
from clusters.readiness.finding import Weight

PRODUCERS, GROUP = "producers", "group"


@dataclass(frozen=True)
class Reply:
    """One way to answer. `is_weak`: the owner says that a failover would do harm here."""

    text: str
    is_weak: bool = False


@dataclass(frozen=True)
class Statement:
    """`weight` is what it means for readiness when nobody has said it, or when what was said is weak."""

    key: str
    title: str
    asks: str
    why: str
    weight: Weight
    replies: dict[str, Reply]
    kinds: tuple[str, ...] = (PRODUCERS, GROUP)

    def is_asked_of(self, client: ClientFacts, topology: Topology) -> bool:
        """What the inventory declares of a client is not asked once more."""
        match self.key:
            case "conflicts" if topology is not Topology.ACTIVE_ACTIVE:
                return False
            case "subscription" if client.subscription is not None:
                return False
            case "transactions" if client.transactional is False:
                return False
        return client.kind in self.kinds


STATEMENTS: tuple[Statement, ...] = (
    Statement(
        "ordering",
        "Ordering",
        "What keeps records in the order that this client needs?",
        "After a failover new records go to another cluster, while older ones may still arrive from the first: order "
        "holds within a partition of one topic alone, never across a mirror and its counterpart.",
        Weight.MEDIUM,
        {
            "not-needed": Reply("It needs no order"),
            "kept": Reply("It needs order within a key, and keeps it over a failover"),
            "lost": Reply("It needs order, and nothing keeps it over a failover", is_weak=True),
        },
    ),
    Statement(
        "idempotence",
        "Reading twice",
        "What happens when this client reads a record a second time?",
        "Synced offsets lag behind: what lies between the last sync and the stop is read again on the other side.",
        Weight.HIGH,
        {
            "harmless": Reply("Nothing: it is idempotent, or drops what it has seen"),
            "harmful": Reply("It does harm", is_weak=True),
        },
        (GROUP,),
    ),
    Statement(
        "conflicts",
        "Conflicts",
        "Who wins when both sides have changed the same thing?",
        "In active-active both sides take writes, and mirroring merges nothing: without a rule the two regions keep "
        "different truths after an outage.",
        Weight.MEDIUM,
        {
            "one-writer": Reply("Each key is written on one side at a time, so that there are none"),
            "rule": Reply("A rule decides, and consumers apply it"),
            "none": Reply("Nothing decides", is_weak=True),
        },
        (PRODUCERS,),
    ),
    Statement(
        "subscription",
        "Subscription",
        "Does this client subscribe by a pattern or by a fixed list of topics?",
        "With prefixed mirrors the same records have another name on the other side: a fixed list of one side's names "
        "reads nothing there, and reports no error.",
        Weight.HIGH,
        {
            "pattern": Reply("By a pattern that matches topics and mirrors on both sides"),
            "both-lists": Reply("By a fixed list for each side"),
            "one-list": Reply("By one fixed list, of the names of one side", is_weak=True),
        },
        (GROUP,),
    ),
    Statement(
        "transactions",
        "Transactions",
        "Which topics does one transaction write to, or have to be read together?",
        "Mirrors carry each topic by itself: a transaction over several topics may have arrived in one of them and "
        "not in another at the cut.",
        Weight.MEDIUM,
        {
            "none": Reply("No transactions"),
            "named": Reply("Transactions over the topics named below, which are moved and checked together"),
            "unknown": Reply("Transactions, and nobody knows over which topics", is_weak=True),
        },
    ),
    Statement(
        "lambda",
        "AWS Lambda",
        "Is it an AWS Lambda function, and which consumer group id does its event source mapping use?",
        "An event source mapping without a group id of its own gets a random one that no other mapping shares: synced "
        "offsets are then of no use on the other side, and it begins where its starting position says.",
        Weight.MEDIUM,
        {
            "not-lambda": Reply("It is no Lambda function"),
            "chosen": Reply("Its mappings on both sides use the chosen group id named below"),
            "generated": Reply("Its group id was generated", is_weak=True),
        },
        (GROUP,),
    ),
)


def statement(key: str) -> Statement | None:
    return next((one for one in STATEMENTS if one.key == key), None)


def asked(client: ClientFacts, topology: Topology) -> Iterator[Statement]:
    return (one for one in STATEMENTS if one.is_asked_of(client, topology))

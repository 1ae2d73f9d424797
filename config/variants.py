"""Which shipped runbooks have a graceful and an ungraceful variant, and why the others have one alone."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Way(StrEnum):
    """Graceful: both sides answer, and nothing is left behind. Ungraceful: one side is gone, and the loss is told."""

    GRACEFUL = "graceful"
    UNGRACEFUL = "ungraceful"
    NEITHER = "moves nobody"


@dataclass(frozen=True)
class Variant:
    """`others` are the runbooks for the same purpose in the other way; where there are none, `why`."""

    way: Way
    others: tuple[str, ...] = ()
    why: str = ""


VARIANTS = {
    "planned-move-active-active": Variant(Way.GRACEFUL, ("unplanned-outage-active-active",)),
    "unplanned-outage-active-active": Variant(Way.UNGRACEFUL, ("planned-move-active-active",)),
    "return-home-active-active": Variant(Way.GRACEFUL, ("unplanned-outage-active-active",)),
    "extended-loss-active-active": Variant(
        Way.UNGRACEFUL, (), "while the region answers no mirror command is needed (R09): its clients are moved"
    ),
    "rebuild-mirrors-active-active": Variant(
        Way.GRACEFUL, (), "what is mirrored anew is read from a source that has to answer"
    ),
    "planned-switch-active-passive": Variant(Way.GRACEFUL, ("failover-active-passive",)),
    "planned-promote-active-passive": Variant(Way.GRACEFUL, ("failover-active-passive",)),
    "failover-active-passive": Variant(
        Way.UNGRACEFUL, ("planned-switch-active-passive", "planned-promote-active-passive")
    ),
    "restore-active-passive": Variant(Way.GRACEFUL, ("failover-active-passive",)),
    "consumer-last-active-passive": Variant(
        Way.GRACEFUL, (), "groups that stay behind read from the old cluster, which has to live"
    ),
    "consumers-follow-active-passive": Variant(
        Way.GRACEFUL, (), "where the old cluster is lost, its groups are moved by the failover"
    ),
    "fail-forward": Variant(Way.NEITHER, (), "after a failover: what has moved stays"),
    "recover-unreplicated": Variant(Way.NEITHER, (), "reads from a side that is back, and appends"),
    "pause-catch-up": Variant(Way.NEITHER, (), "mirrors stand still, and go on"),
    "hold-offset-sync": Variant(Way.NEITHER, (), "group offsets stand still, and go on"),
}

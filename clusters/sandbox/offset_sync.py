"""ConsumerOffsetSync: carries committed group offsets over the link, in both directions, prefixes considered."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .groups import Group
    from .link import LinkHalf


def sync(half: LinkHalf, *, ahead: bool = False) -> None:
    """Take over what groups committed on the other side, never for a group that is active here.

    A commit keeps the time it was made at and the later one wins; otherwise two idle sides would hand the
    same two values back and forth for ever. Whether a real link ever writes an offset above the mirror's end is not
    known; here it does so only with `ahead`, so that a group may always start where it was synced to.
    """
    half.groups_in_use = []
    for theirs in half.remote.groups.values():
        if not half.syncs_group(theirs.name):
            continue
        mine = half.local.groups.get(theirs.name)
        if mine is not None and mine.is_active:
            if theirs.is_active:
                half.groups_in_use.append(theirs.name)
            continue
        _take(half, theirs, ahead=ahead)


def _take(half: LinkHalf, theirs: Group, *, ahead: bool) -> None:
    for (topic, partition), commit in theirs.committed.items():
        name = half.local_name(topic)
        if name is None or (not ahead and commit.offset > half.local.topics[name].logs[partition].end):
            continue  # the records are still on their way: taken over at the next interval
        mine = half.local.group(theirs.name)
        known = mine.committed.get((name, partition))
        if known is None or commit.at > known.at:
            mine.committed[(name, partition)] = commit

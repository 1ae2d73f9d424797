"""What each vantage point sees of a side: this console, the other cluster's link side, each witness.

Pure. A link side says True only where data proves it, False where the cluster itself says so, and otherwise nothing:
`link_state` stays ACTIVE for minutes after the peer has died, so it is no proof of life.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import datetime

from clusters.facts import MirrorFacts, MirrorStatus, SideFacts, Vantage

UNAVAILABLE = {"UNAVAILABLE", "FAILED"}


def console(side: SideFacts) -> Vantage:
    """All protocols of this console together: one that answers is enough."""
    return Vantage("console", "console", side.side, side.reachable, None, side.said, side.read_at)


def link_side(of: SideFacts, by: SideFacts, link: str, before: SideFacts | None) -> Vantage:
    """What the link on `by` proves about `of`; `before` is the reading of `by` to compare with."""
    sees, said = _link_sees(by, link, before)
    return Vantage(f"{link} on {by.side}", "link", of.side, sees, None, said, by.read_at)


def _link_sees(by: SideFacts, link: str, before: SideFacts | None) -> tuple[bool | None, str]:
    if not by.reachable or by.mirrors is None:
        return None, f"{by.side} could not be asked"
    if moved := _moved(by, before):
        return True, f"{moved} was fetched since the last look"
    lost = [mirror.topic for mirror in by.mirrors if mirror.status is MirrorStatus.SOURCE_UNAVAILABLE]
    if lost:
        return False, f"{len(lost)} mirrors are SOURCE_UNAVAILABLE ({lost[0]} is one)"
    found = by.link(link)
    if found is not None and found.state in UNAVAILABLE:
        return False, f"link_state is {found.state} {found.error}".strip()
    return None, f"nothing has moved; link_state {found.state if found else 'not read'} proves nothing"


def _moved(by: SideFacts, before: SideFacts | None) -> str:
    """The first mirror partition that went forward between two looks."""
    if before is None or before.mirrors is None or before.read_at >= by.read_at:
        return ""
    known = {(mirror.link, mirror.topic): mirror for mirror in before.mirrors}
    for mirror in by.mirrors or ():
        old = known.get((mirror.link, mirror.topic))
        if old is not None and (_fetched(mirror, old) or _grew(mirror, old, by, before)):
            return mirror.topic
    return ""


def _fetched(now: MirrorFacts, old: MirrorFacts) -> bool:
    was = {lag.partition: lag.last_source_fetch_offset for lag in old.partitions}
    return any(0 <= was.get(lag.partition, -1) < lag.last_source_fetch_offset for lag in now.partitions)


def _grew(now: MirrorFacts, old: MirrorFacts, by: SideFacts, before: SideFacts) -> bool:
    """A topic that only its link writes has grown. Not once it is stopped: then clients write it."""
    if not now.status == old.status == MirrorStatus.ACTIVE:
        return False
    here, there = (by.topics or {}).get(now.topic), (before.topics or {}).get(now.topic)
    if here is None or there is None:
        return False
    pairs = zip(there.end_offsets, here.end_offsets, strict=False)
    return any(was is not None and end is not None and was < end for was, end in pairs)


def vantages(
    sides: Mapping[str, SideFacts],
    link: str,
    witnesses: Iterable[Vantage] = (),
    *,
    before: Mapping[str, SideFacts] | None = None,
    known: Iterable[Vantage] = (),
) -> tuple[Vantage, ...]:
    """Every row for both sides. `known` are the rows of the last look: a row that says the same keeps its `since`."""
    earlier = before or {}
    rows = [console(side) for side in sides.values()]
    for name, side in sides.items():
        for other, by in sides.items():
            if other != name and link:
                rows.append(link_side(side, by, link, earlier.get(other)))
    return carried([*rows, *witnesses], known)


def carried(rows: Iterable[Vantage], known: Iterable[Vantage]) -> tuple[Vantage, ...]:
    """`since` is when a vantage point began to say what it says now."""
    was = {(row.kind, row.name, row.side): row for row in known}
    return tuple(_carry(row, was.get((row.kind, row.name, row.side))) for row in rows)


def _carry(row: Vantage, old: Vantage | None) -> Vantage:
    if row.since is not None or row.sees is None:
        return row
    since: datetime | None = old.since if old is not None and old.sees == row.sees else row.at
    return replace(row, since=since or row.at)

from __future__ import annotations

import hashlib
import re
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any, ClassVar

from clusters.errors import ClusterError
from clusters.facts import TopicFacts
from runbooks.engine.context import Case, StepContext
from runbooks.engine.exported import lines
from runbooks.engine.guards.fresh import FreshFacts
from runbooks.engine.guards.loss import CutSaved
from runbooks.engine.guards.mirrors import BothReachable, TopicsNamed
from runbooks.engine.guards.rule import MissingFact
from runbooks.engine.kinds import Guard, Subjects, steps
from runbooks.engine.outcome import Item, Observation, Preview
from runbooks.engine.rebuild import source_name
from runbooks.engine.states import Mode
from runbooks.engine.steps.exporting import folder
from runbooks.engine.steps.kind import Kind
from runbooks.engine.steps.looked import Apart, remembered, steady
from runbooks.engine.steps.mirrored import named
from runbooks.engine.truncation import saved_cut
from runbooks.engine.values import Side, Topics
from runbooks.engine.vantage import span

AT_ONCE = 500  # records of one chunk: what a replay sends in one call
ENOUGH_S = 1.0  # a look ends while there is time left to write down what it did
GAPS_KEPT = 50
Found = dict[str, Any]


@steps.add("records.export")
@dataclass(frozen=True)
class ExportRecords(Kind):
    """Export what never crossed.

    Reads from the side that was lost, and is back and quiet, every record at and above the saved cut, and writes them
    to a file for each topic in the folder that the inventory names, with counts and SHA-256 as evidence. Offsets that
    hold no record are counted as gaps: compaction and the markers of transactions leave them; records of transactions
    that were aborted are not exported. What has expired there is named, and is gone. No group is joined.
    """

    topics: Topics = field(metadata={"about": "the topics as the cut was saved: names on the side that took over"})
    side: Side = field(metadata={"about": "the side that was lost; its records are read"})

    kind: ClassVar[str] = "records.export"
    guards: ClassVar[tuple[Guard, ...]] = (FreshFacts(), TopicsNamed(), BothReachable(), CutSaved())

    def subjects(self, case: Case) -> Subjects:
        return Subjects(case.facts.other(self.side).side, self.side, topics=self.topics)

    def also_reads(self, case: Case) -> tuple[str, ...]:
        return tuple(self._source(case, topic) for topic in self.topics)

    def acts_on(self, case: Case) -> str | None:
        return self.side

    def challenge(self, case: Case) -> str:
        return f"Export what of {named(self.topics)} exists only on {self.side}?"

    def targets(self, case: Case) -> tuple[str, ...]:
        return self.topics

    def preview(self, ctx: StepContext) -> Preview:
        where, problems = folder(ctx)
        return Preview(
            will_happen=f"What {named(self.topics)} hold on {self.side} from the cut on is written to {where}.",
            clients_see="Nothing changes for them.",
            undo="Delete the files; nothing was sent to a cluster.",
            problems=problems,
        )

    def observe(self, ctx: StepContext) -> Observation:
        if ctx.case.mode is Mode.REHEARSAL:
            said = "a rehearsal exports nothing"
            return Observation({topic: Item.waiting(said) for topic in self.topics}, said)
        try:
            ranges, evidence, why = self._ranges(ctx)
            return self._export(ctx, ranges, evidence) if ranges else _all(ctx.items or self.topics, why, evidence)
        except (ClusterError, MissingFact) as error:
            return Observation({topic: Item.unknown(str(error)) for topic in ctx.items or self.topics}, str(error))

    def _source(self, case: Case, topic: str) -> str:
        return source_name(case, case.facts.other(self.side).side, topic)

    # What there is to read: fixed once nobody writes there any more

    def _ranges(self, ctx: StepContext) -> tuple[Mapping[str, list[Found]], Found, Item]:
        if known := ctx.memory.get("ranges"):
            return known, {}, Item.waiting()
        survivor = ctx.case.facts.other(self.side).side
        names = {topic: self._source(ctx.case, topic) for topic in self.topics}
        read = ctx.gateways.side(self.side).topics(sorted(names.values()), deadline=ctx.deadline)
        ends = {name: list(topic.end_offsets) for name, topic in read.items()}
        apart = steady(ctx, ends, lambda first: first == ends)
        if (why := self._not_yet(ctx, apart)) is not None:
            return {}, remembered(apart, ends), why
        ranges = {
            topic: [*_rows(name, read.get(name), saved_cut(ctx.case, survivor, topic))] for topic, name in names.items()
        }
        lost = [row for rows in ranges.values() for row in rows if row["behind"]]
        if lost:
            said = f"{self.side} ends {lost[0]['behind']:,} below the cut on {lost[0]['at']}"
            return {}, {}, Item.failed(f"Critical: {said}: it has lost records itself. Look at it first.")
        return ranges, {"ranges": ranges}, Item.waiting()

    def _not_yet(self, ctx: StepContext, apart: Apart) -> Item | None:
        wanted = ctx.case.policy.flat_for
        if apart.broken is not None:
            return Item.waiting(f"R14: somebody still writes on {self.side}. Stop all producers there first.")
        return None if apart.length >= wanted else Item.waiting(f"unmoved for {span(apart.length)} of {span(wanted)}")

    # Reading, a little in each look

    def _export(self, ctx: StepContext, ranges: Mapping[str, list[Found]], evidence: Found) -> Observation:
        done: dict[str, Found] = {}
        for topic in ctx.items or self.topics:
            known: Found = dict(ctx.memory.get("topics", {}).get(topic) or self._begun(ctx, topic))
            for row in ranges[topic]:
                self._read(ctx, known, row)
            if not _left(known, ranges[topic]) and not known["sha256"]:
                ctx.gateways.exports.put(known["file"], known["bytes"], b"")
                known["sha256"] = ctx.gateways.exports.sha256(known["file"])
            done[topic] = known
        items = {topic: _item(known, ranges[topic]) for topic, known in done.items()}
        whole = sum(item.state == "done" for item in items.values())
        records = sum(known["records"] for known in done.values())
        side = {"side": self.side, "survivor": ctx.case.facts.other(self.side).side, "at": ctx.case.now.isoformat()}
        said = f"{whole} of {len(items)} exported, {records:,} records"
        return Observation(items, said, {**side, **evidence, "topics": done, "records": records})

    def _begun(self, ctx: StepContext, topic: str) -> Found:
        name = re.sub(r"[^A-Za-z0-9._-]", "-", f"{ctx.case.facts.pair}-{ctx.attempt}-{topic}.jsonl")
        start: Found = {"records": 0, "bytes": 0, "empty": 0, "sha256": "", "next": {}, "chunks": [], "gaps": []}
        return {"source": self._source(ctx.case, topic), "file": name, **start}

    def _read(self, ctx: StepContext, known: Found, row: Found) -> None:
        """One partition as far as this look comes. Records are counted only when the file holds them."""
        number, side, until = row["partition"], ctx.gateways.side(self.side), ctx.deadline - ENOUGH_S / 2
        at = known["next"].get(str(number), row["from"])
        while at < row["to"] and ctx.deadline - time.monotonic() > ENOUGH_S:
            found = side.records(known["source"], number, at, row["to"], most=AT_ONCE, deadline=until)
            if found.next == at:
                return
            if found.records:
                data = lines(found.records)
                end = ctx.gateways.exports.put(known["file"], known["bytes"], data)
                first, last = found.records[0].offset, found.records[-1].offset
                known["chunks"] = [
                    *known["chunks"],
                    {
                        **{"partition": number, "first": first, "last": last, "records": len(found.records)},
                        **{"start": known["bytes"], "end": end, "sha256": hashlib.sha256(data).hexdigest()},
                    },
                ]
                known["bytes"], known["records"] = end, known["records"] + len(found.records)
            gaps = _gaps([record.offset for record in found.records], at, found.next)
            known["empty"] += sum(end - start for start, end in gaps)
            known["gaps"] = [*known["gaps"], *([number, *gap] for gap in gaps)][:GAPS_KEPT]
            at = found.next
            known["next"] = {**known["next"], str(number): at}


def _rows(name: str, topic: TopicFacts | None, cut: tuple[int, ...]) -> list[Found]:
    """What there is of each partition: from the cut, or from where the log begins, to its end."""
    if topic is None or len(topic.end_offsets) != len(cut) or None in topic.end_offsets + topic.start_offsets:
        raise MissingFact(f"the log of {name}")
    logs = zip(cut, topic.start_offsets, topic.end_offsets, strict=True)
    return [_row(f"{name}-{number}", number, at, start or 0, end or 0) for number, (at, start, end) in enumerate(logs)]


def _row(where: str, number: int, cut: int, start: int, end: int) -> Found:
    stop = max(cut, end)
    begin = min(max(cut, start), stop)
    figures = {"expired": begin - cut, "behind": max(0, cut - end), "unreplicated": stop - cut}
    return {"at": where, "partition": number, "cut": cut, "from": begin, "to": stop, **figures}


def _gaps(offsets: list[int], start: int, end: int) -> list[tuple[int, int]]:
    """Ranges of offsets in [start, end) that hold no record."""
    marks = [start - 1, *offsets, end]
    return [(one + 1, two) for one, two in pairwise(marks) if two - one > 1]


def _left(known: Found, rows: list[Found]) -> int:
    return sum(row["to"] - known["next"].get(str(row["partition"]), row["from"]) for row in rows)


def _item(known: Found, rows: list[Found]) -> Item:
    expired, left = sum(row["expired"] for row in rows), _left(known, rows)
    said = f"{known['records']:,} records of {sum(row['unreplicated'] for row in rows):,} offsets"
    if known["empty"]:
        said = f"{said}; {known['empty']:,} offsets hold no record (compaction or transactions leave such gaps)"
    if expired:
        said = f"{said}; {expired:,} had expired and are gone"
    return Item.waiting(f"{said}; {left:,} offsets to read") if left else Item.done(f"{said}; {known['file']}")


def _all(topics: tuple[str, ...], item: Item, evidence: Found) -> Observation:
    return Observation(dict.fromkeys(topics, item), item.saw, evidence)

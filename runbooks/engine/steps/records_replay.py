from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, ClassVar

from clusters.errors import ClusterError
from clusters.gateway import PairByHand, Record
from runbooks.engine.by_hand import ByHand
from runbooks.engine.context import Case, StepContext
from runbooks.engine.exported import SOURCE_HEADER, Chunk, chunks, decided, taken
from runbooks.engine.guards.exports import ExportComplete, ReplayDecided
from runbooks.engine.guards.fresh import FreshFacts
from runbooks.engine.guards.may_change import MayChange
from runbooks.engine.guards.mirrors import TopicsNamed
from runbooks.engine.guards.replayed import TargetsWritable
from runbooks.engine.guards.rule import MissingFact
from runbooks.engine.kinds import Guard, Nature, Subjects, steps
from runbooks.engine.outcome import Answer, Item, Observation, Preview, Prompt, Reply, Result
from runbooks.engine.rebuild import source_name, source_on_paper
from runbooks.engine.steps.attestation import attestation
from runbooks.engine.steps.kind import Kind
from runbooks.engine.steps.last_look import last_look
from runbooks.engine.steps.mirrored import named
from runbooks.engine.steps.sending import sending
from runbooks.engine.values import Side, Topics

ENOUGH_S = 1.0
AT_ONCE = 2000


@steps.add("records.replay")
@dataclass(frozen=True)
class ReplayRecords(Kind):
    """Replay the exported records.

    Appends the records of the topics that were decided to be replayed to the topics that clients write now, on the side
    that took over: at the end, later than they were meant to be, each once and with a header that names where it comes
    from. Each chunk of the export is a call of its own. What came of it is read back from the topic, record by record.
    """

    topics: Topics = field(metadata={"about": "the topics that were exported"})
    away_from: Side = field(metadata={"about": "the side they were exported from; the other one takes them"})

    kind: ClassVar[str] = "records.replay"
    nature: ClassVar[Nature] = Nature.ACT
    is_irreversible: ClassVar[bool] = True
    chosen: ClassVar[frozenset[str] | None] = None  # of an instance: the chunks it is about, where these are not all
    guards: ClassVar[tuple[Guard, ...]] = (
        MayChange(),
        TopicsNamed(),
        FreshFacts(),
        ExportComplete(),
        ReplayDecided(),
        TargetsWritable(),
    )

    def also_reads(self, case: Case) -> tuple[str, ...]:
        return tuple(source_name(case, self.where(case), topic) for topic in self.topics)

    def challenge(self, case: Case) -> str:
        return f"Append {self.record_count(case) or 0:,} records of {self.away_from} on {self.where(case)}?"

    def targets(self, case: Case) -> tuple[str, ...]:
        return tuple(self._chunks(case))

    def prompts(self, case: Case) -> tuple[Prompt, ...]:
        return attestation("consumers take these records late, out of order, and perhaps a second time")

    def record_count(self, case: Case) -> int | None:
        try:
            return sum(chunk.records for chunk in self._chunks(case).values())
        except MissingFact:
            return None

    def by_hand(self, case: Case, tools: PairByHand) -> ByHand:
        """No tool of the vendor appends with keys, headers and a look at what is there already."""
        side = tools.side(self.where(case))
        return ByHand(
            does=(
                "No tool of the vendor does this. The exported records are appended by the means of the application's "
                "owners: key, value and headers as exported, one topic at a time, each record once.",
                "Note the log ends before and after: the difference is what was appended. After an error read back "
                "what has arrived, and never append a file a second time.",
            ),
            looks=side.looks_at_ends(tuple(source_on_paper(case, self.where(case), topic) for topic in self.topics)),
            expects=("Each exported record is there once.", *self.topics),
            notes=("Log ends before", "Log ends after"),
        )

    def preview(self, ctx: StepContext) -> Preview:
        found = self._chunks(ctx.case)
        topics = tuple(dict.fromkeys(chunk.source for chunk in found.values()))
        return Preview(
            will_happen=f"{self.record_count(ctx.case):,} records are appended to {named(topics)} on "
            f"{self.where(ctx.case)}, in {len(found)} calls.",
            clients_see="Consumers read them after what was written since; a header of each says where it is from.",
            undo="Not possible: a record that was written stays until it expires.",
        )

    def request(self, ctx: StepContext, items: tuple[str, ...]) -> Mapping[str, Any]:
        (item,) = items
        chunk = self._chunks(ctx.case)[item]
        sent = {"call": "Produce", "topic": chunk.source, "partition": chunk.partition, "file": chunk.file}
        what = {"offsets": [chunk.first, chunk.last], "records": chunk.records, "sha256": chunk.sha256}
        done = f"every record is read back from {chunk.source} on {self.where(ctx.case)} by its header {SOURCE_HEADER}"
        return {"request": {**sent, **what}, "recognised_by": done}

    def pre_state(self, ctx: StepContext, items: tuple[str, ...]) -> Mapping[str, Any]:
        """Where the log ends right before sending: what is read back later begins there. And the file is whole."""
        (item,) = items
        chunk = self._chunks(ctx.case)[item]
        taken(ctx.gateways.exports, chunk)
        with last_look(f"the log end of {chunk.source} on {self.where(ctx.case)}"):
            end = self._end(ctx, chunk)
        if end is None:
            raise MissingFact(f"the log end of {chunk.source}-{chunk.partition} on {self.where(ctx.case)}")
        return {"from": {item: end}}

    def apply(self, ctx: StepContext, items: tuple[str, ...]) -> Answer:
        (item,) = items
        return sending(lambda: self._send(ctx, self._chunks(ctx.case)[item]))

    def observe(self, ctx: StepContext) -> Observation:
        known = self._chunks(ctx.case)
        scans: dict[str, Any] = {}
        items: dict[str, Item] = {}
        for name in ctx.items or tuple(known):
            try:
                items[name] = self._look(ctx, known[name], scans)
            except ClusterError as error:
                items[name] = Item.unknown(str(error))
        done = sum(item.state == "done" for item in items.values())
        evidence = {"side": self.where(ctx.case), "at": ctx.case.now.isoformat(), "scan": scans}
        return Observation(items, f"{done} of {len(items)} chunks read back on {self.where(ctx.case)}", evidence)

    def binding_facts(self, case: Case) -> Mapping[str, Any]:
        """With the hash of every chunk: an approval covers exactly these records."""
        try:
            hashes = {name: chunk.sha256 for name, chunk in self._chunks(case).items()}
        except MissingFact:
            return {**super().binding_facts(case), "chunks": None}
        return {**super().binding_facts(case), "chunks": hashes}

    def subjects(self, case: Case) -> Subjects:
        return Subjects(self.where(case), self.away_from, topics=self.topics)

    def only(self, items: frozenset[str]) -> ReplayRecords:
        some = replace(self)
        object.__setattr__(some, "chosen", items)  # no field: a definition names topics, never chunks
        return some

    def _chunks(self, case: Case) -> dict[str, Chunk]:
        wanted = decided(case, self.away_from)
        topics = [topic for topic in self.topics if wanted.get(topic) == "replay"]
        found = (chunk for topic in topics for chunk in chunks(case, self.away_from, topic))
        return {chunk.name: chunk for chunk in found if self.chosen is None or chunk.name in self.chosen}

    def _send(self, ctx: StepContext, chunk: Chunk) -> Answer:
        """What an earlier attempt was seen to have brought there is not sent a second time."""
        there = self._there_before(ctx.case, chunk)
        records = [record for record in taken(ctx.gateways.exports, chunk) if str(record.offset) not in there]
        marked = [self._marked(record, chunk) for record in records]
        side = ctx.gateways.side(self.where(ctx.case))
        told = side.write_records(chunk.source, marked, deadline=ctx.deadline)
        written = sum(one.offset is not None for one in told)
        said = f"{written} of {len(records)} records taken"
        if written == len(records):
            replies = {chunk.name: Reply(is_accepted=True, said=said)}
            return Answer(Result.ACCEPTED, said, replies, {"written": {chunk.name: written}})
        first = next(one.said for one in told if one.offset is None)
        if all(one.is_refused for one in told):
            return Answer(Result.REFUSED, first, {chunk.name: Reply(is_accepted=False, said=first)})
        return Answer(Result.UNKNOWN, f"{said}; {first}")

    def _marked(self, record: Record, chunk: Chunk) -> Record:
        own = (SOURCE_HEADER, f"{self.away_from}/{chunk.source}-{chunk.partition}@{record.offset}".encode())
        others = tuple(header for header in record.headers if header[0] != SOURCE_HEADER)
        return Record(record.partition, record.offset, record.at_ms, record.key, record.value, (*others, own))

    def _there_before(self, case: Case, chunk: Chunk) -> Mapping[str, int]:
        """Records of this chunk that earlier attempts are known to have brought there: offset → offset there."""
        ends = ("", " (in part)", " (failed)")
        kept = (case.evidence.get(f"{self.kind}{how}", {}).get("scan", {}).get(chunk.name, {}) for how in ends)
        return {at: offset for scan in kept for at, offset in scan.get("found", {}).items()}

    def _look(self, ctx: StepContext, chunk: Chunk, scans: dict[str, Any]) -> Item:
        begin = ctx.pre_state.get("from", {}).get(chunk.name)
        if begin is None:
            return Item.unknown("where the log ended before it was sent is not known")
        start = {"next": begin, "found": dict(self._there_before(ctx.case, chunk))}
        scan = ctx.memory.get("scan", {}).get(chunk.name) or start
        at, found, end = scan["next"], dict(scan["found"]), self._end(ctx, chunk)
        if end is None:
            return Item.unknown(f"the log end of {chunk.source}-{chunk.partition} could not be read")
        side, until = ctx.gateways.side(self.where(ctx.case)), ctx.deadline - ENOUGH_S / 2
        while len(found) < chunk.records and at < end and ctx.deadline - time.monotonic() > ENOUGH_S:
            read = side.records(chunk.source, chunk.partition, at, end, most=AT_ONCE, deadline=until)
            found |= {mark: record.offset for record in read.records if (mark := self._mark(record, chunk))}
            if read.next == at:
                break
            at = read.next
        scans[chunk.name] = {"next": at, "found": found}
        return self._judge(chunk, found, read_on=end - at)

    def _end(self, ctx: StepContext, chunk: Chunk) -> int | None:
        found = ctx.gateways.side(self.where(ctx.case)).topics([chunk.source], deadline=ctx.deadline)
        ends = found[chunk.source].end_offsets if chunk.source in found else ()
        return ends[chunk.partition] if chunk.partition < len(ends) else None

    def _mark(self, record: Record, chunk: Chunk) -> str:
        """The offset it had on the other side, where it is one of this chunk; empty for any other record."""
        said = dict(record.headers).get(SOURCE_HEADER) or b""
        where, _, offset = said.decode("utf-8", "replace").rpartition("@")
        is_ours = where == f"{self.away_from}/{chunk.source}-{chunk.partition}" and offset.isdecimal()
        return offset if is_ours and chunk.first <= int(offset) <= chunk.last else ""

    def _judge(self, chunk: Chunk, found: Mapping[str, int], *, read_on: int) -> Item:
        if len(found) >= chunk.records:
            return Item.done(f"{chunk.records:,} records, at {min(found.values())} to {max(found.values())}")
        if read_on > 0:
            return Item.waiting(f"{len(found):,} of {chunk.records:,} records read back; {read_on:,} offsets to read")
        if not found:
            return Item.not_applied(f"none of {chunk.records:,} records is there")
        said = f"{len(found):,} of {chunk.records:,} records are there"
        return Item.failed(f"{said}; armed again, it sends the others alone")

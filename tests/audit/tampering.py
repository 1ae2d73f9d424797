"""Whole records in memory, with signed heads, and every way to change them behind their back.

Each act says what must be found: the first bad event and the kinds that are right for it.
"""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Generator, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path

from audit import canonical
from audit.body import columns
from audit.coverage import Coverage
from audit.finding import Finding
from audit.heads import SignedHead
from audit.keys import created_text
from audit.ledger import NOTHING_BEFORE, chain_hash
from audit.notes import Checkpoint
from audit.signing import SigningKey
from audit.tree import leaf_hash, root_of
from audit.verify import Row, Walk

BEGAN = datetime(2026, 11, 20, 3, tzinfo=UTC)
KINDS = ("step.sent", "step.succeeded", "run.paused", "items.seen")
Expected = tuple[int, str]


@cache
def key() -> SigningKey:
    return SigningKey.fresh("breakwater")


@dataclass(frozen=True)
class Log:
    """Events, the heads that the database holds, and those that an anchor keeps with their leaves."""

    rows: tuple[Row, ...]
    table: tuple[SignedHead, ...]
    anchor: tuple[SignedHead, ...]
    head: int  # what the head row says

    @property
    def anchored(self) -> int:
        return self.anchor[-1].size

    def changed(
        self, rows: Sequence[Row], *, table: Sequence[SignedHead] | None = None, head: int | None = None
    ) -> Log:
        last = rows[-1].seq if head is None else head
        return Log(tuple(rows), self.table if table is None else tuple(table), self.anchor, last)

    def written(self, folder: Path) -> Path:
        """As an export has it, and an anchor's file beside it."""
        lines = [
            {"seq": one.seq, "prev": one.prev, "hash": one.hash, "body": bytes(one.body).decode()} for one in self.rows
        ]
        folder.mkdir(exist_ok=True)
        (folder / "record.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
        (folder / "side.jsonl").write_text("")
        (folder / "checkpoints.jsonl").write_text("".join(one.line() for one in self.table))
        (folder / "anchor").write_text("".join(one.line() for one in self.anchor))
        return folder

    def finding(self) -> Finding | None:
        """As `audit verify --anchor` goes about it."""
        coverage = Coverage(self.table, self.anchor, now=BEGAN + timedelta(minutes=2))
        walk = Walk(1, coverage, InMemory(self.rows))
        return walk.through(self.head) or coverage.end(is_whole=True)


class InMemory:
    def __init__(self, rows: Sequence[Row]) -> None:
        self._rows = sorted(rows)

    def hash_of(self, seq: int) -> str | None:
        return next((row.hash for row in self._rows if row.seq == seq), None)

    def opening(self) -> bytes | memoryview[int] | None:
        return self._rows[0].body

    def pieces(self, after: int, last: int) -> Generator[Sequence[Row], None, None]:
        rows = [row for row in self._rows if after < row.seq <= last]
        yield from (rows[start : start + 7] for start in range(0, len(rows), 7))


def row(seq: int, prev: str, fields: dict[str, object]) -> Row:
    body = canonical.encode({**fields, "seq": seq})
    kept = columns({**fields, "seq": seq})
    at = datetime.fromisoformat(str(fields["ts"]))
    return Row(prev=prev, hash=chain_hash(prev, body), body=body, at=at, **kept)


def fields_of(one: Row) -> dict[str, object]:
    return dict(json.loads(bytes(one.body)))


def chained(all_fields: Sequence[dict[str, object]]) -> list[Row]:
    rows: list[Row] = []
    for seq, fields in enumerate(all_fields, 1):
        rows.append(row(seq, rows[-1].hash if rows else NOTHING_BEFORE, fields))
    return rows


def event(chance: random.Random, number: int, kind: str = "") -> dict[str, object]:
    return {
        "v": 1, "ts": canonical.instant(BEGAN + timedelta(seconds=number)), "kind": kind or chance.choice(KINDS),
        "actor": {"id": "", "person": "", "name": "", "session": "", "auth": "", "source": "executor"},
        "object": f"object {chance.random()}", "run": chance.choice([None, 3]), "step": None, "attempt": None,
        "fence": None, "before": "", "after": "", "digest": "", "guards": [], "facts": {"call": chance.getrandbits(32)},
        "reason": "", "request": "", "installation": "breakwater",
    }  # fmt: skip


def make_log(chance: random.Random) -> Log:
    """8 to 24 events, the key among the first, two to five heads."""
    opening = event(chance, 1, "record.opened")
    genesis = row(1, NOTHING_BEFORE, opening).hash
    note = str(key().sign(created_text(key().verifier, genesis)))
    announced = event(chance, 2, "anchor-key.created") | {"after": str(key().verifier), "facts": {"note": note}}
    rows = chained([opening, announced, *(event(chance, 3 + number) for number in range(chance.randint(6, 22)))])
    sizes = sorted(chance.sample(range(2, len(rows) + 1), chance.randint(2, 5)))
    anchor = list(heads(rows, sizes))
    return Log(tuple(rows), tuple(SignedHead(one.note, one.checkpoint) for one in anchor), tuple(anchor), rows[-1].seq)


def heads(rows: Sequence[Row], sizes: Sequence[int]) -> Iterator[SignedHead]:
    leaves, before = [leaf_hash(one.body) for one in rows], 0
    for size in sizes:
        at = rows[size - 1].at + timedelta(milliseconds=1)
        checkpoint = Checkpoint("breakwater", size, root_of(leaves[:size]), at, rows[size - 1].hash)
        yield SignedHead(key().sign(checkpoint.text), checkpoint, leaves[before:size])
        before = size


def edit(log: Log, chance: random.Random) -> tuple[Log, Expected]:
    place = chance.randrange(len(log.rows))
    rows, one = list(log.rows), log.rows[place]
    raw = bytearray(one.body)
    raw[chance.randrange(len(raw))] ^= 1 << chance.randrange(7)
    rows[place] = one._replace(body=bytes(raw))
    return log.changed(rows), (place + 1, "edit")


def edit_column(log: Log, chance: random.Random) -> tuple[Log, Expected]:
    place = chance.randrange(len(log.rows))
    rows, one = list(log.rows), log.rows[place]
    other = chance.choice([{"kind": "x.y"}, {"person": "b"}, {"object": "b"}, {"run": 9}, {"at": BEGAN}])
    rows[place] = one._replace(**other)
    return log.changed(rows), (place + 1, "edit")


def edit_with_its_hash(log: Log, chance: random.Random) -> tuple[Log, Expected]:
    place = chance.randrange(log.anchored)
    rows = list(log.rows)
    rows[place] = row(place + 1, rows[place].prev, fields_of(rows[place]) | {"request": "forged"})
    return log.changed(rows), (place + 1, "rewrite")


def delete(log: Log, chance: random.Random) -> tuple[Log, Expected]:
    place = chance.randrange(1, len(log.rows))
    rows = [one for one in log.rows if one.seq != place + 1]
    return log.changed(rows, head=log.head), (place + 1, "gap")


def swap(log: Log, chance: random.Random) -> tuple[Log, Expected]:
    one, other = sorted(chance.sample(range(len(log.rows)), 2))
    rows = list(log.rows)
    rows[one], rows[other] = rows[other]._replace(seq=one + 1), rows[one]._replace(seq=other + 1)
    return log.changed(rows), (one + 1, "fork")


def insert(log: Log, chance: random.Random) -> tuple[Log, Expected]:
    place = chance.randrange(log.anchored)
    all_fields = [fields_of(one) for one in log.rows]
    all_fields.insert(place, event(chance, place))
    return log.changed(chained(all_fields)), (place + 1, "rewrite")


def delete_with_good_hashes(log: Log, chance: random.Random) -> tuple[Log, Expected]:
    place = chance.randrange(log.anchored)
    all_fields = [fields_of(one) for one in log.rows]
    del all_fields[place]
    is_end = place == len(all_fields)
    return log.changed(chained(all_fields)), (place + 1, "truncation" if is_end else "rewrite")


def rewrite(log: Log, chance: random.Random) -> tuple[Log, Expected]:
    place = chance.randrange(log.anchored)
    all_fields = [fields_of(one) for one in log.rows]
    all_fields[place] |= {"object": "nothing happened"}
    return log.changed(chained(all_fields)), (place + 1, "rewrite")


def truncate(log: Log, chance: random.Random) -> tuple[Log, Expected]:
    """With the head row, and with or without the heads that say more; where that leaves an old head, it is a replay."""
    left, is_thorough = chance.randrange(1, log.anchored), chance.random() < 0.5
    table = [one for one in log.table if one.size <= left] if is_thorough else log.table
    is_old_head = is_thorough and left in {one.size for one in log.anchor}
    return log.changed(log.rows[:left], table=table), (left + 1, "replay" if is_old_head else "truncation")


def replay(log: Log, chance: random.Random) -> tuple[Log, Expected]:
    old = chance.choice(log.anchor[:-1]).size
    table = [one for one in log.table if one.size <= old]
    return log.changed(log.rows[:old], table=table), (old + 1, "replay")


def replay_among_heads(log: Log, chance: random.Random) -> tuple[Log, Expected]:
    old = chance.choice(log.table[:-1])
    return log.changed(log.rows, table=[*log.table, old]), (old.size + 1, "replay")


def sign_otherwise(log: Log, chance: random.Random) -> tuple[Log, Expected]:
    place = chance.randrange(len(log.table))
    one = log.table[place]
    forged = SignedHead(SigningKey.fresh("breakwater").sign(one.note.text), one.checkpoint)
    return log.changed(log.rows, table=[*log.table[:place], forged, *log.table[place + 1 :]]), (
        one.size, "bad signature",
    )  # fmt: skip


ACTS: Sequence[Callable[[Log, random.Random], tuple[Log, Expected]]] = (
    edit, edit_column, edit_with_its_hash, delete, swap, insert, delete_with_good_hashes, rewrite, truncate, replay,
    replay_among_heads, sign_otherwise,
)  # fmt: skip

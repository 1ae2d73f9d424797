#!/usr/bin/env python3
"""Check an exported Breakwater record with nothing but Python 3.9 or newer: no network, no database, no other package.

    python3 -I verify.py [DIRECTORY | FILE.jsonl] [--anchor FILE] [--key NAME+ID+BASE64] [--head SEQ:HASH]

Exit code 0: consistent. 1: something is not as it was written. 2: the export cannot be read.
This file shares no code with the program that wrote the record; the format is described in README.txt.
"""

from __future__ import annotations

import argparse
import base64
import hashlib
import json
import sys
from bisect import bisect_left
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

UNANCHORED = (
    "Not shown by this: events cut off at the end, or a record rewritten as a whole before it was exported. "
    "To see those, compare with a head that was noted elsewhere: --head SEQ:HASH."
)
PACK_ALONE = (
    "Not shown by this: what somebody did who made the whole pack anew with a key of their own, or put an old pack in "
    "place of a newer one. Is the key the one you noted (--key)? To see the rest, compare with what an anchor kept: "
    "--anchor FILE."
)
ELSEWHERE = (
    "Not shown by this: what was done after the last head, and by somebody who held the signing key and the anchor."
)


KEY_EVENTS = ("anchor-key.created", "anchor-key.rotated")


class Bad(Exception):
    def __init__(self, seq: object, kind: str, said: str) -> None:
        super().__init__(f"first bad event: {seq}, {kind}: {said}")


def check(
    path: str | Path, head: tuple[int, str] | None = None, anchor: Path | None = None, keys: Sequence[str] = ()
) -> str:
    """Return a sentence about a consistent export; raise Bad at the first event that is not as it was written."""
    path = Path(path)
    side = _side_texts(path / "side.jsonl") if path.is_dir() else {}
    evidence = Evidence(path / "evidence.jsonl")
    judge = _judge(path, anchor, keys)
    noted = dict([head] if head else [])
    last, digest, first, installation = 0, "", 0, ""
    with (path / "record.jsonl" if path.is_dir() else path).open(encoding="utf-8") as source:
        for number, line in enumerate(source, 1):
            row = _row(line, number)
            if number == 1:
                first, last, digest = row["seq"], row["seq"] - 1, row["prev"]
                judge.begin(first, row["hash"])
            body = _link(row, last, digest)
            _beside(row, body, side)
            installation = installation or body["installation"]
            last, digest = row["seq"], row["hash"]
            if body["installation"] != installation:
                raise Bad(last, "fork", "it belongs to another installation than the first event")
            if noted.pop(last, digest) != digest:
                raise Bad(last, "fork", "its hash was noted elsewhere as another one")
            evidence.take(body)
            judge.take(row["body"].encode(), body)
    for seq in noted:
        raise Bad(seq, "truncation", "this event was noted elsewhere as the newest, and is not in the export")
    judge.end(last)
    if not first:
        return "the export holds no event"
    return f"consistent from {first} to {last}{judge.said}\nhead {last}:{digest}\n{judge.limits}"


def _judge(path: Path, anchor: Path | None, keys: Sequence[str]) -> Judge | Stretch:
    if (path / "proof.json").exists():
        return Stretch(path, anchor, keys)
    kept = path / "checkpoints.jsonl"
    return Judge(kept if kept.exists() else None, anchor, keys)


def _row(line: str, number: int) -> dict[str, Any]:
    try:
        row: dict[str, Any] = json.loads(line)
        row["seq"] + 0, row["prev"] + "", row["hash"] + "", row["body"] + ""
    except (ValueError, KeyError, TypeError):
        raise Bad(f"line {number}", "edit", "the line is no event") from None
    return row


def _link(row: dict[str, Any], last: int, digest: str) -> dict[str, Any]:
    seq = row["seq"]
    if seq != last + 1:
        raise Bad(last + 1, "gap", f"it is missing; the next event that is here is {seq}")
    body = _in_itself(row)
    if row["prev"] != digest:
        raise Bad(seq, "fork", "it follows another event than the one before it")
    return _in_place(seq, body)


def _in_itself(row: dict[str, Any]) -> dict[str, Any]:
    seq = row["seq"]
    if seq == 1 and row["prev"] != "0" * 64:
        raise Bad(seq, "fork", "the first event must follow nothing")
    try:
        raw = row["body"].encode()
        said = hashlib.sha256(b"breakwater.audit.v1\x00" + bytes.fromhex(row["prev"]) + raw).hexdigest()
        body: dict[str, Any] = json.loads(raw)
    except ValueError:
        raise Bad(seq, "edit", "its text cannot be read") from None
    if said != row["hash"]:
        raise Bad(seq, "edit", "its bytes do not give its hash")
    return body


def _in_place(seq: int, body: dict[str, Any]) -> dict[str, Any]:
    if body.get("seq") != seq or body.get("v") != 1:
        raise Bad(seq, "edit", "its bytes name another place or another format")
    return body


def _beside(row: dict[str, Any], body: dict[str, Any], side: dict[str, Any]) -> None:
    texts = {**side, **row.get("texts", {})}
    for digest in filter(None, (body["actor"]["name"], body["reason"])):
        if digest not in texts:
            raise Bad(row["seq"], "side text missing", "a name or reason that belongs to it is not in the export")
        salt, text = texts[digest]["salt"], texts[digest]["text"]
        said = hashlib.sha256(b"breakwater.audit.side.v1\x00" + bytes.fromhex(salt) + text.encode()).hexdigest()
        if said != digest:
            raise Bad(row["seq"], "side text changed", "a name or reason is not the one recorded")


def _side_texts(path: Path) -> dict[str, Any]:
    with path.open(encoding="utf-8") as source:
        return {row["digest"]: row for row in map(json.loads, source)}


class Evidence:
    """The texts under the digests that events name; a file that was exported without them is not asked for any."""

    def __init__(self, path: Path) -> None:
        self.is_there, self._texts = path.exists(), {}
        if self.is_there:
            with path.open(encoding="utf-8") as source:
                self._texts = {row["digest"]: row["text"] for row in map(json.loads, source)}

    def take(self, body: dict[str, Any]) -> None:
        if not self.is_there or body["kind"] != "evidence.kept":
            return
        text = self._texts.get(body["digest"])
        if text is None:
            raise Bad(body["seq"], "evidence missing", "what this event keeps as evidence is not in the export")
        if hashlib.sha256(text.encode()).hexdigest() != body["digest"]:
            raise Bad(body["seq"], "evidence changed", "what stands under its digest is not what was kept")


# Signed heads: the Merkle tree of RFC 6962, and the notes of c2sp.org/signed-note.


class SignedHead(NamedTuple):
    size: int
    root: bytes
    time: str
    note: str
    leaves: list[bytes]


class Judge:
    """The events against the heads of the pack, and against those that an anchor kept."""

    def __init__(self, pack: Path | None, anchor: Path | None, keys: Sequence[str]) -> None:
        self.anchored, self.tree, self.tree_at_head = 0, Tree(), Tree()
        self.key, self.given = "", [key.strip() for key in keys]
        self.chain: list[str] = []  # each signed for the next
        self.genesis, self.has_anchor, self.has_heads = "", anchor is not None, bool(pack or anchor)
        self.sources = [Source("the pack", _heads(pack)), Source("the anchor", _heads(anchor))]
        if anchor and not self.sources[1].next:
            raise ValueError(f"{anchor} holds no signed head")

    def begin(self, first: int, genesis: str) -> None:
        self.genesis = genesis
        if first > 1:
            if self.has_anchor or self.given:
                raise ValueError("signed heads cover a record from its first event on, and this export begins later")
            self.sources = []

    def take(self, raw: bytes, body: dict[str, Any]) -> None:
        if not self.sources:
            return
        leaf = hashlib.sha256(b"\x00" + raw).digest()
        self._compare(leaf)
        self.tree.add(leaf)
        if body["kind"] in KEY_EVENTS:
            self.announced(body)
        for source in self.sources:
            while source.next and source.next.size <= self.tree.size:
                self._head(source, source.next)
                source.advance()

    def end(self, last: int) -> None:
        waiting = [source for source in reversed(self.sources) if source.next]
        for source in waiting:
            head = source.next
            if head is None:
                continue
            said = f"{source.name} holds a signed head of {head.size} events"
            if self.key and not any(signed_by(key, head.note) for key in [self.key, *self.given]):
                raise Bad(head.size, "bad signature", f"{said}, and not by the key in force, {self.key}")
            if source.name == "the anchor" and waiting == [source] and 0 < self.anchored == last:
                raise Bad(last + 1, "replay", f"{said}; the head shown here is an old one")
            raise Bad(last + 1, "truncation", f"it is missing, and all after it: {said}")
        if self.given and self.sources and not set(self.given) & set(self.chain):
            raise Bad(1, "bad signature", f"no head is signed by the key that was named ({', '.join(self.given)})")

    @property
    def said(self) -> str:
        if not self.has_heads:
            return ""
        return f", anchored to {self.anchored}, by key {self.key}" if self.anchored else ", not anchored"

    @property
    def limits(self) -> str:
        return UNANCHORED if not self.anchored else ELSEWHERE if self.has_anchor else PACK_ALONE

    def _compare(self, leaf: bytes) -> None:
        kept = self.sources[1].next
        start = kept.size - len(kept.leaves) if kept else 0
        if kept is None or not start <= self.tree.size < kept.size or kept.leaves[self.tree.size - start] == leaf:
            return
        if self.tree_at_head.size == start:
            for one in kept.leaves:
                self.tree_at_head.add(one)
            if self.tree_at_head.root() != kept.root:
                said = "the anchor's record of this head does not give the root that it names"
                raise Bad(kept.size, "bad signature", said)
        said = "its hashes are good, and it is not the event that was anchored here"
        raise Bad(self.tree.size + 1, "rewrite", said)

    def _head(self, source: Source, head: SignedHead) -> None:
        said = f"{source.name} holds a head of {head.size} events"
        if not self.has_signed(head):
            raise Bad(head.size, "bad signature", f"{said} that the key in force ({self.key or 'none'}) did not sign")
        if head.root != self.tree.root():
            if self.anchored == head.size:
                raise Bad(head.size, "fork", f"two heads of {head.size} events are signed, and they differ")
            said = (
                f"the events from {self.anchored + 1} to {head.size} have good hashes, and are not all that was signed"
            )
            raise Bad(self.anchored + 1, "rewrite", said)
        self.anchored, self.tree_at_head = head.size, self.tree.copy()

    def has_signed(self, head: SignedHead) -> bool:
        """Whether the key in force signed it, for its own origin."""
        origin = head.note.split("\n")[0]
        return bool(self.key) and origin == self.key.split("+")[0] and signed_by(self.key, head.note)

    def announced(self, body: dict[str, Any]) -> None:
        try:
            note, new = str(body["facts"]["note"]), str(body["after"])
        except (KeyError, TypeError):
            raise Bad(body["seq"], "bad signature", "it announces a key without a signed note") from None
        origin, text = body["installation"], note.rpartition("\n\n")[0] + "\n"
        if body["kind"] == "anchor-key.created":
            expected = f"breakwater.audit.key.v1\n{origin}\n{new}\ngenesis {self.genesis}\n"
            signers, is_known = [new], not self.key or new in self.given
            self.chain = []
        else:
            expected = f"breakwater.audit.key-rotation.v1\n{origin}\n{self.key}\n{new}\n"
            signers, is_known = [self.key, new], bool(self.key)
        if text != expected or not is_known or not all(signed_by(key, note) for key in signers):
            raise Bad(body["seq"], "bad signature", "the key that it announces is not vouched for")
        self.key = new
        self.chain.append(new)


class Stretch:
    """The events of a stretch against the one head that covers it, by the hashes of what is not in the pack."""

    def __init__(self, folder: Path, anchor: Path | None, keys: Sequence[str]) -> None:
        proof = json.loads((folder / "proof.json").read_text(encoding="utf-8"))
        head = Source("the pack", _heads(folder / "checkpoints.jsonl")).next
        if head is None or proof["size"] != head.size:
            raise Bad(1, "bad signature", "the pack holds no signed head of as many events as its proof speaks of")
        self.head, self.hashes = head, [base64.b64decode(found) for found in proof["hashes"]]
        self.leaves: dict[int, bytes] = {}
        self.announcing: dict[int, dict[str, Any]] = {}
        self.ring, self.anchor, self.first = Judge(None, None, keys), anchor, 0
        self.said, self.limits = ", not anchored", UNANCHORED
        with (folder / "key-events.jsonl").open(encoding="utf-8") as lines:
            for number, line in enumerate(lines, 1):
                row = _row(line, number)
                body = _in_place(row["seq"], _in_itself(row))
                if row["seq"] == 1:
                    self.ring.begin(1, row["hash"])
                self.take(row["body"].encode(), body)

    def begin(self, first: int, genesis: str) -> None:
        self.first = first

    def take(self, raw: bytes, body: dict[str, Any]) -> None:
        self.leaves[body["seq"]] = hashlib.sha256(b"\x00" + raw).digest()
        if body["kind"] in KEY_EVENTS:
            self.announcing[body["seq"]] = body

    def end(self, last: int) -> None:
        head = self.head
        self._signed(head)
        given, left = sorted(seq for seq in self.leaves if seq <= head.size), iter(self.hashes)
        root = self._root(1, head.size, given, left)
        if root != head.root or next(left, None) is not None:
            said = f"events {self.first} to {last} have good hashes, and do not lead to the root that was signed"
            raise Bad(self.first, "rewrite", said)
        if self.anchor:
            self._against_anchor(head, last)
        uncovered = f"; no signed head covers {head.size + 1} to {last}" if head.size < last else ""
        self.said = f", anchored to {min(head.size, last)}, by key {self.ring.key}{uncovered}"
        self.limits = ELSEWHERE if self.anchor else PACK_ALONE

    def _signed(self, head: SignedHead) -> None:
        for seq in sorted(seq for seq in self.announcing if seq <= head.size):
            self.ring.announced(self.announcing[seq])
        key, given = self.ring.key, self.ring.given
        if not self.ring.has_signed(head):
            said = f"the head of {head.size} events is not signed by the key in force ({key or 'none'})"
            raise Bad(head.size, "bad signature", said)
        if given and not set(given) & set(self.ring.chain):
            raise Bad(1, "bad signature", f"no head is signed by the key that was named ({', '.join(given)})")

    def _root(self, first: int, last: int, given: Sequence[int], left: Iterator[bytes]) -> bytes:
        """Of the subtree of events first to last."""
        at = bisect_left(given, first)
        if at == len(given) or given[at] > last:
            return next(left, b"")
        if first == last:
            return self.leaves[first]
        half = first + (1 << ((last - first).bit_length() - 1))
        one, other = self._root(first, half - 1, given, left), self._root(half, last, given, left)
        return hashlib.sha256(b"\x01" + one + other).digest()

    def _against_anchor(self, head: SignedHead, last: int) -> None:
        seen = False
        for kept in _heads(self.anchor):
            if kept.size == head.size and kept.root != head.root:
                raise Bad(head.size, "fork", f"the anchor holds another head of {head.size} events")
            for seq, leaf in enumerate(kept.leaves, kept.size - len(kept.leaves) + 1):
                if self.leaves.get(seq, leaf) != leaf:
                    raise Bad(seq, "rewrite", "its hashes are good, and it is not the event that was anchored here")
            seen = seen or kept.size == head.size
        if not seen:
            raise Bad(head.size, "bad signature", f"the anchor holds no head of {head.size} events")


class Tree:
    """The roots of whole subtrees, largest first, each with its number of leaves."""

    def __init__(self, peaks: Iterable[tuple[int, bytes]] = ()) -> None:
        self.peaks = list(peaks)

    @property
    def size(self) -> int:
        return sum(span for span, _ in self.peaks)

    def copy(self) -> Tree:
        return Tree(self.peaks)

    def add(self, leaf: bytes) -> None:
        span = 1
        while self.peaks and self.peaks[-1][0] == span:
            leaf = hashlib.sha256(b"\x01" + self.peaks.pop()[1] + leaf).digest()
            span *= 2
        self.peaks.append((span, leaf))

    def root(self) -> bytes:
        found = self.peaks[-1][1]
        for _, peak in reversed(self.peaks[:-1]):
            found = hashlib.sha256(b"\x01" + peak + found).digest()
        return found


class Source:
    """The heads of one place in its own order; `next` is the one that is not judged yet."""

    def __init__(self, name: str, heads: Iterable[SignedHead]) -> None:
        self.name, self._heads = name, iter(heads)
        self.next: SignedHead | None = None
        self.advance()

    def advance(self) -> None:
        before = self.next
        try:
            self.next = next(self._heads, None)
        except (ValueError, KeyError, TypeError, IndexError):
            said = f"{self.name}: what follows is no signed head"
            raise Bad(before.size + 1 if before else 1, "bad signature", said) from None
        if before and self.next and (self.next.size, self.next.time) < (before.size, before.time):
            said = f"{self.name} holds the head of {self.next.size} events after that of {before.size}"
            raise Bad(self.next.size + 1, "replay", f"{said}: an old head in place of a newer one")


def _heads(path: Path | None) -> Iterator[SignedHead]:
    """Whatever a log server wrote before a record is passed over."""
    if path is None:
        return
    with path.open(encoding="utf-8", errors="replace") as lines:
        for line in lines:
            _, mark, rest = line.partition('{"note":')
            kept = _json(mark + rest) if mark else None
            if kept is not None:
                _, size, root, time, head, *_ = kept["note"].split("\n")
                if not time.startswith("time ") or not head.startswith("head "):
                    raise ValueError(line)
                leaves = [base64.b64decode(leaf) for leaf in kept.get("leaves", [])]
                yield SignedHead(int(size), base64.b64decode(root), time, kept["note"], leaves)


def _json(text: str) -> dict[str, Any] | None:
    """None for a line that a crash tore."""
    try:
        found, _ = json.JSONDecoder().raw_decode(text)
    except ValueError:
        return None
    return dict(found)


def signed_by(key: str, note: str) -> bool:
    """Whether the first line of this key in a note is its signature."""
    try:
        return _signed_by(key, note)
    except ValueError:
        return False


def _signed_by(key: str, note: str) -> bool:
    text, _, lines = note.rpartition("\n\n")
    name, claimed, encoded = key.split("+", 2)
    material = base64.b64decode(encoded)
    own = hashlib.sha256(name.encode() + b"\n" + material).digest()[:4]
    if own.hex() != claimed or material[:1] != b"\x01" or len(material) != 33:
        return False
    for line in lines.split("\n"):
        dash, who, made = [*line.split(" "), "", ""][:3]
        raw = base64.b64decode(made or "")
        if dash == "\N{EM DASH}" and who == name and raw[:4] == own:
            return ed25519(material[1:], raw[4:], f"{text}\n".encode())
    return False


# Ed25519 as RFC 8032 writes it, verification alone: points are (X, Y, Z, T), x = X/Z, y = Y/Z, x * y = T/Z.

P = 2**255 - 19
ORDER = 2**252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, P - 2, P) % P
Point = tuple[int, int, int, int]


def ed25519(public: bytes, signature: bytes, message: bytes) -> bool:
    key = _point(public)
    if key is None or len(signature) != 64:
        return False
    factor = int.from_bytes(signature[32:], "little")
    if factor >= ORDER:
        return False
    digest = int.from_bytes(hashlib.sha512(signature[:32] + public + message).digest(), "little") % ORDER
    x, y, z, t = key
    return _encoded(_sum_of(factor, BASE, digest, (P - x, y, z, P - t))) == signature[:32]


def _sum_of(one: int, of: Point, other: int, of_other: Point) -> Point:
    """one * of + other * of_other, both in one walk down their bits."""
    both, found = _add(of, of_other), (0, 1, 1, 0)
    for bit in range(max(one.bit_length(), other.bit_length()) - 1, -1, -1):
        found = _add(found, found)
        step = (one >> bit & 1) + 2 * (other >> bit & 1)
        if step:
            found = _add(found, (of, of_other, both)[step - 1])
    return found


def _add(one: Point, other: Point) -> Point:
    a, b = (one[1] - one[0]) * (other[1] - other[0]) % P, (one[1] + one[0]) * (other[1] + other[0]) % P
    c, d = 2 * one[3] * other[3] * D % P, 2 * one[2] * other[2] % P
    e, f, g, h = b - a, d - c, d + c, b + a
    return e * f % P, g * h % P, f * g % P, e * h % P


def _encoded(point: Point) -> bytes:
    inverse = pow(point[2], P - 2, P)
    x, y = point[0] * inverse % P, point[1] * inverse % P
    return (y | (x & 1) << 255).to_bytes(32, "little")


def _point(encoded: bytes) -> Point | None:
    """The point of 32 bytes; None where they name none."""
    whole = int.from_bytes(encoded, "little")
    y, sign = whole & (1 << 255) - 1, whole >> 255
    if len(encoded) != 32 or y >= P:
        return None
    square = (y * y - 1) * pow(D * y * y + 1, P - 2, P) % P
    x = pow(square, (P + 3) // 8, P)
    if x * x % P != square:
        x = x * pow(2, (P - 1) // 4, P) % P
    if x * x % P != square or (x == 0 and sign):
        return None
    x = P - x if x & 1 != sign else x
    return x, y, 1, x * y % P


def _base() -> Point:
    found = _point((4 * pow(5, P - 2, P) % P).to_bytes(32, "little"))
    if found is None:
        raise ArithmeticError("the base point of the curve")
    return found


BASE = _base()


def _noted(text: str) -> tuple[int, str]:
    seq, _, digest = text.partition(":")
    return int(seq), digest


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("export", nargs="?", default=Path(__file__).parent, help="the exported directory, or one file")
    parser.add_argument("--anchor", type=Path, help="what an anchor kept, or a log server's file")
    parser.add_argument("--key", action="append", default=[], help="a public key that was noted elsewhere")
    parser.add_argument("--head", type=_noted, help="a SEQ:HASH that was noted elsewhere")
    asked = parser.parse_args()
    try:
        sys.stdout.write(check(asked.export, asked.head, asked.anchor, asked.key) + "\n")
    except Bad as finding:
        sys.stdout.write(f"{finding}\n")
        return 1
    except (OSError, ValueError) as error:
        sys.stderr.write(f"the export cannot be read: {error}\n")
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())

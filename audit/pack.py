"""An evidence pack: the record, or a stretch of it, in a folder that checks itself with one Python and nothing of ours.

A stretch is whole: everything that was recorded from its first event to its last, of whatever run, so that nothing can
have been left out of it. It carries the hashes that lead from its events to the root of a signed head.
"""

from __future__ import annotations

import base64
import json
import shutil
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from pathlib import Path
from tempfile import TemporaryDirectory, TemporaryFile
from typing import IO
from zipfile import ZIP_DEFLATED, ZipFile

from django.db.models import Max, Min, QuerySet

from audit import offline_verifier
from audit.body import read, side_digests
from audit.keys import KINDS
from audit.models import HEAD, Checkpoint, Event, Head, SideText
from audit.packed_readme import STRETCH, WHOLE
from audit.proof import proof
from audit.tree import leaf_hash
from audit.verify import Stored

CHUNK = 2000
Row = Mapping[str, object]
Texts = Callable[[Collection[str]], Iterable[tuple[str, str]]]  # digests of evidence → each with its text
EVIDENCE: list[Texts] = []  # whoever keeps evidence adds where its texts are read


@dataclass(frozen=True)
class Stretch:
    """Events `first` to `last`, and the hash of the last one."""

    first: int
    last: int
    hash: str = ""


def whole() -> Stretch:
    head = Head.objects.filter(pk=HEAD).first()
    return Stretch(1, head.seq, head.hash) if head else Stretch(1, 0)


def of_run(run: int) -> Stretch | None:
    """From the first event of a run to its last; None where it has none."""
    return _around(Event.objects.filter(run=run))


def of_period(since: datetime | None, until: datetime | None) -> Stretch | None:
    """What was recorded in a period; None where nothing was."""
    events = Event.objects.all()
    events = events.filter(at__gte=since) if since else events
    return _around(events.filter(at__lte=until) if until else events)


def _around(events: QuerySet[Event]) -> Stretch | None:
    ends = events.aggregate(first=Min("seq"), last=Max("seq"))
    if ends["first"] is None:
        return None
    return Stretch(ends["first"], ends["last"], Event.objects.values_list("hash", flat=True).get(seq=ends["last"]))


def write_folder(folder: Path, stretch: Stretch) -> None:
    """Write the pack into a new folder; FileExistsError where something is already there."""
    folder.mkdir(parents=True)
    head = _covering(stretch)
    beside = _beside(stretch, head) if stretch.first > 1 else Event.objects.none()
    _write(folder / "record.jsonl", map(line, _within(stretch)))
    _write(folder / "side.jsonl", _side(_within(stretch)))
    _write(folder / "evidence.jsonl", _evidence(stretch))
    _write(folder / "checkpoints.jsonl", _heads(stretch, head))
    if stretch.first > 1:
        _write(folder / "key-events.jsonl", map(line, beside))
        if head:
            (folder / "proof.json").write_text(_proof(stretch, head, beside))
    (folder / "keys.txt").write_text("".join(f"{key}\n" for key in _keys()))
    installation = Head.objects.values_list("installation", flat=True).get(pk=HEAD) if stretch.last else ""
    readme = WHOLE if stretch.first == 1 else STRETCH
    (folder / "README.txt").write_text(readme.format(installation=installation, stretch=stretch))
    shutil.copyfile(offline_verifier.__file__, folder / "verify.py")


def zipped(stretch: Stretch, name: str) -> IO[bytes]:
    """The pack as one file, in a folder of that name; it is gone when it is closed."""
    whole_file = TemporaryFile()  # noqa: SIM115  (whoever sends it closes it)
    with TemporaryDirectory() as away, ZipFile(whole_file, "w", ZIP_DEFLATED) as archive:
        write_folder(Path(away) / name, stretch)
        for path in sorted((Path(away) / name).iterdir()):
            archive.write(path, f"{name}/{path.name}")
    whole_file.seek(0)
    return whole_file


def line(event: Event) -> Row:
    return {
        "seq": event.seq,
        "prev": event.prev,
        "hash": event.hash,
        "body": bytes(event.body).decode(errors="replace"),
    }


def dumped(row: Row) -> str:
    # ASCII, so that no reader's idea of a line end can cut an event in two.
    return json.dumps(row) + "\n"


def _write(path: Path, rows: Iterable[Row]) -> None:
    with path.open("w", encoding="utf-8") as file:
        file.writelines(map(dumped, rows))


def _within(stretch: Stretch) -> Iterator[Event]:
    events = Event.objects.filter(seq__gte=stretch.first, seq__lte=stretch.last)
    return events.order_by("seq").iterator(chunk_size=CHUNK)


def _covering(stretch: Stretch) -> Checkpoint | None:
    """The earliest head over all of it, else the newest over a part of it."""
    heads = Checkpoint.objects.filter(size__gte=stretch.first)
    return heads.filter(size__gte=stretch.last).order_by("size", "pk").first() or heads.order_by("-size", "-pk").first()


def _beside(stretch: Stretch, head: Checkpoint | None) -> QuerySet[Event]:
    """The first event, and those that announce keys: they say who may sign."""
    before = Event.objects.filter(seq=1) | Event.objects.filter(kind__in=KINDS)
    size = head.size if head else stretch.last
    return before.filter(seq__lte=size).exclude(seq__gte=stretch.first, seq__lte=stretch.last).order_by("seq")


def _proof(stretch: Stretch, head: Checkpoint, beside: QuerySet[Event]) -> str:
    there = set(beside.values_list("seq", flat=True))
    leaves = (
        (leaf_hash(row.body), stretch.first <= row.seq <= stretch.last or row.seq in there)
        for rows in Stored().pieces(0, head.size)
        for row in rows
    )
    return json.dumps({"size": head.size, "hashes": [base64.b64encode(found).decode() for found in proof(leaves)]})


def _heads(stretch: Stretch, head: Checkpoint | None) -> Iterator[Row]:
    if stretch.first == 1:
        notes = Checkpoint.objects.filter(size__lte=stretch.last).order_by("pk").values_list("note", flat=True)
        yield from ({"note": note} for note in notes.iterator(chunk_size=CHUNK))
    elif head:
        yield {"note": head.note}


def _side(events: Iterable[Event]) -> Iterator[Row]:
    """The names and free texts of these events, and of no other. A name comes once, a reason belongs to one event."""
    names: set[str] = set()
    rows = iter(events)
    while some := list(islice(rows, 500)):
        bodies = [body for body in (read(event.body) for event in some) if body]
        wanted = {digest for body in bodies for digest in side_digests(body)} - names
        names |= {body["actor"]["name"] for body in bodies}
        texts = SideText.objects.filter(digest__in=wanted).order_by("digest")
        yield from ({"digest": row.digest, "salt": row.salt, "text": row.text} for row in texts)


def _evidence(stretch: Stretch) -> Iterator[Row]:
    kept = Event.objects.filter(seq__gte=stretch.first, seq__lte=stretch.last, kind="evidence.kept").order_by("seq")
    digests = iter({str((read(body) or {}).get("digest")) for body in kept.values_list("body", flat=True)})
    while some := list(islice(digests, 500)):
        for texts in EVIDENCE:
            yield from ({"digest": digest, "text": text} for digest, text in texts(some))


def _keys() -> Iterator[str]:
    for event in Event.objects.filter(kind__in=KINDS).order_by("seq"):
        yield str((read(event.body) or {"after": f"event {event.seq} cannot be read"})["after"])

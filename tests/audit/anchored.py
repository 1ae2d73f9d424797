"""An anchor process with a key of its own, a folder, and a clock that a test sets."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

from audit.anchor import AnchorProcess
from audit.anchor_log import AnchorLog
from audit.anchors import Anchor, AnchorDown, open_all
from audit.heads import SignedHead
from audit.key_events import announce
from audit.ledger import Actor
from audit.signing import SigningKey

ANCHOR = Actor.product("anchor")


class Clock:
    """Stands still until it is told to go on. It begins now, because events carry the database's time."""

    def __init__(self) -> None:
        self.at = datetime.now(UTC)

    def __call__(self) -> datetime:
        return self.at

    def on(self, **length: int) -> None:
        self.at += timedelta(**length)


class Elsewhere:
    """An anchor that is down when a test says so."""

    def __init__(self, name: str = "elsewhere") -> None:
        self.name, self.is_down = name, False
        self.taken: list[SignedHead] = []
        self.asked = 0

    def send(self, head: SignedHead) -> None:
        self.asked += 1
        if self.is_down:
            raise AnchorDown("nobody answers there")
        self.taken.append(head)


class Station:
    """The key, the folder, the process; `restart` as after a crash."""

    def __init__(self, folder: Path, *anchors: Anchor) -> None:
        self.folder, self.clock = folder, Clock()
        self.kept, self.file = folder / "signed.jsonl", folder / "anchored.jsonl"
        self.anchors: Sequence[Anchor] = anchors or open_all([f"file://{self.file}"])
        self.key = SigningKey.fresh("breakwater")
        announce(ANCHOR, self.key)
        self.restart()

    def restart(self, **asked: bool) -> None:
        self.process = AnchorProcess(self.key, AnchorLog(self.folder), self.anchors, clock=self.clock, **asked)

    def look(self, **later: int) -> None:
        self.clock.on(**later)
        self.process.look()

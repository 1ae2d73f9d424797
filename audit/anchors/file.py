"""A file that only grows: file:///mnt/worm/breakwater.jsonl. It is worth what the disk under it is worth."""

from __future__ import annotations

import os
from dataclasses import dataclass
from urllib.parse import SplitResult, unquote

from audit.anchors import AddressUnusable, AnchorDown, shown
from audit.heads import SignedHead

SCHEMES = ("file",)


@dataclass(frozen=True)
class File:
    name: str
    path: str

    def send(self, head: SignedHead) -> None:
        """One line; a torn one that an earlier attempt left is ended first, so that it spoils no other."""
        try:
            descriptor = os.open(self.path, os.O_RDWR | os.O_APPEND | os.O_CREAT, 0o644)
            try:
                _write(descriptor, head.line().encode())
            finally:
                os.close(descriptor)
        except OSError as error:
            raise AnchorDown(f"{self.path}: {error.strerror or error}") from error


def _write(descriptor: int, line: bytes) -> None:
    end = os.lseek(descriptor, 0, os.SEEK_END)
    if end and os.pread(descriptor, 1, end - 1) != b"\n":
        line = b"\n" + line
    if os.write(descriptor, line) != len(line):
        raise OSError("the disk took a part of the line")
    os.fsync(descriptor)


def open_anchor(address: SplitResult) -> File:
    path = unquote(address.path)
    if address.netloc or not os.path.isabs(path):
        raise AddressUnusable(f"{shown(address)!r} names no file; write file:///absolute/path.jsonl")
    return File(shown(address), path)

"""Exported records as files, in the one folder that the inventory names. Nobody but this account may read them."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

from clusters.errors import Configuration

PRIVATE_FILE, PRIVATE_FOLDER = 0o600, 0o700


class Exports:
    """`clusters.gateway.KeepsExports`. A file grows only by what was noted of it: what a death left over is cut off."""

    def __init__(self, pair: str, folder: str) -> None:
        self._pair, self._folder = pair, folder

    def put(self, name: str, at: int, data: bytes) -> int:
        try:
            path = Path(self.path(name))
            path.parent.mkdir(parents=True, exist_ok=True, mode=PRIVATE_FOLDER)
            with os.fdopen(os.open(path, os.O_RDWR | os.O_CREAT, PRIVATE_FILE), "r+b") as file:
                self._cut(file.fileno(), name, at)
                file.seek(at)
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
        except OSError as error:
            raise Configuration(self._pair, f"the export {name} cannot be written: {error}") from error
        return at + len(data)

    def _cut(self, file: int, name: str, at: int) -> None:
        if (size := os.fstat(file).st_size) < at:
            why = f"the export {name} holds {size} bytes, and {at} were written: is the folder one for all workers?"
            raise Configuration(self._pair, why)
        os.ftruncate(file, at)

    def take(self, name: str, start: int, end: int) -> bytes:
        try:
            with Path(self.path(name)).open("rb") as file:
                file.seek(start)
                return file.read(end - start)
        except OSError as error:
            raise Configuration(self._pair, f"the export {name} cannot be read: {error}") from error

    def sha256(self, name: str) -> str:
        try:
            with Path(self.path(name)).open("rb") as file:
                return hashlib.file_digest(file, "sha256").hexdigest()
        except OSError as error:
            raise Configuration(self._pair, f"the export {name} cannot be read: {error}") from error

    def path(self, name: str) -> str:
        if not self._folder:
            raise Configuration(self._pair, "the inventory names no folder for exports: add exports: to the pair")
        return str(Path(self._folder) / name)

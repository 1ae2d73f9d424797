"""Open ways to pairs, kept for this process. Whoever looks and whoever acts keep their own, so that neither waits."""

from __future__ import annotations

import os
import threading
import time

from clusters.connections import Connections
from clusters.declared import PairEntry

LINGER_S = 60.0  # a call under way when the inventory changes still gets its answer


class Ways:
    """One set of connections for each pair, until its entry changes.

    They are opened after a fork, never carried over one: a Kafka client's threads do not survive it.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._open: dict[str, tuple[str, Connections]] = {}
        self._retired: list[tuple[float, Connections]] = []
        os.register_at_fork(after_in_child=self._forget)

    def to(self, entry: PairEntry) -> Connections:
        with self._lock:
            digest, opened = self._open.get(entry.name, ("", None))
            if opened and digest == entry.digest:
                return opened
            if opened:
                self._retired.append((time.monotonic(), opened))
            self._close_retired()
            fresh = Connections(entry)
            self._open[entry.name] = (entry.digest, fresh)
            return fresh

    def close(self) -> None:
        """For the end of a process, or of a test."""
        with self._lock:
            self._retired.extend((-LINGER_S, opened) for _, opened in self._open.values())
            self._open.clear()
            self._close_retired()

    def _close_retired(self) -> None:
        for retired in [each for each in self._retired if time.monotonic() - each[0] >= LINGER_S]:
            self._retired.remove(retired)
            retired[1].close()

    def _forget(self) -> None:
        """In a child: its parent's connections are the parent's to close."""
        self._lock = threading.Lock()
        self._open, self._retired = {}, []

"""Calls that may hang run in a thread of their own that can be left behind; while one is stuck no second is started."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import Future
from concurrent.futures import TimeoutError as FutureTimeout
from typing import Generic, TypeVar

from clusters.bounded import left

T = TypeVar("T")


class Stuck(Exception):
    """The call before this one has not come back, or this one did not in time."""


class Lane(Generic[T]):
    """One call at a time. The threads are daemons: a hanging library never keeps the process from ending."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._busy = threading.Lock()

    @property
    def is_busy(self) -> bool:
        return self._busy.locked()

    def start(self, call: Callable[[], T], deadline: float) -> Future[T]:
        """Waits its turn behind a call that is under way, but not past the deadline."""
        future: Future[T] = Future()
        threading.Thread(target=self._run, args=(call, future, deadline), name=self._name, daemon=True).start()
        return future

    def _run(self, call: Callable[[], T], future: Future[T], deadline: float) -> None:
        if not self._busy.acquire(timeout=max(0.0, left(deadline))):
            future.set_exception(Stuck("an earlier look has not come back yet; no second one is started"))
            return
        try:
            found = call()
        except BaseException as error:  # handed to whoever waits, who is in another thread
            self._busy.release()
            future.set_exception(error)
        else:
            self._busy.release()
            future.set_result(found)


def wait(future: Future[T], deadline: float) -> T:
    """Raises Stuck at the deadline; the call goes on in its thread and its result is dropped."""
    try:
        return future.result(timeout=max(0.0, left(deadline)))
    except FutureTimeout:
        raise Stuck("no answer in time; the call was left behind") from None

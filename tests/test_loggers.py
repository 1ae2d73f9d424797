"""Tests start while threads of other fixtures import modules, which makes loggers."""

from __future__ import annotations

import logging
import threading

from _pytest.logging import LogCaptureHandler, catching_logs

SITTINGS = 300


def test_a_test_may_start_while_a_thread_makes_loggers() -> None:
    made: list[str] = []
    over = threading.Event()

    def make() -> None:
        while not over.is_set():
            made.append(f"{__name__}.{len(made)}")
            logging.getLogger(made[-1])

    thread = threading.Thread(target=make)
    thread.start()
    try:
        for _ in range(SITTINGS):
            with catching_logs(LogCaptureHandler()):
                pass
    finally:
        over.set()
        thread.join()
        for name in made:
            del logging.Logger.manager.loggerDict[name]

"""`manage.py run_anchor`: signs heads of the record and hands them to the anchors. One such process, with the key."""

from __future__ import annotations

import logging
import signal
import threading
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import DatabaseError, connection

from audit.anchor import AnchorProcess
from audit.anchor_log import AnchorLog, LogUnusable, held
from audit.anchors import AddressUnusable, open_all
from audit.key_events import created, current
from audit.keys import Unvouched
from audit.signing import KeyUnusable

log = logging.getLogger(__name__)
EVERY = 1.0  # seconds


class Command(BaseCommand):
    help = "Signs heads of the record with the key that it alone holds, and hands them to the anchors."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--once", action="store_true", help="look once, and end")
        parser.add_argument("--create-key", action="store_true", help="make and announce the key where there is none")
        said = "the file that says what was signed is lost: begin again from what the database holds now"
        parser.add_argument("--begin-again", action="store_true", help=said)

    def handle(self, *args: Any, **asked: Any) -> None:  # noqa: ANN401
        if not settings.ANCHOR_KEY_FILE:
            raise CommandError("ANCHOR_KEY_FILE names no file; make a key with `manage.py anchor_key create`")
        folder = Path(settings.ANCHOR_FOLDER)
        try:
            with held(folder):
                if asked["create_key"]:
                    created(Path(settings.ANCHOR_KEY_FILE))
                self._run(folder, is_once=asked["once"], begins_again=asked["begin_again"])
        except (LogUnusable, KeyUnusable, AddressUnusable, Unvouched) as error:
            raise CommandError(str(error)) from error

    def _run(self, folder: Path, *, is_once: bool, begins_again: bool) -> None:
        key, anchors = current(Path(settings.ANCHOR_KEY_FILE)), open_all(settings.ANCHORS)
        process = AnchorProcess(key, AnchorLog(folder), anchors, begins_again=begins_again)
        stop = threading.Event()
        if threading.current_thread() is threading.main_thread() and not is_once:
            for number in (signal.SIGTERM, signal.SIGINT):
                signal.signal(number, lambda *_: stop.set())
        self.stdout.write(f"anchor ready: {key.verifier}, {len(anchors)} anchors")
        self.stdout.flush()
        while not stop.is_set():
            _look(process)
            if is_once:
                return
            stop.wait(EVERY)


def _look(process: AnchorProcess) -> None:
    """A database that is away is waited for; what was signed is kept."""
    try:
        process.look()
    except DatabaseError as error:
        log.error("the database does not answer: %s", error)
        connection.close()

"""`manage.py anchor_key create | rotate | show`: the key that signs heads of the record."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from audit.anchor import AnchorProcess, Refused
from audit.anchor_log import AnchorLog, LogUnusable, held
from audit.anchors import AddressUnusable, open_all
from audit.key_events import created, current, hand_on, successor
from audit.keys import Unvouched
from audit.ledger import Actor
from audit.signing import KeyUnusable, SigningKey

KEEP = "Note this key where whoever owns the database cannot change it: `audit verify --key` asks for it."


class Command(BaseCommand):
    help = "Makes, hands on or shows the key of the anchor process. Stop that process while keys change."

    def add_arguments(self, parser: CommandParser) -> None:
        acts = parser.add_subparsers(dest="act", required=True)
        create = acts.add_parser("create", help="make the key file where there is none, and announce the key")
        create.add_argument(
            "--lost", action="store_true", help="the key before it is lost and cannot sign for this one"
        )
        acts.add_parser("rotate", help="replace the key: one event, signed by the old one and the new one")
        acts.add_parser("show", help="print the public key")

    def handle(self, *args: Any, **asked: Any) -> None:  # noqa: ANN401
        if not settings.ANCHOR_KEY_FILE:
            raise CommandError("ANCHOR_KEY_FILE names no file; say where the key is, or shall be")
        path = Path(settings.ANCHOR_KEY_FILE)
        try:
            if asked["act"] == "show":
                self.stdout.write(str(current(path).verifier))
            else:
                self._change(path, asked)
        except (KeyUnusable, LogUnusable, AddressUnusable, Unvouched, Refused) as error:
            raise CommandError(str(error)) from error

    def _change(self, path: Path, asked: dict[str, Any]) -> None:
        with held(Path(settings.ANCHOR_FOLDER)):
            if asked["act"] == "create":
                self._create(path, is_lost=asked["lost"])
            else:
                self._rotate(path)

    def _create(self, path: Path, *, is_lost: bool) -> None:
        key, was_new = created(path, is_lost=is_lost)
        self.stdout.write(f"{key.verifier}\n{'announced' if was_new else 'was announced before'}. {KEEP}")

    def _rotate(self, path: Path) -> None:
        """The old key covers everything up to its last moment first."""
        old, coming = current(path), successor(path)
        anchors = open_all(settings.ANCHORS)  # they get this head when the process runs again
        AnchorProcess(old, AnchorLog(Path(settings.ANCHOR_FOLDER)), anchors).sign_now()
        if not coming.exists():
            SigningKey.fresh(settings.INSTALLATION).write(coming)
        new = SigningKey.load(coming)
        hand_on(Actor.product("anchor"), old, new)
        os.replace(coming, path)
        self.stdout.write(f"{new.verifier}\nsigns from now on; {old.verifier.id.hex()} signed for it. {KEEP}")

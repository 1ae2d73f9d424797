"""Check the record, or take it elsewhere."""

from __future__ import annotations

from argparse import ArgumentTypeError
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from audit import offline_verifier
from audit.coverage import coverage_asked
from audit.notes import NotANote, VerifierKey
from audit.pack import Stretch, of_period, of_run, whole, write_folder
from audit.verify import verify


class Command(BaseCommand):
    help = "Check the record (`audit verify`), or write it into a folder that checks itself (`audit export DIR`)."

    def add_arguments(self, parser: CommandParser) -> None:
        acts = parser.add_subparsers(dest="act", required=True)
        check = acts.add_parser("verify", help="say whether the record is as it was written")
        check.add_argument("--from", dest="first", type=int, default=1, metavar="SEQ")
        check.add_argument("--to", dest="last", type=int, metavar="SEQ")
        check.add_argument("--head", type=_head, metavar="SEQ:HASH", help="a head that was noted elsewhere")
        check.add_argument("--anchor", type=Path, metavar="FILE", help="what an anchor kept, or a log server's file")
        check.add_argument(
            "--key", type=_key, action="append", default=[], help="a public key that was noted elsewhere"
        )
        check.add_argument("--within", type=int, default=900, metavar="SECONDS", help="no event uncovered for longer")
        check.add_argument("--file", type=Path, help="check an exported folder or file in place of the database")
        leave = acts.add_parser("export", help="write the whole record, or a stretch of it, into a new folder")
        leave.add_argument("folder", type=Path)
        leave.add_argument("--run", type=int, metavar="NUMBER", help="all that was recorded while this run went on")
        leave.add_argument("--since", type=_instant, metavar="TIME", help="from then on, for example 2026-11-20T03:00Z")
        leave.add_argument("--until", type=_instant, metavar="TIME", help="up to then")

    def handle(self, *args: Any, **asked: Any) -> None:  # noqa: ANN401
        if asked["act"] == "export":
            self._export(asked["folder"], _stretch(asked["run"], asked["since"], asked["until"]))
        elif asked["file"]:
            self._check_file(asked["file"], asked["head"], asked["anchor"], asked["key"])
        else:
            self._check(asked["first"], asked["last"], asked["head"], asked)

    def _check(self, first: int, last: int | None, head: tuple[int, str] | None, asked: dict[str, Any]) -> None:
        if first < 1 or (last is not None and last < first):
            raise CommandError("--from must be 1 or more, and --to not below it")
        try:
            result = verify(first, last, expected=head, coverage=coverage_asked(first, **_about_heads(asked)))
        except (OSError, ValueError) as error:
            raise CommandError(str(error), returncode=2) from error
        if result.finding:
            raise CommandError(str(result), returncode=1)
        self.stdout.write(f"{result}\nhead {result.last}:{result.hash}\n{result.limits}")

    def _check_file(
        self, path: Path, head: tuple[int, str] | None, anchor: Path | None, keys: Sequence[VerifierKey]
    ) -> None:
        try:
            said = offline_verifier.check(path, head, anchor, [str(key) for key in keys])
        except offline_verifier.Bad as finding:
            raise CommandError(str(finding), returncode=1) from finding
        except (OSError, ValueError) as error:
            raise CommandError(f"the export cannot be read: {error}", returncode=2) from error
        self.stdout.write(said)

    def _export(self, folder: Path, stretch: Stretch) -> None:
        try:
            write_folder(folder, stretch)
        except OSError as error:
            said = f"{folder} cannot be written ({error.strerror}); name a folder that is not there yet"
            raise CommandError(said) from error
        self.stdout.write(f"events {stretch.first} to {stretch.last} written to {folder}")
        self.stdout.write(f"head {stretch.last}:{stretch.hash}")
        self.stdout.write("Note this head where whoever holds the folder cannot change it.")


def _stretch(run: int | None, since: datetime | None, until: datetime | None) -> Stretch:
    if run and (since or until):
        raise CommandError("name a run or a period, not both", returncode=2)
    found = of_run(run) if run else of_period(since, until) if since or until else whole()
    if found is None:
        raise CommandError("nothing was recorded then" if not run else f"no event belongs to a run {run}", returncode=2)
    return found


def _instant(text: str) -> datetime:
    """UTC where no offset is given."""
    try:
        at = datetime.fromisoformat(text)
    except ValueError as error:
        raise ArgumentTypeError(f"{text!r} is no time; write it like 2026-11-20T03:00Z") from error
    return at if at.tzinfo else at.replace(tzinfo=UTC)


def _about_heads(asked: dict[str, Any]) -> dict[str, Any]:
    return {"anchor": asked["anchor"], "keys": asked["key"], "within": asked["within"]}


def _key(text: str) -> VerifierKey:
    try:
        return VerifierKey.parse(text)
    except NotANote as error:
        raise ArgumentTypeError(str(error)) from error


def _head(text: str) -> tuple[int, str]:
    seq, _, digest = text.partition(":")
    return int(seq), digest

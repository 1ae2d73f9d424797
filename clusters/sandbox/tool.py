"""`kafka-mirrors`, run by a person on a cluster: it talks the Kafka protocol, so REST settings do not bind it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from .commands import ACTIONS, RESTORE, Order, alter
from .http import BadRequest
from .journal import ACCEPTED, REFUSED, Command, iso

if TYPE_CHECKING:
    from .link import LinkHalf
    from .model import Pair

# The tool says --unpause where REST and the CLI say resume.
VERBS = {f"--{name}": name for name in ACTIONS if name != "resume"} | {"--unpause": "resume"}
WITH_VALUE = {"--topics", "--link", "--bootstrap-server", "--command-config"}
FLAGS = {"--dry-run", "--include-partition-data"}
EITHER_TOPICS_OR_LINK = {"failover", "promote", "reverse-and-start", "reverse-and-pause"}


@dataclass(frozen=True)
class Typed:
    action: str
    topics: list[str]
    link: str | None
    flags: set[str]


def run(pair: Pair, side: str, argv: list[str]) -> Command:
    """What the journal keeps of it. Raises BadRequest for a line the tool itself would refuse."""
    typed = parse(argv)
    if not pair.is_up(side):
        raise BadRequest(f"no broker of {side} could be reached")
    half = _half(pair, side, typed)
    order = Order(typed.action, "--dry-run" in typed.flags, "--include-partition-data" in typed.flags)
    rows = alter(pair, half, order, typed.topics)
    refused = {row.topic: row.error_message or "" for row in rows if row.error_code}
    return Command(
        at=iso(pair.clock.now()),
        pair=pair.name,
        side=side,
        via="kafka-mirrors",
        action=typed.action,
        outcome=REFUSED if len(refused) == len(rows) else ACCEPTED,
        link=half.name,
        topics=typed.topics,
        validate_only=order.validate_only,
        include_partition_level_truncation_data=order.partition_data,
        refused=refused,
    )


def parse(argv: list[str]) -> Typed:
    """Read the line as the tool does, with its odd rules about --topics and --link."""
    if not argv or argv[0].rsplit("/", 1)[-1] not in ("kafka-mirrors", "kafka-mirrors.sh"):
        raise BadRequest("the command must be kafka-mirrors")
    values, flags = _words(argv[1:])
    verbs = [VERBS[flag] for flag in sorted(flags) if flag in VERBS]
    if unknown := flags - FLAGS - set(VERBS):
        raise BadRequest(f"unknown options: {' '.join(sorted(unknown))}")
    if len(verbs) != 1:
        raise BadRequest(f"exactly one action is needed: {' '.join(VERBS)}")
    topics = [topic for topic in values.get("--topics", "").split(",") if topic]
    _check(verbs[0], topics, values)
    return Typed(verbs[0], topics, values.get("--link"), flags)


def _words(words: list[str]) -> tuple[dict[str, str], set[str]]:
    values: dict[str, str] = {}
    flags: set[str] = set()
    left = iter(words)
    for word in left:
        if word in WITH_VALUE:
            values[word] = next(left, "")
        else:
            flags.add(word)
    return values, flags


def _check(action: str, topics: list[str], values: dict[str, str]) -> None:
    if not topics:
        raise BadRequest("--topics is needed: without it the tool would act on every mirror of the link")
    if action == RESTORE and "--link" not in values:
        raise BadRequest("--truncate-and-restore needs --topics and --link")
    if action in EITHER_TOPICS_OR_LINK and "--link" in values:
        raise BadRequest(f"--{action}: cannot specify both --topics and --link")


def _half(pair: Pair, side: str, typed: Typed) -> LinkHalf:
    links = pair.sides[side].links
    found = typed.link or next((name for name, half in links.items() if typed.topics[0] in half.mirrors), "")
    if found not in links:
        raise BadRequest(f"{side} has no link {found or 'with mirror ' + typed.topics[0]}")
    return links[found]

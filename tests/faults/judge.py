"""What the simulated clusters received and carried out, held against what persons decided. Their journal judges."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from audit.models import Event
from runbooks.models import Attempt, Call, Run
from runbooks.services.script import kind_of
from tests.fixtures.sandbox import Control

CARRIED_OUT = {"accepted", "dropped-applied"}
ACTIONS = {
    "groups.set-offsets": "set-offsets",
    "links.delete": "delete-link",
    "mirrors.create": "create-mirror",
    "mirrors.failover": "failover",
    "mirrors.pause": "pause",
    "mirrors.promote": "promote",
    "mirrors.resume": "resume",
    "mirrors.truncate-and-restore": "truncate-and-restore",
    "mirrors.reverse-and-start": "reverse-and-start",
    "topics.delete": "delete-topic",
}
MODE = "registry.mode"
SETS = {"offset-sync.pause", "offset-sync.resume"}
# Records that are replayed are items by chunks, and received one by one: that none is there twice is judged above.
BY_CHUNKS = "produce"
Sent = Counter[tuple[str, str]]  # (action or step, item) → how often
Settings = dict[str, dict[str, str]]  # side → setting of its half of the link → value


def doubled(control: Control, pair: str, runs: Sequence[Run]) -> list[str]:
    """Each command that was carried out twice, or received more often than a person armed it.

    `runs` are those of the pair since its last reset, and no procedure is among them twice.
    """
    commands = [row for row in control.journal(pair) if not row["validate_only"]]
    orders = control.ask("GET", f"/pairs/{pair}/orders")["orders"]
    return [
        *_more(commands_of(row for row in commands if row["outcome"] in CARRIED_OUT), None, "carried out"),
        *_more(orders_of(row for row in orders if row["status"] == 200), None, "carried out"),
        *_more(commands_of(row for row in commands if row["action"] != BY_CHUNKS), armed(runs, ACTIONS), "received"),
        *_more(orders_of(orders), armed(runs, None), "received"),
        *_without_a_person(runs),
    ]


def commands_of(rows: Iterable[Mapping[str, Any]]) -> Sent:
    """A setting of a link counts by what it was set to, and where."""
    found: Sent = Counter()
    for row in rows:
        names = row["topics"] or row["groups"] or row["records"]
        names = names or ([row["link"]] if row["action"] == ACTIONS["links.delete"] else [])
        found.update((row["action"], name) for name in names if name not in row.get("refused", {}))
        settings = row["settings"] if row["status"] != 405 else {}
        found.update((f"{name}={value}", row["side"]) for name, value in settings.items())
    return found


def orders_of(rows: Iterable[Mapping[str, Any]]) -> Sent:
    """The key of an order names the step, the attempt and the item."""
    return Counter((row["key"].partition(".")[0], row["target"]) for row in rows)


def armed(runs: Sequence[Run], actions: Mapping[str, str] | None) -> Sent:
    """How often each item stood in an intent that was written down before its request."""
    found: Sent = Counter()
    for call in Call.objects.filter(attempt__step__run__in=runs).select_related("attempt__step"):
        step = call.attempt.step
        for item in call.items:
            if actions is None:
                # Producers are items by driver and name; a group by its own name, which its workload here has too.
                found[str(step.pk), item.rpartition("/")[2]] += 1
            elif step.kind in actions:
                found[actions[step.kind], item] += 1
            elif step.kind in SETS:
                name, _, side = item.rpartition(" on ")
                rows = {row["name"]: row.get("value") for row in call.intent["request"]["body"]["data"]}
                found[f"{name}={rows[name]}", side] += 1
            elif step.kind == MODE:
                found[f"mode={kind_of(step).mode}", kind_of(step).side] += 1
    return found


def _more(found: Sent, allowed: Sent | None, what: str) -> list[str]:
    """Those above what is allowed; without a table that is once."""
    return [
        f"{action} of {item} was {what} {count} times"
        for (action, item), count in sorted(found.items())
        if count > (1 if allowed is None else allowed[action, item])
    ]


def _without_a_person(runs: Sequence[Run]) -> list[str]:
    """Attempts that sent an item again which an earlier attempt had sent, and no re-arm of a person between the two."""
    wrong = []
    for attempt in Attempt.objects.filter(step__run__in=runs, number__gt=1, sent_at__isnull=False):
        before = Attempt.objects.filter(step=attempt.step, number__lt=attempt.number, sent_at__isnull=False)
        again = Event.objects.filter(kind="step.rearmed", step=attempt.step_id).count()
        if again < before.count():
            wrong.append(f"{attempt} was sent, and {again} re-arms stand against {before.count()} earlier ones")
    return wrong


def misplaced(control: Control, pair: str, clients: Iterable[str], writable: str) -> list[str]:
    """What completed runs have not brought about: these clients on that side, and an active-passive pair's topics
    writable there alone."""
    placed = control.ask("GET", f"/pairs/{pair}/targets")["targets"]
    found = [
        f"{row['target']} runs on {row['side']}"
        for row in placed
        if row["target"] in clients and row["side"] != writable
    ]
    truth = control.truth(pair)
    if truth["topology"] == "active-active":
        return found
    for side, standing in truth["sides"].items():
        if not standing["up"]:
            continue  # nobody can have changed anything there
        wrong = [name for name, topic in standing["topics"].items() if topic["writable"] is not (side == writable)]
        found += [f"{name} on {side} is {'not ' if side == writable else ''}writable" for name in wrong]
    return found


def settings_of(control: Control, pair: str) -> Settings:
    """Of the link, as the clusters themselves have them."""
    return {link["side"]: link["configs"] for link in control.truth(pair)["links"]}


def changed(before: Settings, now: Settings) -> list[str]:
    """What was switched off for a while, and is not as it was."""
    return [
        f"{name} on {side} is {now.get(side, {}).get(name)!r} and was {value!r}"
        for side, settings in before.items()
        for name, value in settings.items()
        if now.get(side, {}).get(name) != value
    ]

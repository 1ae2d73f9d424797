"""One client of the inventory: what can be moved as one, how it subscribes, and who it is to the clusters."""

from __future__ import annotations

from collections.abc import Collection
from enum import StrEnum

from clusters.declared import DriverEntry, SideEntry
from clusters.facts import ClientFacts, Library, Subscription
from clusters.form import Form
from clusters.routing import has_keepers
from clusters.subscriptions import pattern_problem


class ClientKind(StrEnum):
    PRODUCERS = "producers"
    GROUP = "group"


def read_client(form: Form, pair: str, named: Collection[DriverEntry], sides: Collection[SideEntry]) -> ClientFacts:
    name = form.word("name")
    form.what = f"{pair}, client {name}"
    kind = form.choice("kind", ClientKind) or ClientKind.PRODUCERS
    group = form.text("group") if kind is ClientKind.GROUP else None
    driver = form.text("driver")
    topics, home = form.topics("topics"), form.text("home")
    moved_by = next((entry.kind for entry in named if entry.name == driver), "")
    client = ClientFacts(
        name,
        kind.value,
        topics,
        driver,
        home,
        group,
        is_by_hand=moved_by == "manual",
        transactional=form.flag("transactional", default=False) if "transactional" in form else None,
        has_keepers=has_keepers(moved_by),
        principal=form.principal("principal"),
        subscription=_subscription(form, sides) if kind is ClientKind.GROUP else None,
        tier=form.number("tier"),
        team=form.word("team") if "team" in form else "",
    )
    form.done()
    return client


def _subscription(client: Form, sides: Collection[SideEntry]) -> Subscription | None:
    """A pattern and whose rules it is read by, or the lists of both sides."""
    form = client.form("subscription", f"{client.what}, subscription")
    if form is None:
        return None
    pattern = form.text("pattern", "")
    library = form.choice("library", Library) if "library" in form else Library.JAVA
    if pattern and (problem := pattern_problem(pattern)):
        form.complain(f"{form.what}: pattern {problem}", "pattern")
    topics = _lists(form, sides)
    if bool(pattern) == bool(topics) and form.is_readable:
        form.complain(f"{form.what}: needs either a pattern, or topics with a list for each side")
    form.done()
    return Subscription(pattern, library or Library.JAVA, topics)


def _lists(form: Form, sides: Collection[SideEntry]) -> dict[str, tuple[str, ...]]:
    lists = form.form("topics", f"{form.what}, topics")
    if lists is None:
        return {}
    found = {side.name: lists.topics(side.name) for side in sides}
    lists.done()
    return found

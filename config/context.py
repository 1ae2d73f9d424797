"""What every page's shell shows: where one may go, what waits, how fresh the console is, what is down."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace
from datetime import datetime
from functools import cached_property
from typing import Any

from django.conf import settings
from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone
from django.utils.functional import SimpleLazyObject

from dashboard import alarm, inventory
from dashboard.alarm import Banner, Standing
from people import glass
from people.models import Account
from people.rights import READ_ONLY_SAYS, Right
from runbooks.models import Stop
from runbooks.paper.rounds import paper_standing
from runbooks.queries import carriers
from runbooks.queries.drill_schedule import DrillStanding, drill_schedule, overdue
from runbooks.queries.inbox import Waiting, waiting_for
from runbooks.queries.viewer import Viewer
from runbooks.services import stopping


@dataclass(frozen=True)
class Place:
    key: str
    title: str
    href: str
    is_current: bool


@dataclass(frozen=True)
class Shell:
    person: str
    places: tuple[Place, ...]
    now: datetime
    waiting: Waiting
    standing: Standing
    stop: Stop | None = None  # while nothing is sent to any cluster
    may_stop: bool = False
    read_only: str = ""  # why nothing can be changed here, whatever the roles
    looks_only: str = ""  # the pair this page is about, where nothing may be sent to it

    @cached_property
    def drills_due(self) -> list[DrillStanding]:
        """Read only by the page that shows it."""
        return overdue(drill_schedule(self.now))

    @property
    def tag(self) -> str:
        """Changes whenever the shell has something new to say; ages move by themselves in the page."""
        said = (
            self.standing.is_dead,
            self.standing.callouts,
            self.standing.banners,
            self.waiting.count,
            self.stop and self.stop.pk,
            self.read_only,
        )
        return hashlib.sha256(repr(said).encode()).hexdigest()[:16]


# key, title, address, the first words of the paths that belong to it
PLACES = (
    ("overview", "Overview", "dashboard:overview", ("/pairs/",)),
    ("runs", "Runs", "runbooks:run-list", ("/runs/", "/incidents/", "/assess/", "/drills/")),
    ("inbox", "Inbox", "runbooks:inbox", ()),
    ("audit", "Audit", "audit:event-list", ()),
    ("runbooks", "Runbooks", "runbooks:definition-list", ("/paper/",)),
    ("people", "People", "people:person-list", ()),
    ("sandbox", "Sandbox", "dashboard:sandbox", ()),
)


def shell(request: HttpRequest) -> dict[str, Any]:
    """`shell` for signed-in people, read only by the pages that show it."""
    account = getattr(request, "user", None)
    if not isinstance(account, Account) and not getattr(account, "is_authenticated", False):
        return {"shell": None}
    return {"shell": SimpleLazyObject(lambda: read_shell(request))}


def read_shell(request: HttpRequest) -> Shell:
    assert isinstance(request.user, Account)  # noqa: S101  (for mypy; anonymous pages have no shell)
    # Somebody without a role is shown the way out, and nothing of the clusters.
    viewer = Viewer.of(request.user)
    is_looking = Right.LOOK in viewer.rights
    standing = _with_glass(_with_notices(alarm.standing())) if is_looking else Standing()
    return Shell(
        person=request.user.person.name,
        places=tuple(place for place in _places(request) if place.key != "sandbox" or standing.has_sandbox),
        now=timezone.now(),
        waiting=waiting_for(viewer) if is_looking else Waiting(),
        standing=standing,
        stop=stopping.current() if is_looking else None,
        may_stop=viewer.may_command,
        read_only=READ_ONLY_SAYS if settings.READ_ONLY else "",
        looks_only=_looks_only(request) if is_looking else "",
    )


def _with_notices(standing: Standing) -> Standing:
    """In a read-only process nothing waits for anybody who would carry it out."""
    found = () if settings.READ_ONLY else (*carriers.notices(), *_of_paper())
    if not found:
        return standing
    return replace(standing, banners=(*standing.banners, *(Banner(each.title, each.text) for each in found)))


def _of_paper() -> tuple[carriers.Notice, ...]:
    problem = paper_standing(timezone.now()).problem
    return (carriers.Notice("Runbooks on paper cannot be trusted.", problem),) if problem else ()


def _with_glass(standing: Standing) -> Standing:
    """Loud, for everybody: who acts alone."""
    found = tuple(
        Banner(
            f"Break-glass: {broken.person.name} acts alone since {broken.opened_at:%H:%M} UTC.",
            f"“{broken.reason}” Approvals of others are not asked for; a review is owed.",
        )
        for broken in glass.open_now()
    )
    return replace(standing, banners=(*found, *standing.banners)) if found else standing


def _looks_only(request: HttpRequest) -> str:
    """Pages of a pair carry its name in their address."""
    pair = request.resolver_match.kwargs.get("pair") if request.resolver_match else None
    entry = inventory.pair_entry(pair) if isinstance(pair, str) else None
    return entry.name if entry and not entry.may_change else ""


def _places(request: HttpRequest) -> list[Place]:
    places = []
    for key, title, name, prefixes in PLACES:
        href = reverse(name)
        is_here = request.path == href or (href != "/" and request.path.startswith(href))
        places.append(Place(key, title, href, is_here or any(request.path.startswith(word) for word in prefixes)))
    return places

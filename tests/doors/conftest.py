"""One scene for a module of doors, with the processes that could open them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from types import SimpleNamespace

import pytest
from django.conf import settings

from config.demo import services
from config.demo.children import end
from runbooks import relay
from tests.doors.scene import Scene
from tests.doors.visitor import Visitor
from tests.fixtures.people import CAST, make_account
from tests.fixtures.processes import start, until_it_says
from tests.restore_table import FEW
from tests.runbooks import driving

ALLOWED = tuple(row for row in FEW if row.is_allowed)
REFUSED = tuple(row for row in FEW if not row.is_allowed)


@pytest.fixture(scope="module")
def scene(committed: None, sandbox_server) -> Iterator[Scene]:
    """Messages of this process are lost: what rings a worker here is what a test publishes itself."""
    people = SimpleNamespace(**{name: make_account(name, role) for name, role in CAST.items()})
    for pair in sandbox_server.pairs:
        sandbox_server.reset(pair)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(relay, "ring", lambda bells: None)
        found = Scene(sandbox_server, people)
        found.prepare(sandbox_server.inventory_text())
        yield found
    found.control.close()
    driving.close_everything()
    sandbox_server.reset("ledger")


@pytest.fixture(scope="module", params=REFUSED, ids=lambda row: row.name)
def refused(request: pytest.FixtureRequest):
    return request.param


@pytest.fixture(scope="module", params=REFUSED[::4], ids=lambda row: row.name)
def one_of_the_refused(request: pytest.FixtureRequest):
    """For doors at which the pair has to change from one row to another."""
    return request.param


@pytest.fixture(params=ALLOWED, ids=lambda row: row.name)
def allowed(request: pytest.FixtureRequest):
    return request.param


@pytest.fixture(scope="module")
def broker(valkey_server) -> None:
    """Running and empty."""
    if not services.valkey_answers(valkey_server.path):
        valkey_server.stop()
        valkey_server.start()
    valkey_server.clear()


@pytest.fixture(scope="module")
def workers(scene: Scene, broker: None) -> Iterator[None]:
    """Both of Celery's, for as long as the module lasts."""
    found = [start(f"door-{queue}", services.worker(settings.INSTALLATION, queue)) for queue in ("act", "observe")]
    try:
        for child in found:
            until_it_says(child, " ready.")
        yield
    finally:
        end(found, patience=5)


@pytest.fixture
def visitor(scene: Scene, console) -> Iterator[Callable[[str], Visitor]]:
    """`visitor("commander")`; without a name a stranger."""
    opened: list[Visitor] = []

    def make(name: str = "") -> Visitor:
        opened.append(Visitor(console, getattr(scene.people, name) if name else None))
        return opened[-1]

    yield make
    for each in opened:
        each.close()

"""Browser tests: people in browsers of their own, on everything that runs in production."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from tests.browser.stage import Stage, set_up, simulated_clusters
from tests.browser.watching import Trouble
from tests.fixtures.browser import session_cookie
from tests.fixtures.processes import Console, Valkey
from tests.fixtures.sandbox import in_use

DEADLINE = 30_000  # milliseconds, for anything a page is expected to show on a busy machine


@pytest.fixture(scope="module")
def stage(
    browser: Browser,
    committed: None,
    console_server: Console,
    valkey_server: Valkey,
    tmp_path_factory: pytest.TempPathFactory,
    request: pytest.FixtureRequest,
) -> Iterator[Stage]:
    """Workers, executor, beat, console and the simulated pairs, for one module: the module's PAIRS, or all three."""
    folder = tmp_path_factory.mktemp("stage")
    with (
        simulated_clusters(folder) as (control, inventory),
        set_up(console_server, valkey_server, control, in_use(request.module, inventory), folder) as stage,
    ):
        yield stage


@pytest.fixture
def visit(browser: Browser, stage: Stage) -> Iterator[Callable[..., Page]]:
    """`visit("commander", width=…, dark=…, refusals={409})`: a browser of that person's own, signed in; without a name,
    a stranger's. Whatever goes wrong in any of them fails the test; `refusals` are the answers it asks for itself.
    """
    expect.set_options(timeout=DEADLINE)
    opened: list[BrowserContext] = []
    trouble = Trouble()

    def make(
        name: str = "",
        *,
        width: int = 1280,
        height: int = 900,
        dark: bool = False,
        refusals: frozenset[int] | set[int] = frozenset(),
    ) -> Page:
        context = browser.new_context(
            base_url=stage.console.url,
            viewport={"width": width, "height": height},
            color_scheme="dark" if dark else "light",
            reduced_motion="reduce",
        )
        context.set_default_timeout(DEADLINE)
        opened.append(context)
        if name:
            context.add_cookies([session_cookie(stage.accounts[name], stage.console)])
        page = context.new_page()
        trouble.watch(page, name or "a stranger", refusals)
        return page

    yield make
    for context in opened:
        context.close()
    assert trouble.seen == []

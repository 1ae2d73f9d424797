"""`make demo` with real processes: it answers, and whatever ends it leaves nothing behind."""

from __future__ import annotations

import os
import signal
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from config.demo import services
from config.demo.children import wait_for
from tests.fixtures.demo import GONE_WITHIN, Demo, running_demo
from tests.processes import living, pids

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")


@pytest.fixture
def demo() -> Iterator[Demo]:
    with running_demo() as demo:
        yield demo


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL], ids=lambda number: number.name)
def test_it_answers_at_once_and_ends_without_a_trace(demo: Demo, number: signal.Signals) -> None:
    assert demo.get(demo.address) == 200  # before anything else was printed
    links = [demo.line() for _ in range(6)]
    assert [link.rsplit("  ", 1)[0].strip() for link in links] == [
        "Commander 1",
        "Commander 2",
        "Reviewer",
        "Admin 1",
        "Admin 2",
        "Viewer",
    ]
    assert all(demo.get(link.split()[-1]) == 200 for link in links)
    folder = Path(demo.line().split()[3].rstrip("."))
    assert folder.stat().st_mode & 0o077 == 0
    assert wait_for((folder / "anchored.jsonl").exists, 30), "no head of the record was signed"

    demo.process.send_signal(number)
    demo.process.wait(GONE_WITHIN)

    assert wait_for(lambda: not living(demo.mark), GONE_WITHIN), living(demo.mark)
    assert wait_for(lambda: not folder.exists(), GONE_WITHIN)


def test_a_frozen_worker_does_not_outlive_a_killed_supervisor(demo: Demo) -> None:
    for _ in range(7):
        demo.line()
    assert wait_for(lambda: len(pids(demo.mark, "celery", "observe")) == 3, 30)
    for process in pids(demo.mark, "celery", "observe"):
        os.kill(process, signal.SIGSTOP)

    demo.process.kill()
    demo.process.wait()

    assert wait_for(lambda: not living(demo.mark), GONE_WITHIN), living(demo.mark)


def test_it_goes_on_without_the_broker_and_ends_without_the_console(demo: Demo) -> None:
    for _ in range(7):
        demo.line()
    os.kill(pids(demo.mark, "valkey-server")[0], signal.SIGKILL)
    assert "valkey was ended by SIGKILL" in demo.line()
    assert demo.get(f"{demo.address}healthz") == 200

    os.kill(pids(demo.mark, "config.demo.console")[0], signal.SIGKILL)
    assert demo.process.wait(GONE_WITHIN) == 1
    assert demo.process.stdout is not None
    assert "console was ended by SIGKILL" in demo.process.stdout.read()


def test_a_busy_port_is_avoided() -> None:
    with services.listen() as first, services.listen() as second:
        assert first.getsockname() != second.getsockname()


@pytest.mark.parametrize("length", [20, 59, 60, 70, 80, 200])
def test_a_long_temporary_path_is_avoided(length: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    long = tmp_path / ("x" * 200) if length == 200 else Path(f"/tmp/{'x' * (length - 5)}")
    long.mkdir(exist_ok=True)
    monkeypatch.setattr(tempfile, "tempdir", str(long))
    folder = services.make_folder()
    try:
        assert len(str(services.valkey_socket(folder))) < 108
    finally:
        folder.rmdir()
        long.rmdir()


def test_only_the_two_server_addresses_are_taken_from_the_shell(tmp_path: Path) -> None:
    given = {
        "DATABASE_URL": "postgres://x",
        "REDIS_URL": "redis://x",
        "SECRET_KEY": "mine",
        "BREAKWATER_MODE": "production",
    }
    env = services.environment(tmp_path, given)
    assert (env["DATABASE_URL"], env["REDIS_URL"]) == ("postgres://x", "redis://x")
    assert (env["SECRET_KEY"] != "mine", env["BREAKWATER_MODE"]) == (True, "demo")

"""Health checks of what has no port: beat and the executor. Silence is told, with what to look at."""

from __future__ import annotations

import os
import socket
import time
from datetime import timedelta
from pathlib import Path

import pytest
from celery import signals
from django.core.management import CommandError, call_command

from audit.clock import database_now
from config import beat_alive
from config.celery import show_life
from runbooks.executor import put_right
from runbooks.models import WorkerBeat


def test_beat_shows_life_by_each_poll_that_the_broker_took(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    alive = tmp_path / "schedule.alive"
    before = list(signals.after_task_publish.receivers or [])
    try:
        show_life(sender=type("Service", (), {"schedule_filename": str(tmp_path / "schedule")})())
        assert beat_alive.main(alive) == 1
        assert "published nothing yet" in capsys.readouterr().out

        signals.after_task_publish.send(sender="dashboard.tasks.poll_sides")
        assert beat_alive.main(alive) == 0
    finally:
        signals.after_task_publish.receivers = before


def test_a_beat_that_fell_silent_is_not_healthy(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    alive = tmp_path / "alive"
    alive.touch()
    os.utime(alive, (time.time() - 100, time.time() - 100))
    assert beat_alive.main(alive) == 1
    assert "100 s ago, 30 s are allowed" in capsys.readouterr().out


@pytest.mark.django_db
def test_an_executor_that_sweeps_is_healthy(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(CommandError, match="has swept yet"):
        call_command("executor_alive")
    put_right()
    call_command("executor_alive")
    assert "swept last 0 s ago" in capsys.readouterr().out


@pytest.mark.django_db
def test_an_executor_that_fell_silent_is_not_healthy() -> None:
    put_right()
    WorkerBeat.objects.update(at=database_now() - timedelta(seconds=70))
    with pytest.raises(CommandError, match=r"70 s ago, 15 s are allowed"):
        call_command("executor_alive")


@pytest.mark.django_db
def test_the_executor_of_another_host_does_not_count() -> None:
    name = f"executor@{socket.gethostname()}-2:17"
    WorkerBeat.objects.create(name=name, role="executor", at=database_now())
    with pytest.raises(CommandError, match="has swept yet"):
        call_command("executor_alive")

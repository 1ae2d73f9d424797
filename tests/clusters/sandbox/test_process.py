"""`python -m clusters.sandbox` as a supervisor starts and ends it."""

from __future__ import annotations

import json
import os
import signal
import socket
import stat
import subprocess
import sys
import threading
import time
from pathlib import Path

import httpx
import pytest

ROOT = Path(__file__).parents[3]
COMMAND = [sys.executable, "-m", "clusters.sandbox"]
PATIENCE = 20


def start(*arguments: str) -> tuple[subprocess.Popen[str], dict[str, str]]:
    process = subprocess.Popen(
        [*COMMAND, *arguments], cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    timer = threading.Timer(PATIENCE, process.kill)
    timer.start()
    line = process.stdout.readline()
    timer.cancel()
    assert line, process.stderr.read()
    return process, json.loads(line)


def connects(url: str) -> bool:
    try:
        socket.create_connection(("127.0.0.1", httpx.URL(url).port), 2).close()
    except ConnectionRefusedError:
        return False
    return True


def test_a_signal_right_after_the_first_line_is_not_lost(tmp_path):
    """The moment at which a handler that sets an event would lock up; tried a few times, for it is short."""
    for _ in range(5):
        process, _said = start("--directory", str(tmp_path), "--scale", "600")
        process.terminate()
        assert process.wait(PATIENCE) == 0
        process.communicate()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_it_serves_until_a_signal_ends_it_at_once(number, tmp_path):
    process, said = start("--directory", str(tmp_path))
    try:
        assert httpx.get(f"{said['control']}/pairs", trust_env=False).json()["pairs"] == ["orders", "ledger", "archive"]
        assert said["inventory"] == str(tmp_path / "inventory.yaml")
        secret = tmp_path / "webhook-secret"
        assert stat.S_IMODE(secret.stat().st_mode) == 0o600
        assert f'secret: "file:{secret}"' in (tmp_path / "inventory.yaml").read_text()
    finally:
        process.send_signal(number)
    out, errors = process.communicate(timeout=PATIENCE)

    assert (process.returncode, out, errors) == (0, "", "")
    assert not connects(said["control"])


def test_it_ends_at_once_with_a_client_hanging_on_a_region_that_hangs(tmp_path):
    process, said = start("--directory", str(tmp_path))
    try:
        body = {"name": "region-down", "side": "us-east", "options": {"mode": "hang"}}
        httpx.post(f"{said['control']}/pairs/orders/faults", json=body, trust_env=False)
        text = (tmp_path / "inventory.yaml").read_text()
        url = text.split('rest: {url: "')[1].split('"')[0]
        with pytest.raises(httpx.ReadTimeout):
            httpx.get(url, trust_env=False, timeout=0.3)
    finally:
        process.terminate()

    assert process.wait(PATIENCE) == 0


def test_the_control_port_can_be_chosen(tmp_path):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        number = free.getsockname()[1]
    process, said = start("--directory", str(tmp_path), "--port", str(number), "--scale", "600")
    try:
        assert said["control"] == f"http://127.0.0.1:{number}"
    finally:
        process.terminate()
        process.wait(PATIENCE)


@pytest.mark.skipif(sys.platform != "linux", reason="ending with the parent is Linux's PR_SET_PDEATHSIG")
def test_it_ends_when_its_parent_is_killed(tmp_path):
    script = (
        f"import subprocess, sys, time; subprocess.Popen({[*COMMAND, '--directory', str(tmp_path)]!r}); time.sleep(600)"
    )
    parent = subprocess.Popen([sys.executable, "-c", script], cwd=ROOT, stdout=subprocess.PIPE, text=True)
    said = json.loads(parent.stdout.readline())
    assert connects(said["control"])

    os.kill(parent.pid, signal.SIGKILL)
    parent.wait(PATIENCE)

    deadline = time.monotonic() + PATIENCE
    while connects(said["control"]):
        assert time.monotonic() < deadline, "it outlived its parent"
        time.sleep(0.05)
    parent.stdout.close()


def test_without_a_directory_it_leaves_no_file_behind():
    process, said = start()
    folder = Path(said["inventory"]).parent
    assert folder.exists()
    process.terminate()
    process.communicate(timeout=PATIENCE)

    assert not folder.exists()

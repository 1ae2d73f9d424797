"""Processes that tests start end with the test run, however that ends."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path

from config.demo.children import ROOT, wait_for
from tests.fixtures.processes import PATIENCE

RUN = """
import os, sys, time
from pathlib import Path
from tests.fixtures.forked import fork

folder = Path(sys.argv[1])
script = folder / "sleeps.py"
script.write_text("import time\\nprint('up')\\ntime.sleep(600)\\n")
child = fork("sleeper", [sys.executable, str(script)], log=folder / "log", env=dict(os.environ))
while "up" not in child.log.read_text():
    time.sleep(0.05)
print(child.process.pid, flush=True)
time.sleep(600)
"""


def test_a_forked_process_ends_with_a_test_run_that_is_killed(tmp_path: Path) -> None:
    run = subprocess.Popen([sys.executable, "-c", RUN, str(tmp_path)], cwd=ROOT, stdout=subprocess.PIPE, text=True)
    assert run.stdout is not None
    child = int(run.stdout.readline())
    run.send_signal(signal.SIGKILL)
    run.wait()
    assert wait_for(lambda: not Path(f"/proc/{child}").exists(), PATIENCE), f"{child} outlived the run that started it"

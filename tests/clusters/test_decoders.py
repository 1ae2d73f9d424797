"""Decoders are built by many threads at once: after a start the first readings of several polls come together."""

from __future__ import annotations

import subprocess
import sys

from config.demo.children import ROOT

# In a process of its own, because what is looked for ends the process.
RACE = """
import dataclasses, sys, threading
from clusters.decoders import decoder_of

sys.setswitchinterval(1e-6)
THREADS = 8

def family(number):
    kinds = [dataclasses.make_dataclass(f"Leaf{number}", [(f"f{field}", int, 0) for field in range(20)])]
    for depth in range(THREADS):
        kinds.append(dataclasses.make_dataclass(f"Kind{number}_{depth}", [("inner", kinds[-1])]))
    return kinds[1:]

def read(depth, kind, together):
    raw = b'{"inner":' * depth + b'{"f19":1}' + b"}" * depth
    together.wait()
    decoder_of(kind).decode(raw)

for number in range(60):
    together = threading.Barrier(THREADS)
    threads = [threading.Thread(target=read, args=(*each, together)) for each in enumerate(family(number), 1)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
print("whole")
"""


def test_threads_that_meet_over_one_type_all_find_it_whole() -> None:
    ran = subprocess.run([sys.executable, "-X", "faulthandler", "-c", RACE], cwd=ROOT, capture_output=True, text=True)
    assert (ran.returncode, ran.stdout) == (0, "whole\n"), ran.stderr

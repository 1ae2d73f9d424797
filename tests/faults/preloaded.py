"""What the fork server of a sitting knows beside tests/fixtures/preloaded.py: most of its processes die young."""

from __future__ import annotations

import gc
import os
from pathlib import Path

from clusters.backends import backends
from clusters.inventory import load
from clusters.routing import drivers
from runbooks.engine.definition import parse
from runbooks.engine.kinds import guards, steps
from runbooks.services.definitions import LIBRARY
from runbooks.services.library import APPROVED
from tests.faults.lanes import P1_P2, P7_P4

for registry in (backends, drivers, guards, steps):
    list(registry)
load(Path(os.environ["INVENTORY_FILE"]).read_text())
for procedure in (P1_P2, P7_P4):
    for slug in (procedure.over, procedure.back):
        parse((LIBRARY / f"{slug}.yaml").read_text(), APPROVED)
gc.collect()
gc.freeze()

"""Random tamperings, each found at its first event and by its kind, and clean records that raise no alarm.

A thousand of each; ten thousand with:  TAMPERINGS=10000 python -m pytest tests/audit/test_tamperings.py -n 0
"""

from __future__ import annotations

import os
import random
from collections import Counter
from pathlib import Path

from audit.offline_verifier import Bad, check
from tests.audit.tampering import ACTS, Log, delete, edit_column, make_log

COUNT = int(os.environ.get("TAMPERINGS", "1000"))
SEED = int(os.environ.get("TAMPERING_SEED", "20261120"))


def test_every_tampering_is_found_at_its_first_event() -> None:
    chance, wrong, tried = random.Random(SEED), [], Counter[str]()
    for number in range(COUNT):
        if number % 20 == 0:
            log = make_log(chance)
        act = chance.choice(ACTS)
        changed, expected = act(log, chance)
        finding = changed.finding()
        tried[act.__name__] += 1
        if finding is None or (finding.seq, finding.kind) != expected:
            wrong.append((act.__name__, expected, str(finding)))
    assert wrong == []
    assert sum(tried.values()) == COUNT
    assert len(tried) == len(ACTS)


def test_no_clean_record_raises_an_alarm() -> None:
    chance = random.Random(SEED)
    alarms = [finding for _ in range(COUNT) if (finding := make_log(chance).finding())]
    assert alarms == []


def test_the_offline_verifier_finds_the_same(tmp_path: Path) -> None:
    """Fewer of them: its own Ed25519 takes its time. An export has no columns beside the bytes."""
    chance, wrong = random.Random(SEED), []
    for _ in range(COUNT // 40):
        log = make_log(chance)
        act = chance.choice([act for act in ACTS if act is not edit_column])
        changed, (seq, kind) = act(log, chance)
        if act is delete and seq == log.head:
            continue  # an export has no head row that would still name it
        if offline(log, tmp_path) or not offline(changed, tmp_path).startswith(f"first bad event: {seq}, {kind}: "):
            wrong.append((act.__name__, seq, kind, offline(log, tmp_path), offline(changed, tmp_path)))
    assert wrong == []


def offline(log: Log, folder: Path) -> str:
    try:
        check(log.written(folder), anchor=folder / "anchor")
    except Bad as finding:
        return str(finding)
    return ""

"""The executor's waits shortened for one test, in this process alone."""

from __future__ import annotations

from dataclasses import replace

import pytest

from runbooks.services import policy

WAITS = ("LEASE", "WRITE_S", "ANSWER_LATE", "PREFLIGHT_EVERY", "PICK_LAPSES")


def shorten(patch: pytest.MonkeyPatch, pace: float) -> None:
    for name in WAITS:
        patch.setattr(policy, name, getattr(policy, name) * pace)
    over, rarest = policy.SANDBOX.over * pace, policy.SANDBOX.rarest * pace
    patch.setattr(policy, "SANDBOX", replace(policy.SANDBOX, over=over, rarest=rarest))

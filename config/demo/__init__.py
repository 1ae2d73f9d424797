"""`make demo`: the whole product on one machine, supervised in one terminal, against simulated clusters."""

from __future__ import annotations

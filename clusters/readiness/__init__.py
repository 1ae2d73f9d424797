"""Could this pair be failed over now? Judged on readings that are there, while there is time to put things right."""

from __future__ import annotations

from clusters.readiness.answer import Answer, Readiness, readiness
from clusters.readiness.finding import Check, Finding, Standing, Weight, checks

__all__ = ["Answer", "Check", "Finding", "Readiness", "Standing", "Weight", "checks", "readiness"]

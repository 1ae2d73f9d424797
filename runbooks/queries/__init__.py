"""What pages read, one file for each: rows turned into words. Nothing here writes, and nothing here asks a cluster."""

from __future__ import annotations

from runbooks.queries.inbox import Waiting, waiting_for

__all__ = ["Waiting", "waiting_for"]

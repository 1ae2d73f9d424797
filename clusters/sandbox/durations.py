"""How long things take on a real cluster, in seconds; the clock divides them by the scale."""

from __future__ import annotations

# availability.check.ms x availability.check.consecutive.failure.threshold decides when a mirror says
# SOURCE_UNAVAILABLE; both are read from the link's own settings, these are the platform's defaults.
AVAILABILITY_CHECK = 60.0
AVAILABILITY_FAILURES = 5
OFFSET_SYNC = 30.0

FAILOVER = 20.0
PROMOTE = 20.0
REVERSE_SYNCHRONIZE = 20.0
REVERSE_MIRROR = 20.0
RESTORE_SETUP = 15.0
RESTORE_TRUNCATE = 25.0

SESSION_TIMEOUT = 45.0
REBALANCE = 6.0
COMMIT_INTERVAL = 5.0
POD_START = 20.0
POD_STOP = 30.0

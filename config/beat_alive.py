"""`python -m config.beat_alive FILE`: does beat still publish polls? For health checks; exit code 0 means yes.

Beat touches the file whenever the broker has taken a poll (config.celery). A beat that hangs, or that cannot reach the
broker, lets it grow old.
"""

from __future__ import annotations

import sys
import time
from pathlib import Path

OLD_S = 30.0  # beat publishes every 2 s


def main(path: Path) -> int:
    try:
        age = time.time() - path.stat().st_mtime
    except OSError:
        return _say(f"beat has published nothing yet: there is no {path}", 1)
    if age > OLD_S:
        return _say(f"beat published last {age:.0f} s ago, {OLD_S:.0f} s are allowed: does the broker answer?", 1)
    return _say(f"beat published last {max(0.0, age):.0f} s ago", 0)


def _say(text: str, code: int) -> int:
    sys.stdout.write(f"{text}\n")
    return code


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))

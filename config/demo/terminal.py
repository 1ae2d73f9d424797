"""What the demo says to the person who started it."""

from __future__ import annotations

import os
import sys


def say(text: str) -> None:
    """Print at once. A reader that has gone (`make demo | head -1`) does not end the demo."""
    try:
        print(text, flush=True)
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())

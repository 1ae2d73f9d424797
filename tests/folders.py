"""Where tests keep their databases: in memory, where the machine lends some.

SQLite forces each transaction to the disk, and a disk that others keep busy takes ten milliseconds for that.
"""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path

from config.demo import services

MEMORY = Path("/dev/shm")
ROOM = 2 * 1024**3  # bytes


def make_folder(prefix: str) -> Path:
    """A temporary folder with room for a socket's path, readable by nobody else."""
    if MEMORY.is_dir() and shutil.disk_usage(MEMORY).free > ROOM:
        return Path(tempfile.mkdtemp(prefix=prefix, dir=MEMORY))
    return services.make_folder(prefix)

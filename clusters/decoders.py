"""One decoder for each type, built by one thread at a time.

While msgspec reads a type it leaves half of what it found on the class, where another thread that builds a decoder of
the same class, or of one around it, takes it for whole: the process ends in a segmentation fault (0.22.0).
"""

from __future__ import annotations

import threading
from typing import Any, TypeVar

import msgspec

T = TypeVar("T")
_building = threading.Lock()
_built: dict[Any, msgspec.json.Decoder[Any]] = {}


def decoder_of(cls: type[T]) -> msgspec.json.Decoder[T]:
    """Any decoder is whole before anybody decodes with it, and so is all that it shares with others."""
    if cls not in _built:
        with _building:
            if cls not in _built:
                _built[cls] = msgspec.json.Decoder(cls)
    return _built[cls]

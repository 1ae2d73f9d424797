"""Facts ⇄ JSON bytes, for readings and evidence: what is decoded equals what was encoded."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeVar

import msgspec

from clusters.collecting import collection_held
from clusters.decoders import decoder_of

T = TypeVar("T")


def _plain(value: object) -> object:
    """Mappings other than dict; anything else has no business in facts."""
    if isinstance(value, Mapping):
        return dict(value)
    raise TypeError(f"{type(value).__name__} is not a fact")


_encoder = msgspec.json.Encoder(enc_hook=_plain)


def encode(x: object) -> bytes:
    """Any dataclass of `clusters.facts` (and plain lists and mappings of them) as compact JSON."""
    return _encoder.encode(x)


def decode(cls: type[T], raw: bytes) -> T:
    """Raises ValueError where the bytes are not such a value: an older or newer shape is not half-read."""
    decoder = decoder_of(cls)
    try:
        with collection_held():
            found: T = decoder.decode(raw)
    except RecursionError as error:
        raise ValueError("nested too deeply to be facts") from error
    return found

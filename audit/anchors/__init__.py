"""Places outside the database that take signed heads. One file each: it says its schemes and opens an address."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Iterable
from types import ModuleType
from typing import Protocol
from urllib.parse import SplitResult, urlsplit

from audit.heads import SignedHead

PATIENCE = 5.0  # seconds that one anchor may take for one head


class AnchorDown(Exception):
    """A head was not taken; the text says what was seen. It will be offered again."""


class AddressUnusable(ValueError):
    """An address in ANCHORS that names no anchor."""


class Anchor(Protocol):
    """Takes one head after the other, and returns when it has acknowledged it."""

    name: str

    def send(self, head: SignedHead) -> None: ...


def open_all(addresses: Iterable[str]) -> list[Anchor]:
    return [_opened(address) for address in addresses]


def _opened(address: str) -> Anchor:
    parts, known = urlsplit(address), _by_scheme()
    if parts.scheme not in known:
        raise AddressUnusable(
            f"ANCHORS names {shown(parts)!r}; an address begins with one of {', '.join(sorted(known))}"
        )
    anchor: Anchor = known[parts.scheme].open_anchor(parts)
    return anchor


def shown(parts: SplitResult) -> str:
    """An address as a page may show it: without a password or options."""
    host = parts.netloc.rpartition("@")[2]
    return f"{parts.scheme}://{host}{parts.path}"


def _by_scheme() -> dict[str, ModuleType]:
    names = [f"{__name__}.{found.name}" for found in pkgutil.iter_modules(__path__)]
    return {scheme: module for module in map(importlib.import_module, names) for scheme in module.SCHEMES}

"""Ways to move clients, one file each; the inventory names them by `kind`."""

from __future__ import annotations

from typing import Protocol

from clusters.declared import DriverEntry
from clusters.form import Form
from clusters.gateway import MovesClients
from clusters.registry import Registry


class Driver(MovesClients, Protocol):
    """A routing driver as it is opened: name and vantage as declared, `entry.settings` as it read them itself."""

    def __init__(self, entry: DriverEntry) -> None: ...

    @staticmethod
    def read_settings(form: Form) -> object:
        """The frozen settings beside name, kind and vantage; complaints noted in the form."""
        ...

    def close(self) -> None: ...


drivers: Registry[Driver] = Registry("routing driver", "clusters.routing")


def has_keepers(kind: str) -> bool:
    """Whether a driver of this kind moves workloads that other controllers may keep (`gateway.ReadsKeepers`)."""
    return kind in drivers and hasattr(drivers.get(kind), "keepers")

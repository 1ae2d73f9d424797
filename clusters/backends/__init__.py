"""Ways into a cluster, one file each. Its registered name is the key it has in a side of the inventory."""

from __future__ import annotations

from typing import Protocol

from clusters.declared import SideEntry
from clusters.form import Form
from clusters.observed import Observed, Want
from clusters.registry import Registry


class Backend(Protocol):
    """A way in. It also has the methods of the capabilities (`clusters.gateway`) it can serve, and no others."""

    def __init__(self, entry: SideEntry) -> None: ...

    @staticmethod
    def read_settings(form: Form) -> object:
        """The frozen settings of one side, complaints noted in the form."""
        ...

    def observe(self, want: Want, *, deadline: float) -> Observed:
        """Everything this way can tell, as far as it got by the deadline; a failed read is said, not raised."""
        ...

    def close(self) -> None: ...


backends: Registry[Backend] = Registry("backend", "clusters.backends")

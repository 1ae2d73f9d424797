"""What can be cut on a side, each on its own."""

from __future__ import annotations

from enum import StrEnum


class Wire(StrEnum):
    REST = "rest"
    KAFKA = "kafka"
    LINK = "link"
    WITNESS = "witness"
    CLIENTS = "clients"
    INSIDE = "inside"  # the cluster's own work: without it nothing moves there at all


class Mode(StrEnum):
    """How a listener meets a new connection."""

    OPEN = "open"
    REFUSE = "refuse"
    HANG = "hang"

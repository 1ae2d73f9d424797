"""What steps that write files of their own, and send nothing to a cluster, have in common."""

from __future__ import annotations

from clusters.errors import ClusterError
from runbooks.engine.context import StepContext


def folder(ctx: StepContext) -> tuple[str, dict[str, str]]:
    """Where the files go, as a preview says it, and its problems: the inventory may name no folder."""
    try:
        return str(ctx.gateways.exports.path("")), {}
    except ClusterError as error:
        return "no folder", {"folder": str(error)}

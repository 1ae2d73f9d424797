"""What the views of one cluster share: its address, lists, entries picked by name."""

from __future__ import annotations

from typing import TYPE_CHECKING

from . import rest_json as shape
from .http import Request, Response, answer
from .rest_errors import Problem

if TYPE_CHECKING:
    from .cluster import Cluster
    from .link import LinkHalf
    from .rest import ClusterRest

C = "/clusters/{cluster_id}"


class Views:
    """Views over one cluster; the caller holds the pair's lock."""

    def __init__(self, rest: ClusterRest) -> None:
        self._rest = rest

    @property
    def _cluster(self) -> Cluster:
        return self._rest.cluster

    def _url(self, request: Request) -> str:
        return f"{request.origin}{self._cluster.settings.base}/clusters/{self._cluster.id}"

    def _list(self, request: Request, kind: str, data: list[shape.Body]) -> Response:
        return answer(shape.collection(kind, f"{request.origin}{request.path}", data))

    def _half(self, link: str) -> LinkHalf:
        half = self._cluster.links.get(link)
        if half is None:
            raise Problem(404, f"Cluster link {link} not found.", code=404)
        return half


def named(rows: list[shape.Body], name: str) -> shape.Body:
    for row in rows:
        if row["name"] == name:
            return row
    raise Problem(404, f"Config {name} not found.", code=404)

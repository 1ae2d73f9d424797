"""GET: links, their settings, mirrors."""

from __future__ import annotations

from typing import TYPE_CHECKING

from . import rest_json as shape
from .configs import Entry
from .http import Request, Response, Route, View, answer, route
from .link_settings import DEFAULTS, READ_ONLY
from .link_tasks import tasks
from .rest_errors import Problem
from .rest_views import C, Views, named

if TYPE_CHECKING:
    from .link import LinkHalf
    from .mirror import Mirror
    from .rest import ClusterRest


def link_routes(rest: ClusterRest) -> list[Route]:
    views = LinkViews(rest)
    table: dict[str, View] = {
        f"{C}/links": views.links,
        f"{C}/links/-/mirrors": views.all_mirrors,
        f"{C}/links/{{link}}": views.link,
        f"{C}/links/{{link}}/configs": views.link_configs,
        f"{C}/links/{{link}}/configs/{{name}}": views.link_config,
        f"{C}/links/{{link}}/mirrors": views.mirrors,
        f"{C}/links/{{link}}/mirrors/{{mirror}}": views.mirror,
    }
    return [route("GET", template, view) for template, view in table.items()]


class LinkViews(Views):
    def links(self, request: Request) -> Response:
        url = self._url(request)
        rows = [shape.link_data(half, url, None) for half in self._cluster.links.values()]
        return self._list(request, "KafkaLinkDataList", rows)

    def link(self, request: Request, link: str) -> Response:
        half = self._half(link)
        asked = tasks(self._rest.pair, half) if request.flag("include_tasks") else None
        return answer(shape.link_data(half, self._url(request), asked))

    def link_configs(self, request: Request, link: str) -> Response:
        return self._list(request, "KafkaLinkConfigDataList", self._link_rows(request, self._half(link)))

    def link_config(self, request: Request, link: str, name: str) -> Response:
        return answer(named(self._link_rows(request, self._half(link)), name))

    def all_mirrors(self, request: Request) -> Response:
        return self._mirror_list(request, list(self._cluster.links.values()))

    def mirrors(self, request: Request, link: str) -> Response:
        return self._mirror_list(request, [self._half(link)])

    def mirror(self, request: Request, link: str, mirror: str) -> Response:
        half = self._half(link)
        found = half.mirrors.get(mirror)
        if found is None:
            raise Problem(404, f"Mirror topic {mirror} not found on link {link}", code=404)
        body = shape.mirror_data(half, found, self._url(request))
        if request.flag("include_state_transition_errors"):
            body["mirror_state_transition_errors"] = shape.transition_errors(found)
        return answer(body)

    def _mirror_list(self, request: Request, halves: list[LinkHalf]) -> Response:
        url, wanted = self._url(request), request.query.get("mirror_status")
        rows = [
            self._mirror_json(half, mirror, url)
            for half in halves
            for mirror in half.mirrors.values()
            if wanted in (None, mirror.status)
        ]
        own = f"{request.origin}{request.path}"
        head = f'{{"kind":"KafkaMirrorDataList","metadata":{{"self":"{own}","next":null}},"data":['
        return Response(200, f"{head}{','.join(rows)}]}}".encode())

    def _mirror_json(self, half: LinkHalf, mirror: Mirror, url: str) -> str:
        """Rendered once per change: with ten thousand mirrors the list would otherwise take a second."""
        key = (half.name, mirror.name)
        known = self._rest.cache.get(key)
        if known is None or known[:2] != (mirror.revision, url):
            known = (mirror.revision, url, shape.mirror_json(half, mirror, url))
            self._rest.cache[key] = known
        return known[2]

    def _link_rows(self, request: Request, half: LinkHalf) -> list[shape.Body]:
        url = f"{self._url(request)}/links/{half.name}/configs"
        rows = []
        for name, default in DEFAULTS.items():
            value, is_default = half.configs.get(name, default) or None, name not in half.configs
            entry = Entry(name, value, "DYNAMIC_CLUSTER_LINK_CONFIG", is_default, name in READ_ONLY)
            row = shape.config_data(self._cluster, entry, url, "KafkaLinkConfigData", link_name=half.name)
            rows.append({**row, "synonyms": [name]})
        return rows

"""Every template parses, and names only addresses and templates that exist."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from django.conf import settings
from django.template import Node, loader
from django.template.defaulttags import URLNode
from django.template.loader_tags import ExtendsNode, IncludeNode
from django.urls import get_resolver

FOLDER = Path(settings.BASE_DIR) / "templates"
TEMPLATES = sorted(str(path.relative_to(FOLDER)) for path in FOLDER.rglob("*.*") if path.suffix in {".html", ".txt"})
LIMIT = {False: 120, True: 60}  # lines: a page; a partial


@pytest.fixture(scope="module")
def url_names() -> set[str]:
    return set(named(get_resolver()))


def named(resolver, prefix: str = "") -> Iterator[str]:
    for pattern in resolver.url_patterns:
        if hasattr(pattern, "url_patterns"):
            inner = f"{prefix}{pattern.namespace}:" if pattern.namespace else prefix
            yield from named(pattern, inner)
        elif pattern.name:
            yield prefix + pattern.name


@pytest.mark.parametrize("name", TEMPLATES)
def test_it_parses_and_points_at_what_exists(name: str, url_names: set[str]) -> None:
    template = loader.get_template(name).template  # type: ignore[attr-defined]
    for node in template.nodelist.get_nodes_by_type(Node):
        if isinstance(node, URLNode) and isinstance(node.view_name.var, str):
            assert node.view_name.var in url_names, f"{name} names the address {node.view_name.var}"
        if isinstance(node, IncludeNode) and isinstance(node.template.var, str):
            loader.get_template(node.template.var)
        if isinstance(node, ExtendsNode) and isinstance(node.parent_name.var, str):
            loader.get_template(node.parent_name.var)


@pytest.mark.parametrize("name", TEMPLATES)
def test_nothing_in_it_needs_an_unsafe_policy(name: str) -> None:
    text = (FOLDER / name).read_text().lower()
    for word in (
        "style=",
        " onclick=",
        " onload=",
        "hx-on",
        "javascript:",
        "hx-vals='js:",
        "|safe",
        "{% autoescape off",
    ):
        assert word not in text, f"{name} holds {word.strip()}"
    assert "://" not in text.replace("http://www.w3.org/", ""), f"{name} names another server"

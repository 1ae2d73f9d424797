"""Who may import whom, read from the sources: an arrow that is not here is a failure."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
OURS = {"audit", "clusters", "config", "dashboard", "people", "runbooks"}
FRAMEWORKS = {"django", "celery", "redis"}
PURE = ("facts", "health", "gateway", "errors", "once", "permissions", "registry", "subscriptions", "yaml_text")
BELOW_ENGINE = {f"clusters.{name}" for name in PURE}
SANDBOX = {"clusters.sandbox"}
LAYERS: dict[str, tuple[set[str], set[str]]] = {  # folder: (what of ours it may import, what it may not)
    "clusters": ({"clusters"}, FRAMEWORKS),
    "clusters/sandbox": (SANDBOX, FRAMEWORKS | {"httpx"}),
    "audit": ({"audit"}, SANDBOX),
    "people": ({"people", "audit"}, SANDBOX),
    "dashboard": ({"dashboard", "people", "audit", "clusters"}, SANDBOX),
    "runbooks": (
        {
            "runbooks",
            "dashboard.history",
            "dashboard.expectations",
            "dashboard.inventory",
            "dashboard.readiness",
            "people",
            "audit",
            "clusters",
        },
        SANDBOX,
    ),
    "runbooks/engine": ({"runbooks.engine"} | BELOW_ENGINE, FRAMEWORKS | {"httpx"} | SANDBOX),
    "config": (OURS, SANDBOX),
}


def imports(path: Path) -> Iterator[str]:
    """Every module a file imports, wherever in it, as absolute names; `from a import b` also as `a.b`."""
    package = path.relative_to(ROOT).parent.parts
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = package[: len(package) - node.level + 1] if node.level else ()
            yield from _named(".".join((*base, *filter(None, [node.module]))), node)
        elif isinstance(node, ast.Call) and _is_dynamic(node):
            yield str(node.args[0].value)  # type: ignore[attr-defined]


def _named(module: str, node: ast.ImportFrom) -> Iterator[str]:
    """`from clusters import facts` may mean the module clusters.facts, so the longer name is the one judged."""
    for alias in node.names:
        longer = f"{module}.{alias.name}"
        yield longer if _is_module(longer) else module


def _is_module(name: str) -> bool:
    path = ROOT.joinpath(*name.split("."))
    return path.with_suffix(".py").exists() or path.is_dir()


def _is_dynamic(call: ast.Call) -> bool:
    name = getattr(call.func, "attr", getattr(call.func, "id", ""))
    literal = bool(call.args) and isinstance(call.args[0], ast.Constant) and isinstance(call.args[0].value, str)
    return name in {"import_module", "__import__", "import_string"} and literal


def lies_under(name: str, layers: set[str]) -> bool:
    return any(f"{name}.".startswith(f"{layer}.") for layer in layers)


def sources(folder: str) -> Iterator[Path]:
    inner = {ROOT / other for other in LAYERS if other.startswith(f"{folder}/")}
    for path in sorted((ROOT / folder).rglob("*.py")):
        if not inner & set(path.parents):
            yield path


@pytest.mark.parametrize("folder", LAYERS)
def test_a_layer_imports_only_what_lies_below(folder: str) -> None:
    allowed, banned = LAYERS[folder]
    wrong = [
        f"{path.relative_to(ROOT)} imports {name}"
        for path in sources(folder)
        for name in imports(path)
        if lies_under(name, banned) or (lies_under(name, OURS | {"tests"}) and not lies_under(name, allowed))
    ]
    assert wrong == []


@pytest.mark.parametrize("folder", ["clusters/backends", "clusters/routing"])
def test_ways_to_a_cluster_know_nothing_of_the_sandbox(folder: str) -> None:
    wrong = [path for path in sources(folder) for name in imports(path) if lies_under(name, SANDBOX)]
    assert wrong == []


def test_only_the_sandbox_imports_the_sandbox() -> None:
    outside = [path for path in sources("clusters") if any(lies_under(name, SANDBOX) for name in imports(path))]
    assert outside == []


def test_every_package_has_its_rule() -> None:
    packages = {path.parent.name for path in ROOT.glob("*/__init__.py")} - {"tests"}
    assert packages == OURS == {folder for folder in LAYERS if "/" not in folder}


def test_an_import_inside_a_function_is_seen(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tests.test_layering.ROOT", tmp_path)
    for package in ("people", "clusters", "clusters/sandbox"):
        (tmp_path / package).mkdir()
    lazy = tmp_path / "people" / "lazy.py"
    lazy.write_text(
        "def f():\n    from clusters import sandbox\n    from . import urls\n    import_module('runbooks')\n"
    )
    assert list(imports(lazy)) == ["clusters.sandbox", "people", "runbooks"]

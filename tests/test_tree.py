"""What the tree may not hold: addresses of package registries, paths of the machine it was built on, secrets."""

from __future__ import annotations

import hashlib
import re
import subprocess
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

from config.demo.children import ROOT

# Spelt so that this file does not find itself.
REGISTRIES = re.compile(
    r"(pypi|pythonhosted|npm" + r"js|crates|maven|jfrog|artifactory|nexus)[a-z0-9.-]*\.(org|com|io|net)"
)
MACHINE = re.compile(r"(?<![\w.])/(home/[a-z]|Users/[a-z]|root/|work/|opt/wheels|tmp/brief)")
KEY = re.compile(r"-----BEGIN [A-Z ]*PRIVATE KEY-----|AKIA[0-9A-Z]{16}|xox[bap]-[0-9]{6}")
BINARY = {".png", ".woff2", ".ico", ".ttf"}


def files() -> Iterator[Path]:
    """Everything that is, or is about to be, committed."""
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard"], cwd=ROOT, capture_output=True, check=True
    )
    for name in listed.stdout.decode().splitlines():
        path = ROOT / name
        if path.is_file() and path.suffix not in BINARY:
            yield path


@pytest.mark.parametrize("pattern", [REGISTRIES, MACHINE, KEY], ids=["registries", "machine", "keys"])
def test_the_tree_holds_none(pattern: re.Pattern[str]) -> None:
    found = [
        f"{path.relative_to(ROOT)}:{number}: {line.strip()[:100]}"
        for path in files()
        for number, line in enumerate(path.read_text(errors="replace").splitlines(), 1)
        if pattern.search(line)
    ]
    assert found == []


def test_each_direct_pin_stands_in_the_locked_files() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    groups = project["dependency-groups"]
    wanted = {
        "requirements.txt": project["project"]["dependencies"],
        "requirements-dev.txt": project["project"]["dependencies"] + groups["dev"],
        "requirements-setup.txt": groups["setup"],
    }
    for name, requirements in wanted.items():
        locked = dict(pins(ROOT / name))
        for requirement in requirements:
            package, _, version = requirement.partition("==")
            package = re.split(r"[\[<>=]", package)[0].lower().replace(".", "-")
            assert package in locked, f"{name} lacks {package}: make lock"
            assert not version or locked[package] == version, f"{name} has {package} {locked[package]}: make lock"


@pytest.mark.parametrize("name", ["requirements.txt", "requirements-dev.txt", "requirements-setup.txt"])
def test_locked_files_hold_hashes_and_no_addresses(name: str) -> None:
    text = (ROOT / name).read_text()
    assert not re.search(r"://|^\s*(--index|--extra|--find|-i |-f )", text, re.MULTILINE)
    for block in re.split(r"\n(?=[a-z0-9])", text.strip()):
        assert "--hash=sha256:" in block, block.splitlines()[0]


def test_the_two_locked_sets_agree() -> None:
    runtime, everything = dict(pins(ROOT / "requirements.txt")), dict(pins(ROOT / "requirements-dev.txt"))
    assert runtime.items() <= everything.items()


def pins(path: Path) -> Iterator[tuple[str, str]]:
    for name, version in re.findall(r"^([a-z0-9_.-]+)==([^ ;\\]+)", path.read_text(), re.MULTILINE):
        yield name.replace("_", "-"), version


# Files of other people, as they were looked at when they came in. Who takes a newer one looks again and says so here.
TAKEN_OVER = {
    "static/vendor/idiomorph.min.js": "4cbd535caf7663a51eda9bce6595371c384fc430d54b8d414e29a61167f19f96",
    "static/fonts/inter-ext.woff2": "34b9c504cab7a73e37b746343a449132e56cf7b5481af2cb81dc74dcff25c956",
    "static/fonts/inter.woff2": "3100e775e8616cd2611beecfa23a4263d7037586789b43f035236a2e6fbd4c62",
}


def test_files_of_others_are_as_they_came_in() -> None:
    found = {path: hashlib.sha256((ROOT / path).read_bytes()).hexdigest() for path in TAKEN_OVER}
    assert found == TAKEN_OVER


def test_no_file_of_others_is_left_out() -> None:
    brought = {*(ROOT / "static" / "vendor").iterdir(), *(ROOT / "static" / "fonts").iterdir()}
    named = {str(path.relative_to(ROOT)) for path in brought if not path.name.startswith(("LICENSE", "OFL"))}
    assert named == set(TAKEN_OVER)


HELD_OPEN = re.compile(
    r"text/event-" + r"stream|\bEvent" + r"Source\b|\bWeb" + r"Socket\b|\bws" + r"s?://|sse-" + r"connect"
)


def test_no_connection_is_held_open_for_a_page() -> None:
    """Nobody can use up the server with streams that idle: pages ask, and are answered at once."""
    product = [
        path for path in files() if path.suffix in {".py", ".html", ".js"} and ROOT / "tests" not in path.parents
    ]
    assert len(product) > 200
    assert [path for path in product if HELD_OPEN.search(path.read_text(errors="replace"))] == []

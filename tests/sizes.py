"""`python -m tests.sizes`: the files and functions that are longer than usual. Names them; fails nothing."""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parent.parent
PRODUCT = ("audit", "clusters", "config", "dashboard", "people", "runbooks")
FILE_LIMITS = {"product": 250, "tests": 350}
FUNCTION_LIMIT = 30


def long_files() -> Iterator[tuple[int, str]]:
    for folder in (*PRODUCT, "tests"):
        limit = FILE_LIMITS["tests" if folder == "tests" else "product"]
        for path in sources(folder):
            lines = len(path.read_text().splitlines())
            if lines > limit:
                yield lines, str(path.relative_to(ROOT))


def long_functions() -> Iterator[tuple[int, str]]:
    for folder in PRODUCT:
        for path in sources(folder):
            for node in ast.walk(ast.parse(path.read_text())):
                if isinstance(node, ast.FunctionDef) and (lines := node.end_lineno - node.lineno + 1) > FUNCTION_LIMIT:
                    yield lines, f"{path.relative_to(ROOT)}:{node.lineno} {node.name}"


def sources(folder: str) -> Iterator[Path]:
    return (path for path in sorted((ROOT / folder).rglob("*.py")) if "migrations" not in path.parts)


if __name__ == "__main__":
    for lines, place in sorted((*long_files(), *long_functions()), reverse=True):
        sys.stdout.write(f"{lines:5} {place}\n")

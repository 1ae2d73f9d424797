"""Names → classes, found by being in a package: adding a guard, step kind, backend or driver is one file."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable, Iterator
from typing import Generic, TypeVar

T = TypeVar("T")


class Registry(Generic[T]):
    """`package` is imported whole on first use, so that its modules can register themselves."""

    def __init__(self, what: str, package: str) -> None:
        self.what = what
        self._package = package
        self._found: dict[str, type[T]] = {}
        self._loaded = False

    def add(self, name: str) -> Callable[[type[T]], type[T]]:
        def register(found: type[T]) -> type[T]:
            if self._found.setdefault(name, found) is not found:
                raise ValueError(f"two {self.what}s are called {name!r}")
            return found

        return register

    def get(self, name: str) -> type[T]:
        self._load()
        if name not in self._found:
            raise LookupError(f"there is no {self.what} called {name!r}; known: {', '.join(sorted(self._found))}")
        return self._found[name]

    def __contains__(self, name: str) -> bool:
        self._load()
        return name in self._found

    def __iter__(self) -> Iterator[str]:
        self._load()
        return iter(sorted(self._found))

    def _load(self) -> None:
        if self._loaded:
            return
        package = importlib.import_module(self._package)
        for module in pkgutil.walk_packages(package.__path__, f"{self._package}."):
            importlib.import_module(module.name)
        self._loaded = True

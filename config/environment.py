"""Reading settings from the environment: typed, and loud when a value cannot be used."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from django.core.exceptions import ImproperlyConfigured


def text(name: str, default: str = "") -> str:
    """The value of NAME, or the content of the file that NAME_FILE points to (for secrets)."""
    path = os.environ.get(f"{name}_FILE")
    if path is None:
        return os.environ.get(name, default)
    try:
        return Path(path).read_text().strip()
    except OSError as error:
        raise ImproperlyConfigured(f"{name}_FILE names {path}, which cannot be read: {error.strerror}") from error


def switch(name: str) -> bool:
    """NAME as on or off; off when it is not set."""
    said = text(name, "off")
    if said not in {"on", "off"}:
        raise ImproperlyConfigured(f"{name} is {said!r}; say on or off")
    return said == "on"


def names(name: str) -> list[str]:
    return [part.strip() for part in text(name).split(",") if part.strip()]


def for_commands(name: str, commands: set[str]) -> str:
    """The value of NAME, which a process that is none of these commands refuses to start with."""
    value = os.environ.get(name, "")
    program, *words = sys.argv or [""]
    if value and not (Path(program).name == "manage.py" and words[:1] and words[0] in commands):
        allowed = " and ".join(f"`manage.py {command}`" for command in sorted(commands))
        raise ImproperlyConfigured(f"{name} is set for a process that must not have it; give it to {allowed} alone")
    return value

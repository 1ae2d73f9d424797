"""A request as a curl command: the address, and the name of a secret in the place of the secret."""

from __future__ import annotations

import json
import shlex
from collections.abc import Mapping, Sequence
from typing import Any

from clusters.secrets import SecretReference

BASE = ("curl", "--silent", "--show-error", "--max-time", "10")


def curl(
    url: str,
    *,
    ca: str | None = None,
    auth: Sequence[str] = (),
    body: Mapping[str, Any] | None = None,
    method: str = "POST",
) -> str:
    """A GET, a DELETE, or a POST (or another `method`) of `body`. `auth` is already spelt for a shell."""
    words = [*BASE, *(["--cacert", ca] if ca else [])]
    if body is not None:
        content = json.dumps(body, separators=(",", ":"))
        words += ["--request", method, "--header", "Content-Type: application/json", "--data", content]
    elif method == "DELETE":
        words += ["--request", method]
    return " ".join([shlex.join(words), *auth, shlex.quote(url)])


def named(secret: SecretReference) -> str:
    """How a shell puts the secret in: from its variable, or from its file."""
    kind, _, name = secret.reference.partition(":")
    return f"${name}" if kind == "env" else f"$(cat {shlex.quote(name)})"

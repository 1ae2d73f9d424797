"""How a client signs in over HTTP: by name and password, or by a token; both by reference, resolved at use."""

from __future__ import annotations

import base64
from dataclasses import dataclass

from clusters.curl import named
from clusters.form import Form
from clusters.secrets import Secret, SecretReference


@dataclass(frozen=True)
class Basic:
    user: SecretReference
    password: SecretReference

    def header(self) -> tuple[str, tuple[Secret, ...]]:
        user, password = self.user.resolve(), self.password.resolve()
        pair = f"{user.reveal()}:{password.reveal()}".encode()
        packed = Secret(self.password.reference, base64.b64encode(pair).decode())
        return f"Basic {packed.reveal()}", (packed, password)


@dataclass(frozen=True)
class Bearer:
    token: SecretReference

    def header(self) -> tuple[str, tuple[Secret, ...]]:
        token = self.token.resolve()
        return f"Bearer {token.reveal()}", (token,)


SignIn = Basic | Bearer | None


def read_auth(form: Form) -> SignIn:
    """`auth: none`, `{basic: {user, password}}` or `{bearer: reference}`."""
    if "auth" not in form or form.says("auth") == "none":
        return None
    auth = form.form("auth", f"{form.what}, auth")
    if auth is None:
        return None
    found: SignIn = None
    if "bearer" in auth:
        found = Bearer(auth.secret("bearer"))
    elif basic := auth.form("basic", f"{auth.what}, basic"):
        found = Basic(basic.secret("user"), basic.secret("password"))
        basic.done()
    elif auth.is_readable:
        auth.complain(f"{auth.what}: must be none, basic or bearer")
    auth.done()
    return found


def for_curl(auth: SignIn) -> tuple[str, ...]:
    """The words of a curl command, spelt for a shell, with the secrets named and not held."""
    if auth is None:
        return ()
    if isinstance(auth, Basic):
        return ("--user", f'"{named(auth.user)}:{named(auth.password)}"')
    return ("--header", f'"Authorization: Bearer {named(auth.token)}"')

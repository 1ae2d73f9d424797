"""How a side's REST is reached: address, base path, authentication."""

from __future__ import annotations

import base64
from dataclasses import dataclass
from enum import StrEnum

from clusters.form import Form
from clusters.outbound import Credential
from clusters.secrets import Secret, SecretReference


class Base(StrEnum):
    """Inside the broker and on Confluent Cloud the API stands under /kafka/v3; a standalone REST Proxy serves /v3."""

    IN_BROKER = "/kafka/v3"
    PROXY = "/v3"


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


@dataclass(frozen=True)
class RestSettings:
    url: str
    base: Base = Base.IN_BROKER
    auth: Basic | Bearer | None = None
    ca: str | None = None

    @property
    def credential(self) -> Credential | None:
        return self.auth.header if self.auth else None


def read(form: Form) -> RestSettings:
    url = form.url("url")
    base = form.choice("base", Base) if "base" in form else Base.IN_BROKER
    return RestSettings(url, base or Base.IN_BROKER, _auth(form), form.optional("ca"))


def _auth(form: Form) -> Basic | Bearer | None:
    """`auth: none`, `{basic: {user, password}}` or `{bearer: reference}`."""
    if "auth" not in form or form.says("auth") == "none":
        return None
    auth = form.form("auth", f"{form.what}, auth")
    if auth is None:
        return None
    found: Basic | Bearer | None = None
    if "bearer" in auth:
        found = Bearer(auth.secret("bearer"))
    elif basic := auth.form("basic", f"{auth.what}, basic"):
        found = Basic(basic.secret("user"), basic.secret("password"))
        basic.done()
    elif auth.is_readable:
        auth.complain(f"{auth.what}: must be none, basic or bearer")
    auth.done()
    return found

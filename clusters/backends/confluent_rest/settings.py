"""How a side's REST is reached: address, base path, authentication."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from clusters.form import Form
from clusters.outbound import Credential
from clusters.sign_in import SignIn, read_auth


class Base(StrEnum):
    """Inside the broker and on Confluent Cloud the API stands under /kafka/v3; a standalone REST Proxy serves /v3."""

    IN_BROKER = "/kafka/v3"
    PROXY = "/v3"


@dataclass(frozen=True)
class RestSettings:
    url: str
    base: Base = Base.IN_BROKER
    auth: SignIn = None
    ca: str | None = None

    @property
    def credential(self) -> Credential | None:
        return self.auth.header if self.auth else None


def read(form: Form) -> RestSettings:
    url = form.url("url")
    base = form.choice("base", Base) if "base" in form else Base.IN_BROKER
    return RestSettings(url, base or Base.IN_BROKER, read_auth(form), form.optional("ca"))

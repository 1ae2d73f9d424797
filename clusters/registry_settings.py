"""What the inventory says of a side's Schema Registry: where it is, and how one signs in."""

from __future__ import annotations

from dataclasses import dataclass

from clusters.form import Form
from clusters.outbound import Credential
from clusters.sign_in import SignIn, read_auth


@dataclass(frozen=True)
class RegistrySettings:
    url: str
    auth: SignIn = None
    ca: str | None = None

    @property
    def credential(self) -> Credential | None:
        return self.auth.header if self.auth else None


def read(form: Form | None) -> RegistrySettings | None:
    if form is None:
        return None
    settings = RegistrySettings(form.url("url"), read_auth(form), form.optional("ca"))
    form.done()
    return settings

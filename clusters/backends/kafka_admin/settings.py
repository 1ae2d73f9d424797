"""How a side's brokers are reached, and the librdkafka configuration made of it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from clusters.form import Form
from clusters.secrets import SecretReference

BROKER = re.compile(r"(\[[0-9a-fA-F:.]+\]|[A-Za-z0-9._-]+):\d{1,5}\Z")


class Security(StrEnum):
    PLAINTEXT = "PLAINTEXT"
    SSL = "SSL"
    SASL_PLAINTEXT = "SASL_PLAINTEXT"
    SASL_SSL = "SASL_SSL"


@dataclass(frozen=True)
class Sasl:
    mechanism: str
    user: SecretReference
    password: SecretReference


@dataclass(frozen=True)
class KafkaSettings:
    bootstrap: str
    security: Security = Security.PLAINTEXT
    sasl: Sasl | None = None
    ca: str | None = None


def read(form: Form) -> KafkaSettings:
    bootstrap = form.text("bootstrap")
    if not all(BROKER.match(address.strip()) for address in bootstrap.split(",")):
        form.complain(f"{form.what}: bootstrap must be host:port, or several with commas between", "bootstrap")
    security = form.choice("security", Security) if "security" in form else Security.PLAINTEXT
    sasl = form.form("sasl", f"{form.what}, sasl")
    read = Sasl(sasl.text("mechanism"), sasl.secret("user"), sasl.secret("password")) if sasl else None
    if sasl:
        sasl.done()
    if (security or "").startswith("SASL") != bool(sasl):
        form.complain(f"{form.what}: sasl belongs to security SASL_PLAINTEXT or SASL_SSL, and only there", "security")
    return KafkaSettings(bootstrap, security or Security.PLAINTEXT, read, form.optional("ca"))


def client_config(settings: KafkaSettings) -> dict[str, Any]:
    config: dict[str, Any] = {
        "bootstrap.servers": settings.bootstrap,
        "security.protocol": settings.security.value,
        "client.id": "breakwater",
        "log_level": 0,
        "error_cb": _ignore,
        "socket.connection.setup.timeout.ms": 2000,
        "socket.timeout.ms": 5000,
        "reconnect.backoff.ms": 100,
        "reconnect.backoff.max.ms": 1000,  # 10 s by default: too long to notice that a region is back
        "topic.metadata.refresh.interval.ms": -1,
    }
    if settings.ca:
        config["ssl.ca.location"] = settings.ca
    if settings.sasl:
        config["sasl.mechanism"] = settings.sasl.mechanism
        config["sasl.username"] = settings.sasl.user.resolve().reveal()
        config["sasl.password"] = settings.sasl.password.resolve().reveal()
    return config


def _ignore(error: object) -> None:
    """Connection errors arrive here again and again while a region is down; each read reports its own."""

"""What `manage.py check --deploy` says of this product beside Django's own checks."""

from __future__ import annotations

from collections.abc import Sequence

from django.apps import AppConfig
from django.core.checks import CheckMessage, Tags, Warning, register
from django.db import connection


@register(Tags.security, deploy=True)
def production_database(app_configs: Sequence[AppConfig] | None, **kwargs: object) -> list[CheckMessage]:
    """One host and one disk are a poor place for the record of an outage."""
    if connection.vendor != "sqlite":
        return []
    said = "The database is a SQLite file: one host, one disk, and no second process on another machine."
    return [Warning(said, hint="Give DATABASE_URL a PostgreSQL server.", id="config.W001")]

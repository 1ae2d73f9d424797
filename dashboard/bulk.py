"""Writes many rows in one short statement, where a query for each, or Django's own batches, would hold the database."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import Any, cast

from django.db import connection, models

Row = Sequence[Any]
Parameter = int | float | str | None


def upsert(model: type[models.Model], key: Sequence[str], fields: Sequence[str], rows: Sequence[Row]) -> None:
    """Insert rows of `fields`, or update those whose `key` is there. Names come from the model, never from outside."""
    if not rows:
        return
    table, columns = connection.ops.quote_name(model._meta.db_table), _columns(fields)
    changed = ", ".join(f"{column} = excluded.{column}" for column in _columns([f for f in fields if f not in key]))
    conflict = f"ON CONFLICT ({', '.join(_columns(key))}) DO UPDATE SET {changed}"
    _run(model, f"INSERT INTO {table} ({', '.join(columns)})", fields, rows, conflict)


def insert(model: type[models.Model], fields: Sequence[str], rows: Sequence[Row]) -> None:
    if rows:
        table = connection.ops.quote_name(model._meta.db_table)
        _run(model, f"INSERT INTO {table} ({', '.join(_columns(fields))})", fields, rows, "")


def delete(model: type[models.Model], where: dict[str, str], field: str, values: Iterable[str]) -> None:
    """In slices, since a statement holds only so many parameters."""
    found = list(values)
    for start in range(0, len(found), 500):
        model._default_manager.filter(**where, **{f"{field}__in": found[start : start + 500]}).delete()


def _run(model: type[models.Model], into: str, fields: Sequence[str], rows: Sequence[Row], conflict: str) -> None:
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            # One array for each column: one statement whatever the number of rows, and no temporary table.
            arrays = ", ".join(f"%s::{_type(model, field)}[]" for field in fields)
            columns = [[_packed(value) for value in column] for column in zip(*rows, strict=True)]
            cursor.execute(f"{into} SELECT * FROM unnest({arrays}) {conflict}", columns)  # noqa: S608 - names of ours
        else:
            marks = ", ".join(["%s"] * len(fields))
            cursor.executemany(f"{into} VALUES ({marks}) {conflict}", [tuple(map(_plain, row)) for row in rows])


def _columns(fields: Iterable[str]) -> list[str]:
    return [connection.ops.quote_name(field) for field in fields]


def _type(model: type[models.Model], field: str) -> str:
    """Without a length: a cast to it would cut text silently, where an insert refuses."""
    return str(model._meta.get_field(field).db_type(connection)).partition("(")[0]


def _plain(value: object) -> Parameter:
    """SQLite keeps instants as text, as Django writes them."""
    if isinstance(value, datetime):
        return value.astimezone(UTC).replace(tzinfo=None).isoformat(sep=" ")
    return cast(Parameter, _packed(value))


def _packed(value: object) -> object:
    return json.dumps(value) if isinstance(value, list | dict) else value

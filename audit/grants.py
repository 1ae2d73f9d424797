"""On PostgreSQL: what the role that runs the console may do. It owns no table; the record it may read and append to."""

from __future__ import annotations

from collections.abc import Iterator

from django.db import connection, transaction
from django.db.backends.utils import CursorWrapper

APPENDED = ("audit_event", "audit_sidetext", "audit_checkpoint", "audit_acknowledgement", "audit_refusal")
TOO_STRONG = """
SELECT rolsuper OR pg_has_role(rolname, tableowner, 'MEMBER'), tableowner
FROM pg_roles, pg_tables WHERE rolname = %s AND tablename = 'audit_event' AND schemaname = current_schema()
"""


class NotProvisioned(Exception):
    """The role cannot be given its rights; the text says why and what to do."""


def provision(role: str) -> None:
    """Give the role its rights and take all others of the record; to be run again after each `migrate`."""
    if connection.vendor != "postgresql":
        raise NotProvisioned("SQLite knows no roles: triggers and the chain are all it has; use PostgreSQL")
    with transaction.atomic(), connection.cursor() as cursor:
        _check(cursor, role)
        for statement in _statements(connection.ops.quote_name(role)):
            cursor.execute(statement)


def _check(cursor: CursorWrapper, role: str) -> None:
    cursor.execute(TOO_STRONG, [role])
    found = cursor.fetchone()
    if found is None:
        raise NotProvisioned(f"there is no role {role!r}, or no record yet; run CREATE ROLE {role} LOGIN, and migrate")
    is_too_strong, owner = found
    if is_too_strong:
        raise NotProvisioned(
            f"{role} is a superuser or has the rights of {owner}, who owns the record: no grant binds it. Let {owner} "
            "migrate, and another role run the console"
        )


def _statements(role: str) -> Iterator[str]:
    rest, sequences = "SELECT, INSERT, UPDATE, DELETE", "USAGE, SELECT"
    yield f"GRANT USAGE ON SCHEMA public TO {role}"
    yield f"GRANT {rest} ON ALL TABLES IN SCHEMA public TO {role}"
    yield f"GRANT {sequences} ON ALL SEQUENCES IN SCHEMA public TO {role}"
    yield f"ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT {rest} ON TABLES TO {role}"
    yield f"ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT {sequences} ON SEQUENCES TO {role}"
    for table in (*APPENDED, "audit_head", "django_migrations"):
        yield f"REVOKE ALL ON {table} FROM {role}, PUBLIC"
        yield f"GRANT SELECT ON {table} TO {role}"
    for table in (*APPENDED, "audit_head"):
        yield f"GRANT INSERT ON {table} TO {role}"
    yield f"GRANT UPDATE (seq, hash) ON audit_head TO {role}"

"""Triggers that refuse to change the record. Grants are the control (README), these are the seat belt."""

from __future__ import annotations

from django.db.backends.base.schema import BaseDatabaseSchemaEditor

REFUSAL = "the record is append-only"
POSTGRESQL = [
    f"""CREATE OR REPLACE FUNCTION audit_refuse() RETURNS trigger LANGUAGE plpgsql AS
    $$ BEGIN RAISE EXCEPTION '{REFUSAL}: % on % refused', TG_OP, TG_TABLE_NAME; END $$""",
    """CREATE TRIGGER audit_event_kept BEFORE UPDATE OR DELETE ON audit_event
    FOR EACH ROW EXECUTE FUNCTION audit_refuse()""",
    "CREATE TRIGGER audit_event_whole BEFORE TRUNCATE ON audit_event EXECUTE FUNCTION audit_refuse()",
    """CREATE TRIGGER audit_sidetext_kept BEFORE UPDATE ON audit_sidetext
    FOR EACH ROW EXECUTE FUNCTION audit_refuse()""",
]
SQLITE = [
    f"""CREATE TRIGGER {name} BEFORE {act} ON {table}
    BEGIN SELECT RAISE(ABORT, '{REFUSAL}: {act} on {table} refused'); END"""
    for name, act, table in (
        ("audit_event_kept", "UPDATE", "audit_event"),
        ("audit_event_whole", "DELETE", "audit_event"),
        ("audit_sidetext_kept", "UPDATE", "audit_sidetext"),
    )
]
NAMES = {
    "audit_event_kept": "audit_event",
    "audit_event_whole": "audit_event",
    "audit_sidetext_kept": "audit_sidetext",
}


ANCHORING = ("audit_checkpoint", "audit_acknowledgement", "audit_refusal")  # added later, and kept as strictly


def install(editor: BaseDatabaseSchemaEditor) -> None:
    for statement in POSTGRESQL if editor.connection.vendor == "postgresql" else SQLITE:
        editor.execute(statement, params=None)  # a % in a trigger is PostgreSQL's, not a placeholder


def remove(editor: BaseDatabaseSchemaEditor) -> None:
    postgresql = editor.connection.vendor == "postgresql"
    for name, table in NAMES.items():
        editor.execute(f"DROP TRIGGER {name} ON {table}" if postgresql else f"DROP TRIGGER {name}")


def install_anchoring(editor: BaseDatabaseSchemaEditor) -> None:
    for table in ANCHORING:
        for statement in _anchoring(table, postgresql=editor.connection.vendor == "postgresql"):
            editor.execute(statement, params=None)


def remove_anchoring(editor: BaseDatabaseSchemaEditor) -> None:
    postgresql = editor.connection.vendor == "postgresql"
    for table in ANCHORING:
        for name in (f"{table}_kept", f"{table}_whole"):
            editor.execute(f"DROP TRIGGER {name} ON {table}" if postgresql else f"DROP TRIGGER {name}")


def _anchoring(table: str, *, postgresql: bool) -> list[str]:
    if postgresql:
        return [
            f"""CREATE TRIGGER {table}_kept BEFORE UPDATE OR DELETE ON {table}
            FOR EACH ROW EXECUTE FUNCTION audit_refuse()""",
            f"CREATE TRIGGER {table}_whole BEFORE TRUNCATE ON {table} EXECUTE FUNCTION audit_refuse()",
        ]
    return [
        f"""CREATE TRIGGER {table}_{name} BEFORE {act} ON {table}
        BEGIN SELECT RAISE(ABORT, '{REFUSAL}: {act} on {table} refused'); END"""
        for name, act in (("kept", "UPDATE"), ("whole", "DELETE"))
    ]

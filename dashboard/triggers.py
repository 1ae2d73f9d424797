"""What the database refuses whoever asks: a statement that was given is neither changed nor deleted."""

from __future__ import annotations

from django.db.backends.base.schema import BaseDatabaseSchemaEditor

TABLE = "dashboard_attestation"
REFUSAL = "statements are never changed and never deleted: a newer one takes the place of an older one"
ACTS = {"sealed": "UPDATE", "kept": "DELETE"}
FUNCTION = (
    "CREATE OR REPLACE FUNCTION dashboard_refuse() RETURNS trigger LANGUAGE plpgsql AS "
    f"$$ BEGIN RAISE EXCEPTION '{REFUSAL}' USING ERRCODE = 'integrity_constraint_violation'; END $$"
)


def install(editor: BaseDatabaseSchemaEditor) -> None:
    is_postgresql = editor.connection.vendor == "postgresql"
    if is_postgresql:
        editor.execute(FUNCTION)
    for name, act in ACTS.items():
        head = f"CREATE TRIGGER {TABLE}_{name} BEFORE {act} ON {TABLE}"
        body = (
            "EXECUTE FUNCTION dashboard_refuse()" if is_postgresql else f"BEGIN SELECT RAISE(ABORT, '{REFUSAL}'); END"
        )
        editor.execute(f"{head} FOR EACH ROW {body}")


def remove(editor: BaseDatabaseSchemaEditor) -> None:
    is_postgresql = editor.connection.vendor == "postgresql"
    for name in ACTS:
        editor.execute(f"DROP TRIGGER {TABLE}_{name}" + (f" ON {TABLE}" if is_postgresql else ""))
    if is_postgresql:
        editor.execute("DROP FUNCTION dashboard_refuse()")

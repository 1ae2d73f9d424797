"""What the database refuses whoever asks: illegal moves, edits of what is over, edits of what was decided.

The services never try; these catch a shell, a script, or a service that forgot. One condition serves both engines.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from django.db.backends.base.schema import BaseDatabaseSchemaEditor

from runbooks.engine.states import MOVES, RUN_MOVES, RUN_OVER, TERMINAL

Trigger = tuple[str, str, str, str, str]  # name, table, act, condition, refusal

# Never changed at all, and never deleted.
SEALED = ("evidence", "mark", "approval", "override", "driftacknowledgement", "look", "nonce")
# Columns that are written once, at the row's birth.
PINNED = {
    "run": ("version_id", "pair", "mode", "parameters", "targets", "incident_id", "started_by_id", "started_at"),
    "steprun": ("run_id", "position", "key", "kind", "kind_version", "needs", "confirm", "approvals", "timeout"),
    "attempt": (
        "step_id",
        "number",
        "requester_id",
        "digest",
        "binding",
        "seen",
        "inputs",
        "phrase",
        "command",
        "expires_at",
    ),
    "call": ("attempt_id", "number", "intent", "items", "digest", "sent_at", "deadline_at"),
    "item": ("attempt_id", "name"),
    "incident": ("pair", "side", "declared_by_id", "declared_at", "reason"),
    "definitionversion": ("definition_id", "number", "author_id", "is_released"),
}
KEPT = (*PINNED, "definition", "outbox", "preflight")
STEP_RESULT = ("state", "fence", "attempts", "summary", "claimed_by", "started_at", "ended_at")
RUN_RESULT = ("state", "fence", "commander_id", "finished_at", "ending", "inventory_digest")


def triggers(*, differs: str) -> Iterator[Trigger]:
    """`differs` is the engine's null-safe inequality."""

    def changed(columns: tuple[str, ...]) -> str:
        return "(" + " OR ".join(f"NEW.{column} {differs} OLD.{column}" for column in columns) + ")"

    for name in SEALED:
        yield f"{name}_sealed", name, "UPDATE", "", f"{name} rows are never changed"
    for name, columns in PINNED.items():
        yield f"{name}_pinned", name, "UPDATE", changed(columns), f"{', '.join(columns)} of a {name} never change"
    for name in (*SEALED, *(kept for kept in KEPT if kept not in {"outbox", "preflight"})):
        yield f"{name}_kept", name, "DELETE", "", f"{name} rows are never deleted"
    yield from _steps(changed)
    yield from _runs(changed)
    text = "OLD.state <> 'draft' AND " + changed(("text", "digest"))
    yield "definitionversion_text", "definitionversion", "UPDATE", text, "only a draft can be edited"
    closed = "OLD.closed_at IS NOT NULL AND " + changed(("closed_at", "closed_by_id", "t0"))
    yield "incident_closed", "incident", "UPDATE", closed, "a closed incident is not changed"
    ended = "OLD.ended_at IS NOT NULL AND " + changed(("outcome", "answer", "said", "ended_at"))
    yield "call_ended", "call", "UPDATE", ended, "the outcome of a call is not changed"


def _steps(changed: object) -> Iterator[Trigger]:
    assert callable(changed)  # noqa: S101
    moves = {f"'{state}>{after}'" for state, row in MOVES.items() for after in row.values()}
    over = ", ".join(f"'{state}'" for state in sorted(TERMINAL))
    moved = "(NEW.state <> OLD.state OR NEW.fence <> OLD.fence)"
    legal = f"(OLD.state || '>' || NEW.state) IN ({', '.join(sorted(moves))}) AND NEW.fence = OLD.fence + 1"
    yield "steprun_born", "steprun", "INSERT", "NEW.state <> 'locked' OR NEW.fence <> 0", "a step begins locked"
    yield "steprun_moves", "steprun", "UPDATE", f"{moved} AND NOT ({legal})", "illegal move of a step"
    ended = f"OLD.state IN ({over}) AND {changed(STEP_RESULT)}"
    yield "steprun_over", "steprun", "UPDATE", ended, "a step that is over is not changed"


def _runs(changed: object) -> Iterator[Trigger]:
    assert callable(changed)  # noqa: S101
    moves = {f"'{state}>{after}'" for state, row in RUN_MOVES.items() for after in row}
    over = ", ".join(f"'{state}'" for state in sorted(RUN_OVER))
    legal = f"(OLD.state || '>' || NEW.state) IN ({', '.join(sorted(moves))}) AND NEW.fence = OLD.fence + 1"
    yield "run_born", "run", "INSERT", "NEW.state <> 'running' OR NEW.fence <> 0", "a run begins running"
    yield "run_moves", "run", "UPDATE", f"NEW.state <> OLD.state AND NOT ({legal})", "illegal move of a run"
    ended = f"OLD.state IN ({over}) AND {changed(RUN_RESULT)}"
    yield "run_over", "run", "UPDATE", ended, "a run that is over is not changed"


def stop_triggers(*, differs: str) -> Iterator[Trigger]:
    """Of the switch, which came later than the other tables."""
    set_, lifted = ("set_by_id", "set_at", "reason"), ("is_on", "lifted_by_id", "lifted_at", "lifted_reason")
    differing = [" OR ".join(f"NEW.{column} {differs} OLD.{column}" for column in each) for each in (set_, lifted)]
    yield "stop_pinned", "stop", "UPDATE", differing[0], "who stopped and why never changes"
    yield "stop_over", "stop", "UPDATE", f"NOT OLD.is_on AND ({differing[1]})", "a stop that was lifted is not changed"
    yield "stop_kept", "stop", "DELETE", "", "stop rows are never deleted"


def exception_triggers(*, differs: str) -> Iterator[Trigger]:
    """Of verified exceptions: what was verified never changes, and it is revoked once."""
    told = ("pair", "link", "operation", "why", "reference", "recorded_by_id", "recorded_at", "expires_at")
    revoked = ("revoked_by_id", "revoked_at", "revoked_why")
    differing = [" OR ".join(f"NEW.{column} {differs} OLD.{column}" for column in each) for each in (told, revoked)]
    table, was = "recordedexception", "OLD.revoked_at IS NOT NULL"
    yield "exception_pinned", table, "UPDATE", differing[0], "what an exception is for never changes"
    yield "exception_over", table, "UPDATE", f"{was} AND ({differing[1]})", "a revoked exception is not changed"
    yield "exception_kept", table, "DELETE", "", "exceptions are never deleted"


# PostgreSQL has the key itself; SQLite cannot add one to a table that exists, so a trigger stands in for it.
COMPOSITE_KEY = (
    "ALTER TABLE runbooks_approval ADD CONSTRAINT runbooks_approval_of_request "
    "FOREIGN KEY (attempt_id, requester_id) REFERENCES runbooks_attempt (id, requester_id)"
)
COMPOSITE_CHECK = (
    "approval_of_request",
    "approval",
    "INSERT",
    "NOT EXISTS (SELECT 1 FROM runbooks_attempt a WHERE a.id = NEW.attempt_id AND a.requester_id = NEW.requester_id)",
    "an approval names the requester of its attempt",
)


def install(editor: BaseDatabaseSchemaEditor) -> None:
    if editor.connection.vendor == "postgresql":
        _refusing(editor)
        add(editor, triggers(differs="IS DISTINCT FROM"))
        editor.execute(COMPOSITE_KEY)
    else:
        add(editor, (*triggers(differs="IS NOT"), COMPOSITE_CHECK))


def add(editor: BaseDatabaseSchemaEditor, found: Iterable[Trigger]) -> None:
    write = _postgresql if editor.connection.vendor == "postgresql" else _sqlite
    for trigger in found:
        editor.execute(write(*trigger))


def _refusing(editor: BaseDatabaseSchemaEditor) -> None:
    editor.execute(
        "CREATE OR REPLACE FUNCTION runbooks_refuse() RETURNS trigger LANGUAGE plpgsql AS "
        "$$ BEGIN RAISE EXCEPTION '%', TG_ARGV[0] USING ERRCODE = 'integrity_constraint_violation'; END $$",
        params=None,  # the % is PostgreSQL's, not a placeholder
    )


def _postgresql(name: str, table: str, act: str, condition: str, refusal: str) -> str:
    when = f"WHEN ({condition})" if condition else ""
    return (
        f"CREATE TRIGGER runbooks_{name} BEFORE {act} ON runbooks_{table} FOR EACH ROW {when} "
        f"EXECUTE FUNCTION runbooks_refuse('{refusal}')"
    )


def _sqlite(name: str, table: str, act: str, condition: str, refusal: str) -> str:
    when = f"WHEN {condition}" if condition else ""
    return (
        f"CREATE TRIGGER runbooks_{name} BEFORE {act} ON runbooks_{table} FOR EACH ROW {when} "
        f"BEGIN SELECT RAISE(ABORT, '{refusal}'); END"
    )


def remove(editor: BaseDatabaseSchemaEditor) -> None:
    postgresql = editor.connection.vendor == "postgresql"
    found = list(triggers(differs="IS NOT"))
    drop(editor, found if postgresql else [*found, COMPOSITE_CHECK])
    if postgresql:
        editor.execute("ALTER TABLE runbooks_approval DROP CONSTRAINT runbooks_approval_of_request")


def drop(editor: BaseDatabaseSchemaEditor, found: Iterable[Trigger]) -> None:
    postgresql = editor.connection.vendor == "postgresql"
    for name, table, *_ in found:
        editor.execute(f"DROP TRIGGER runbooks_{name}" + (f" ON runbooks_{table}" if postgresql else ""))

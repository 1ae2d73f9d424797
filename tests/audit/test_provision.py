"""The console's role on a real PostgreSQL, trying what the record must withstand; the owner and the superuser too."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator

import psycopg
import pytest
from psycopg import sql

from audit.grants import APPENDED
from config.demo.children import ROOT
from config.demo.services import make_folder
from tests import postgres
from tests.processes import without_test_settings

APPEND = """
import django; django.setup()
from audit.ledger import Actor, ledger
for number in range(3):
    with ledger(Actor("5a8d", "Ann", "web")) as book:
        book.add("step.sent", reason="why")
"""


class Console:
    """A migrated database whose owner is one role and whose console runs as another."""

    def __init__(self, folder: str) -> None:
        self.server = postgres.start(folder)
        with psycopg.connect(self.server.url, autocommit=True) as connection:
            for role in ("breakwater_owner", "breakwater"):
                connection.execute(sql.SQL("CREATE ROLE {} LOGIN").format(sql.Identifier(role)))
            connection.execute("CREATE DATABASE breakwater OWNER breakwater_owner")

    def url(self, role: str) -> str:
        return self.server.url.replace("postgres@", f"{role}@").removesuffix("/postgres") + "/breakwater"

    def run(self, role: str, *words: str) -> subprocess.CompletedProcess[str]:
        env = {
            **without_test_settings(), "BREAKWATER_MODE": "test", "SECRET_KEY": "k" * 50, "PATH": os.environ["PATH"],
            "DATABASE_URL": self.url(role), "DJANGO_SETTINGS_MODULE": "config.settings",
        }  # fmt: skip
        return subprocess.run([sys.executable, *words], cwd=ROOT, env=env, capture_output=True, text=True, timeout=120)

    def try_as(self, role: str, *statements: str) -> str:
        """ "" if all of it was done; nothing of it stays."""
        with psycopg.connect(self.url(role)) as connection:
            try:
                for statement in statements:
                    connection.execute(statement)
            except psycopg.Error as error:
                return str(error)
            finally:
                connection.rollback()
        return ""


@pytest.fixture(scope="module")
def console() -> Iterator[Console]:
    folder = make_folder("breakwater-provision-")
    made = Console(str(folder))
    for words in (["migrate", "--no-input"], ["audit_provision", "breakwater"]):
        done = made.run("breakwater_owner", "manage.py", *words)
        assert done.returncode == 0, done.stderr
    done = made.run("breakwater", "-c", APPEND)
    assert done.returncode == 0, done.stderr
    yield made
    made.server.stop()
    shutil.rmtree(folder)


REPLICA = "SET session_replication_role = replica"


@pytest.mark.parametrize("table", APPENDED)
@pytest.mark.parametrize("statement", [
    "UPDATE {} SET {column} = {column}", "DELETE FROM {}", "TRUNCATE {} CASCADE",
    "ALTER TABLE {} DISABLE TRIGGER ALL", "DROP TABLE {}",
    "ALTER TABLE {} RENAME TO other", "CREATE RULE r AS ON INSERT TO {} DO INSTEAD NOTHING",
    "CREATE TRIGGER t BEFORE INSERT ON {} EXECUTE FUNCTION audit_refuse()",
])  # fmt: skip
def test_the_consoles_role_changes_nothing_that_was_recorded(console: Console, table: str, statement: str) -> None:
    column = {"audit_event": "body", "audit_sidetext": "text", "audit_checkpoint": "note"}.get(table, "at")
    refused = console.try_as("breakwater", statement.format(table, column=column))
    assert "permission denied" in refused or "must be owner" in refused


@pytest.mark.parametrize("statement", [
    REPLICA, "DROP FUNCTION audit_refuse() CASCADE", "SET ROLE breakwater_owner",
    "CREATE OR REPLACE FUNCTION audit_refuse() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END'",
    "DELETE FROM audit_head", "TRUNCATE audit_head", "UPDATE audit_head SET installation = 'x'",
    "DELETE FROM django_migrations", "ALTER TABLE audit_event OWNER TO breakwater",
    "GRANT ALL ON audit_event TO PUBLIC",
])  # fmt: skip
def test_the_consoles_role_takes_no_way_around(console: Console, statement: str) -> None:
    said = console.try_as("breakwater", statement, "DELETE FROM audit_event")
    assert "permission denied" in said or "must be" in said


def test_the_consoles_role_reads_and_appends(console: Console) -> None:
    assert console.try_as("breakwater", "SELECT count(*) FROM audit_event") == ""
    done = console.run("breakwater", "manage.py", "audit", "verify")
    assert done.stdout.startswith("consistent from 1 to 4"), done.stderr


@pytest.mark.parametrize(
    "statement", ["UPDATE audit_event SET body = 'x'", "DELETE FROM audit_event", "TRUNCATE audit_event"]
)
def test_the_owner_meets_the_triggers(console: Console, statement: str) -> None:
    assert "append-only" in console.try_as("breakwater_owner", statement)


def test_what_grants_and_triggers_cannot_stop_is_known(console: Console) -> None:
    """Why heads are signed and leave here: an owner switches triggers off, a superuser need not even do that."""
    off = "ALTER TABLE audit_event DISABLE TRIGGER ALL"
    assert console.try_as("breakwater_owner", off.replace("ALL", "USER"), "DELETE FROM audit_event") == ""
    assert console.try_as("postgres", REPLICA, "DELETE FROM audit_event") == ""


@pytest.mark.parametrize(("role", "said"), [
    ("breakwater_owner", "who owns the record"), ("postgres", "is a superuser"),
    ("nobody", "there is no role 'nobody'"),
])  # fmt: skip
def test_a_role_that_no_grant_binds_is_refused(console: Console, role: str, said: str) -> None:
    done = console.run("breakwater_owner", "manage.py", "audit_provision", role)
    assert done.returncode == 1
    assert said in done.stderr


def test_provisioning_again_changes_nothing(console: Console) -> None:
    assert console.run("breakwater_owner", "manage.py", "audit_provision", "breakwater").returncode == 0
    assert console.run("breakwater", "-c", APPEND).returncode == 0

"""Loaded before Django's settings: the environment of a test run, with a database of its own.

TEST_DATABASE=postgres runs on an embedded PostgreSQL in place of a SQLite file. Under xdist the first process makes
all of it and the workers inherit it.
"""

from __future__ import annotations

import atexit
import os
import secrets
import shutil

from tests.folders import make_folder

if "BREAKWATER_TEST_FOLDER" not in os.environ:
    folder = os.environ["BREAKWATER_TEST_FOLDER"] = str(make_folder("breakwater-tests-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    if os.environ.get("TEST_DATABASE", "sqlite") == "postgres":
        from tests import postgres

        os.environ["DATABASE_URL"] = postgres.start(folder).url

folder = os.environ["BREAKWATER_TEST_FOLDER"]
os.environ.setdefault("BREAKWATER_MODE", "test")
os.environ.setdefault("SECRET_KEY", secrets.token_urlsafe(48))
os.environ.setdefault("DATABASE_URL", f"sqlite:///{folder}/own.sqlite3")
os.environ.setdefault("TEST_DATABASE_FILE", f"{folder}/test.sqlite3")
process = os.environ.get("PYTEST_XDIST_WORKER", "main")
os.environ["INVENTORY_FILE"] = f"{folder}/{process}-inventory.yaml"
# Nothing listens there until a test asks for the fixture `valkey`.
os.environ["REDIS_URL"] = f"unix://{folder}/{process}.sock"

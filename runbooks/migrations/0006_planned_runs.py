from __future__ import annotations

from typing import ClassVar

from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations.state import StateApps

from runbooks.models import triggers


def install(apps: StateApps, editor: BaseDatabaseSchemaEditor) -> None:
    """SQLite makes a table anew where a constraint goes or comes, and its triggers are lost."""
    if editor.connection.vendor == "sqlite":
        triggers.add(editor, (found for found in triggers.triggers(differs="IS NOT") if found[1] == "run"))


def nothing(apps: StateApps, editor: BaseDatabaseSchemaEditor) -> None:
    return None


class Migration(migrations.Migration):
    # What is planned while nothing is broken is a live run of no incident: the service asks which runbook it is.
    dependencies: ClassVar = [("runbooks", "0005_beat_ahead")]
    operations: ClassVar = [
        migrations.RunPython(nothing, install),
        migrations.RemoveConstraint("run", "runbooks_live_has_incident"),
        migrations.RunPython(install, nothing),
    ]

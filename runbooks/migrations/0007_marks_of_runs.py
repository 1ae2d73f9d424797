from __future__ import annotations

from typing import ClassVar

import django.db.models.deletion
from django.db import migrations, models
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations.state import StateApps
from django.db.models import Q

from runbooks.models import triggers


def install(apps: StateApps, editor: BaseDatabaseSchemaEditor) -> None:
    """SQLite makes a table anew where a column changes, and its triggers are lost."""
    if editor.connection.vendor == "sqlite":
        triggers.add(editor, (found for found in triggers.triggers(differs="IS NOT") if found[1] == "mark"))


def nothing(apps: StateApps, editor: BaseDatabaseSchemaEditor) -> None:
    return None


class Migration(migrations.Migration):
    # A planned run and a drill keep a recovery clock too, and each mark names what it was read off.
    dependencies: ClassVar = [("runbooks", "0006_planned_runs")]
    operations: ClassVar = [
        migrations.RunPython(nothing, install),
        migrations.AlterField(
            "mark",
            "incident",
            models.ForeignKey(
                null=True, on_delete=django.db.models.deletion.PROTECT, related_name="marks", to="runbooks.incident"
            ),
        ),
        migrations.AddField(
            "mark",
            "run",
            models.ForeignKey(
                null=True, on_delete=django.db.models.deletion.PROTECT, related_name="marks", to="runbooks.run"
            ),
        ),
        migrations.AddField(
            "mark",
            "evidence",
            models.ForeignKey(
                null=True, on_delete=django.db.models.deletion.PROTECT, related_name="marks", to="runbooks.evidence"
            ),
        ),
        migrations.AddField("mark", "uncertainty_ms", models.PositiveIntegerField(default=0)),
        migrations.AlterField("mark", "subject", models.CharField(blank=True, max_length=300)),
        migrations.AlterField("mark", "source", models.TextField()),
        migrations.AddConstraint(
            "mark", models.UniqueConstraint(fields=["run", "name", "subject"], name="runbooks_mark_once_of_run")
        ),
        migrations.AddConstraint(
            "mark",
            models.CheckConstraint(
                condition=Q(incident__isnull=True, run__isnull=False) | Q(incident__isnull=False, run__isnull=True),
                name="runbooks_mark_of_one_clock",
            ),
        ),
        migrations.RunPython(install, nothing),
    ]

from __future__ import annotations

import django.db.models.deletion
from django.db import migrations, models
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations.state import StateApps

from runbooks.models import triggers


def install(apps: StateApps, editor: BaseDatabaseSchemaEditor) -> None:
    differs = "IS DISTINCT FROM" if editor.connection.vendor == "postgresql" else "IS NOT"
    triggers.add(editor, triggers.exception_triggers(differs=differs))


def remove(apps: StateApps, editor: BaseDatabaseSchemaEditor) -> None:
    triggers.drop(editor, triggers.exception_triggers(differs=""))


class Migration(migrations.Migration):
    dependencies = [
        ("people", "0002_break_glass"),
        ("runbooks", "0008_paper"),
    ]

    operations = [
        migrations.CreateModel(
            name="RecordedException",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("pair", models.CharField(max_length=100)),
                ("link", models.CharField(max_length=255)),
                ("operation", models.CharField(max_length=60)),
                ("why", models.TextField()),
                ("reference", models.CharField(max_length=200)),
                ("recorded_at", models.DateTimeField()),
                ("expires_at", models.DateTimeField()),
                ("revoked_at", models.DateTimeField(null=True)),
                ("revoked_why", models.TextField(blank=True)),
                (
                    "recorded_by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="people.person"
                    ),
                ),
                (
                    "revoked_by",
                    models.ForeignKey(
                        null=True, on_delete=django.db.models.deletion.PROTECT, related_name="+", to="people.person"
                    ),
                ),
            ],
            options={
                "ordering": ["-recorded_at", "-pk"],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("expires_at__gt", models.F("recorded_at"))), name="runbooks_exception_ends"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("revoked_at__isnull", True), ("revoked_by__isnull", True)),
                            models.Q(("revoked_at__isnull", False), ("revoked_by__isnull", False)),
                            _connector="OR",
                        ),
                        name="runbooks_exception_revoked",
                    ),
                ],
            },
        ),
        migrations.RunPython(install, remove),
    ]

from __future__ import annotations

from typing import ClassVar

import django.db.models.deletion
from django.db import migrations, models
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations.state import StateApps

from runbooks.models import triggers


def install(apps: StateApps, editor: BaseDatabaseSchemaEditor) -> None:
    differs = "IS DISTINCT FROM" if editor.connection.vendor == "postgresql" else "IS NOT"
    triggers.add(editor, triggers.stop_triggers(differs=differs))


def remove(apps: StateApps, editor: BaseDatabaseSchemaEditor) -> None:
    triggers.drop(editor, triggers.stop_triggers(differs=""))


class Migration(migrations.Migration):
    dependencies: ClassVar = [
        ("people", "0001_initial"),
        ("runbooks", "0002_triggers"),
    ]

    operations: ClassVar = [
        migrations.CreateModel(
            name="Stop",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("is_on", models.BooleanField(default=True)),
                ("set_at", models.DateTimeField()),
                ("reason", models.TextField(blank=True)),
                ("lifted_at", models.DateTimeField(null=True)),
                ("lifted_reason", models.TextField(blank=True)),
                (
                    "lifted_by",
                    models.ForeignKey(
                        null=True, on_delete=django.db.models.deletion.PROTECT, related_name="+", to="people.person"
                    ),
                ),
                (
                    "set_by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="people.person"
                    ),
                ),
            ],
            options={
                "ordering": ["-set_at", "-pk"],
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("is_on", True)), fields=("is_on",), name="runbooks_one_stop"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("is_on", True), ("lifted_at__isnull", True)),
                            models.Q(("is_on", False), ("lifted_at__isnull", False)),
                            _connector="OR",
                        ),
                        name="runbooks_stop_lifted",
                    ),
                ],
            },
        ),
        migrations.RunPython(install, remove),
    ]

from __future__ import annotations

from typing import ClassVar

from django.db import migrations, models
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations.state import StateApps

from audit import triggers


def install(apps: StateApps, editor: BaseDatabaseSchemaEditor) -> None:
    triggers.install_anchoring(editor)


def remove(apps: StateApps, editor: BaseDatabaseSchemaEditor) -> None:
    triggers.remove_anchoring(editor)


class Migration(migrations.Migration):
    dependencies: ClassVar = [("audit", "0002_triggers")]

    operations: ClassVar = [
        migrations.CreateModel(
            name="Checkpoint",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("size", models.BigIntegerField(db_index=True)),
                ("note", models.TextField()),
                ("key", models.CharField(max_length=200)),
                ("at", models.DateTimeField()),
                ("anchors", models.JSONField(default=list)),
            ],
        ),
        migrations.CreateModel(
            name="Refusal",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("at", models.DateTimeField()),
                ("said", models.TextField()),
            ],
        ),
        migrations.CreateModel(
            name="Acknowledgement",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("anchor", models.CharField(max_length=200)),
                ("at", models.DateTimeField()),
                ("error", models.TextField(blank=True)),
                ("checkpoint", models.ForeignKey(on_delete=models.PROTECT, to="audit.checkpoint")),
            ],
            options={"indexes": [models.Index(fields=["anchor", "id"], name="audit_ack_anchor")]},
        ),
        migrations.RunPython(install, remove),
    ]

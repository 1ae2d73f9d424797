from __future__ import annotations

import django.db.models.deletion
from django.db import migrations, models
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations.state import StateApps

from dashboard import triggers


def install(apps: StateApps, editor: BaseDatabaseSchemaEditor) -> None:
    triggers.install(editor)


def remove(apps: StateApps, editor: BaseDatabaseSchemaEditor) -> None:
    triggers.remove(editor)


class Migration(migrations.Migration):
    dependencies = [
        ("dashboard", "0005_dry_runs"),
        ("people", "0002_break_glass"),
    ]

    operations = [
        migrations.CreateModel(
            name="Attestation",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("pair", models.CharField(max_length=100)),
                ("client", models.CharField(max_length=100)),
                ("statement", models.CharField(max_length=20)),
                ("reply", models.CharField(max_length=20)),
                ("said", models.TextField()),
                ("given_at", models.DateTimeField()),
                ("expires_at", models.DateTimeField()),
                (
                    "given_by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="people.person"
                    ),
                ),
                (
                    "owner",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="people.person"
                    ),
                ),
            ],
            options={
                "ordering": ["-given_at", "-pk"],
                "indexes": [
                    models.Index(fields=["pair", "client", "statement", "given_at"], name="dashboard_attested")
                ],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("expires_at__gt", models.F("given_at"))), name="dashboard_attestation_ends"
                    )
                ],
            },
        ),
        migrations.RunPython(install, remove),
    ]

from __future__ import annotations

from django.db import migrations, models


class Migration(migrations.Migration):
    initial = True

    dependencies = []

    operations = [
        migrations.CreateModel(
            name="Event",
            fields=[
                ("seq", models.BigIntegerField(primary_key=True, serialize=False)),
                ("prev", models.CharField(max_length=64, unique=True)),
                ("hash", models.CharField(max_length=64, unique=True)),
                ("body", models.BinaryField()),
                ("at", models.DateTimeField(db_index=True)),
                ("kind", models.CharField(max_length=64)),
                ("source", models.CharField(max_length=100)),
                ("person", models.CharField(blank=True, max_length=36)),
                ("object", models.CharField(blank=True, max_length=200)),
                ("run", models.BigIntegerField(null=True)),
                ("step", models.BigIntegerField(null=True)),
            ],
            options={
                "ordering": ["seq"],
                "indexes": [
                    models.Index(fields=["kind", "seq"], name="audit_event_kind"),
                    models.Index(fields=["source", "seq"], name="audit_event_source"),
                    models.Index(fields=["person", "seq"], name="audit_event_person"),
                    models.Index(fields=["object", "seq"], name="audit_event_object"),
                    models.Index(fields=["run", "seq"], name="audit_event_run"),
                    models.Index(fields=["step", "seq"], name="audit_event_step"),
                ],
            },
        ),
        migrations.CreateModel(
            name="Head",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("seq", models.BigIntegerField()),
                ("hash", models.CharField(max_length=64)),
                ("installation", models.CharField(max_length=100)),
            ],
            options={
                "constraints": [models.CheckConstraint(condition=models.Q(("pk", 1)), name="audit_one_head")],
            },
        ),
        migrations.CreateModel(
            name="SideText",
            fields=[
                ("digest", models.CharField(max_length=64, primary_key=True, serialize=False)),
                ("salt", models.CharField(max_length=32)),
                ("what", models.CharField(choices=[("name", "Name"), ("reason", "Reason")], max_length=10)),
                ("person", models.CharField(blank=True, max_length=36)),
                ("text", models.TextField()),
            ],
            options={
                "indexes": [models.Index(fields=["what", "person"], name="audit_side_person")],
            },
        ),
    ]

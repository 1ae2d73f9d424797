from __future__ import annotations

from typing import ClassVar

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies: ClassVar = [
        ("dashboard", "0002_peaks"),
    ]

    operations: ClassVar = [
        migrations.CreateModel(
            name="CanaryState",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("pair", models.CharField(max_length=100)),
                ("side", models.CharField(max_length=100)),
                ("to", models.CharField(max_length=100)),
                ("topic", models.CharField(max_length=255)),
                ("mirror", models.CharField(max_length=255)),
                ("number", models.PositiveBigIntegerField(default=0)),
                ("tried_at", models.DateTimeField(null=True)),
                ("written_at", models.DateTimeField(null=True)),
                ("write_said", models.TextField(blank=True)),
                ("seen_at", models.DateTimeField(null=True)),
                ("read_at", models.DateTimeField(null=True)),
                ("read_said", models.TextField(blank=True)),
            ],
            options={
                "constraints": [models.UniqueConstraint(fields=("pair", "side"), name="dashboard_canary_once")],
            },
        ),
    ]

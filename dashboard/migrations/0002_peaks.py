from __future__ import annotations

from typing import ClassVar

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies: ClassVar = [("dashboard", "0001_initial")]
    operations: ClassVar = [migrations.AddField("reading", "peaks", models.JSONField(default=dict))]

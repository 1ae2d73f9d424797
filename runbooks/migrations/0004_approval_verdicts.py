from __future__ import annotations

from typing import ClassVar

from django.db import migrations, models


class Migration(migrations.Migration):
    # Null and without a default: SQLite would otherwise make the table anew, and its triggers would be lost.
    dependencies: ClassVar = [("runbooks", "0003_stop")]
    operations: ClassVar = [migrations.AddField("approval", "verdicts", models.JSONField(null=True))]

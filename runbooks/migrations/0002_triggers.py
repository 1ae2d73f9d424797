from __future__ import annotations

from typing import ClassVar

from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations.state import StateApps

from runbooks.models import triggers


def install(apps: StateApps, editor: BaseDatabaseSchemaEditor) -> None:
    triggers.install(editor)


def remove(apps: StateApps, editor: BaseDatabaseSchemaEditor) -> None:
    triggers.remove(editor)


class Migration(migrations.Migration):
    dependencies: ClassVar = [("runbooks", "0001_initial")]
    operations: ClassVar = [migrations.RunPython(install, remove)]

from __future__ import annotations

from django.apps import AppConfig
from django.db.models.signals import pre_migrate


class RunbooksConfig(AppConfig):
    name = "runbooks"

    def ready(self) -> None:
        from runbooks import migrating, trial

        trial.check()
        pre_migrate.connect(migrating.warn, sender=self, dispatch_uid="runs that are not over")

from __future__ import annotations

from django.apps import AppConfig
from django.db.models.signals import pre_migrate


class RunbooksConfig(AppConfig):
    name = "runbooks"

    def ready(self) -> None:
        from audit import pack
        from runbooks import migrating, trial
        from runbooks.services import evidence

        trial.check()
        pre_migrate.connect(migrating.warn, sender=self, dispatch_uid="runs that are not over")
        if evidence.texts not in pack.EVIDENCE:
            pack.EVIDENCE.append(evidence.texts)

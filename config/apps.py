"""Makes the project itself an application, so that its checks are found."""

from __future__ import annotations

from django.apps import AppConfig


class Wiring(AppConfig):
    name = "config"

    def ready(self) -> None:
        from audit.clock import now
        from clusters import clock
        from config import checks  # noqa: F401  (registers them)

        clock.use(now)  # what hosts share: how long something has been so is measured across them

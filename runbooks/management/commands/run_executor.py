"""`manage.py run_executor`: carries runs to their end, with a broker or without."""

from __future__ import annotations

import signal

from django.conf import settings
from django.core.management.base import BaseCommand
from django.utils.module_loading import import_string

from runbooks.executor import Executor


class Command(BaseCommand):
    help = "Does every step that no worker does, puts right what died, and polls where beat is silent. Needs no broker."

    def handle(self, *args: object, **options: object) -> None:
        executor = Executor({import_string(path): every_s for path, every_s in settings.EXECUTOR_CHORES.items()})
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: executor.stop())
        self.stdout.write("executor ready.")
        self.stdout.flush()
        executor.run()

"""The Celery application. Beat carries only polls; every step is found in the database if a message is lost."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from celery import Celery, signals

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")

app = Celery("breakwater")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()
POLL_EVERY = 2.0  # seconds; each side's own policy decides whether it is due
# A poll that waited longer than the next one is worth nothing: an hour without workers leaves no a queue to clear.
app.conf.beat_schedule = {
    "poll_all": {"task": "dashboard.tasks.poll_sides", "schedule": POLL_EVERY, "options": {"expires": 2 * POLL_EVERY}},
}


@signals.beat_init.connect(weak=False)
def show_life(sender: Any, **_: object) -> None:  # noqa: ANN401  (celery's own service, without types)
    """Whenever the broker has taken a poll of this beat, the file beside its schedule is touched: config.beat_alive."""
    alive = Path(f"{sender.schedule_filename}.alive")

    @signals.after_task_publish.connect(weak=False)
    def published(**_: object) -> None:
        alive.touch()

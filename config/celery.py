"""The Celery application. Beat carries only polls; every step is found in the database if a message is lost."""

from __future__ import annotations

import os

from celery import Celery

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")

app = Celery("breakwater")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()
POLL_EVERY = 2.0  # seconds; each side's own policy decides whether it is due
# A poll that waited longer than the next one is worth nothing: an hour without workers leaves no a queue to clear.
app.conf.beat_schedule = {
    "poll_all": {"task": "dashboard.tasks.poll_sides", "schedule": POLL_EVERY, "options": {"expires": 2 * POLL_EVERY}},
}

"""The control: a plain at-least-once task under the same troubles. Where it doubles nothing, the harness is blind.

It is what the documentation of Celery suggests for work that must not be lost: acknowledged late, given back when its
worker is lost, tried again after an error.
"""

from __future__ import annotations

import os
from pathlib import Path

import httpx
from celery import Celery

from runbooks import trial

app = Celery("naive", broker=os.environ["REDIS_URL"].replace("unix://", "redis+socket://", 1))
app.conf.update(
    task_acks_late=True,
    task_reject_on_worker_lost=True,
    task_ignore_result=True,
    task_default_queue="naive",
    worker_prefetch_multiplier=1,
    worker_hijack_root_logger=False,
    # What nobody has acknowledged within an hour is given out again, as found at a look once in a hundred seconds: here
    # a second each.
    broker_transport_options={
        "visibility_timeout": 1,
        "unacked_restore_interval": 1,
        "unacked_restore_throttle": 1,
        "socket_timeout": 1.0,
        "socket_connect_timeout": 1.0,
    },
    broker_connection_retry_on_startup=True,
)
RETRIES = {"max_retries": 3, "default_retry_delay": 0.2}


@app.task(name="naive.fail_over", autoretry_for=(Exception,), retry_kwargs=RETRIES, acks_late=True)
def fail_over(step: int, url: str, topics: list[str], done: str) -> None:
    for point in ("taken", "claimed", "intended"):
        trial.point(point, step)
    httpx.post(url, json={"mirror_topic_names": topics}, timeout=1.0, trust_env=False).raise_for_status()
    trial.point("sent", step)
    Path(done).touch()
    for point in ("recorded", "seen", "concluded"):
        trial.point(point, step)

"""What a refreshing page is told with each answer, 204 included: the server's time, and when sides were last read."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import TypeVar
from urllib.parse import quote

from django.http import HttpResponse

AS_SCRIPT = "!*'()"  # what encodeURIComponent leaves as it is, and quote would not
Answer = TypeVar("Answer", bound=HttpResponse)


def stamped(answer: Answer, now: datetime, read_at: Mapping[str, datetime]) -> Answer:
    """`read_at` by the name that ages in the page carry as `data-age-of`: `feed`, or `pair/side`."""
    answer["X-Server-Time"] = _milliseconds(now)
    answer["X-Read-At"] = " ".join(f"{quote(name, safe=AS_SCRIPT)}={_milliseconds(at)}" for name, at in read_at.items())
    answer["Cache-Control"] = "no-store"
    return answer


def _milliseconds(at: datetime) -> str:
    return str(int(at.timestamp() * 1000))

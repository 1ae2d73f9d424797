"""Answers that are not what a client hopes for: cut short, not JSON, redirected, endless, from the future."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from .http import Response

TRICKLE = 1.0  # seconds per byte


def _truncated(response: Response) -> Response:
    return replace(response, body=response.body[: len(response.body) // 2])


def _html(response: Response) -> Response:
    return Response(response.status, b"<html><body><h1>Welcome</h1></body></html>", "text/html")


def _redirect(response: Response) -> Response:
    return Response(302, headers=(("Location", "http://127.0.0.1:9/elsewhere"),))


def _trickle(response: Response) -> Response:
    return replace(response, seconds_per_byte=TRICKLE)


def _unknown_state(response: Response) -> Response:
    body = response.body.replace(b'"mirror_status":"ACTIVE"', b'"mirror_status":"DREAMING"')
    return replace(response, body=body)


KINDS: dict[str, Callable[[Response], Response]] = {
    "truncated": _truncated,
    "html": _html,
    "redirect": _redirect,
    "trickle": _trickle,
    "unknown-state": _unknown_state,
}

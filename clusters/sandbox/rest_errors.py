"""Errors as kafka-rest words them."""

from __future__ import annotations

from .http import Response, answer


def problem(status: int, message: str, *, code: int | None = None) -> Response:
    return answer({"error_code": status if code is None else code, "message": message}, status)


class Problem(Exception):
    """A view gives up with this answer."""

    def __init__(self, status: int, message: str, *, code: int | None = None) -> None:
        super().__init__(message)
        self.response = problem(status, message, code=code)

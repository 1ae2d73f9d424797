"""Frames of the Kafka protocol, on kafka-python's message schemas used from the server's end."""

from __future__ import annotations

import inspect
import struct
from typing import Any

from kafka.protocol import admin, consumer, metadata, producer

Message = Any  # generated at import from the protocol's JSON schemas: no static type exists

UNSUPPORTED_VERSION = 35
API_VERSIONS = 18
HEADER = struct.Struct(">hhi")

# API key → the highest version served. What is not here is answered with UNSUPPORTED_VERSION.
SERVED = {18: 3, 3: 12, 60: 0, 10: 3, 16: 5, 15: 5, 9: 7, 2: 7, 32: 4, 8: 7, 1: 11, 0: 8, 29: 1, 30: 1, 31: 1}


def _classes(suffix: str) -> dict[int, Message]:
    found: dict[int, Message] = {}
    for module in (metadata, admin, consumer, producer):
        for name, value in inspect.getmembers(module, inspect.isclass):
            key = getattr(value, "API_KEY", None)
            if name.endswith(suffix) and key in SERVED:
                found[key] = value
    return found


REQUESTS = _classes("Request")
RESPONSES = _classes("Response")


class NotServed(Exception):
    """A frame no real client would send after reading ApiVersions: an unknown call, or one that cannot be read."""


def read(frame: bytes) -> tuple[str, int, int, Message]:
    """(name of the call, version, correlation id, decoded request)."""
    try:
        return _read(frame)
    except (struct.error, ValueError, IndexError) as error:
        raise NotServed(f"a frame that cannot be read: {error}") from error


def _read(frame: bytes) -> tuple[str, int, int, Message]:
    key, version, correlation = HEADER.unpack(frame[: HEADER.size])
    if key == API_VERSIONS and version > SERVED[key]:
        return "TooNew", 0, correlation, None
    if key not in SERVED or version > SERVED[key]:
        raise NotServed(f"API key {key} version {version}")
    request = REQUESTS[key].decode(frame, version=version, header=True)
    return REQUESTS[key].__name__.removesuffix("Request"), version, correlation, request


def write(name: str, version: int, correlation: int, fields: dict[str, Any]) -> bytes:
    key = next(key for key, request in REQUESTS.items() if request.__name__ == f"{name}Request")
    response = RESPONSES[key](version=version, **fields)
    response.with_header(correlation_id=correlation)
    encoded: bytes = response.encode(framed=True, header=True)
    return encoded


def too_new(correlation: int) -> bytes:
    """ApiVersions in a version from the future is answered in version 0, which every client can read."""
    served = RESPONSES[API_VERSIONS].ApiVersion(api_key=API_VERSIONS, min_version=0, max_version=SERVED[API_VERSIONS])
    return write("ApiVersions", 0, correlation, {"error_code": UNSUPPORTED_VERSION, "api_keys": [served]})

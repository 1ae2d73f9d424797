"""Wiring. The Celery application is made with the project, so that every process publishes to the same broker."""

from __future__ import annotations

from config.celery import app as celery

__all__ = ["celery"]

"""Every address of the console."""

from __future__ import annotations

from django.urls import URLPattern, URLResolver, include, path

from config import health, metrics, shell

urlpatterns: list[URLPattern | URLResolver] = [
    path("healthz", health.healthz, name="healthz"),
    path("readyz", health.readyz, name="readyz"),
    path("metrics", metrics.metrics, name="metrics"),
    path("shell", shell.refresh, name="shell"),
    path("", include("dashboard.urls")),
    path("people/", include("people.urls")),
    path("audit/", include("audit.urls")),
    path("", include("runbooks.urls")),
]

"""Django as small as it goes, on the same database and broker."""

from __future__ import annotations

import os

from config.database import from_url

SECRET_KEY = os.environ["SECRET_KEY"]
ALLOWED_HOSTS = ["127.0.0.1"]
ROOT_URLCONF = "tests.bench.floor.app"
DATABASES = {"default": from_url(os.environ["DATABASE_URL"])}
MIDDLEWARE = ["django.middleware.gzip.GZipMiddleware"]
INSTALLED_APPS: list[str] = []
USE_TZ = True
TEMPLATES = [{"BACKEND": "django.template.backends.django.DjangoTemplates"}]

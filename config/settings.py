"""All settings, from the environment alone. `BREAKWATER_MODE` is production unless it says otherwise."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from csp.constants import NONCE, SELF
from django.core.exceptions import ImproperlyConfigured

from config import database
from config import environment as env

BASE_DIR = Path(__file__).resolve().parent.parent

MODE = env.text("BREAKWATER_MODE", "production")
if MODE not in {"production", "demo", "test"}:
    raise ImproperlyConfigured(f"BREAKWATER_MODE is {MODE!r}; say production, demo or test")
PRODUCTION = MODE == "production"
DEBUG = False

SECRET_KEY = env.text("SECRET_KEY")
if not SECRET_KEY:
    raise ImproperlyConfigured(
        "SECRET_KEY is not set; make one with `openssl rand -base64 48` and give it as SECRET_KEY or SECRET_KEY_FILE"
    )
if PRODUCTION and (len(SECRET_KEY) < 50 or len(set(SECRET_KEY)) < 10):
    raise ImproperlyConfigured(
        f"SECRET_KEY is too easy to guess ({len(SECRET_KEY)} characters; 50 are needed, of many kinds); make one with "
        "`openssl rand -base64 48`"
    )
ALLOWED_HOSTS = env.names("ALLOWED_HOSTS") or ([] if PRODUCTION else ["127.0.0.1", "localhost", "[::1]", "testserver"])
if not ALLOWED_HOSTS or "*" in ALLOWED_HOSTS:
    raise ImproperlyConfigured("ALLOWED_HOSTS must name the console's host names, comma separated; * is not accepted")
CSRF_TRUSTED_ORIGINS = env.names("CSRF_TRUSTED_ORIGINS")

INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "servestatic.runserver_nostatic",
    "django.contrib.staticfiles",
    "django_htmx",
    "csp",
    "config.apps.Wiring",
    "audit",
    "people",
    "dashboard",
    "runbooks",
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "servestatic.middleware.ServeStaticMiddleware",
    # Pages only, static files are compressed by the layer above. It pads each answer by a random length, and CSRF
    # tokens are masked anew each time, so that lengths tell nothing of a secret (BREACH).
    "django.middleware.gzip.GZipMiddleware",
    "csp.middleware.CSPMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "people.door.SignInFirst",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "config.direction.show_turning",
    "config.one_inventory.look_by_one",
]

ROOT_URLCONF = "config.urls"
ASGI_APPLICATION = "config.asgi.application"

TEMPLATES: list[dict[str, Any]] = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "config.context.shell",
            ],
        },
    },
]

DATABASES: dict[str, Any] = {
    "default": database.from_url(
        env.text("DATABASE_URL"), password=env.text("DATABASE_PASSWORD"), test_file=env.text("TEST_DATABASE_FILE")
    )
}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

AUTH_USER_MODEL = "people.Account"
AUTHENTICATION_BACKENDS = ["people.backends.PersonBackend"]
LOGIN_URL = "people:sign-in"
LOGIN_REDIRECT_URL = "dashboard:overview"
LOGOUT_REDIRECT_URL = "people:sign-in"
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 12}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
SESSION_COOKIE_AGE = 12 * 60 * 60
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
CSRF_COOKIE_HTTPONLY = True
PASSWORD_RESET_TIMEOUT = 24 * 60 * 60

SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = SECURE_SSL_REDIRECT = PRODUCTION
if PRODUCTION:
    SESSION_COOKIE_NAME, CSRF_COOKIE_NAME = "__Host-session", "__Host-csrf"
    SECURE_HSTS_SECONDS = 365 * 24 * 60 * 60
    SECURE_HSTS_INCLUDE_SUBDOMAINS = SECURE_HSTS_PRELOAD = True
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
    SECURE_REDIRECT_EXEMPT = [r"^healthz$", r"^readyz$"]
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": ["'none'"],
        "script-src": [SELF, NONCE],
        "style-src": [SELF],
        "img-src": [SELF],
        "font-src": [SELF],
        "connect-src": [SELF],
        "form-action": [SELF],
        "base-uri": ["'none'"],
        "frame-ancestors": ["'none'"],
    }
}

STATIC_URL = "static/"
STATICFILES_DIRS = [BASE_DIR / "static"]
STATIC_ROOT = Path(env.text("STATIC_ROOT", str(BASE_DIR / "build" / "static")))
SERVESTATIC_USE_FINDERS = not PRODUCTION
if PRODUCTION:
    STORAGES = {
        "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
        "staticfiles": {"BACKEND": "servestatic.storage.CompressedManifestStaticFilesStorage"},
    }

LANGUAGE_CODE = "en-gb"
TIME_ZONE = "UTC"
USE_TZ = True
USE_I18N = True

# Celery is a doorbell: JSON only, no result backend, no retries, nothing load-bearing (README, How it works).
INSTALLATION = env.text("INSTALLATION", "breakwater")
REDIS_URL = env.text("REDIS_URL", "redis://127.0.0.1:6379/0")
_SOCKET = {"socket_timeout": 1.0, "socket_connect_timeout": 1.0}
# redis-py says unix://PATH where kombu says redis+socket://PATH.
CELERY_BROKER_URL = REDIS_URL.replace("unix://", "redis+socket://", 1)
CELERY_BROKER_TRANSPORT_OPTIONS = {
    **_SOCKET,
    "global_keyprefix": f"{INSTALLATION}:",
    "visibility_timeout": 3600,
    "retry_policy": {"max_retries": 0},
}
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_BROKER_CONNECTION_MAX_RETRIES = None
CELERY_TASK_PUBLISH_RETRY = False
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_ACKS_LATE = False
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_TASK_SERIALIZER = "json"
CELERY_ACCEPT_CONTENT = ["json"]
CELERY_ACT_QUEUE, CELERY_OBSERVE_QUEUE = f"{INSTALLATION}.act", f"{INSTALLATION}.observe"
CELERY_TASK_DEFAULT_QUEUE = CELERY_OBSERVE_QUEUE
CELERY_TASK_CREATE_MISSING_QUEUES = True
CELERY_TASK_ROUTES = {
    "runbooks.tasks.advance_step": {"queue": CELERY_ACT_QUEUE},
    "runbooks.tasks.*": {"queue": CELERY_OBSERVE_QUEUE},
    "dashboard.tasks.*": {"queue": CELERY_OBSERVE_QUEUE},
}
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
# What `run_executor` does at each sweep beside steps, so that looking goes on without beat and workers.
# Each with the seconds from one time to the next.
EXECUTOR_CHORES = {
    "config.chores.polls_left_undone": 1.0,
    "config.chores.papers_left_unwritten": 60.0,  # asks whether sheets have to be written anew
    "config.chores.readiness_due": 5.0,
}
# Where every runbook lies as paper, for the day on which this console is gone too; empty: nowhere.
PAPER_FOLDER = env.text("PAPER_FOLDER")

# Processes with it look, sign people in, and change nothing else (people.rights, runbooks.perform).
READ_ONLY = env.switch("READ_ONLY")

# What scrapers of /metrics send as their bearer token; without it only who is signed in sees them.
METRICS_TOKEN = env.text("METRICS_TOKEN")
if METRICS_TOKEN and len(METRICS_TOKEN) < 20:
    raise ImproperlyConfigured("METRICS_TOKEN is shorter than 20 characters: make one with `openssl rand -base64 24`")

# The anchor process alone holds the key that signs heads of the record (docs/audit.md); others refuse to know where.
ANCHOR_KEY_FILE = env.for_commands("ANCHOR_KEY_FILE", {"run_anchor", "anchor_key"})
ANCHOR_FOLDER = env.text("ANCHOR_FOLDER") or str(Path(ANCHOR_KEY_FILE).parent)
ANCHORS = env.names("ANCHORS")

INVENTORY_FILE = Path(env.text("INVENTORY_FILE", str(BASE_DIR / "inventory.yaml")))
# One file with the demo people's sign-in tokens; set by the demo alone, refused in production.
DEMO_SIGN_IN_FILE = env.text("DEMO_SIGN_IN_FILE")
if DEMO_SIGN_IN_FILE and MODE != "demo":
    raise ImproperlyConfigured(
        "DEMO_SIGN_IN_FILE is set, but BREAKWATER_MODE is not demo: sign-in links exist in the demo alone"
    )

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"format": "{asctime} {levelname} {name}: {message}", "style": "{"}},
    "handlers": {
        "stderr": {"class": "logging.StreamHandler", "formatter": "line"},
        "nothing": {"class": "logging.NullHandler"},
    },
    "loggers": {
        # Whoever scans the internet for hosts would fill the log with tracebacks; they get their 400.
        "django.security.DisallowedHost": {"handlers": ["nothing"], "propagate": False},
        # A line for each poll and each request of it would bury the lines that matter.
        **{name: {"level": "WARNING"} for name in ("httpx", "celery.app.trace", "celery.worker.strategy")},
    },
    "root": {"handlers": ["stderr"], "level": env.text("LOG_LEVEL", "INFO" if PRODUCTION else "WARNING")},
}

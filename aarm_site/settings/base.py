"""What every shape of the product shares. Nothing here decides whether an action may run."""

from __future__ import annotations

from typing import Any

import dj_database_url
from csp.constants import NONE, SELF

from aarm_site.settings.env import ROOT, read_environment
from aarm_site.settings.signin import *  # noqa: F403
from aarm_site.settings.signin import ALLAUTH_APPS

ENV = read_environment()
BASE_DIR = ROOT
DEBUG = False
SECRET_KEY = ENV.secret_key
SECRET_KEY_FALLBACKS = ENV.old_secret_keys
ROOT_URLCONF = "aarm_site.urls_decide" if ENV.tier == "decide" else "aarm_site.urls"
ASGI_APPLICATION = "aarm_site.asgi.application"
WSGI_APPLICATION = "aarm_site.wsgi.application"
AUTH_USER_MODEL = "approvals.User"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
USE_TZ = True
TIME_ZONE = "UTC"
LANGUAGE_CODE = "en"
APPEND_SLASH = False

INSTALLED_APPS = [
    # First, so that our `migrate`, which knows two database roles, wins over Django's.
    "aarm_site",
    "servestatic.runserver_nostatic",
    "aarm_site.admin_config.RecordingAdminConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    *ALLAUTH_APPS,
    "channels",
    "rest_framework",
    "drf_spectacular",
    "csp",
    "receipts",
    "approvals",
    "decisions",
]

MIDDLEWARE = [
    "aarm_site.middleware.RequestContextMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "servestatic.middleware.ServeStaticMiddleware",
    "csp.middleware.CSPMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "aarm_site.durable_answers.durable_answers_middleware",
    "aarm_site.gate.gate_middleware",
]
if ENV.tier == "decide":
    # Agents bring a key and get JSON: no cookie, form or page has to be looked after, and what is absent costs nothing.
    MIDDLEWARE = [
        "aarm_site.middleware.RequestContextMiddleware",
        "django.middleware.security.SecurityMiddleware",
        "django.middleware.common.CommonMiddleware",
        "aarm_site.durable_answers.durable_answers_middleware",
        "aarm_site.gate.gate_middleware",
    ]

TEMPLATES: list[dict[str, Any]] = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [ROOT / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "aarm_site.context_processors.page",
            ],
        },
    },
]


def database(url: str) -> dict[str, Any]:
    """Django's database entry for `url`; an empty one means SQLite in the data folder."""
    if url:
        return dict(dj_database_url.parse(url))
    return {
        "ENGINE": "django.db.backends.sqlite3",
        "NAME": str(ENV.data_dir / "aarm.sqlite3"),
        "OPTIONS": {
            # A transaction takes the write lock at its start, so that what it read can't change under it.
            "transaction_mode": "IMMEDIATE",
            "timeout": 20,
            # FULL: an answered receipt survives the loss of power, not only of the process.
            # With recursive triggers REPLACE meets the guard against DELETE too.
            "init_command": (
                "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; "
                "PRAGMA foreign_keys=ON; PRAGMA recursive_triggers=ON;"
            ),
        },
    }


DATABASES: dict[str, dict[str, Any]] = {"default": database(ENV.database_url)}

AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 12}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]

STATIC_URL = "/static/"
STATIC_ROOT = ENV.data_dir / "static"
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
}
# Static files are served from the apps' folders: nothing has to be collected before the first start.
SERVESTATIC_USE_FINDERS = True

if ENV.redis_url:
    CHANNEL_LAYERS: dict[str, dict[str, Any]] = {
        "default": {
            "BACKEND": "channels_redis.core.RedisChannelLayer",
            # redis-py closes a socket that idles for five seconds unless it is told otherwise.
            "CONFIG": {"hosts": [{"address": ENV.redis_url, "socket_timeout": 30}], "capacity": 1500},
        }
    }
    CELERY_BROKER_URL = ENV.redis_url
else:
    CHANNEL_LAYERS = {"default": {"BACKEND": "channels.layers.InMemoryChannelLayer"}}
    CELERY_BROKER_URL = "memory://"
    CELERY_BROKER_TRANSPORT_OPTIONS = {"polling_interval": 0.005}
CELERY_TASK_IGNORE_RESULT = True
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_TIMEZONE = "UTC"
CELERY_BEAT_SCHEDULE: dict[str, dict[str, Any]] = {
    # Deadlines are rows; they only look for what is due, so a missed or doubled tick changes nothing.
    "expire-approvals": {"task": "approvals.tasks.expire_approvals", "schedule": 1.0},
    "run-timers": {"task": "approvals.tasks.run_timers", "schedule": 1.0},
    "expire-deferrals": {"task": "decisions.tasks.expire_deferrals", "schedule": 1.0},
    "sweep-pauses": {"task": "decisions.tasks.sweep_pauses", "schedule": 1.0},
    "break-circuits": {"task": "decisions.tasks.break_circuits", "schedule": 5.0},
    "relay-outbox": {"task": "approvals.tasks.relay_outbox", "schedule": 1.0},
    "keep-log": {"task": "receipts.tasks.keep_log", "schedule": 0.5},
    "publish-checkpoints": {"task": "receipts.tasks.publish_checkpoints", "schedule": 2.0},
    "end-sessions": {"task": "decisions.tasks.end_sessions", "schedule": 30.0},
    "end-leases": {"task": "decisions.tasks.end_leases", "schedule": 5.0},
    "watch-sessions": {"task": "decisions.tasks.watch_sessions", "schedule": 5.0},
    "watch-log": {"task": "receipts.tasks.watch_log", "schedule": 10.0},
    "write-exports": {"task": "receipts.tasks.write_exports", "schedule": 2.0},
    "end-retention": {"task": "receipts.tasks.end_retention", "schedule": 3600.0},
    "forget-answers": {"task": "decisions.tasks.forget_answers", "schedule": 60.0},
    "forget-exports": {"task": "receipts.tasks.forget_exports", "schedule": 3600.0},
}
for _tick in CELERY_BEAT_SCHEDULE.values():
    # The next tick makes good one that came late. Ten seconds at least: the clocks of two hosts differ.
    _tick["options"] = {"expires": max(_tick["schedule"], 10.0)}

REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": [
        "decisions.api.authentication.KeyAuthentication",
        "approvals.api.authentication.UserAuthentication",
    ],
    # A view that names no callers serves nobody.
    "DEFAULT_PERMISSION_CLASSES": ["receipts.access.CallerPermission"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": [],
    "DEFAULT_SCHEMA_CLASS": "aarm_site.openapi.DoorSchema",
    "EXCEPTION_HANDLER": "aarm_site.errors.problem_response",
    "UNAUTHENTICATED_USER": None,
}
SPECTACULAR_SETTINGS = {
    "TITLE": "AARM Site",
    "VERSION": "0.1.0",
    "OAS_VERSION": "3.1.0",
    "DESCRIPTION": "An agent asks, a human answers, a receipt proves it.",
    "SERVE_INCLUDE_SCHEMA": False,
    "PREPROCESSING_HOOKS": ["aarm_site.openapi.without_aliases"],
    "POSTPROCESSING_HOOKS": ["aarm_site.openapi.complete"],
}

CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "script-src": [SELF],
        "style-src": [SELF],
        "img-src": [SELF],
        "connect-src": [SELF],
        "font-src": [SELF],
        "form-action": [SELF],
        "base-uri": [NONE],
        "frame-ancestors": [NONE],
    }
}
X_FRAME_OPTIONS = "DENY"
# SQLite leaves out what indexes carry along; its databases are small.
SILENCED_SYSTEM_CHECKS = ["models.W040"]
SECURE_REFERRER_POLICY = "same-origin"
SECURE_CROSS_ORIGIN_OPENER_POLICY = "same-origin"
SECURE_CONTENT_TYPE_NOSNIFF = True
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
CSRF_COOKIE_SAMESITE = "Strict"
CSRF_FAILURE_VIEW = "aarm_site.errors.csrf_failure"
DATA_UPLOAD_MAX_MEMORY_SIZE = ENV.max_body_bytes
# Any server header that a client may set is ignored; a proxy is named in the environment, not guessed.
USE_X_FORWARDED_HOST = False

AARM_BASE_URL = ENV.own_base_url
# The demo's people have passwords that were printed; only settings that can't be production's allow them.
AARM_MAY_SEED_DEMO = False
AARM_DEPLOYMENT = ENV.deployment
AARM_ENVIRONMENT = ENV.environment
AARM_DATA_DIR = ENV.data_dir
AARM_EXPORT_DIR = ENV.export_dir or ENV.data_dir / "exports"
AARM_SIGNING_KEY_PATH = ENV.signing_key_path
AARM_PAYLOAD_KEY_PATH = ENV.payload_key_path
AARM_PAYLOAD_RETENTION_MONTHS = ENV.payload_retention_months
AARM_DENIED_RETENTION_MONTHS = ENV.denied_retention_months
AARM_SIGNER = ENV.signer
AARM_SIGNER_PASSPHRASE = ENV.signer_passphrase
AARM_MAX_BODY_BYTES = ENV.max_body_bytes
AARM_CLAIM_LEASE_SECONDS = ENV.claim_lease_seconds
AARM_CLAIM_WINDOW_SECONDS = ENV.claim_window_seconds
AARM_HOLD_SECONDS = ENV.hold_seconds
AARM_TURNED_DOWN_LIMIT = ENV.turned_down_limit
AARM_TURNED_DOWN_SECONDS = ENV.turned_down_seconds
AARM_WAITING_PER_SESSION = ENV.waiting_per_session
AARM_WAITING_PER_AGENT = ENV.waiting_per_agent
AARM_DENIALS_IN_A_ROW = ENV.denials_in_a_row
AARM_DENIALS_IN_SESSION = ENV.denials_in_session
AARM_SESSION_DEPTH = ENV.session_depth
AARM_SESSION_CHILDREN = ENV.session_children
AARM_SESSION_IDLE_SECONDS = ENV.session_idle_seconds
AARM_TAINT_CARRY_SECONDS = ENV.taint_carry_seconds
AARM_DRIFT_THRESHOLD = ENV.drift_threshold
AARM_DELEGATION_HOPS = ENV.delegation_hops
AARM_DELEGATION_FAN_OUT = ENV.delegation_fan_out
AARM_INTROSPECTION_SECRETS = ENV.introspection_secrets
AARM_POLICY_FOUR_EYES = ENV.policy_four_eyes
AARM_CHECKPOINT_SECONDS = ENV.checkpoint_seconds
AARM_CHECKPOINT_IDLE_SECONDS = ENV.checkpoint_idle_seconds
AARM_CHECKPOINT_SINKS = ENV.checkpoint_sinks
AARM_LOG_CHECK_RECEIPTS = ENV.log_check_receipts
AARM_CONTEXT_CHECK_ENTRIES = ENV.context_check_entries
AARM_MIGRATION_DATABASE_URL = ENV.migration_database_url
AARM_IS_EMBEDDED = ENV.is_embedded
AARM_TIER = ENV.tier

LOGGING_CONFIG = "aarm_site.logs.configure_logging"
LOGGING = {"level": "INFO"}

"""Structured logs: one JSON object a line on standard error, and never a value that a caller sent (API-20, API-21).

Three rules make that hold. Our own events keep only fields whose names are listed here. Lines of libraries keep the
template of the message and lose its arguments. An exception is its type and where the code stood, never what it said.
"""

from __future__ import annotations

import logging
import logging.config
import sys
import traceback
from collections.abc import Iterator, Mapping, MutableMapping
from typing import Any

import structlog

Event = MutableMapping[str, Any]

FIELDS = frozenset({
    "at", "caller", "check", "code", "duration_ms", "error", "event", "exception", "level", "logger", "method", "part",
    "route", "state", "status", "task", "timestamp",
})  # fmt: skip
SUFFIXES = ("_at", "_code", "_count", "_digest", "_id", "_kind", "_ms", "_seconds", "_state")
MAX_TEXT = 200
MAX_FRAMES = 8
MAX_CAUSES = 4

# What these say at lower levels is in our access line already, or holds a raw path, a query or a task's arguments.
QUIET: Mapping[str, str] = {
    "asyncio": "WARNING",
    "celery": "WARNING",
    "celery.app.trace": "CRITICAL",
    "celery.worker.strategy": "WARNING",
    "daphne": "WARNING",
    "django": "WARNING",
    "gunicorn.access": "CRITICAL",
    "gunicorn.error": "ERROR",
    "httpx": "WARNING",
    "kombu": "WARNING",
    "kombu.connection": "ERROR",
    "uvicorn": "WARNING",
    "uvicorn.access": "CRITICAL",
    "uvicorn.error": "WARNING",
}
# Django's line for an answer ≥ 400 holds the raw path, and a sign-in link's token is part of one.
SILENT = ("django.request", "django.server", "django.security")


def is_loggable(name: str) -> bool:
    """Whether a field of this name is written."""
    return name in FIELDS or name.startswith("_") or name.endswith(SUFFIXES)


def _plain(value: Any) -> Any:
    if isinstance(value, str):
        return value[:MAX_TEXT]
    return value if value is None or isinstance(value, bool | int | float) else type(value).__name__


def _shown(name: str, value: Any) -> Any:
    # `exception` was made by `described` and holds code places only; names with an underscore are structlog's own.
    return value if name == "exception" or name.startswith("_") else _plain(value)


def keep_listed_fields(logger: Any, method: str, event: Event) -> Event:
    """Drops every field whose name isn't listed, and says which: a value that isn't logged can't leak."""
    kept: Event = {name: _shown(name, value) for name, value in event.items() if is_loggable(name)}
    dropped = sorted(set(event) - set(kept))
    if dropped:
        kept["dropped"] = dropped
    return kept


def keep_template(logger: Any, method: str, event: Event) -> Event:
    """A library's message without its arguments; what isn't a text template is named by its type."""
    record = event["_record"]
    event["event"] = record.msg[:MAX_TEXT] if isinstance(record.msg, str) else type(record.msg).__name__
    event["at"] = f"{record.module}:{record.lineno}"
    return event


def _causes(error: BaseException) -> Iterator[BaseException]:
    following: BaseException | None = error
    for _ in range(MAX_CAUSES):
        if following is None:
            return
        yield following
        following = following.__cause__ or following.__context__


def _place(frame: Any, line: int) -> str:
    return f"{frame.f_globals.get('__name__', '?')}:{line} {frame.f_code.co_name}"


def described(error: BaseException) -> list[dict[str, Any]]:
    """The exception and its causes, outermost first, as `{type, at: [module:line function, …]}`."""
    return [
        {
            "type": f"{type(cause).__module__}.{type(cause).__qualname__}",
            "at": [_place(frame, line) for frame, line in traceback.walk_tb(cause.__traceback__)][-MAX_FRAMES:],
        }
        for cause in _causes(error)
    ]


def place_exception(logger: Any, method: str, event: Event) -> Event:
    """Replaces `exc_info` by where it happened."""
    given = event.pop("exc_info", None)
    if not given:
        return event
    error = given if isinstance(given, BaseException) else (given if isinstance(given, tuple) else sys.exc_info())[1]
    if isinstance(error, BaseException):
        event["exception"] = described(error)
    return event


SHARED: list[Any] = [
    structlog.contextvars.merge_contextvars,
    structlog.stdlib.add_log_level,
    structlog.stdlib.add_logger_name,
    structlog.processors.TimeStamper(fmt="iso", utc=True),
    place_exception,
]


def line_formatter() -> logging.Formatter:
    """Every record as one line of ASCII JSON, in which line ends and terminal controls are escaped."""
    return structlog.stdlib.ProcessorFormatter(
        foreign_pre_chain=[keep_template, *SHARED],
        processors=[
            keep_listed_fields,
            structlog.stdlib.ProcessorFormatter.remove_processors_meta,
            structlog.processors.JSONRenderer(ensure_ascii=True, sort_keys=True),
        ],
        use_get_message=False,
    )


def logging_settings(level: str = "INFO") -> dict[str, Any]:
    """The configuration in the form of `logging.config`, for Django and for gunicorn's own process alike."""
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {"line": {"()": line_formatter}},
        "handlers": {
            "stderr": {"class": "logging.StreamHandler", "formatter": "line", "stream": "ext://sys.stderr"},
            "nowhere": {"class": "logging.NullHandler"},
        },
        "root": {"level": level, "handlers": ["stderr"]},
        "loggers": {
            **{name: {"level": least, "handlers": [], "propagate": True} for name, least in QUIET.items()},
            **{name: {"handlers": ["nowhere"], "propagate": False} for name in SILENT},
        },
    }


def configure_logging(config: Mapping[str, Any]) -> None:
    """Django's `LOGGING_CONFIG`; `config` is `{"level": "INFO"}`."""
    # A record that can't be formatted would otherwise be printed whole, arguments included.
    logging.raiseExceptions = False
    logging.config.dictConfig(logging_settings(config["level"]))
    logging.captureWarnings(True)
    structlog.configure(
        processors=[structlog.stdlib.filter_by_level, *SHARED, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        wrapper_class=structlog.stdlib.BoundLogger,
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=True,
    )

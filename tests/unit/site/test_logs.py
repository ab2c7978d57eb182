"""A log line is one line of JSON, and nothing that a caller sent is in it."""

from __future__ import annotations

import io
import json
import logging
from collections.abc import Iterator
from typing import Any

import pytest
import structlog

from aarm_site.logs import MAX_CAUSES, SHARED, configure_logging, line_formatter, logging_settings

CANARY = "canary-4111111111111111"


class Lines:
    """What a handler of ours wrote."""

    def __init__(self) -> None:
        self.stream = io.StringIO()
        self.handler = logging.StreamHandler(self.stream)
        self.handler.setFormatter(line_formatter())

    def raw(self) -> list[str]:
        return self.stream.getvalue().splitlines()

    def last(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(self.raw()[-1])
        return found


@pytest.fixture
def lines() -> Iterator[Lines]:
    written = Lines()
    root = logging.getLogger()
    before = root.level
    structlog.contextvars.clear_contextvars()
    root.addHandler(written.handler)
    root.setLevel(logging.INFO)
    yield written
    root.removeHandler(written.handler)
    root.setLevel(before)


@pytest.fixture
def own(lines: Lines) -> Any:
    return structlog.wrap_logger(
        logging.getLogger("aarm.tests"),
        processors=[*SHARED, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        wrapper_class=structlog.stdlib.BoundLogger,
    )


def test_an_own_event_is_one_line_of_json_with_its_level_and_time(own: Any, lines: Lines) -> None:
    own.info("request", status=200, caller="agent")
    assert lines.last() | {"timestamp": ""} == {
        "caller": "agent", "event": "request", "level": "info", "logger": "aarm.tests", "status": 200, "timestamp": "",
    }  # fmt: skip


HOSTILE = ("a\r\nb", "\x1b[31mred", '{"event": "forged"}', "\u2028", "\u202e", "\x00", "\x85")


@pytest.mark.case("API-20")
@pytest.mark.parametrize("hostile", HOSTILE)
def test_control_characters_in_a_logged_field_never_begin_a_second_line(own: Any, lines: Lines, hostile: str) -> None:
    own.info("control", code="harmless")
    own.info("attack", code=hostile)
    assert [json.loads(line)["event"] for line in lines.raw()] == ["control", "attack"]
    assert lines.last()["code"] == hostile
    assert all(" " <= character <= "~" for character in lines.raw()[-1])


def test_a_field_that_is_not_listed_is_dropped_and_named(own: Any, lines: Lines) -> None:
    own.info("decided", parameters={"to": CANARY}, decision_id="dec_1")
    assert CANARY not in lines.raw()[-1]
    assert lines.last()["dropped"] == ["parameters"]
    assert lines.last()["decision_id"] == "dec_1"


def test_a_listed_field_that_holds_no_plain_value_is_reduced_to_its_type(own: Any, lines: Lines) -> None:
    own.info("decided", code={"to": CANARY}, status=[CANARY])
    assert (lines.last()["code"], lines.last()["status"]) == ("dict", "list")


def test_a_listed_text_is_cut(own: Any, lines: Lines) -> None:
    own.info("decided", code="x" * 10_000)
    assert len(lines.last()["code"]) == 200


def test_a_library_line_keeps_its_template_and_loses_its_arguments(lines: Lines) -> None:
    logging.getLogger("some.library").warning("cannot send %s", CANARY)
    assert lines.last()["event"] == "cannot send %s"
    assert lines.last()["at"].startswith("test_logs:")
    assert CANARY not in lines.raw()[-1]


def test_a_library_that_logs_an_exception_object_says_its_type_only(lines: Lines) -> None:
    logging.getLogger("some.library").error(ValueError(CANARY))
    assert lines.last()["event"] == "ValueError"


def test_a_library_line_with_mismatched_arguments_is_still_a_line() -> None:
    record = logging.LogRecord("some.library", logging.WARNING, __file__, 1, "one %s two %s", (CANARY,), None)
    assert json.loads(line_formatter().format(record))["event"] == "one %s two %s"


def _fails() -> None:
    try:
        raise KeyError(CANARY)
    except KeyError as error:
        raise RuntimeError(f"while sending to {CANARY}") from error


@pytest.mark.case("API-21")
def test_an_exception_is_its_type_and_place_and_never_its_text_or_locals(own: Any, lines: Lines) -> None:
    secret_local = CANARY
    try:
        _fails()
    except RuntimeError:
        own.exception("request_failed")
        logging.getLogger("some.library").exception("it failed for %s", secret_local)
    for line in lines.raw():
        assert CANARY not in line
        outer, cause = json.loads(line)["exception"]
        assert (outer["type"], cause["type"]) == ("builtins.RuntimeError", "builtins.KeyError")
        assert outer["at"][-1].endswith(" _fails")


def test_an_exception_given_as_a_value_is_described_too(own: Any, lines: Lines) -> None:
    own.error("task_failed", exc_info=ValueError(CANARY))
    assert lines.last()["exception"] == [{"type": "builtins.ValueError", "at": []}]


def test_exc_info_outside_an_exception_adds_nothing(own: Any, lines: Lines) -> None:
    own.error("task_failed", exc_info=True)
    assert "exception" not in lines.last()


def test_a_long_chain_of_causes_is_cut(own: Any, lines: Lines) -> None:
    error = ValueError()
    for _ in range(20):
        following = ValueError()
        following.__cause__ = error
        error = following
    own.error("task_failed", exc_info=error)
    assert len(lines.last()["exception"]) == MAX_CAUSES


def test_loggers_whose_lines_hold_raw_paths_are_silent() -> None:
    loggers = logging_settings()["loggers"]
    for name in ("django.request", "django.server", "django.security"):
        assert loggers[name] == {"handlers": ["nowhere"], "propagate": False}


def test_the_configuration_reaches_own_events(capsys: pytest.CaptureFixture[str]) -> None:
    root = logging.getLogger()
    before, level = list(root.handlers), root.level
    try:
        configure_logging({"level": "INFO"})
        structlog.get_logger("aarm.configured").info("request", status=204)
        assert json.loads(capsys.readouterr().err)["status"] == 204
    finally:
        root.handlers[:] = before
        root.setLevel(level)
        logging.captureWarnings(False)

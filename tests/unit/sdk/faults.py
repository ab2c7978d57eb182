"""Ways in which an answer can be wrong, lost or somebody else's."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from tests.unit.sdk.contract_server import Answer, Body, Fault, Wire, problem_answer


def status(code: int, content: bytes = b"", **headers: str) -> Fault:
    """Another status, with a body of one's own."""
    return lambda wire, _answer: wire.send(
        code, content, headers={name.replace("_", "-"): headers[name] for name in headers}
    )


def problem(code: int, *, name: str, **headers: str) -> Fault:
    """A problem document instead of the answer."""
    return status(code, json.dumps(problem_answer(code, code=name).body).encode(), **headers)


def content(text: bytes) -> Fault:
    """Status 200 with any bytes."""
    return status(200, text)


def edited(change: Callable[[Body], Any]) -> Fault:
    """The true answer after `change` has been at it."""

    def send(wire: Wire, answer: Answer) -> None:
        body = dict(answer.body)
        change(body)
        wire.send(answer.status, json.dumps(body).encode())

    return send


def without(*names: str) -> Fault:
    """The true answer without some fields."""
    return edited(lambda body: [body.pop(name) for name in names])


def with_values(**values: object) -> Fault:
    """The true answer with some fields set."""
    return edited(lambda body: body.update(values))


def truncated(wire: Wire, answer: Answer) -> None:
    """Half of the body, then the end of the connection."""
    text = json.dumps(answer.body).encode()
    wire.send(answer.status, text[: len(text) // 2], length=len(text))
    wire.close_connection = True


def dropped(wire: Wire, _answer: Answer) -> None:
    """The server did it, and nobody hears of it."""
    wire.close_connection = True


def silent(wire: Wire, _answer: Answer) -> None:
    """No answer as long as the server lives."""
    wire.server_of_contract.closing.wait()
    wire.close_connection = True

"""What the server is told about what came of an action."""

from __future__ import annotations

import json
import reprlib
import sys
from collections.abc import Mapping

from aarm.canonical import encode, sha256
from aarm.errors import NotJsonError
from aarm.records import OutcomeStatus

# Half of what the server accepts as a body by default, so that the rest of the report always fits.
MAX_OUTPUT_BYTES = 512 * 1024

_safe = reprlib.Repr()
_safe.maxother = sys.maxsize


def details_of(result: object) -> Mapping[str, object]:
    """`{"output": …}` if the result can travel as JSON, else `{"output_digest": "sha256:…"}`.

    The digest covers bytes as they are, JSON that is too large in its canonical form, and anything else by its repr().
    """
    if isinstance(result, bytes | bytearray | memoryview):
        return {"output_digest": sha256(bytes(result))}
    try:
        output = json.loads(json.dumps(result, allow_nan=False))
        content = encode(output, at="output")
    except (TypeError, ValueError, RecursionError, NotJsonError):
        return {"output_digest": sha256(_representation(result))}
    return {"output": output} if len(content) <= MAX_OUTPUT_BYTES else {"output_digest": sha256(content)}


def ending_of(kind: type[BaseException] | None, *, result: object) -> tuple[OutcomeStatus, Mapping[str, object]]:
    """Status and details of a run that returned `result` or ended with an exception of class `kind`.

    Only the class's name is told: messages carry secrets. What is not an Exception (cancellation, interrupt) leaves
    open how far the action came.
    """
    if kind is None:
        return OutcomeStatus.SUCCEEDED, details_of(result)
    status = OutcomeStatus.FAILED if issubclass(kind, Exception) else OutcomeStatus.UNKNOWN
    return status, {"error": kind.__name__}


def _representation(result: object) -> bytes:
    # A repr() that raises must not hide the result of an action that has already happened; reprlib sees to that.
    return _safe.repr_instance(result, 1).encode("utf-8", "backslashreplace")

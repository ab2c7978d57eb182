"""Reads what came back. Everything that is not exactly a known answer raises, and what raises allows nothing."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import TypeVar

from aarm.calls import Call, is_id
from aarm.canonical import decode
from aarm.errors import AarmError, NotJsonError, ProtocolError, RefusedError, Unavailable
from aarm.records import Claim, Decision, Effective, Question, ReceiptReference, Session, Verdict, Waiting

_POSSIBLE = {
    Decision.ALLOW: {Effective.ALLOW},
    Decision.MODIFY: {Effective.ALLOW},
    Decision.DENY: {Effective.DENY},
    Decision.STEP_UP: set(Effective),
    Decision.DEFER: set(Effective),
}
_TOO_MANY = 429
_E = TypeVar("_E", bound=StrEnum)


@dataclass(frozen=True, slots=True)
class Reply:
    """What an HTTP exchange gave. `retry_after_seconds` is None without a readable header."""

    status: int
    content: bytes
    retry_after_seconds: float | None = None


@dataclass(frozen=True, slots=True)
class Lost:
    """No reply. `is_unsent` means that no connection was made, so the server cannot have acted."""

    why: str
    is_unsent: bool


def accepted(result: Reply | Lost, *, call: Call) -> Reply:
    """The reply if it has a status that this call accepts; otherwise the error that it stands for."""
    if isinstance(result, Lost):
        raise Unavailable(f"The server gave no answer to {call.method} {call.path}: {result.why}.")
    if result.status not in call.accepts:
        raise _problem(result, call=call)
    return result


def body_of(reply: Reply) -> dict[str, object]:
    """The JSON object in a reply; an empty body is an empty object only with status 204."""
    if reply.status == 204 and not reply.content:
        return {}
    try:
        value = decode(reply.content)
    except (ValueError, NotJsonError) as error:
        raise ProtocolError(f"The server's answer is not JSON that can be trusted ({error}).") from error
    if not isinstance(value, dict):
        raise ProtocolError("The server's answer is not a JSON object.")
    return dict(value)


def verdict(reply: Reply, *, request_digest: str, decision_id: str | None = None) -> Verdict:
    """A decision, proven to answer this request: `request_digest` is the SDK's own, `decision_id` the one asked for."""
    body = body_of(reply)
    found = Verdict(
        decision_id=_id(body, "decision_id"),
        decision=_word(body, "decision", kind=Decision),
        effective=_word(body, "effective", kind=Effective),
        request_digest=_text(body, "request_digest"),
        reason=_optional_text(body, "reason") or "",
        reason_code=_optional_text(body, "reason_code") or "",
        parameters=_optional_object(body, "parameters"),
        action_digest=_optional_text(body, "action_digest"),
        approval=_waiting(body, "approval"),
        deferral=_waiting(body, "deferral"),
        receipt=_receipt(body),
        questions=_questions(body),
        retry_after_seconds=reply.retry_after_seconds,
        raw=body,
    )
    _require_same_question(found, request_digest=request_digest, decision_id=decision_id)
    _require_consistency(found)
    return found


def claim(reply: Reply) -> Claim:
    """The one permission to run an approved action."""
    body = body_of(reply)
    return Claim(
        claim_id=_text(body, "claim_id"),
        parameters=_object(body, "parameters"),
        lease_expires_at=_optional_time(body, "lease_expires_at"),
        credentials=_optional_object(body, "credentials"),
    )


def session(reply: Reply) -> Session:
    """An open session."""
    body = body_of(reply)
    return Session(session_id=_id(body, "session_id"), request_provenance=_optional_text(body, "request_provenance"))


def _require_same_question(found: Verdict, *, request_digest: str, decision_id: str | None) -> None:
    if found.request_digest != request_digest:
        raise ProtocolError("The answer belongs to another request: its request_digest is not the one of this action.")
    if decision_id is not None and found.decision_id != decision_id:
        raise ProtocolError(f"The answer is about {found.decision_id}, but {decision_id} was asked for.")


def _require_consistency(found: Verdict) -> None:
    if found.effective not in _POSSIBLE[found.decision]:
        raise ProtocolError(f"The answer contradicts itself: {found.decision} cannot be effectively {found.effective}.")
    if (found.parameters is not None) != (found.effective is Effective.ALLOW):
        raise ProtocolError("The answer must carry parameters exactly when it allows the action.")
    if found.effective is Effective.ALLOW and found.receipt is None:
        raise ProtocolError("The answer allows the action but names no signed receipt.")


def _problem(reply: Reply, *, call: Call) -> AarmError:
    told = _told(reply)
    why = told.get("why") or f"The server answered {call.method} {call.path} with status {reply.status}."
    if reply.status >= 500 or reply.status == _TOO_MANY:
        return Unavailable(
            why,
            code=told.get("code", "unavailable"),
            status=reply.status,
            retry_after_seconds=reply.retry_after_seconds,
        )
    if reply.status >= 400:
        fix = told.get("fix", "Nothing was allowed. Check the call and its credentials.")
        return RefusedError(why, code=told.get("code", "refused"), fix=fix, status=reply.status)
    return ProtocolError(f"{why} That is not an answer to this call.")


def _told(reply: Reply) -> dict[str, str]:
    """`code`, `why` and `fix` of a problem document, as far as it has them; a proxy's error page has none."""
    try:
        body = body_of(reply)
    except ProtocolError:
        return {}
    return {name: value for name in ("code", "why", "fix") if isinstance(value := body.get(name), str) and value}


def _text(body: Mapping[str, object], name: str) -> str:
    found = _optional_text(body, name)
    if not found:
        raise ProtocolError(f"The server's answer lacks `{name}`.")
    return found


def _id(body: Mapping[str, object], name: str) -> str:
    found = _text(body, name)
    if not is_id(found):
        raise ProtocolError(f"`{name}` in the server's answer is not an id.")
    return found


def _optional_text(body: Mapping[str, object], name: str) -> str | None:
    found = body.get(name)
    if found is not None and not isinstance(found, str):
        raise ProtocolError(f"`{name}` in the server's answer is not text.")
    return found


def _object(body: Mapping[str, object], name: str) -> Mapping[str, object]:
    found = _optional_object(body, name)
    if found is None:
        raise ProtocolError(f"The server's answer lacks `{name}`.")
    return found


def _optional_object(body: Mapping[str, object], name: str) -> Mapping[str, object] | None:
    found = body.get(name)
    if found is not None and not isinstance(found, dict):
        raise ProtocolError(f"`{name}` in the server's answer is not an object.")
    return found


def _optional_time(body: Mapping[str, object], name: str) -> datetime | None:
    found = _optional_text(body, name)
    if found is None:
        return None
    try:
        at = datetime.fromisoformat(found)
    except ValueError as error:
        raise ProtocolError(f"`{name}` in the server's answer is not a time.") from error
    if at.tzinfo is None:
        raise ProtocolError(f"`{name}` in the server's answer names no time zone.")
    return at


def _word(body: Mapping[str, object], name: str, *, kind: type[_E]) -> _E:
    found = _text(body, name)
    try:
        return kind(found)
    except ValueError as error:
        raise ProtocolError(f"`{name}` in the server's answer is {found!r}, which this SDK does not know.") from error


def _waiting(body: Mapping[str, object], name: str) -> Waiting | None:
    found = _optional_object(body, name)
    if found is None:
        return None
    return Waiting(
        id=_text(found, "id"),
        state=_text(found, "state"),
        expires_at=_optional_time(found, "expires_at"),
        url=_optional_text(found, "url"),
        code=_optional_text(found, "code"),
    )


def _questions(body: Mapping[str, object]) -> tuple[Question, ...]:
    found = body.get("questions", [])
    if not isinstance(found, list) or not all(isinstance(item, dict) for item in found):
        raise ProtocolError("`questions` in the server's answer is not a list of objects.")
    return tuple(_question(item) for item in found)


def _question(item: Mapping[str, object]) -> Question:
    return Question(
        id=_id(item, "id"),
        text=_optional_text(item, "text") or "",
        asked_at=_optional_time(item, "asked_at"),
        is_answered=item.get("answered") is True,
    )


def _receipt(body: Mapping[str, object]) -> ReceiptReference | None:
    found = _optional_object(body, "receipt")
    if found is None:
        return None
    return ReceiptReference(id=_text(found, "id"), digest=_text(found, "digest"), url=_optional_text(found, "url"))

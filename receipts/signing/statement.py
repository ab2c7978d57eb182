"""What a receipt says: the payload inside the envelope, version 1.

Everything that decides how the payload is to be read stands inside the signed bytes: version, payload type, algorithm,
key id, receipt type, deployment, stream, position and predecessor. `build_statement` and `parse_statement` share one
table of rules, so that nothing can be signed that would not verify.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import cast

from receipts.signing.algorithms import Algorithm
from receipts.signing.canonical import JSON, MAX_INTEGER, canonical_bytes, load_strict
from receipts.signing.envelope import PAYLOAD_TYPE
from receipts.signing.errors import MalformedError, StatementError, StrictJSONError, UnsupportedError
from receipts.signing.times import format_time, parse_time

VERSION = 1


class ReceiptType(StrEnum):
    """Everything that leaves a receipt. The list is closed: accounting compares it with the facts."""

    DECISION = "decision"
    DEFERRAL_TERMINAL = "deferral_terminal"
    VOTE = "vote"
    APPROVAL_TERMINAL = "approval_terminal"
    CLAIM = "claim"
    CLAIM_REFUSED = "claim_refused"
    OUTCOME = "outcome"
    SESSION_OPENED = "session_opened"
    SESSION_ENDED = "session_ended"
    POLICY_PUBLISHED = "policy_published"
    ADMINISTRATION = "administration"
    KEY_CREATED = "key_created"
    KEY_RETIRED = "key_retired"
    KEY_REVOKED = "key_revoked"
    ERASURE = "erasure"
    RECOVERY = "recovery"
    EXPORT = "export"
    DISCLOSURE = "disclosure"


@dataclass(frozen=True, slots=True)
class Statement:
    """The parsed payload of a receipt. `position` counts from 1 within `stream`; `previous` is None only there."""

    id: str
    type: ReceiptType
    stream: str
    position: int
    previous: str | None
    issued_at: datetime
    key_id: str
    algorithm: Algorithm
    deployment: str
    body: Mapping[str, JSON]

    @property
    def commitments(self) -> Mapping[str, str]:
        """`body.commitments`: the digest that stands in for each value that is not in the receipt, by field path."""
        return cast("dict[str, str]", self.body.get("commitments", {}))


_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:/@+=-]{0,199}")
_DIGEST = re.compile(r"sha256:[0-9a-f]{64}")


def is_digest(value: object) -> bool:
    """Whether `value` is written as `sha256_digest` writes."""
    return isinstance(value, str) and _DIGEST.fullmatch(value) is not None


def _is_name(value: object) -> bool:
    return isinstance(value, str) and _NAME.fullmatch(value) is not None


def _is_position(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 1 <= value <= MAX_INTEGER


def _is_previous(value: object) -> bool:
    return value is None or is_digest(value)


def _is_time(value: object) -> bool:
    try:
        parse_time(value)
    except ValueError:
        return False
    return True


def _is_body(value: object) -> bool:
    if not isinstance(value, dict):
        return False
    found = value.get("commitments", {})
    return isinstance(found, dict) and all(map(is_digest, found.values()))


_NAME_RULE = "is 1 to 200 ASCII letters, digits and ._:/@+=- and begins with a letter or digit"
_RULES: dict[str, tuple[Callable[[object], bool], str]] = {
    "id": (_is_name, _NAME_RULE),
    "stream": (_is_name, _NAME_RULE),
    "deployment": (_is_name, _NAME_RULE),
    "key_id": (_is_name, _NAME_RULE),
    "position": (_is_position, "is an integer from 1"),
    "previous": (_is_previous, "is null or a sha256: digest"),
    "issued_at": (_is_time, "is a time such as 2026-11-03T09:15:00.000000Z"),
    "body": (_is_body, "is an object, and its commitments, if any, are sha256: digests by field path"),
}
# A member with a value outside its set was made by something that this version does not know.
_KNOWN: dict[str, frozenset[object]] = {
    "payload_type": frozenset({PAYLOAD_TYPE}),
    "alg": frozenset(Algorithm),
    "type": frozenset(ReceiptType),
}
_MEMBERS = frozenset({"v", *_RULES, *_KNOWN})


def _broken_rule(document: Mapping[str, object]) -> str | None:
    """The first rule that the members break, as a sentence."""
    for name, (is_kept, rule) in _RULES.items():
        if not is_kept(document[name]):
            return f"The member {name} {rule}."
    if (document["previous"] is None) != (document["position"] == 1):
        return "The first receipt of a stream, and only that one, has no predecessor."
    return None


def build_statement(
    *,
    id: str,
    type: ReceiptType,
    stream: str,
    position: int,
    previous: str | None,
    issued_at: datetime,
    key_id: str,
    algorithm: str,
    deployment: str,
    body: Mapping[str, JSON],
) -> bytes:
    """The canonical payload bytes of a receipt, ready to be signed and stored as they are.

    `issued_at` is aware; `previous` is the predecessor's `Envelope.digest`, None at position 1; `body.commitments`
    holds the commitments of values that are kept elsewhere. Raises StatementError or CanonicalError rather than return
    bytes that `parse_statement` would refuse.
    """
    document: dict[str, object] = {
        "v": VERSION,
        "payload_type": PAYLOAD_TYPE,
        "alg": algorithm,
        "key_id": key_id,
        "id": id,
        "type": type,
        "stream": stream,
        "position": position,
        "previous": previous,
        "issued_at": _written(issued_at),
        "deployment": deployment,
        "body": dict(body),
    }
    fault = _unknown_value(document) or _broken_rule(document)
    if fault is not None:
        raise StatementError(fault)
    payload = canonical_bytes(document)
    try:
        load_strict(payload)
    except StrictJSONError as error:
        raise StatementError(f"No verifier could read this receipt. {error.why}", fix=error.fix) from error
    return payload


def parse_statement(payload: bytes) -> Statement:
    """What signed payload bytes say. Verify the signature first.

    Raises UnsupportedError for a version, member, payload type, algorithm or receipt type that version 1 does not have,
    and MalformedError for anything else that `build_statement` would not have returned.
    """
    document = _read(payload)
    _require_members(document)
    fault = _unknown_value(document)
    if fault is not None:
        raise UnsupportedError(fault)
    fault = _broken_rule(document)
    if fault is not None:
        raise MalformedError(fault)
    if canonical_bytes(document) != payload:
        raise MalformedError("The payload is not in RFC 8785 form.")
    return _statement(document)


def _written(moment: datetime) -> str:
    try:
        return format_time(moment)
    except ValueError as error:
        raise StatementError(str(error)) from error


def _read(payload: bytes) -> dict[str, JSON]:
    try:
        document = load_strict(payload)
    except StrictJSONError as error:
        raise MalformedError(f"The payload is not strict JSON. {error.why}") from error
    if not isinstance(document, dict):
        raise MalformedError("The payload is not an object.")
    return document


def _require_members(document: Mapping[str, JSON]) -> None:
    """Refuses other versions before anything else is looked at: only `v` may be assumed to mean the same in all."""
    version = document.get("v")
    if not isinstance(version, int | float) or isinstance(version, bool):
        raise MalformedError("The member v is a number.")
    if version != VERSION:
        raise UnsupportedError(f"The receipt has version {version}; this verifier knows version {VERSION}.")
    unknown = sorted(set(document) - _MEMBERS)
    if unknown:
        raise UnsupportedError(f"The receipt has the unknown member {unknown[0][:40]!a}.")
    missing = sorted(_MEMBERS - set(document))
    if missing:
        raise MalformedError(f"The receipt lacks the member {missing[0]}.")


def _unknown_value(document: Mapping[str, object]) -> str | None:
    for name, known in _KNOWN.items():
        value = document[name]
        if not isinstance(value, str) or value not in known:
            return f"The member {name} has a value that version {VERSION} does not know."
    return None


def _statement(document: Mapping[str, JSON]) -> Statement:
    """Builds the statement from members whose types the rules have just checked."""
    return Statement(
        id=cast(str, document["id"]),
        type=ReceiptType(cast(str, document["type"])),
        stream=cast(str, document["stream"]),
        position=cast(int, document["position"]),
        previous=cast("str | None", document["previous"]),
        issued_at=parse_time(document["issued_at"]),
        key_id=cast(str, document["key_id"]),
        algorithm=Algorithm(cast(str, document["alg"])),
        deployment=cast(str, document["deployment"]),
        body=cast("dict[str, JSON]", document["body"]),
    )

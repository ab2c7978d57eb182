"""Decision receipts in the form of draft-farley-acta-signed-receipts-04 (September 2026), which is work in progress.

Of the drafts on receipts of agents it is the one that is about decisions, has had several revisions and has
implementations by others. It knows fewer decisions than AARM: a MODIFY or a DEFER would become something else in it, so
these are refused. What a receipt proves beyond the draft, its place in a chain and a log, stays behind; the digest of
the payload points back to it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Final

from receipts.signing.algorithms import Algorithm
from receipts.signing.canonical import JSON, canonical_bytes
from receipts.signing.envelope import Envelope
from receipts.signing.keys import Signer
from receipts.signing.statement import ReceiptType, Statement, parse_statement
from receipts.signing.times import format_time

DRAFT = "draft-farley-acta-signed-receipts-04"

_DECISIONS: Final[Mapping[str, str]] = {"ALLOW": "allow", "DENY": "deny", "STEP_UP": "require_approval"}
_ALGORITHMS: Final[Mapping[str, str]] = {Algorithm.ED25519: "EdDSA", Algorithm.ES256: "ES256"}


class NotExpressibleError(Exception):
    """The draft would say something else than the receipt."""


def _part(statement: Statement, name: str) -> Mapping[str, JSON]:
    found = statement.body.get(name)
    return found if isinstance(found, Mapping) else {}


def _decision(statement: Statement) -> str:
    result = str(_part(statement, "decision").get("result"))
    if statement.type is not ReceiptType.DECISION or result not in _DECISIONS:
        raise NotExpressibleError(
            f"{DRAFT} has words for decisions that are ALLOW, DENY or STEP_UP, and for no others."
        )
    return _DECISIONS[result]


def draft_payload(envelope: Envelope, *, issuer: str) -> dict[str, JSON]:
    """What is signed, section 3.1 of the draft. Raises NotExpressibleError or VerificationError."""
    statement = parse_statement(envelope.payload)
    action, decision = _part(statement, "action"), _part(statement, "decision")
    more = {"reason": decision.get("reason_code"), "session_id": _part(statement, "context").get("session")}
    found: dict[str, JSON] = {
        "type": "protectmcp:decision",
        "tool_name": f"{action.get('tool')}.{action.get('operation')}",
        "decision": _decision(statement),
        "issued_at": format_time(statement.issued_at),
        "issuer_id": issuer,
        "payload_digest": {"hash": hashlib.sha256(envelope.payload).hexdigest(), "size": len(envelope.payload)},
    }
    return found | {name: value for name, value in more.items() if isinstance(value, str)}


def as_draft_receipt(envelope: Envelope, *, signer: Signer) -> dict[str, object]:
    """The signed receipt, section 2.1 of the draft. Raises as `draft_payload`, and whatever the signer raises."""
    payload = draft_payload(envelope, issuer=signer.key_id)
    signature = signer.sign(canonical_bytes(payload))
    return {
        "payload": payload,
        "signature": {"alg": _ALGORITHMS[signer.algorithm], "kid": signer.key_id, "sig": signature.hex()},
    }

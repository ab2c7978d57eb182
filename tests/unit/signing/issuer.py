"""Somebody who issues receipts."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from receipts.signing.canonical import JSON
from receipts.signing.envelope import Envelope, sign_payload
from receipts.signing.jwk import History, jwk_of
from receipts.signing.keys import SigningKey
from receipts.signing.statement import ReceiptType, build_statement

KEYS_CREATED_AT = datetime(2026, 1, 1, tzinfo=UTC)
ISSUED_AT = datetime(2026, 11, 3, 9, 15, tzinfo=UTC)


@dataclass(frozen=True)
class Issuer:
    """Somebody with a signing key."""

    key: SigningKey

    def payload(self, **changes: Any) -> bytes:
        """The payload of an ordinary first receipt, with changes."""
        return build_statement(**{**self.facts(), **changes})

    def facts(self) -> dict[str, Any]:
        body: Mapping[str, JSON] = {"action": {"tool": "email", "operation": "send"}, "decision": {"result": "ALLOW"}}
        return {
            "id": "rct_1",
            "type": ReceiptType.DECISION,
            "stream": "ses_alice",
            "position": 1,
            "previous": None,
            "issued_at": ISSUED_AT,
            "key_id": self.key.key_id,
            "algorithm": self.key.algorithm,
            "deployment": "test.example",
            "body": body,
        }

    def receipt(self, **changes: Any) -> Envelope:
        return sign_payload(self.payload(**changes), signer=self.key)

    def chain(self, length: int, *, stream: str = "ses_alice") -> list[Envelope]:
        envelopes: list[Envelope] = []
        for position in range(1, length + 1):
            changes = {
                "id": f"rct_{position}",
                "stream": stream,
                "position": position,
                "previous": envelopes[-1].digest if envelopes else None,
                "issued_at": ISSUED_AT + timedelta(seconds=position),
            }
            envelopes.append(self.receipt(**changes))
        return envelopes

    def jwk(self, *, retired_at: datetime | None = None, revoked_at: datetime | None = None) -> dict[str, str | int]:
        return jwk_of(self.key.public, history=History(KEYS_CREATED_AT, retired_at, revoked_at))


def issuer(name: str) -> Issuer:
    """The issuer whose key's seed is the hash of its name."""
    return Issuer(SigningKey.from_seed(hashlib.sha256(name.encode()).digest()))

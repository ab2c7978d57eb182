"""The published description says what the code does."""

from __future__ import annotations

import hashlib
import hmac
import json
import re
from pathlib import Path
from typing import Any

import rfc8785

from receipts.signing import errors
from receipts.signing.canonical import action_digest, commitment, digest, field_salt, request_digest, sha256_digest
from receipts.signing.envelope import PAYLOAD_TYPE
from receipts.signing.errors import VerificationError
from receipts.signing.statement import ReceiptType, build_statement, parse_statement
from tests.unit.signing.issuer import Issuer

TEXT = (Path(__file__).parents[3] / "docs" / "receipt-format.md").read_text()


def test_the_description_lists_every_receipt_type() -> None:
    (listed,) = re.findall(r"`type` is one of (.*?)\.\n", TEXT, re.DOTALL)
    assert re.findall(r"`(\w+)`", listed) == [item.value for item in ReceiptType]


def test_the_description_lists_every_member_of_the_payload(alice: Issuer) -> None:
    section = TEXT.split("## Payload")[1].split("## Keys")[0]
    members = re.findall(r"^\| `(\w+)` \|", section, re.MULTILINE)
    assert parse_statement(build_statement(**alice.facts())).id == "rct_1"
    assert sorted(members) == sorted(re.findall(r'"(\w+)":', alice.payload(body={}).decode()))
    assert f"DSSEv1 {len(PAYLOAD_TYPE)} {PAYLOAD_TYPE} " in TEXT


def test_the_description_lists_every_reason_with_its_exit_code() -> None:
    rows = re.findall(r"^\| [a-z ]+ \| (\d) \| (.+) \|$", TEXT, re.MULTILINE)
    described = {reason: int(code) for code, reasons in rows for reason in re.findall(r"`(\w+)`", reasons)}
    found = [item for item in vars(errors).values() if isinstance(item, type) and issubclass(item, VerificationError)]
    assert described == {item.reason: int(item.exit_code) for item in found if item is not VerificationError}


def _values() -> dict[str, Any]:
    (block,) = re.findall(r"```json\n(\{\"seed\".*?)```", TEXT, re.DOTALL)
    found: dict[str, Any] = json.loads(block)
    return found


def _sha256(data: bytes) -> str:
    return f"sha256:{hashlib.sha256(data).hexdigest()}"


def test_the_values_to_try_a_reader_with_are_what_the_description_says() -> None:
    said = _values()
    path = len(said["path"]).to_bytes(4, "big") + said["path"].encode()
    salt = hmac.new(bytes.fromhex(said["seed"]), b"aarm/salt/v1" + path, "sha256").digest()
    assert said["salt"] == salt.hex()
    assert said["commitment"] == _sha256(b"aarm/commit/v1" + path + salt + rfc8785.dumps(said["value"]))
    nonce = bytes.fromhex(said["nonce"])
    assert said["action_digest"] == _sha256(b"aarm/action/v1\0" + nonce + rfc8785.dumps(said["action"]))
    assert said["request_digest"] == _sha256(rfc8785.dumps(said["action"] | {"session_id": said["session_id"]}))
    assert said["policy_hash"] == _sha256(rfc8785.dumps(said["policy"]))
    first, last = said["entries"]
    assert (json.loads(first)["previous"], json.loads(last)["previous"]) == (None, _sha256(first.encode()))
    assert said["context_head"] == _sha256(last.encode())


def test_the_values_to_try_a_reader_with_are_what_the_code_computes() -> None:
    said = _values()
    salt = field_salt(bytes.fromhex(said["seed"]), said["path"])
    assert (said["salt"], said["policy_hash"]) == (salt.hex(), digest(said["policy"]))
    assert said["commitment"] == commitment(said["path"], salt=salt, value=said["value"])
    assert said["action_digest"] == action_digest(nonce=bytes.fromhex(said["nonce"]), **said["action"])
    assert said["request_digest"] == request_digest(session_id=said["session_id"], **said["action"])
    assert said["context_head"] == sha256_digest(said["entries"][-1].encode())

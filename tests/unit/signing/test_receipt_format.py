"""The published description says what the code does."""

from __future__ import annotations

import re
from pathlib import Path

from receipts.signing import errors
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

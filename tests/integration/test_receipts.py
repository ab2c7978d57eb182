"""Receipts of a busy session: as many as the facts, one unbroken chain, verified by an outsider from files alone."""

from __future__ import annotations

import json
import subprocess
import sys
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from django.db import connection

from decisions.models import ContextEntry, Session
from receipts.clock import database_now
from receipts.models import Chain, Payload, Receipt
from receipts.selectors import check_receipt, disclosure_of, envelope_of, opened_values, published_jwks, signed_form
from receipts.signing.canonical import canonical_bytes, digest, load_strict, sha256_digest
from receipts.signing.keys import KeySet
from receipts.signing.verify import verify_receipt
from tests.e2e.processes import ROOT
from tests.factories import Cast, make_cast
from tests.integration.scenario import CARD, Busy, busy_session, owed_receipts
from tests.web.tampering import tamper


@pytest.fixture
def cast(db: None) -> Cast:
    return make_cast()


@pytest.fixture
def busy(cast: Cast) -> Busy:
    return busy_session(cast)


def receipts_of(busy: Busy) -> list[Receipt]:
    return list(Receipt.objects.filter(stream=f"session/{busy.session}").order_by("position"))


def signed_body(receipt: Receipt) -> Any:
    """What a receipt says, from its bytes."""
    statement: Any = load_strict(bytes(receipt.body))
    return statement["body"]


def verify(folder: Path, *, receipts: Sequence[Receipt], options: Sequence[str] = ()) -> tuple[int, dict[str, Any]]:
    """`python -m receipts.signing verify` on exported files, in a process that knows no database."""
    (folder / "keys.json").write_text(json.dumps(published_jwks()))
    (folder / "receipts.jsonl").write_text("\n".join(json.dumps(signed_form(receipt)) for receipt in receipts))
    command = [sys.executable, "-m", "receipts.signing", "verify", "--json", "--keys", "keys.json", *options]
    done = subprocess.run(
        [*command, "receipts.jsonl"],
        cwd=folder, env={"PYTHONPATH": str(ROOT)}, capture_output=True, text=True, check=False, timeout=60,
    )  # fmt: skip
    found: dict[str, Any] = json.loads(done.stdout)
    return done.returncode, found


def test_every_fact_has_its_receipt_and_every_receipt_its_fact(busy: Busy) -> None:
    issued = Counter(Receipt.objects.values_list("type", flat=True))
    owed = owed_receipts()
    assert min(owed.values()) > 0
    assert issued == owed
    chains = {chain.stream: chain.length for chain in Chain.objects.all()}
    assert chains == Counter(Receipt.objects.values_list("stream", flat=True))


@pytest.mark.case("RCP-13", "RCP-16")
def test_the_chain_verifies_offline_and_every_cut_is_found(busy: Busy, tmp_path: Path) -> None:
    receipts = receipts_of(busy)
    head = ["--expect-head", f"{receipts[-1].position}:{receipts[-1].digest}"]
    code, said = verify(tmp_path, receipts=receipts, options=head)
    assert (code, said["verdict"], len(said["receipts"])) == (0, "valid", len(receipts))
    assert receipts[-1].digest == Chain.objects.get(stream=receipts[0].stream).head
    middle = len(receipts) // 2
    cuts = {
        "one left out": receipts[:middle] + receipts[middle + 1 :],
        "two exchanged": [*receipts[:middle], receipts[middle + 1], receipts[middle], *receipts[middle + 2 :]],
        "end cut off": receipts[:-1],
        "beginning cut off": receipts[1:],
    }
    for name, kept in cuts.items():
        assert verify(tmp_path, receipts=kept, options=head)[0] == 2, name


def test_every_receipt_passes_its_own_check(busy: Busy) -> None:
    for receipt in Receipt.objects.all():
        assert [check.sentence for check in check_receipt(receipt) if not check.is_good] == []


INDEX_COLUMNS = {
    "tool": "calendar",
    "decision": "ALLOW",
    "agent_id": "agt_other",
    "outcome": "succeeded",
    "human_id": "",
}


@pytest.mark.case("RCP-20")
@pytest.mark.parametrize("column", sorted(INDEX_COLUMNS))
def test_an_altered_search_column_is_found_and_the_signed_bytes_stand(busy: Busy, column: str) -> None:
    receipt = Receipt.objects.get(decision_id=busy.approved.answer["decision_id"], type="decision")
    assert all(check.is_good for check in check_receipt(receipt))
    assert getattr(receipt, column) != INDEX_COLUMNS[column]
    tamper(receipt, **{column: INDEX_COLUMNS[column]})
    receipt.refresh_from_db()
    wrong = [check.sentence for check in check_receipt(receipt) if not check.is_good]
    assert len(wrong) == 1
    assert column in wrong[0]
    # What an outsider is given are the bytes, which nobody touched.
    verify_receipt(envelope_of(receipt), keys=KeySet.from_jwks(published_jwks()))
    assert (signed_body(receipt)["action"]["tool"], signed_body(receipt)["decision"]["result"]) == ("email", "STEP_UP")


@pytest.mark.case("RCP-16", "RCP-20")
def test_altered_bytes_of_a_receipt_are_found(busy: Busy, tmp_path: Path) -> None:
    receipt = Receipt.objects.get(decision_id=busy.approved.answer["decision_id"], type="decision")
    tamper(receipt, body=bytes(receipt.body).replace(b"STEP_UP", b"ALLOW  "))
    receipt.refresh_from_db()
    assert [check.is_good for check in check_receipt(receipt)] == [False]
    assert verify(tmp_path, receipts=[receipt])[0] == 2


def test_commitments_open_with_the_values_and_salts_and_with_nothing_else(busy: Busy, tmp_path: Path) -> None:
    receipt = Receipt.objects.get(decision_id=busy.approved.answer["decision_id"], type="decision")
    commitments = signed_body(receipt)["commitments"]
    opened: Any = disclosure_of(receipt.payload, commitments=commitments)
    assert opened["parameters/to"]["value"] == "ana@partner.example"
    assert b"ana@partner.example" not in bytes(receipt.body)
    document = tmp_path / "disclosure.json"
    document.write_text(json.dumps(opened))
    code, said = verify(tmp_path, receipts=[receipt], options=["--disclosure", "disclosure.json"])
    assert (code, set(said["disclosed_paths"])) == (0, set(commitments))
    forged = opened | {"parameters/to": opened["parameters/to"] | {"value": "eve@evil.example"}}
    document.write_text(json.dumps(forged))
    assert verify(tmp_path, receipts=[receipt], options=["--disclosure", "disclosure.json"])[0] == 2


def test_an_erased_value_leaves_a_receipt_that_verifies_and_says_so(busy: Busy, tmp_path: Path) -> None:
    receipt = Receipt.objects.get(decision_id=busy.approved.answer["decision_id"], type="decision")
    commitments = signed_body(receipt)["commitments"]
    Payload.objects.filter(pk=receipt.payload_id).update(content=None, erased_at=database_now())
    receipt.refresh_from_db()
    (tmp_path / "disclosure.json").write_text(json.dumps(disclosure_of(receipt.payload, commitments=commitments)))
    code, said = verify(tmp_path, receipts=[receipt], options=["--disclosure", "disclosure.json"])
    assert (code, said["verdict"], set(said["erased_paths"])) == (6, "valid_with_erasures", set(commitments))
    assert all(check.is_good for check in check_receipt(receipt))
    assert verify(tmp_path, receipts=receipts_of(busy))[0] == 0


@pytest.mark.case("PRV-02")
def test_nothing_that_is_signed_or_chained_holds_what_was_said(busy: Busy) -> None:
    personal = (b"ana@partner.example", b"alice@corp.example", b"Q4 deck to Ana", CARD.encode(), b"Odd.", b"Not now.")
    signed = [bytes(row.body) for row in Receipt.objects.all()]
    chained = [bytes(row.body) for row in ContextEntry.objects.all()]
    kept = b"".join(canonical_bytes(opened_values(row)) for row in Payload.objects.all())
    assert all(value in kept for value in personal if value != b"alice@corp.example")
    assert [value for value in personal for body in signed + chained if value in body] == []


def broken_entries(session: Session) -> list[int]:
    """The positions at which a session's chain doesn't recompute, as somebody would who has only the rows."""
    wrong, previous = [], None
    for position, entry in enumerate(session.entries.order_by("position"), start=1):
        body: Any = load_strict(bytes(entry.body))
        follows = (body["position"], body["previous"], entry.position) == (position, previous, position)
        if not follows or sha256_digest(bytes(entry.body)) != entry.digest:
            wrong.append(position)
        previous = entry.digest
    if previous != session.head or digest(session.state) != body["state"]:
        wrong.append(session.length)
    return wrong


@pytest.mark.parametrize("change", ["body", "digest", "removed", "state"])
def test_the_context_chain_recomputes_and_an_altered_row_is_found(busy: Busy, change: str) -> None:
    session = Session.objects.get(pk=busy.session)
    assert session.length == session.entries.count() > 15
    assert broken_entries(session) == []
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute("ALTER TABLE decisions_contextentry DISABLE TRIGGER aarm_row_guard")
        entry = session.entries.order_by("position")[4]
        if change == "body":
            forged = bytes(entry.body).replace(b'"kind":"action"', b'"kind":"foobar"')
            assert forged != bytes(entry.body)
            session.entries.filter(pk=entry.pk).update(body=forged)
        elif change == "digest":
            session.entries.filter(pk=entry.pk).update(digest="sha256:" + "0" * 64)
        elif change == "removed":
            session.entries.filter(pk=entry.pk).delete()
        else:
            Session.objects.filter(pk=session.pk).update(state=session.state | {"kinds": []})
        cursor.execute("ALTER TABLE decisions_contextentry ENABLE ALWAYS TRIGGER aarm_row_guard")
    session.refresh_from_db()
    assert broken_entries(session) != []

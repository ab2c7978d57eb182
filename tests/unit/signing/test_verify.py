"""Verification: it raises with a named reason, and nothing that was changed passes."""

from __future__ import annotations

import random
from typing import Any

import pytest
import rfc8785

from receipts.signing.canonical import StrictJSONError, canonical_bytes, commitment, field_salt, load_strict
from receipts.signing.envelope import Envelope, sign_payload
from receipts.signing.errors import (
    BadSignatureError,
    BrokenChainError,
    CommitmentMismatchError,
    ExitCode,
    ForkError,
    MalformedError,
    RevokedKeyError,
    TamperedError,
    UnsupportedError,
    UntrustedKeyError,
    VerificationError,
)
from receipts.signing.keys import KeySet
from receipts.signing.verify import verify_chain, verify_disclosure, verify_each, verify_receipt
from tests.unit.signing.issuer import KEYS_CREATED_AT, Issuer


def altered(envelope: Envelope, *, old: bytes, new: bytes) -> Envelope:
    assert old in envelope.payload
    return Envelope(envelope.payload.replace(old, new), envelope.signature, envelope.key_id)


def test_a_good_receipt_gives_its_statement(alice: Issuer, keys: KeySet) -> None:
    assert verify_receipt(alice.receipt(id="rct_good"), keys=keys).id == "rct_good"


@pytest.mark.case("RCP-15")
def test_a_receipt_signed_with_an_attackers_key_is_untrusted(alice: Issuer, charlie: Issuer, keys: KeySet) -> None:
    forged = sign_payload(alice.payload(), signer=charlie.key)
    with pytest.raises(UntrustedKeyError) as caught:
        verify_receipt(forged, keys=keys)
    assert (caught.value.reason, caught.value.exit_code) == ("untrusted_key", 4)
    renamed = Envelope(forged.payload, forged.signature, alice.key.key_id)
    with pytest.raises(BadSignatureError):
        verify_receipt(renamed, keys=keys)


@pytest.mark.case("RCP-16")
@pytest.mark.parametrize(
    ("old", "new"),
    [
        (b'"alg":"Ed25519"', b'"alg":"none"'),
        (b'"type":"decision"', b'"type":"vote"'),
        (b'"v":1', b'"v":2'),
        (b"test.example", b"other.example"),
        (b'"position":1', b'"position":2'),
        (b"ses_alice", b"ses_bob"),
        (b"09:15", b"09:16"),
        (b"ALLOW", b"DENY"),
        (b"vnd.aarm", b"vnd.mraa"),
    ],
)
def test_no_signed_member_can_be_changed(alice: Issuer, keys: KeySet, old: bytes, new: bytes) -> None:
    receipt = alice.receipt()
    assert verify_receipt(receipt, keys=keys).id == "rct_1"
    with pytest.raises(BadSignatureError):
        verify_receipt(altered(receipt, old=old, new=new), keys=keys)


@pytest.mark.case("RCP-16")
def test_the_key_id_is_signed_too(alice: Issuer, bob: Issuer, keys: KeySet) -> None:
    receipt = alice.receipt()
    with pytest.raises(BadSignatureError):
        verify_receipt(altered(receipt, old=alice.key.key_id.encode(), new=bob.key.key_id.encode()), keys=keys)
    with pytest.raises(BadSignatureError):
        verify_receipt(Envelope(receipt.payload, receipt.signature, bob.key.key_id), keys=keys)
    with pytest.raises(TamperedError, match="another key") as caught:
        verify_receipt(sign_payload(alice.payload(), signer=bob.key), keys=keys)
    assert caught.value.reason == "tampered"


@pytest.mark.case("RCP-16")
def test_a_signature_over_the_payload_alone_counts_for_nothing(alice: Issuer, keys: KeySet) -> None:
    payload = alice.payload()
    with pytest.raises(BadSignatureError):
        verify_receipt(Envelope(payload, alice.key.sign(payload), alice.key.key_id), keys=keys)


@pytest.mark.case("RCP-18")
@pytest.mark.parametrize("change", [{"v": 2}, {"critical": 1}, {"type": "mystery"}, {"alg": "ES512"}])
def test_a_well_signed_unknown_form_is_unsupported(alice: Issuer, keys: KeySet, change: dict[str, Any]) -> None:
    members = load_strict(alice.payload())
    assert isinstance(members, dict)
    envelope = sign_payload(rfc8785.dumps({**members, **change}), signer=alice.key)
    with pytest.raises(UnsupportedError) as caught:
        verify_receipt(envelope, keys=keys)
    assert caught.value.exit_code == ExitCode.UNSUPPORTED


def test_a_revoked_key_is_named_as_such(alice: Issuer) -> None:
    keys = KeySet.from_jwks({"keys": [alice.jwk(revoked_at=KEYS_CREATED_AT)]})
    with pytest.raises(RevokedKeyError) as caught:
        verify_receipt(alice.receipt(), keys=keys)
    assert (caught.value.reason, caught.value.exit_code) == ("revoked_key", 4)


def test_whole_streams_give_their_statements_in_the_order_given(alice: Issuer, bob: Issuer, keys: KeySet) -> None:
    pairs = zip(alice.chain(4), bob.chain(4, stream="ses_bob"), strict=True)
    mixed = [envelope for pair in pairs for envelope in pair]
    statements = verify_chain(mixed, keys=keys)
    assert [(item.stream, item.position) for item in statements] == [
        (stream, position) for position in (1, 2, 3, 4) for stream in ("ses_alice", "ses_bob")
    ]


def test_receipts_collected_one_by_one_are_put_in_order(alice: Issuer, keys: KeySet) -> None:
    log = alice.chain(4)
    shuffled = [log[2], log[0], log[3], log[1]]
    assert [item.position for item in verify_chain(shuffled, keys=keys, is_ordered=False)] == [3, 1, 4, 2]
    with pytest.raises(BrokenChainError):
        verify_chain(shuffled[:3], keys=keys, is_ordered=False)


def chain_failure(envelopes: list[Envelope], *, keys: KeySet, head: tuple[int, str] | None = None) -> VerificationError:
    with pytest.raises(VerificationError) as caught:
        verify_chain(envelopes, keys=keys, expected_head=head)
    return caught.value


# These deliver the offline, hash-chain part of RCP-01 to RCP-08: the outside evidence is a head that was noted earlier.
# Signed checkpoints of the Merkle log come with the log.
@pytest.mark.case("RCP-01", "RCP-02")
@pytest.mark.parametrize("index", range(5))
def test_an_altered_receipt_is_named(alice: Issuer, keys: KeySet, index: int) -> None:
    log = alice.chain(5)
    assert len(verify_chain(log, keys=keys)) == 5
    signature = bytes([log[index].signature[0] ^ 1]) + log[index].signature[1:]
    for bad in (
        altered(log[index], old=b"ALLOW", new=b"DENY!"),
        Envelope(log[index].payload, signature, log[index].key_id),
    ):
        error = chain_failure([*log[:index], bad, *log[index + 1 :]], keys=keys)
        assert (error.reason, error.exit_code, error.ordinal) == ("bad_signature", 2, index + 1)


@pytest.mark.case("RCP-03", "RCP-04")
@pytest.mark.parametrize("index", range(4))
def test_a_receipt_removed_from_the_front_or_middle_is_named(alice: Issuer, keys: KeySet, index: int) -> None:
    log = alice.chain(5)
    error = chain_failure(log[:index] + log[index + 1 :], keys=keys)
    assert (error.reason, error.exit_code) == ("broken_chain", 2)
    assert (error.stream, error.position, error.ordinal) == ("ses_alice", index + 1, index + 1)


@pytest.mark.case("RCP-05", "RCP-06")
@pytest.mark.parametrize("kept", range(5))
def test_a_log_that_was_cut_off_is_told_by_a_head_that_was_noted(alice: Issuer, keys: KeySet, kept: int) -> None:
    log = alice.chain(5)
    head = (5, log[4].digest)
    assert verify_chain(log, keys=keys, expected_head=head)
    error = chain_failure(log[:kept], keys=keys, head=head)
    assert (error.reason, error.exit_code, error.position) == ("broken_chain", 2, 5)


def test_a_log_may_have_grown_past_the_head_that_was_noted(alice: Issuer, keys: KeySet) -> None:
    log = alice.chain(5)
    assert len(verify_chain(log, keys=keys, expected_head=(3, log[2].digest))) == 5
    for wrong in ((4, log[2].digest), (3, log[3].digest), (3, "sha256:" + "0" * 64)):
        assert chain_failure(log, keys=keys, head=wrong).reason == "broken_chain"


@pytest.mark.case("RCP-07")
def test_receipts_out_of_order_are_named(alice: Issuer, keys: KeySet) -> None:
    log = alice.chain(5)
    error = chain_failure([log[0], log[1], log[3], log[2], log[4]], keys=keys)
    assert (error.reason, error.position, error.ordinal) == ("broken_chain", 3, 3)


@pytest.mark.case("RCP-08")
@pytest.mark.parametrize("index", range(5))
def test_a_receipt_given_twice_is_named(alice: Issuer, keys: KeySet, index: int) -> None:
    log = alice.chain(5)
    error = chain_failure([*log[: index + 1], *log[index:]], keys=keys)
    assert (error.reason, error.exit_code, error.ordinal) == ("broken_chain", 2, index + 2)


def test_a_receipt_exchanged_by_its_own_signer_breaks_the_next_link(alice: Issuer, keys: KeySet) -> None:
    log = alice.chain(5)
    log[2] = alice.receipt(id="rct_new", position=3, previous=log[1].digest, body={"decision": {"result": "DENY"}})
    error = chain_failure(log, keys=keys)
    assert (error.reason, error.position) == ("broken_chain", 4)


@pytest.mark.case("RCP-10")
def test_two_receipts_with_one_predecessor_are_a_fork_and_not_tampered(alice: Issuer, keys: KeySet) -> None:
    log = alice.chain(4)
    twin = alice.receipt(id="rct_twin", position=3, previous=log[1].digest)
    for forked in ([*log, twin], [*log[:3], twin, log[3]], [*log[:2], twin, *log[2:]]):
        error = chain_failure(forked, keys=keys)
        assert isinstance(error, ForkError)
        assert (error.reason, error.exit_code, error.stream, error.position) == ("fork", 3, "ses_alice", 3)


def test_one_predecessor_under_two_positions_is_a_fork(alice: Issuer, keys: KeySet) -> None:
    log = alice.chain(3)
    other = alice.receipt(id="rct_other", position=9, previous=log[1].digest)
    assert chain_failure([*log, other], keys=keys).reason == "fork"


def test_streams_of_two_deployments_are_two_streams(alice: Issuer, keys: KeySet) -> None:
    assert len(verify_chain([alice.receipt(), alice.receipt(deployment="other.example")], keys=keys)) == 2


def test_nothing_is_never_a_pass(keys: KeySet) -> None:
    with pytest.raises(MalformedError):
        verify_chain([], keys=keys)
    with pytest.raises(MalformedError):
        verify_each([], keys=keys)


def test_a_selection_is_verified_one_by_one(alice: Issuer, charlie: Issuer, keys: KeySet) -> None:
    log = alice.chain(5)
    assert [item.position for item in verify_each([log[4], log[1]], keys=keys)] == [5, 2]
    with pytest.raises(UntrustedKeyError) as caught:
        verify_each([log[4], charlie.receipt()], keys=keys)
    assert caught.value.ordinal == 2


SEED = bytes(range(32))
VALUES: dict[str, Any] = {"/parameters/to": "bob@partner.example", "/parameters/n": [1, None], "/reason": None}
COMMITMENTS = {path: commitment(path, salt=field_salt(SEED, path), value=value) for path, value in VALUES.items()}
DISCLOSURE = {path: {"salt": field_salt(SEED, path).hex(), "value": value} for path, value in VALUES.items()}


def test_disclosed_values_are_compared_and_erased_ones_named(alice: Issuer, keys: KeySet) -> None:
    statement = verify_receipt(alice.receipt(body={"commitments": COMMITMENTS}), keys=keys)
    whole = verify_disclosure(statement, DISCLOSURE)
    assert (whole.disclosed_paths, whole.erased_paths, whole.withheld_paths) == (tuple(VALUES), (), ())
    part = verify_disclosure(statement, {"/reason": DISCLOSURE["/reason"], "/parameters/n": None})
    assert part.statement is statement
    assert part.disclosed_paths == ("/reason",)
    assert part.erased_paths == ("/parameters/n",)
    assert part.withheld_paths == ("/parameters/to",)


# The verifier's part of RCP-30; erasing rows is the store's.
@pytest.mark.parametrize(
    ("path", "entry"),
    [
        ("/reason", {"salt": field_salt(SEED, "/reason").hex(), "value": "because"}),
        ("/reason", {"salt": field_salt(SEED, "/other").hex(), "value": None}),
        ("/reason", DISCLOSURE["/parameters/n"]),
        ("/parameters/to", {"salt": field_salt(SEED, "/parameters/to").hex(), "value": "Bob@partner.example"}),
        ("/nowhere", DISCLOSURE["/reason"]),
        ("/nowhere", None),
    ],
)
def test_a_value_that_was_not_signed_is_a_commitment_mismatch(
    alice: Issuer, keys: KeySet, path: str, entry: Any
) -> None:
    statement = verify_receipt(alice.receipt(body={"commitments": COMMITMENTS}), keys=keys)
    assert verify_disclosure(statement, DISCLOSURE).disclosed_paths == tuple(VALUES)
    with pytest.raises(CommitmentMismatchError) as caught:
        verify_disclosure(statement, {path: entry})
    assert (caught.value.reason, caught.value.exit_code) == ("commitment_mismatch", 2)


@pytest.mark.parametrize(
    "disclosure",
    [
        None,
        [],
        "text",
        {"/reason": "because"},
        {"/reason": {}},
        {"/reason": {"salt": "00" * 32}},
        {"/reason": {"salt": "00" * 32, "value": None, "note": 1}},
        {"/reason": {"salt": "00" * 31, "value": None}},
        {"/reason": {"salt": "AB" * 32, "value": None}},
        {"/reason": {"salt": None, "value": None}},
        {"/reason": {"salt": "00" * 32, "value": float("nan")}},
    ],
)
def test_what_is_no_disclosure_is_malformed(alice: Issuer, keys: KeySet, disclosure: object) -> None:
    statement = verify_receipt(alice.receipt(body={"commitments": COMMITMENTS}), keys=keys)
    with pytest.raises(MalformedError):
        verify_disclosure(statement, disclosure)


def mutated(data: bytes, *, chance: random.Random) -> bytes:
    """A few bytes exchanged, dropped, doubled or put in."""
    changed = bytearray(data)
    for _ in range(chance.randint(1, 3)):
        at, operation = chance.randrange(len(changed)), chance.randrange(4)
        if operation == 0:
            changed[at] ^= 1 << chance.randrange(8)
        elif operation == 1:
            del changed[at : at + chance.randint(1, 8)]
        elif operation == 2:
            changed[at:at] = changed[at : at + chance.randint(1, 8)]
        else:
            changed[at] = chance.randrange(256)
    return bytes(changed)


@pytest.mark.parametrize("seed", range(20))
def test_mutated_files_are_never_valid(alice: Issuer, keys: KeySet, seed: int) -> None:
    """The parser and verifier part of RCP-14 and RCP-32, at the size of a unit test."""
    original = alice.receipt()
    text, chance = canonical_bytes(original.to_dict()), random.Random(seed)
    assert verify_receipt(Envelope.from_dict(load_strict(text)), keys=keys).id == "rct_1"
    reasons = set()
    for _ in range(50):
        try:
            envelope = Envelope.from_dict(load_strict(mutated(text, chance=chance)))
            if envelope != original:
                verify_receipt(envelope, keys=keys)
                pytest.fail("an altered receipt was called valid")
        except (StrictJSONError, VerificationError) as error:
            reasons.add(error.code)
    assert "bad_signature" in reasons


@pytest.mark.parametrize("seed", range(10))
def test_mutated_payloads_and_signatures_are_never_valid(alice: Issuer, keys: KeySet, seed: int) -> None:
    original, chance = alice.receipt(), random.Random(seed)
    for _ in range(50):
        payload, signature = mutated(original.payload, chance=chance), mutated(original.signature, chance=chance)
        for envelope in (
            Envelope(payload, original.signature, original.key_id),
            Envelope(original.payload, signature, original.key_id),
        ):
            if envelope != original:
                with pytest.raises(BadSignatureError):
                    verify_receipt(envelope, keys=keys)


@pytest.mark.parametrize("seed", range(10))
def test_mutated_payloads_that_are_signed_again_are_read_or_refused_by_name(
    alice: Issuer, keys: KeySet, seed: int
) -> None:
    chance, exit_codes = random.Random(seed), set()
    for _ in range(50):
        payload = mutated(alice.payload(), chance=chance)
        try:
            statement = verify_receipt(sign_payload(payload, signer=alice.key), keys=keys)
        except VerificationError as error:
            exit_codes.add(error.exit_code)
        else:
            assert canonical_bytes(load_strict(payload)) == payload
            assert statement.key_id == alice.key.key_id
    assert exit_codes <= {ExitCode.MALFORMED, ExitCode.TAMPERED, ExitCode.UNTRUSTED_KEY, ExitCode.UNSUPPORTED}


@pytest.mark.parametrize("seed", range(30))
def test_mutated_logs_are_never_valid_up_to_a_noted_head(alice: Issuer, keys: KeySet, seed: int) -> None:
    log, chance = alice.chain(8), random.Random(seed)
    head = (8, log[7].digest)
    for _ in range(20):
        changed = list(log)
        at, to, operation = chance.randrange(8), chance.randrange(8), chance.randrange(4)
        if operation == 0:
            del changed[at]
        elif operation == 1:
            changed.insert(to, changed[at])
        elif operation == 2:
            changed[at], changed[to] = changed[to], changed[at]
        else:
            changed = changed[: at + 1]
        if changed != log:
            with pytest.raises(TamperedError):
                verify_chain(changed, keys=keys, expected_head=head)

"""The envelope: one spelling, one signature, nothing besides."""

from __future__ import annotations

import base64
from typing import Any

import pytest

from receipts.signing.envelope import PAYLOAD_TYPE, Envelope, pae
from receipts.signing.errors import MalformedError, UnsupportedError
from tests.unit.signing.issuer import Issuer


def changed(envelope: Envelope, **signature: Any) -> dict[str, Any]:
    """The envelope's document with other signature members."""
    document: dict[str, Any] = envelope.to_dict()
    return {**document, "signatures": [{**document["signatures"][0], **signature}]}


def test_pre_authentication_encoding_is_that_of_dsse() -> None:
    assert pae("http://example.com/HelloWorld", b"hello world") == (
        b"DSSEv1 29 http://example.com/HelloWorld 11 hello world"
    )
    assert pae("é", b"") == b"DSSEv1 2 \xc3\xa9 0 "


def test_an_envelope_survives_its_json_form(alice: Issuer) -> None:
    envelope = alice.receipt()
    document = envelope.to_dict()
    assert set(document) == {"payloadType", "payload", "signatures"}
    assert Envelope.from_dict(document) == envelope
    assert Envelope.from_dict(document).digest == envelope.digest


def test_the_digest_covers_the_payload_and_not_the_signature(alice: Issuer) -> None:
    envelope = alice.receipt()
    resigned = Envelope(payload=envelope.payload, signature=bytes(64), key_id="other")
    assert resigned.digest == envelope.digest != alice.receipt(id="rct_2").digest


@pytest.mark.case("RCP-17")
@pytest.mark.parametrize("signatures", [None, {}, "", [], [[]], [{}], [None], [{"keyid": "a"}], [{"sig": ""}]])
def test_missing_signature_is_malformed_and_never_skipped(alice: Issuer, signatures: object) -> None:
    document = alice.receipt().to_dict()
    assert Envelope.from_dict(document).key_id == alice.key.key_id
    with pytest.raises(MalformedError):
        Envelope.from_dict({**document, "signatures": signatures})


@pytest.mark.case("RCP-17")
def test_two_signatures_are_malformed(alice: Issuer) -> None:
    document: dict[str, Any] = alice.receipt().to_dict()
    with pytest.raises(MalformedError, match="exactly one signature"):
        Envelope.from_dict({**document, "signatures": document["signatures"] * 2})


@pytest.mark.case("RCP-17")
@pytest.mark.parametrize("length", [0, 1, 63, 65, 128])
def test_signature_of_another_length_is_malformed(alice: Issuer, length: int) -> None:
    with pytest.raises(MalformedError, match=f"has {length} bytes"):
        Envelope.from_dict(changed(alice.receipt(), sig=base64.b64encode(bytes(length)).decode()))


@pytest.mark.case("RCP-17")
@pytest.mark.parametrize(
    "sig",
    [
        "A" * 86,
        "A" * 85 + "B==",
        "A" * 86 + "=",
        "A" * 86 + "===",
        "A" * 86 + "==\n",
        " " + "A" * 86 + "==",
        "A" * 43 + "\n" + "A" * 43 + "==",
        "-" * 86 + "==",
        "_" * 86 + "==",
        "\u0410" * 86 + "==",
        "AA==" + "A" * 84,
        7,
        None,
        ["A" * 86 + "=="],
    ],
)
def test_signature_in_another_spelling_is_malformed(alice: Issuer, sig: object) -> None:
    assert Envelope.from_dict(changed(alice.receipt(), sig="A" * 86 + "==")).signature == bytes(64)
    with pytest.raises(MalformedError):
        Envelope.from_dict(changed(alice.receipt(), sig=sig))


@pytest.mark.parametrize("payload", ["e30", "e31=", "{}", None, 1])
def test_payload_in_another_spelling_is_malformed(alice: Issuer, payload: object) -> None:
    document = alice.receipt().to_dict()
    assert Envelope.from_dict({**document, "payload": "e30="}).payload == b"{}"
    with pytest.raises(MalformedError):
        Envelope.from_dict({**document, "payload": payload})


@pytest.mark.parametrize("key_id", [None, "", "x" * 81, 5])
def test_key_id_that_is_no_name_is_malformed(alice: Issuer, key_id: object) -> None:
    with pytest.raises(MalformedError):
        Envelope.from_dict(changed(alice.receipt(), keyid=key_id))


@pytest.mark.parametrize("document", [None, [], "text", 1, {}])
def test_what_is_no_envelope_is_malformed(document: object) -> None:
    with pytest.raises(MalformedError):
        Envelope.from_dict(document)


@pytest.mark.case("RCP-15")
@pytest.mark.parametrize("member", ["jwk", "cert", "x5c", "publicKey"])
def test_key_that_comes_with_a_receipt_is_refused(alice: Issuer, charlie: Issuer, member: str) -> None:
    with pytest.raises(MalformedError):
        Envelope.from_dict(changed(charlie.receipt(), **{member: charlie.jwk()}))
    with pytest.raises(MalformedError):
        Envelope.from_dict({**alice.receipt().to_dict(), member: charlie.jwk()})


@pytest.mark.parametrize("payload_type", ["", "text/plain", PAYLOAD_TYPE + ";v=2", PAYLOAD_TYPE.upper(), None])
def test_other_payload_type_is_unsupported(alice: Issuer, payload_type: object) -> None:
    with pytest.raises(UnsupportedError):
        Envelope.from_dict({**alice.receipt().to_dict(), "payloadType": payload_type})

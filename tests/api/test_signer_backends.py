"""Decisions under each kind of signer: signed inside their transaction, or not made at all."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from django.conf import LazySettings
from django.test import Client

from receipts.models import Receipt
from receipts.problems import ProblemError
from receipts.selectors import envelope_of
from receipts.services.checkpoints import sign_due_checkpoint
from receipts.services.rotation import rotate_key
from receipts.services.sequencing import sequence_waiting
from receipts.signing.keys import KeySet
from receipts.signing.verify import verify_receipt
from tests.api.doors import Door, problem_of, row_counts
from tests.api.test_decide import INSIDE
from tests.factories import begin_session, make_cast
from tests.integration.signer_doubles import PIN, KeyService, listening, softhsm, token_uri

__all__ = ["softhsm"]


@dataclass
class Backend:
    """A signer that is in use, how it fails, and how it is mended."""

    algorithm: str
    spoil: Callable[[], None]
    mend: Callable[[], None]


@pytest.fixture
def files(settings: LazySettings, tmp_path: Path) -> Backend:
    """An encrypted file."""
    path = tmp_path / "key.pem"
    settings.AARM_SIGNER, settings.AARM_SIGNER_PASSPHRASE = f"file:{path}", "correct horse"

    def lock_out() -> None:
        settings.AARM_SIGNER_PASSPHRASE = "wrong"

    def let_in() -> None:
        settings.AARM_SIGNER_PASSPHRASE = "correct horse"

    return Backend("Ed25519", lock_out, let_in)


@pytest.fixture
def module(settings: LazySettings, softhsm: str) -> Backend:
    """A hardware security module."""
    uri = token_uri(softhsm)
    settings.AARM_SIGNER, settings.AARM_SIGNER_PASSPHRASE = uri, PIN

    def unplug() -> None:
        settings.AARM_SIGNER = token_uri(softhsm, label="unplugged")

    def plug() -> None:
        settings.AARM_SIGNER = uri

    return Backend("ES256", unplug, plug)


@pytest.fixture(params=["slow", "wrong", "refusing"])
def service(
    request: pytest.FixtureRequest, settings: LazySettings, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Backend]:
    """A cloud's key service that becomes slow, signs with another key, or knows the key no longer."""
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "testing")
    double, known = KeyService(), dict[str, ec.EllipticCurvePrivateKey]()

    def spoil() -> None:
        known.update(double.keys)
        if request.param == "slow":
            double.hold = threading.Event()
        elif request.param == "wrong":
            double.signer = ec.generate_private_key(ec.SECP256R1())
        else:
            double.keys.clear()

    def mend() -> None:
        double.keys |= known
        double.signer = None
        if double.hold is not None:
            double.hold.set()
            double.hold = None

    with ExitStack() as stack:
        address = stack.enter_context(listening(double))
        settings.AARM_SIGNER = f"awskms:aarm?region=eu-central-1&endpoint={address}&timeout=1.5"
        yield Backend("ES256", spoil, mend)


def check_backend(backend: Backend) -> None:
    """Decides, rotates, and asks anybody who may fetch the keys; then takes the signer away for a while."""
    cast = make_cast()
    agent, session = Door(cast.agent_key), begin_session(cast)
    assert agent.decide(session, parameters=INSIDE).json()["effective"] == "ALLOW"
    rotate_key()
    assert agent.decide(session, parameters=INSIDE).json()["effective"] == "ALLOW"
    receipts = list(Receipt.objects.all())
    keys = KeySet.from_jwks(Client().get("/.well-known/aarm/keys.json").json())
    assert {verify_receipt(envelope_of(item), keys=keys).algorithm for item in receipts} == {backend.algorithm}
    assert len({item.key_id for item in receipts}) == 2
    sequence_waiting()
    before = row_counts()
    backend.spoil()
    try:
        with pytest.raises(ProblemError) as caught:
            sign_due_checkpoint()
        assert caught.value.code == "signing_unavailable"
        problem_of(agent.decide(session, parameters=INSIDE), status=503, code="signing_unavailable")
        assert _is_red()
        assert row_counts() == before
    finally:
        backend.mend()
    assert not _is_red()
    assert sign_due_checkpoint() is not None
    assert agent.decide(session, parameters=INSIDE).json()["effective"] == "ALLOW"


def _is_red() -> bool:
    checks = Client().get("/readyz").json()["checks"]
    return any(check["name"] == "signing_key" and not check["ok"] for check in checks)


@pytest.mark.case("FLT-30", "RCP-21")
@pytest.mark.django_db
def test_an_encrypted_file_signs_decisions_or_none_is_made(files: Backend) -> None:
    check_backend(files)


@pytest.mark.case("FLT-30", "RCP-21")
@pytest.mark.django_db
def test_a_hardware_module_signs_decisions_or_none_is_made(module: Backend) -> None:
    check_backend(module)


@pytest.mark.case("FLT-30", "RCP-21")
@pytest.mark.django_db
def test_a_key_service_signs_decisions_or_none_is_made(service: Backend) -> None:
    check_backend(service)

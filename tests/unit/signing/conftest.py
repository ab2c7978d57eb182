"""The cast: Alice issues receipts and is trusted, so is Bob; Charlie signs too, and nobody trusts him."""

from __future__ import annotations

from pathlib import Path

import pytest

from receipts.signing.keys import KeySet
from tests.unit.signing.issuer import Issuer, issuer


@pytest.fixture(scope="session")
def alice() -> Issuer:
    return issuer("alice")


@pytest.fixture(scope="session")
def bob() -> Issuer:
    return issuer("bob")


@pytest.fixture(scope="session")
def charlie() -> Issuer:
    return issuer("charlie")


@pytest.fixture(scope="session")
def keys(alice: Issuer, bob: Issuer) -> KeySet:
    return KeySet.from_jwks({"keys": [alice.jwk(), bob.jwk()]})


@pytest.fixture(scope="session")
def vectors() -> Path:
    return Path(__file__).parents[2] / "vectors" / "receipts"

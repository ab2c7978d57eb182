"""What every place that holds private keys can do, and a signer whose private half stays there."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol
from urllib.parse import parse_qsl

from receipts.signers.errors import SignerURIError, WrongSignatureError
from receipts.signing.algorithms import PublicHalf
from receipts.signing.keys import Signer

DEFAULT_TIMEOUT_SECONDS = 2.0


class Keyring(Protocol):
    """Private keys by their ids. Which of them signs is said by the database, so that all processes agree."""

    def load(self, key_id: str) -> Signer:
        """The key of that id, ready to sign. Called for every receipt: cheap once it has succeeded.

        Raises SignerError.
        """

    def create(self) -> Signer:
        """A new key, kept under its id. Raises SignerError."""

    def first(self) -> Signer:
        """The key for an installation that has published none yet: one that lies ready, or a new one."""

    def files(self) -> list[Path]:
        """What on this host holds a private key."""


@dataclass(frozen=True, slots=True)
class RemoteKey:
    """A `Signer` by the hand of a service or a module, which is not believed: each signature is verified.

    `_sign` returns the 64 bytes for its argument or raises SignerError.
    """

    public: PublicHalf
    key_id: str
    _sign: Callable[[bytes], bytes] = field(repr=False)

    @property
    def algorithm(self) -> str:
        """That of the public key."""
        return self.public.algorithm.value

    def sign(self, data: bytes) -> bytes:
        """The signature of `data`. Raises SignerError."""
        signature = self._sign(data)
        if not self.public.is_fitting(signature, data=data):
            raise WrongSignatureError
        return signature


def options_of(query: str, *, known: frozenset[str]) -> dict[str, str]:
    """The part of a signer's URI behind the question mark. Raises SignerURIError for an option nobody reads."""
    found = dict(parse_qsl(query, keep_blank_values=True))
    unknown = sorted(set(found) - known)
    if unknown:
        raise SignerURIError(f"AARM_SIGNER has the unknown option {unknown[0]!a}.")
    return found


def timeout_of(options: dict[str, str]) -> float:
    """The option `timeout`, in seconds: a decision waits for no longer. Raises SignerURIError."""
    try:
        seconds = float(options.get("timeout", DEFAULT_TIMEOUT_SECONDS))
    except ValueError as error:
        raise SignerURIError("The option timeout of AARM_SIGNER is a number of seconds.") from error
    if not 0 < seconds <= 60:
        raise SignerURIError("The option timeout of AARM_SIGNER lies above 0 and at most at 60 seconds.")
    return seconds

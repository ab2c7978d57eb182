"""What can go wrong with whoever holds the private keys.

SignerError                  why: a sentence that may be shown to a caller, without paths or addresses
├── SignerURIError           AARM_SIGNER can't be understood, or its library isn't installed
├── KeyMissingError          the key ring doesn't hold the key that is in use
├── SignerUnavailableError   no answer, a refusal, or not in time
└── WrongSignatureError      what came back doesn't fit the key
"""

from __future__ import annotations


class SignerError(Exception):
    """Base of everything that this package raises: nothing is signed, and so nothing allowed."""

    def __init__(self, why: str) -> None:
        super().__init__(why)
        self.why = why


class SignerURIError(SignerError):
    """The setting is wrong."""


class KeyMissingError(SignerError):
    """The key isn't there."""

    def __init__(self) -> None:
        super().__init__("The signing key is not the one that was registered here.")


class SignerUnavailableError(SignerError):
    """The key may be there, but can't be used now."""


class WrongSignatureError(SignerError):
    """The backend signed with another key, something else, or not at all."""

    def __init__(self) -> None:
        super().__init__("The signing service returned a signature that doesn't fit the key.")

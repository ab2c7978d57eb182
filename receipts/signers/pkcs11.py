"""`pkcs11:token=LABEL?module-path=FILE`: ECDSA keys on P-256 in a hardware module, by their labels (RFC 7512).

The PIN is AARM_SIGNER_PASSPHRASE. All calls to the module are made by one thread of this process: sessions are not made
to be shared, and a module that hangs then holds no decision for longer than `timeout`.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from concurrent.futures import TimeoutError as LateError
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import unquote

import pkcs11
from pkcs11.exceptions import NoSuchKey, PinIncorrect, PKCS11Error, UserAlreadyLoggedIn
from pkcs11.util.ec import encode_named_curve_parameters

from receipts.signers.base import RemoteKey, options_of, timeout_of
from receipts.signers.errors import KeyMissingError, SignerUnavailableError, SignerURIError, WrongSignatureError
from receipts.signing.errors import KeyFormatError
from receipts.signing.jwk import key_id_of
from receipts.signing.p256 import P256Public, signature_from_pair

UNAVAILABLE = "The hardware security module doesn't sign now."

_OPTIONS = frozenset({"module-path", "timeout"})
_TOKEN = re.compile(r"token=([^;]+)")
# DER: an octet string of 65 bytes, in which PKCS #11 wraps the point.
_POINT_HEAD = b"\x04\x41"
_CURVE = encode_named_curve_parameters("secp256r1")

Answer = TypeVar("Answer")


class _Token:
    """An open session and the keys that were found in it; used by one thread alone."""

    def __init__(self, *, module: str, label: str, pin: str) -> None:
        self._module, self._label, self._pin = module, label, pin
        self._session: Any = None
        self._private: dict[str, Any] = {}
        self._is_refused = False

    def public(self, key_id: str) -> P256Public:
        key = self._opened().get_key(object_class=pkcs11.ObjectClass.PUBLIC_KEY, label=key_id)
        return _public(key)

    def create(self) -> P256Public:
        """A key pair that can't be read out, labelled by the id that its public half gives it."""
        session = self._opened()
        wanted = {pkcs11.Attribute.EC_PARAMS: _CURVE}
        curve = session.create_domain_parameters(pkcs11.KeyType.EC, wanted, local=True)
        pair = curve.generate_keypair(store=True)
        public = _public(pair[0])
        for half in pair:
            half[pkcs11.Attribute.LABEL] = key_id_of(public)
        return public

    def sign(self, digest: bytes, key_id: str) -> bytes:
        session = self._opened()
        if key_id not in self._private:
            self._private[key_id] = session.get_key(object_class=pkcs11.ObjectClass.PRIVATE_KEY, label=key_id)
        signature: bytes = self._private[key_id].sign(digest, mechanism=pkcs11.Mechanism.ECDSA)
        return signature

    def forget(self) -> None:
        """The next call signs in anew: a module that was restarted knows no earlier session."""
        if self._session is not None:
            with suppress(PKCS11Error):
                self._session.close()
        self._session, self._private = None, {}

    def _opened(self) -> Any:
        if self._session is None:
            token = pkcs11.lib(self._module).get_token(token_label=self._label)
            self._session = self._signed_in(token)
        return self._session

    def _signed_in(self, token: Any) -> Any:
        # A few wrong PINs lock the token for everybody: this process gives no second one.
        if self._is_refused:
            raise PinIncorrect
        try:
            return token.open(user_pin=self._pin, rw=True)
        except UserAlreadyLoggedIn:
            # Whoever signs in does so for the whole process.
            return token.open(rw=True)
        except PinIncorrect:
            self._is_refused = True
            raise


def _public(key: Any) -> P256Public:
    wrapped = bytes(key[pkcs11.Attribute.EC_POINT])
    return P256Public.from_point(wrapped.removeprefix(_POINT_HEAD))


class PKCS11Keyring:
    """A `Keyring` of keys that never leave the module."""

    def __init__(self, token: _Token, *, timeout_seconds: float) -> None:
        self._token = token
        self._timeout_seconds = timeout_seconds
        self._worker = ThreadPoolExecutor(max_workers=1, thread_name_prefix="pkcs11")
        self._keys: dict[str, RemoteKey] = {}

    @classmethod
    def from_uri(cls, rest: str, *, secret: str) -> PKCS11Keyring:
        """Raises SignerURIError. The module is not loaded yet."""
        path, _, query = rest.partition("?")
        found = _TOKEN.fullmatch(path)
        options = options_of(query, known=_OPTIONS)
        if found is None or "module-path" not in options:
            raise SignerURIError("AARM_SIGNER is incomplete: write pkcs11:token=LABEL?module-path=FILE.")
        token = _Token(module=options["module-path"], label=unquote(found.group(1)), pin=secret)
        return cls(token, timeout_seconds=timeout_of(options))

    def load(self, key_id: str) -> RemoteKey:
        """Looks for the public key once a process."""
        if key_id not in self._keys:
            key = self._key(self._call(partial(self._token.public, key_id)))
            if key.key_id != key_id:
                raise KeyMissingError
            self._keys[key_id] = key
        return self._keys[key_id]

    def create(self) -> RemoteKey:
        """A key pair under its id."""
        return self._key(self._call(self._token.create))

    def first(self) -> RemoteKey:
        """Always a new key: which of those in the module are meant for receipts, nobody can tell."""
        return self.create()

    def files(self) -> list[Path]:
        """None: the keys are elsewhere."""
        return []

    def _key(self, public: P256Public) -> RemoteKey:
        key_id = key_id_of(public)
        return RemoteKey(public, key_id, lambda data: self._sign(data, key_id=key_id))

    def _sign(self, data: bytes, *, key_id: str) -> bytes:
        digest = hashlib.sha256(data).digest()
        pair = self._call(partial(self._token.sign, digest, key_id))
        try:
            return signature_from_pair(pair)
        except ValueError as error:
            raise WrongSignatureError from error

    def _call(self, action: Callable[[], Answer]) -> Answer:
        waiting = self._worker.submit(action)
        try:
            return waiting.result(timeout=self._timeout_seconds)
        except NoSuchKey as error:
            raise KeyMissingError from error
        except LateError as error:
            waiting.cancel()
            raise SignerUnavailableError(UNAVAILABLE) from error
        except (PKCS11Error, KeyFormatError) as error:
            self._worker.submit(self._token.forget)
            raise SignerUnavailableError(UNAVAILABLE) from error

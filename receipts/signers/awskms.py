"""`awskms:PREFIX?region=…`: ECDSA keys on P-256 in AWS's Key Management Service, by the aliases `alias/PREFIX/KEY_ID`.

Credentials come from where the AWS library looks for them. Processes that sign need `kms:GetPublicKey` and `kms:Sign`;
whoever runs `keys rotate` needs `kms:CreateKey` and `kms:CreateAlias` too.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from receipts.signers.base import RemoteKey, options_of, timeout_of
from receipts.signers.errors import KeyMissingError, SignerUnavailableError, SignerURIError, WrongSignatureError
from receipts.signing.errors import KeyFormatError
from receipts.signing.jwk import key_id_of
from receipts.signing.p256 import P256Public, signature_from_der

MAX_MESSAGE_LENGTH = 4096
UNAVAILABLE = "The key management service doesn't sign now."

_OPTIONS = frozenset({"region", "endpoint", "timeout"})
_PREFIX = re.compile(r"[A-Za-z0-9_-][A-Za-z0-9/_-]{0,127}")


@dataclass(frozen=True, slots=True)
class KMSKeyring:
    """A `Keyring` of keys that never leave the service."""

    prefix: str
    _client: Any = field(repr=False)
    _keys: dict[str, RemoteKey] = field(default_factory=dict, repr=False)

    @classmethod
    def from_uri(cls, rest: str, *, secret: str) -> KMSKeyring:
        """Raises SignerURIError. Nothing is called yet."""
        prefix, _, query = rest.partition("?")
        if not _PREFIX.fullmatch(prefix):
            raise SignerURIError("AARM_SIGNER names no aliases: write awskms:PREFIX.")
        options = options_of(query, known=_OPTIONS)
        seconds = timeout_of(options)
        limits = Config(connect_timeout=seconds, read_timeout=seconds, retries={"total_max_attempts": 1})
        try:
            client = boto3.client(
                "kms", region_name=options.get("region"), endpoint_url=options.get("endpoint"), config=limits
            )
        except (BotoCoreError, ValueError) as error:
            raise SignerURIError(f"AARM_SIGNER can't be used: {type(error).__name__}.") from error
        return cls(prefix, client)

    def load(self, key_id: str) -> RemoteKey:
        """Asks for the public key once a process."""
        if key_id not in self._keys:
            key = self._key(self._alias(key_id))
            if key.key_id != key_id:
                raise KeyMissingError
            self._keys[key_id] = key
        return self._keys[key_id]

    def create(self) -> RemoteKey:
        """A key and its alias."""
        about = "Signs the receipts of AARM Site."
        made = self._call("create_key", KeySpec="ECC_NIST_P256", KeyUsage="SIGN_VERIFY", Description=about)
        arn = made["KeyMetadata"]["KeyId"]
        key = self._key(arn)
        self._call("create_alias", AliasName=self._alias(key.key_id), TargetKeyId=arn)
        return self.load(key.key_id)

    def first(self) -> RemoteKey:
        """Always a new key: an alias can't be known before its key is."""
        return self.create()

    def files(self) -> list[Path]:
        """None: the keys are elsewhere."""
        return []

    def _alias(self, key_id: str) -> str:
        return f"alias/{self.prefix}/{key_id}"

    def _key(self, name: str) -> RemoteKey:
        try:
            public = P256Public.from_der(self._call("get_public_key", KeyId=name)["PublicKey"])
        except KeyFormatError as error:
            raise SignerUnavailableError(UNAVAILABLE) from error
        return RemoteKey(public, key_id_of(public), lambda data: self._sign(name, data=data))

    def _sign(self, name: str, *, data: bytes) -> bytes:
        # The service takes no longer messages; of those it is given the digest.
        is_short = len(data) <= MAX_MESSAGE_LENGTH
        answer = self._call(
            "sign",
            KeyId=name,
            Message=data if is_short else hashlib.sha256(data).digest(),
            MessageType="RAW" if is_short else "DIGEST",
            SigningAlgorithm="ECDSA_SHA_256",
        )
        try:
            return signature_from_der(answer["Signature"])
        except ValueError as error:
            raise WrongSignatureError from error

    def _call(self, operation: str, **parameters: Any) -> dict[str, Any]:
        try:
            answer: dict[str, Any] = getattr(self._client, operation)(**parameters)
        except ClientError as error:
            if error.response.get("Error", {}).get("Code") == "NotFoundException":
                raise KeyMissingError from error
            raise SignerUnavailableError(UNAVAILABLE) from error
        except BotoCoreError as error:
            raise SignerUnavailableError(UNAVAILABLE) from error
        return answer

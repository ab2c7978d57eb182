"""Key files, and receipts around the times and places at which keys begin and end to count."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from tests.verifiers.publishing.case import ALICE, DORA, GRACE, KEYS, Case, case, receipt

JWK = ALICE.jwk
EC = GRACE.jwk
CREATED = "2026-11-03T09:05:00.000000Z"
RETIRED = "2026-11-03T08:55:00.000000Z"
REVOKED = {"revoked_at": "2026-11-04T00:00:00.000000Z"}
# Every one of these files is refused whole, which says nothing about the receipt.
REFUSED: dict[str, Any] = {
    "no object": [JWK],
    "no list": {"keys": JWK},
    "no key": {"keys": []},
    "a key that is null": {"keys": [None]},
    "one key twice": {"keys": [JWK, JWK]},
    "a private key": {"keys": [{**JWK, "d": "AA"}]},
    "a private key of another kind": {"keys": [JWK, {"kty": "RSA", "kid": "x", "d": "AA"}]},
    "a secret": {"keys": [JWK, {"kty": "oct", "kid": "x", "k": "AA"}]},
    "a key without an id": {"keys": [{name: JWK[name] for name in JWK if name != "kid"}]},
    "a key under another's id": {"keys": [{**JWK, "kid": DORA.jwk["kid"]}]},
    "a key of another algorithm": {"keys": [{**JWK, "alg": "ES256"}]},
    "a key for encryption": {"keys": [{**JWK, "use": "enc"}]},
    "an algorithm that is null": {"keys": [{**JWK, "alg": None}]},
    "a key that was never created": {"keys": [{name: JWK[name] for name in JWK if name != "created_at"}]},
    "a creation time of null": {"keys": [{**JWK, "created_at": None}]},
    "a time in another spelling": {"keys": [{**JWK, "retired_at": "2026-01-01"}]},
    "a revoked size below 0": {"keys": [{**JWK, **REVOKED, "revoked_size": -1}]},
    "a revoked size as a text": {"keys": [{**JWK, **REVOKED, "revoked_size": "1"}]},
    "a revoked size of 1.5": {"keys": [{**JWK, **REVOKED, "revoked_size": 1.5}]},
    "a key that is too short": {"keys": [{**JWK, "x": JWK["x"][:-2]}]},
    "a key with padding": {"keys": [{**JWK, "x": JWK["x"] + "="}]},
    "a key in another spelling": {"keys": [{**JWK, "x": JWK["x"][:-1] + "R"}]},
    "a key that is no text": {"keys": [{**JWK, "x": 5}]},
    "a point without y": {"keys": [{name: EC[name] for name in EC if name != "y"}]},
    "a point that is off the curve": {"keys": [{**EC, "y": EC["x"]}]},
    "a point with a short coordinate": {"keys": [{**EC, "x": EC["x"][:-2]}]},
}
ACCEPTED: dict[str, Any] = {
    "with other members": {"keys": [{**JWK, "comment": [], "key_ops": ["verify"]}], "issuer": "x"},
    "with the older name of the algorithm": {"keys": [{**JWK, "alg": "EdDSA"}]},
    "with times that are null": {"keys": [{**JWK, "retired_at": None, "revoked_at": None, "revoked_size": None}]},
    "with keys of other kinds, one of them twice": {"keys": [{"kty": "RSA", "kid": "x"}, JWK, {"kty": [], "kid": "x"}]},
    "created five minutes after the receipt": {"keys": [{**JWK, "created_at": CREATED}]},
    "retired five minutes before the receipt": {"keys": [{**JWK, "retired_at": RETIRED}]},
    "created in the first second of all": {"keys": [{**JWK, "created_at": "0001-01-01T00:00:00.000000Z"}]},
    "retired in the last second of all": {"keys": [{**JWK, "retired_at": "9999-12-31T23:59:59.999999Z"}]},
    "with a revoked size of a key that was not revoked": {"keys": [{**JWK, "revoked_size": 0}]},
}
UNTRUSTED: dict[str, Any] = {
    "created a microsecond later than that": {"keys": [{**JWK, "created_at": "2026-11-03T09:05:00.000001Z"}]},
    "retired a microsecond before that": {"keys": [{**JWK, "retired_at": "2026-11-03T08:54:59.999999Z"}]},
    "without the key": {"keys": [EC]},
}
REVOKED_KEYS: dict[str, Any] = {
    "revoked": {"keys": [{**JWK, **REVOKED}]},
    "revoked, at a size of the log": {"keys": [{**JWK, **REVOKED, "revoked_size": 5}]},
    "revoked at a size of 5.0": {"keys": [{**JWK, **REVOKED, "revoked_size": 5.0}]},
    "revoked long before the receipt": {"keys": [{**JWK, "revoked_at": "2026-02-01T00:00:00.000000Z"}]},
    "revoked and not yet created": {"keys": [{**JWK, **REVOKED, "created_at": "2027-01-01T00:00:00.000000Z"}]},
}


def key_cases() -> Iterator[Case]:
    groups = (("usage", REFUSED), (None, ACCEPTED), ("untrusted_key", UNTRUSTED), ("revoked_key", REVOKED_KEYS))
    for verdict, files in groups:
        for name, keys in files.items():
            said = "holds" if verdict == "usage" else "is"
            yield case(f"key file {said} {name}", verdict, receipt(), keys=keys)
    unknown = {"keys": [{"kty": "OKP", "crv": "Ed448", "kid": JWK["kid"]}]}
    yield case("key file has another kind of key under that id", "unsupported", receipt(), keys=unknown)
    yield case("key file is not strict JSON", "usage", receipt(), keys=json.dumps(KEYS).replace("{", '{"keys": 1, ', 1))
    yield case("key file is refused before the receipt is read", "usage", "no receipt", keys={"keys": []})

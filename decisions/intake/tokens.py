"""What an access token says, and whether it may say it here. Signatures are checked elsewhere, first.

A token is taken only from the issuer and for the audience that it names, within its time, and never for an algorithm
that anybody who knows the public key could use.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

from decisions.intake.errors import IntakeError
from receipts.signing.canonical import JSON, StrictJSONError, load_strict

# Asymmetric ones only: with the others whoever verifies could sign too, and `none` is signed by nobody.
ALGORITHMS: Final = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA")
AGENT_CLAIMS: Final = ("azp", "client_id", "cid", "appid")
HUMAN_CLAIMS: Final = ("sub", "email", "preferred_username", "upn")
SCOPE_CLAIMS: Final = ("scope", "scp")
# An identity token or a logout token is no permission to call anything.
TYPES: Final = ("", "jwt", "at+jwt", "application/at+jwt")
LONGEST_TOKEN: Final = 16 * 1024
LONGEST_TEXT: Final = 254
MOST_ACTORS: Final = 8

Claims = Mapping[str, JSON]


@dataclass(frozen=True, slots=True)
class Unverified:
    """A token taken apart, of which nothing is proven yet. `key_id` is empty where it names none."""

    algorithm: str
    key_id: str
    claims: Claims


@dataclass(frozen=True, slots=True)
class Expected:
    """What an issuer's tokens have to say. `leeway` is by how much the clocks may differ."""

    issuer: str
    audience: str
    agent_claim: str
    human_claim: str
    scope_claim: str
    required_scope: str
    leeway: timedelta


@dataclass(frozen=True, slots=True)
class Facts:
    """What a token says, once it may.

    `client` is who bears it, `subject` whom it is about, `human` that person as they are known here, None where the
    client acts for itself. `actors` are those who act, the bearer first and whoever acted before it behind. Times are
    aware, UTC.
    """

    client: str
    subject: str
    human: str | None
    scope: frozenset[str]
    actors: tuple[str, ...]
    token_id: str
    issued_at: datetime
    expires_at: datetime


def is_token(text: str) -> bool:
    """Whether a bearer's credential looks like a signed token."""
    return len(text) <= LONGEST_TOKEN and text.count(".") == 2


def take_apart(token: str) -> Unverified:
    """Header and claims as they stand. Raises IntakeError `unauthenticated`."""
    header, claims = (_object(part) for part in token.split(".")[:2])
    kind = header.get("typ", "")
    if not isinstance(kind, str) or kind.lower() not in TYPES:
        raise invalid("The token is of a kind that permits nothing.", param="typ")
    if {"crit", "b64", "zip"} & header.keys():
        raise invalid("The token's header asks for what is not supported.", param="crit")
    algorithm, key_id = header.get("alg"), header.get("kid", "")
    if not isinstance(algorithm, str) or algorithm not in ALGORITHMS:
        raise invalid("The token is signed with an algorithm that is not taken.", param="alg")
    if not isinstance(key_id, str):
        raise invalid("The token names its key by something other than text.", param="kid")
    return Unverified(algorithm=algorithm, key_id=key_id, claims=claims)


def _object(part: str) -> Claims:
    try:
        value = load_strict(base64.b64decode(part + "=" * (-len(part) % 4), altchars=b"-_", validate=True))
    except (binascii.Error, ValueError, StrictJSONError):
        raise invalid("The token can't be read.", param="token") from None
    if not isinstance(value, dict):
        raise invalid("The token can't be read.", param="token")
    return value


def read_claims(claims: Claims, *, expected: Expected, at: datetime) -> Facts:
    """What a verified token says. Raises IntakeError `unauthenticated`; `param` names the claim at fault."""
    if claims.get("iss") != expected.issuer:
        raise invalid("The token is another issuer's.", param="iss")
    if expected.audience not in _texts(claims, "aud"):
        raise invalid("The token is not meant for this installation.", param="aud")
    issued_at, expires_at = _times(claims, leeway=expected.leeway, at=at)
    scope = frozenset(_texts(claims, expected.scope_claim, splits=True))
    if expected.required_scope and expected.required_scope not in scope:
        raise invalid("The token lacks the scope that this installation asks for.", param=expected.scope_claim)
    client, subject = _text(claims, expected.agent_claim), _text(claims, "sub")
    return Facts(
        client=client,
        subject=subject,
        human=_human(claims, client=client, subject=subject, claim=expected.human_claim),
        scope=scope,
        actors=_actors(claims),
        token_id=_text(claims, "jti") if "jti" in claims else "",
        issued_at=issued_at,
        expires_at=expires_at,
    )


def _times(claims: Claims, *, leeway: timedelta, at: datetime) -> tuple[datetime, datetime]:
    issued_at, expires_at = _moment(claims, "iat"), _moment(claims, "exp")
    if at >= expires_at + leeway:
        raise invalid("The token has expired.", param="exp")
    if at + leeway < issued_at:
        raise invalid("The token was issued in the future.", param="iat")
    if "nbf" in claims and at + leeway < _moment(claims, "nbf"):
        raise invalid("The token does not hold yet.", param="nbf")
    return issued_at, expires_at


def _moment(claims: Claims, name: str) -> datetime:
    value = claims.get(name)
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise invalid(f"The token lacks {name}, or it is no time.", param=name)
    try:
        return datetime.fromtimestamp(value, UTC)
    except (OverflowError, OSError, ValueError):
        raise invalid(f"{name} is no time.", param=name) from None


def _human(claims: Claims, *, client: str, subject: str, claim: str) -> str | None:
    """The person whom the token is about; a client that acts for itself is none."""
    if subject == client:
        return None
    if claim == "sub":
        return subject
    if claim == "email" and claims.get("email_verified") is not True:
        raise invalid("Nobody vouches for the token's e-mail address.", param="email_verified")
    return _text(claims, claim)


def _actors(claims: Claims) -> tuple[str, ...]:
    """The actors of RFC 8693, outermost first."""
    found: list[str] = []
    act = claims.get("act")
    while act is not None:
        if not isinstance(act, dict) or len(found) == MOST_ACTORS:
            raise invalid("The token's chain of actors can't be read.", param="act")
        found.append(_text(act, "sub"))
        act = act.get("act")
    return tuple(found)


def _text(claims: Claims, name: str) -> str:
    value = claims.get(name)
    if not isinstance(value, str) or not 0 < len(value) <= LONGEST_TEXT or not value.isprintable():
        raise invalid(f"The token lacks {name}, or it is no text that can be used.", param=name)
    return value


def _texts(claims: Claims, name: str, *, splits: bool = False) -> Sequence[str]:
    value = claims.get(name, [])
    if isinstance(value, str):
        return value.split() if splits else [value]
    if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
        raise invalid(f"{name} is neither text nor a list of texts.", param=name)
    return [item for item in value if isinstance(item, str)]


def invalid(why: str, *, param: str) -> IntakeError:
    """The refusal of a token."""
    return IntakeError(code="unauthenticated", why=why, fix="Get a new token from the issuer.", param=param)

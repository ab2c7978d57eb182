"""Who bears a token: an agent, and the person and the others for whom it speaks."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta

from decisions.intake.errors import IntakeError
from decisions.intake.tokens import (
    AGENT_CLAIMS,
    ALGORITHMS,
    MOST_ACTORS,
    Claims,
    Expected,
    Facts,
    invalid,
    read_claims,
    take_apart,
)
from decisions.models import Issuer, TokenClient
from decisions.services.identity import unauthenticated
from decisions.services.tokens.introspection import check_active
from decisions.services.tokens.keys import check_signature
from decisions.services.tokens.revoked import revocation_digest, revocation_digests
from receipts.access import Authority, Caller, CallerKind
from receipts.clock import as_moment
from receipts.identifiers import folded
from receipts.reads import RowRead

_CASES = " ".join(f"WHEN '{name}' THEN %s" for name in AGENT_CLAIMS)
_PLACES = ", ".join(["%s"] * MOST_ACTORS)
# The client that bears the token, and those that it says have acted before: all that is asked of the database.
_CLIENTS = RowRead(
    TokenClient,
    where=f"issuer.url = %s AND (r.client = CASE issuer.agent_claim {_CASES} END OR r.client IN ({_PLACES}))",
    related=("issuer", "agent"),
    extra={
        "now": "aarm_now()",
        "is_revoked": (
            "EXISTS (SELECT 1 FROM decisions_revokedtoken t "
            "WHERE t.issuer_id = issuer.id AND t.digest IN (%s, %s, %s, %s))"
        ),
    },
)


def authenticate_token(token: str) -> Caller:
    """The caller who bears `token`.

    Raises `unauthenticated`, `unavailable` where its issuer can't be asked, and `payload_key_unavailable`.
    """
    try:
        return _bearer(token)
    except IntakeError as error:
        raise unauthenticated(error.why) from None


def _bearer(token: str) -> Caller:
    found = take_apart(token)
    rows = _named_in(found.claims)
    own = next((row for row in rows if found.claims.get(row.issuer.agent_claim) == row.client), None)
    if own is None or not own.issuer.is_active or not own.agent.is_active:
        raise invalid("No active agent here is this client of this issuer.", param="iss")
    issuer = own.issuer
    if found.algorithm not in issuer.algorithms or found.algorithm not in ALGORITHMS:
        raise invalid("The token is signed with an algorithm that is not taken from this issuer.", param="alg")
    check_signature(token, found=found, issuer=issuer)
    # Read along with the row; the model's type doesn't know them.
    now, is_revoked = getattr(own, "now"), getattr(own, "is_revoked")  # noqa: B009
    facts = read_claims(found.claims, expected=_expected(issuer), at=as_moment(now))
    if is_revoked:
        raise invalid("The token was revoked.", param="jti")
    check_active(token, issuer=issuer)
    agents = {row.client: row.agent_id for row in rows if row.agent.is_active}
    return Caller(
        kind=CallerKind.AGENT,
        id=own.agent_id,
        name=own.agent.name,
        key_id=own.pk,
        authority=_authority(facts, issuer=issuer, agents=agents),
    )


def _named_in(claims: Claims) -> list[TokenClient]:
    named = [_as_text(claims.get(name)) for name in AGENT_CLAIMS]
    actors: list[str] = []
    act = claims.get("act")
    while isinstance(act, dict) and len(actors) < MOST_ACTORS:
        actors.append(_as_text(act.get("sub")))
        act = act.get("act")
    actors += [""] * (MOST_ACTORS - len(actors))
    digests = [digest for kind in ("jti", "sub") for digest in revocation_digests(kind, _as_text(claims.get(kind)))]
    return _CLIENTS.all(*digests, _as_text(claims.get("iss")), *named, *actors)


def _as_text(value: object) -> str:
    return value if isinstance(value, str) else ""


def _expected(issuer: Issuer) -> Expected:
    return Expected(
        issuer=issuer.url,
        audience=issuer.audience,
        agent_claim=issuer.agent_claim,
        human_claim=issuer.human_claim,
        scope_claim=issuer.scope_claim,
        required_scope=issuer.required_scope,
        leeway=timedelta(seconds=issuer.leeway_seconds),
    )


def _authority(facts: Facts, *, issuer: Issuer, agents: Mapping[str, str]) -> Authority:
    return Authority(
        issuer=issuer.pk,
        human=_known_as(facts, issuer=issuer),
        scope=facts.scope,
        actors=tuple(agents.get(actor, "") for actor in reversed(facts.actors)),
        token=revocation_digest("jti", facts.token_id) if facts.token_id else "",
        subject=revocation_digest("sub", facts.subject),
        issued_at=facts.issued_at,
        expires_at=facts.expires_at,
    )


def _known_as(facts: Facts, *, issuer: Issuer) -> str | None:
    """A subject is unique for its issuer only, so that one alone would name two people."""
    if facts.human is None:
        return None
    return folded(f"{issuer.name}:{facts.human}" if issuer.human_claim == "sub" else facts.human)

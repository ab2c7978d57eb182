"""Issuers of access tokens as administrators keep them, their clients, and what was revoked."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.db import IntegrityError, transaction

from approvals.services.administration import Actor, Change, record_change, record_difference, told_values
from decisions.intake.tokens import AGENT_CLAIMS, ALGORITHMS, HUMAN_CLAIMS, SCOPE_CLAIMS
from decisions.models import Issuer, RevokedToken, TokenClient
from decisions.services.identity import named_agent
from decisions.services.tokens.fetching import is_safe_url
from decisions.services.tokens.revoked import revocation_digest
from receipts.clock import database_now
from receipts.problems import ProblemError, not_found

LONGEST_LEEWAY_SECONDS = 300
_CHOICES = {"agent_claim": AGENT_CLAIMS, "human_claim": HUMAN_CLAIMS, "scope_claim": SCOPE_CLAIMS}
_URLS = ("url", "jwks_url", "introspection_url")


def issuer_fault(values: Mapping[str, Any]) -> tuple[str, str] | None:
    """The first field of an issuer that can't be so, and why."""
    for name in _URLS:
        if (values.get(name) or name == "url" in values) and not is_safe_url(values[name]):
            return name, "It must begin with https://, or lead to this machine."
    for name, choices in _CHOICES.items():
        if values.get(name, choices[0]) not in choices:
            return name, f"One of {', '.join(choices)}."
    algorithms = values.get("algorithms", ALGORITHMS[:1])
    if not algorithms or not set(algorithms) <= set(ALGORITHMS):
        return "algorithms", f"One or more of {', '.join(ALGORITHMS)}."
    if not values.get("audience", "set"):
        return "audience", "Without an audience any token of the issuer would do."
    if values.get("leeway_seconds", 0) > LONGEST_LEEWAY_SECONDS:
        return "leeway_seconds", f"At most {LONGEST_LEEWAY_SECONDS} seconds."
    return None


def create_issuer(*, values: Mapping[str, Any], actor: Actor) -> Issuer:
    """An issuer that is believed from now on. Raises `invalid_body` and `issuer_exists`."""
    _check(values)
    try:
        with transaction.atomic():
            issuer = Issuer.objects.create(**values)
            record_change(Change.ADDED, of=issuer, actor=actor)
    except IntegrityError:
        raise _exists("An issuer has this name or this address.") from None
    return issuer


def change_issuer(*, id: str, values: Mapping[str, Any], actor: Actor) -> Issuer:
    """Sets the fields that are named; it holds from the next request on. Raises `invalid_body`, `issuer_exists`."""
    _check(values)
    try:
        with transaction.atomic():
            issuer = Issuer.objects.select_for_update().filter(pk=id).first()
            if issuer is None:
                raise not_found("issuer")
            before = told_values(issuer)
            for name, value in values.items():
                setattr(issuer, name, value)
            issuer.save()
            record_difference(issuer, before=before, actor=actor)
    except IntegrityError:
        raise _exists("An issuer has this name or this address.") from None
    return issuer


def add_client(*, issuer: Issuer, client: str, agent: str, actor: Actor) -> TokenClient:
    """Tokens of this client are that agent's from now on. Raises `unknown_agent` and `issuer_exists`."""
    try:
        with transaction.atomic():
            added = TokenClient.objects.create(issuer=issuer, client=client, agent=named_agent(agent))
            record_change(Change.ADDED, of=added, actor=actor)
    except IntegrityError:
        raise _exists("The client is listed already.") from None
    return added


def remove_client(client: TokenClient, *, actor: Actor) -> None:
    """Its tokens are nobody's from the next request on, and nothing that was asked with them is claimed any more."""
    with transaction.atomic():
        record_change(Change.DELETED, of=client, actor=actor)
        client.delete()


def revoke_token(*, issuer: Issuer, kind: str, value: str, actor: Actor) -> None:
    """Ends one token, by its `jti`, or all of a person, by their `sub`. Twice is once."""
    digest = revocation_digest(kind, value)
    with transaction.atomic():
        row, is_new = RevokedToken.objects.get_or_create(
            issuer=issuer, digest=digest, defaults={"kind": kind, "revoked_at": database_now()}
        )
        if is_new:
            record_change(Change.ADDED, of=row, actor=actor)


def _check(values: Mapping[str, Any]) -> None:
    fault = issuer_fault(values)
    if fault:
        raise ProblemError(
            "invalid_body", status=400, why=fault[1], fix="Correct it and send it again.", param=fault[0]
        )


def _exists(why: str) -> ProblemError:
    return ProblemError("issuer_exists", status=409, why=why, fix="Change the one that is there.")

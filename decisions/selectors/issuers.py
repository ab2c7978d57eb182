"""Issuers and their clients as administrators see them."""

from __future__ import annotations

from typing import Any

from decisions.models import Issuer, TokenClient
from receipts.problems import not_found


def issuers_list() -> dict[str, Any]:
    """All of them: there are few."""
    return {"results": [issuer_answer(row) for row in Issuer.objects.order_by("name")], "next": None}


def issuer_named(id: str) -> Issuer:
    """The issuer of this id. Raises `not_found`."""
    found = Issuer.objects.filter(pk=id).first()
    if found is None:
        raise not_found("issuer")
    return found


def client_of(issuer: Issuer, id: str) -> TokenClient:
    """That client of this issuer. Raises `not_found`."""
    found = issuer.clients.filter(pk=id).first()
    if found is None:
        raise not_found("client")
    return found


def issuer_answer(issuer: Issuer) -> dict[str, Any]:
    """An issuer with its clients. The secret for introspection is in the environment, and in no answer."""
    return {
        **{name: getattr(issuer, name) for name in ("id", *issuer.told_fields)},
        "clients": [client_answer(client) for client in issuer.clients.order_by("client")],
    }


def client_answer(client: TokenClient) -> dict[str, Any]:
    """A client, and which agent it is."""
    return {"id": client.pk, "client": client.client, "agent": client.agent_id}

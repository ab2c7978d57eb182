"""Bearer keys of agents and hosts, for every API view."""

from __future__ import annotations

from django.contrib.auth.models import AnonymousUser
from rest_framework.authentication import BaseAuthentication
from rest_framework.request import Request

from decisions.services.identity import authenticate
from receipts.access import Caller

SCHEME = "bearer "


def caller_of_header(header: str) -> Caller | None:
    """The caller that an `Authorization` header names, if it is a bearer's. Raises `unauthenticated`."""
    if not header.lower().startswith(SCHEME):
        return None
    return authenticate(header[len(SCHEME) :].strip())


class KeyAuthentication(BaseAuthentication):
    """`Authorization: Bearer aak_…` or `ahk_…`."""

    def authenticate(self, request: Request) -> tuple[AnonymousUser, Caller] | None:
        caller = caller_of_header(request.headers.get("Authorization", ""))
        return None if caller is None else (AnonymousUser(), caller)

    def authenticate_header(self, request: Request) -> str:
        return "Bearer"

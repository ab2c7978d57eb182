"""Bearer keys of agents and hosts, for every API view."""

from __future__ import annotations

from collections.abc import Collection

from django.contrib.auth.models import AnonymousUser
from django.http import HttpRequest
from rest_framework.authentication import BaseAuthentication
from rest_framework.request import Request

from decisions.intake.tokens import is_token
from decisions.services.identity import authenticate, unauthenticated
from decisions.services.tokens.bearers import authenticate_token
from receipts.access import Caller, CallerKind
from receipts.problems import ProblemError

SCHEME = "bearer "


def caller_of_header(header: str) -> Caller | None:
    """The caller that an `Authorization` header names, if it is a bearer's. Raises `unauthenticated`."""
    if not header.lower().startswith(SCHEME):
        return None
    credential = header[len(SCHEME) :].strip()
    return authenticate_token(credential) if is_token(credential) else authenticate(credential)


def permitted_caller(request: HttpRequest, *, kinds: Collection[CallerKind], scope: str) -> Caller:
    """The caller of a view that does without DRF. Raises `unauthenticated` and `forbidden`."""
    caller = caller_of_header(request.headers.get("Authorization", ""))
    if caller is None:
        raise unauthenticated("No key was sent.")
    # Where the access log looks.
    request.auth = caller  # type: ignore[attr-defined]
    if caller.kind not in kinds or not caller.may(scope):
        raise ProblemError(
            "forbidden", status=403, why="This credential may not do that.", fix="Use one that holds the right."
        )
    return caller


class KeyAuthentication(BaseAuthentication):
    """`Authorization: Bearer` with `aak_…`, `ahk_…` or an access token."""

    def authenticate(self, request: Request) -> tuple[AnonymousUser, Caller] | None:
        caller = caller_of_header(request.headers.get("Authorization", ""))
        return None if caller is None else (AnonymousUser(), caller)

    def authenticate_header(self, request: Request) -> str:
        return "Bearer"

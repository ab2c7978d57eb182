"""Who calls, and which doors take them. A view names the kinds of caller it serves; one that names none serves nobody.

The credentials behind agents and hosts are checked in `decisions`, which this app does not know: settings name that
authentication class, and it hands down this plain value.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from functools import wraps
from typing import TYPE_CHECKING, Any, Concatenate, ParamSpec

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponseBase
from rest_framework.permissions import SAFE_METHODS, BasePermission
from rest_framework.request import Request

from receipts.problems import ProblemError

if TYPE_CHECKING:
    from django.contrib.auth.models import AbstractUser

AUDIT = "receipts.audit"
ERASE = "receipts.erase"
READERS = (AUDIT, "approvals.review")
"""Who may look for receipts at all; which ones is up to `receipts.selectors`."""

Given = ParamSpec("Given")
Page = Callable[Concatenate[HttpRequest, Given], HttpResponseBase]


class CallerKind(StrEnum):
    AGENT = "agent"
    HOST = "host"
    USER = "user"


class KeyScope(StrEnum):
    """What a key may be limited to."""

    DECIDE = "decide"
    SESSIONS = "sessions"
    TOOLS = "tools"
    READ = "read"


@dataclass(frozen=True, slots=True)
class Authority:
    """What an access token says beside who bears it.

    `human` is the person it speaks for, None where the bearer acts for itself. `actors` are the ids of those through
    whom that person's authority came, in order and the bearer last; an empty one is nobody known here. `token` and
    `subject` are digests, by which either can be revoked.
    """

    issuer: str
    human: str | None
    scope: frozenset[str]
    actors: tuple[str, ...]
    token: str
    subject: str
    issued_at: datetime
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class Caller:
    """An authenticated caller.

    `id` is the agent's, the host's or the user's prefixed id; `key_id` names the credential, and `scopes` what that may
    be used for: an empty set leaves everything to its kind. `authority` is there where the credential is a token.
    """

    kind: CallerKind
    id: str
    name: str
    key_id: str = ""
    scopes: frozenset[str] = frozenset()
    authority: Authority | None = None
    user: AbstractUser | None = None

    def may(self, scope: str | None) -> bool:
        """Whether the credential may be used for this; a limited one never for what has no scope."""
        return not self.scopes or scope in self.scopes

    @property
    def is_authenticated(self) -> bool:
        """What DRF asks of anything that stands in for a user."""
        return True


def caller_of(user: Any) -> Caller:
    """A signed-in person as a caller."""
    return Caller(kind=CallerKind.USER, id=user.person_id, name=user.get_username(), user=user)


class CallerPermission(BasePermission):
    """Lets in the kinds that the view lists in `callers` and, for users, who hold any of `user_permissions`.

    A key that is limited to scopes is let in where the view's `key_scope` is one of them.
    """

    def has_permission(self, request: Request, view: Any) -> bool:
        caller = request.auth
        if not isinstance(caller, Caller) or caller.kind not in getattr(view, "callers", ()):
            return False
        if caller.user is None:
            return caller.kind is not CallerKind.USER and caller.may(_scope_of(request, view))
        return any(caller.user.has_perm(name) for name in getattr(view, "user_permissions", ()))


def _scope_of(request: Request, view: Any) -> str | None:
    """Reading is one scope everywhere; what changes something has the scope that its view names."""
    return KeyScope.READ if request.method in SAFE_METHODS else getattr(view, "key_scope", None)


def for_people(*permissions: str) -> Callable[[Page[Given]], Page[Given]]:
    """A page for people who hold any of `permissions`. Strangers are sent to sign in; who lacks them is refused."""

    def guard(page: Page[Given]) -> Page[Given]:
        @wraps(page)
        def guarded(request: HttpRequest, /, *args: Given.args, **kwargs: Given.kwargs) -> HttpResponseBase:
            if not any(request.user.has_perm(name) for name in permissions):
                raise ProblemError(
                    "forbidden",
                    status=403,
                    why="Your account lacks the right to this page.",
                    fix="An administrator can add you to a group that has it.",
                )
            return page(request, *args, **kwargs)

        return login_required(guarded)

    return guard

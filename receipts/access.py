"""Who calls, and which doors take them. A view names the kinds of caller it serves; one that names none serves nobody.

The credentials behind agents and hosts are checked in `decisions`, which this app does not know: settings name that
authentication class, and it hands down this plain value.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from rest_framework.permissions import BasePermission
from rest_framework.request import Request

if TYPE_CHECKING:
    from django.contrib.auth.models import AbstractUser


class CallerKind(StrEnum):
    AGENT = "agent"
    HOST = "host"
    USER = "user"


@dataclass(frozen=True, slots=True)
class Caller:
    """An authenticated caller.

    `id` is the agent's, the host's or the user's prefixed id; `key_id` names the credential.
    """

    kind: CallerKind
    id: str
    name: str
    key_id: str = ""
    user: AbstractUser | None = None

    @property
    def is_authenticated(self) -> bool:
        """What DRF asks of anything that stands in for a user."""
        return True


class CallerPermission(BasePermission):
    """Lets in the kinds that the view lists in `callers` and, for users, who hold any of `user_permissions`."""

    def has_permission(self, request: Request, view: Any) -> bool:
        caller = request.auth
        if not isinstance(caller, Caller) or caller.kind not in getattr(view, "callers", ()):
            return False
        if caller.user is None:
            return caller.kind is not CallerKind.USER
        return any(caller.user.has_perm(name) for name in getattr(view, "user_permissions", ()))

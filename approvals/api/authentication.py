"""People, by the session of their browser. Anything that changes state needs the CSRF token and a matching Origin."""

from __future__ import annotations

from rest_framework.authentication import SessionAuthentication
from rest_framework.request import Request

from approvals.models import User
from receipts.access import Caller, caller_of


class UserAuthentication(SessionAuthentication):
    """A signed-in person as a caller."""

    def authenticate(self, request: Request) -> tuple[User, Caller] | None:
        found = super().authenticate(request)
        if found is None:
            return None
        user = found[0]
        assert isinstance(user, User)
        return user, caller_of(user)

    def enforce_csrf(self, request: Request) -> None:
        """Looks for the token in Django's own request: DRF's would parse the body for it, and refuse JSON unread."""
        super().enforce_csrf(request._request)  # type: ignore[arg-type]

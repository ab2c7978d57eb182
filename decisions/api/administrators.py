"""What the administrators' doors have in common."""

from __future__ import annotations

from typing import ClassVar

from rest_framework.views import APIView

from receipts.access import Caller, CallerKind


class AdministratorView(APIView):
    """For signed-in people; a subclass names the permissions that they need."""

    callers: ClassVar = {CallerKind.USER}

    @property
    def actor(self) -> Caller:
        """Who administers, for the receipt."""
        caller = self.request.auth
        assert isinstance(caller, Caller)
        return caller

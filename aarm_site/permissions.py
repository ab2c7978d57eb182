"""The default of every API view until it names its callers."""

from __future__ import annotations

from typing import Any

from rest_framework.permissions import BasePermission
from rest_framework.request import Request


class Refused(BasePermission):
    """Refuses everybody."""

    def has_permission(self, request: Request, view: Any) -> bool:
        return False

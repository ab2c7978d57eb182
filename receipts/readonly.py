"""Admin pages that show and change nothing, for superusers too: what they list is written by services alone."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import structlog
from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest

from receipts.access import caller_of

if TYPE_CHECKING:
    # Generic in the stubs only.
    AnyModelAdmin = admin.ModelAdmin[Any]
else:
    AnyModelAdmin = admin.ModelAdmin


log = structlog.get_logger(__name__)


class ReadOnlyAdmin(AnyModelAdmin):
    """Also without actions, since the one that every admin has deletes. Who searches is on record, never for what."""

    actions = None
    show_full_result_count = False

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        """As everywhere, with a line in the access log."""
        if search_term:
            log.info("admin_searched", caller_id=caller_of(request.user).id, table_kind=self.opts.label_lower)
        return super().get_search_results(request, queryset, search_term)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

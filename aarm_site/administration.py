"""Django's admin, in which nothing can be registered that changes something and leaves no receipt (OPS-07).

Done once for every model, those of libraries too, because what each admin class has to remember somebody forgets.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import TYPE_CHECKING, Any

from django.contrib import admin, messages
from django.db import transaction
from django.db.models import Model, QuerySet
from django.http import HttpRequest, HttpResponseBase, HttpResponseRedirect

from approvals.services.administration import Change, record_change
from approvals.services.routes import keeping_routes_open
from receipts.access import caller_of
from receipts.problems import ProblemError
from receipts.readonly import AnyModelAdmin, ReadOnlyAdmin

if TYPE_CHECKING:
    # Generic in the stubs only.
    Message = list[Any]
else:
    Message = list

View = Callable[..., HttpResponseBase]
CHANGES_NOTHING = ("GET", "HEAD", "OPTIONS", "TRACE")
# What routes lead over: without some of it the policy may ask nobody.
ON_ROUTES = frozenset(
    {"approvals.user", "auth.group", "approvals.schedule", "approvals.delegation", "approvals.stander"}
)


class NamedChanges(Message):
    """Django's message for its history, which has the fields' labels, with their names."""

    fields: tuple[str, ...] = ()


class RecordedAdmin(AnyModelAdmin):
    """Mixed into every admin class that may write. Django calls the last three for whatever its pages change."""

    def changeform_view(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        return self._keeping_routes(super().changeform_view, request, *args, **kwargs)

    def delete_view(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        return self._keeping_routes(super().delete_view, request, *args, **kwargs)

    def changelist_view(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        return self._keeping_routes(super().changelist_view, request, *args, **kwargs)

    def _keeping_routes(self, view: View, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        """What would close a route is taken back, and its page says why."""
        if request.method in CHANGES_NOTHING or self.model._meta.label_lower not in ON_ROUTES:
            return view(request, *args, **kwargs)
        try:
            with keeping_routes_open():
                return view(request, *args, **kwargs)
        except ProblemError as problem:
            if problem.code != "dead_end":
                raise
            self.message_user(request, f"{problem.why} {problem.fix}", messages.ERROR)
            return HttpResponseRedirect(request.get_full_path())

    def construct_change_message(self, request: HttpRequest, form: Any, formsets: Any, add: bool = False) -> Any:
        message = NamedChanges(super().construct_change_message(request, form, formsets, add))
        inline = [formset.model._meta.model_name for formset in formsets or () if formset.has_changed()]
        message.fields = (*form.changed_data, *inline)
        return message

    def log_addition(self, request: HttpRequest, obj: Model, message: Any) -> Any:
        record_change(Change.ADDED, of=obj, actor=caller_of(request.user))
        return super().log_addition(request, obj, message)

    def log_change(self, request: HttpRequest, obj: Model, message: Any) -> Any:
        fields = getattr(message, "fields", ())
        record_change(Change.CHANGED, of=obj, actor=caller_of(request.user), fields=fields)
        return super().log_change(request, obj, message)

    def log_deletions(self, request: HttpRequest, queryset: QuerySet[Any]) -> Any:
        for row in queryset:
            record_change(Change.DELETED, of=row, actor=caller_of(request.user))
        return super().log_deletions(request, queryset)


class RecordingSite(admin.AdminSite):
    """The admin of this product."""

    def register(self, model_or_iterable: Any, admin_class: Any = None, **options: Any) -> None:
        """As Django's. What is read-only is written by services, which record what they do themselves."""
        chosen = admin_class or admin.ModelAdmin
        if not issubclass(chosen, (ReadOnlyAdmin, RecordedAdmin)):
            chosen = type(chosen.__name__, (RecordedAdmin, chosen), {"__module__": chosen.__module__})
        super().register(model_or_iterable, chosen, **options)

    def admin_view(self, view: Any, cacheable: bool = False) -> Any:
        """Every submission is one transaction; Django leaves out actions on lists and new passwords."""
        return super().admin_view(_in_one_transaction(view), cacheable)


def _in_one_transaction(view: View) -> View:
    @wraps(view)
    def whole(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if request.method in CHANGES_NOTHING:
            return view(request, *args, **kwargs)
        with transaction.atomic():
            return view(request, *args, **kwargs)

    return whole

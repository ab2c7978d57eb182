"""Where requests for approval are found, and how people sign in by link."""

from __future__ import annotations

from django.urls import include, path

from approvals.api import views as api
from approvals.views import detail, inbox, signin

pages = [
    path("", inbox.home, name="home"),
    path("inbox", inbox.inbox, name="inbox"),
    path("a/<str:approval_id>", detail.detail, name="detail"),
    path("a/<str:approval_id>/approve", detail.approve, name="approve"),
    path("a/<str:approval_id>/deny", detail.deny, name="deny"),
    path("a/<str:approval_id>/withdraw", detail.withdraw, name="withdraw"),
]

urlpatterns = [
    path("", include((pages, "approvals"))),
    path("accounts/link/<str:token>", signin.sign_in_link, name="sign-in-link"),
    path("api/v1/approvals", api.ApprovalListView.as_view(), name="approvals-api"),
    path("api/v1/approvals/<str:approval_id>", api.ApprovalDetailView.as_view(), name="approval-api"),
    path("api/v1/approvals/<str:approval_id>/votes", api.ApprovalVoteView.as_view(), name="approval-votes"),
]

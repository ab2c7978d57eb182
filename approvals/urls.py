"""Where requests for approval are found, and how people sign in by link."""

from __future__ import annotations

from django.urls import path

from approvals.api import views as api

urlpatterns = [
    path("api/v1/approvals", api.ApprovalListView.as_view(), name="approvals-api"),
    path("api/v1/approvals/<str:approval_id>", api.ApprovalDetailView.as_view(), name="approval-api"),
    path("api/v1/approvals/<str:approval_id>/votes", api.ApprovalVoteView.as_view(), name="approval-votes"),
]

"""The doors of agents and hosts."""

from __future__ import annotations

from django.urls import path

from decisions.api import views
from decisions.waiting import decision_detail

urlpatterns = [
    path("decide", views.DecideView.as_view(), name="decide"),
    path("api/v1/decide", views.DecideView.as_view(), name="decide-v1"),
    path("api/v1/decisions/<str:decision_id>", decision_detail, name="decision"),
    path("api/v1/decisions/<str:decision_id>/claim", views.DecisionClaimView.as_view(), name="decision-claim"),
    path("api/v1/decisions/<str:decision_id>/outcome", views.DecisionOutcomeView.as_view(), name="decision-outcome"),
    path("api/v1/decisions/<str:decision_id>/cancel", views.DecisionCancelView.as_view(), name="decision-cancel"),
    path("api/v1/deferrals/<str:deferral_id>/evidence", views.DeferralEvidenceView.as_view(), name="deferral-evidence"),
    path("api/v1/sessions", views.SessionListView.as_view(), name="sessions"),
    path("api/v1/sessions/<str:session_id>", views.SessionDetailView.as_view(), name="session"),
    path("api/v1/sessions/<str:session_id>/entries", views.SessionEntriesView.as_view(), name="session-entries"),
    path("api/v1/sessions/<str:session_id>/messages", views.SessionMessageView.as_view(), name="session-messages"),
    path("api/v1/sessions/<str:session_id>/end", views.SessionEndView.as_view(), name="session-end"),
    path("api/v1/tools", views.ToolListView.as_view(), name="tools"),
]

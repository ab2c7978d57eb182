"""The doors of agents and hosts, and those of the people who write policies."""

from __future__ import annotations

from django.urls import URLPattern, URLResolver, include, path

from decisions.api import agents, issuers, observations, pauses, policies, sessions, views
from decisions.views import agents as agent_pages
from decisions.views import pauses as pages
from decisions.waiting import decision_detail

urlpatterns = [
    path("decide", views.DecideView.as_view(), name="decide"),
    path("api/v1/decide", views.DecideView.as_view(), name="decide-v1"),
    path("api/v1/decisions/<str:decision_id>", decision_detail, name="decision"),
    path("api/v1/decisions/<str:decision_id>/claim", views.DecisionClaimView.as_view(), name="decision-claim"),
    path("api/v1/decisions/<str:decision_id>/outcome", views.DecisionOutcomeView.as_view(), name="decision-outcome"),
    path("api/v1/decisions/<str:decision_id>/answers", views.DecisionAnswerView.as_view(), name="decision-answers"),
    path("api/v1/decisions/<str:decision_id>/cancel", views.DecisionCancelView.as_view(), name="decision-cancel"),
    path("api/v1/deferrals/<str:deferral_id>/evidence", views.DeferralEvidenceView.as_view(), name="deferral-evidence"),
    path("api/v1/sessions", views.SessionListView.as_view(), name="sessions"),
    path("api/v1/sessions/<str:session_id>", sessions.SessionDetailView.as_view(), name="session"),
    path("api/v1/sessions/<str:session_id>/entries", sessions.SessionEntriesView.as_view(), name="session-entries"),
    path(
        "api/v1/sessions/<str:session_id>/verification",
        sessions.SessionVerificationView.as_view(),
        name="session-verification",
    ),
    path("api/v1/sessions/<str:session_id>/messages", views.SessionMessageView.as_view(), name="session-messages"),
    path("api/v1/sessions/<str:session_id>/end", views.SessionEndView.as_view(), name="session-end"),
    path("api/v1/observations", observations.ObservationListView.as_view(), name="observations"),
    path("api/v1/tools", views.ToolListView.as_view(), name="tools"),
]

# What follows is no part of the tier that only decides.
policy_patterns = [
    path("api/v1/policies", policies.PolicyListView.as_view(), name="policies"),
    path("api/v1/policies/lint", policies.PolicyLintView.as_view(), name="policy-lint"),
    path("api/v1/policies/test", policies.PolicyTestView.as_view(), name="policy-test"),
    path("api/v1/policies/schema", policies.PolicySchemaView.as_view(), name="policy-schema"),
    path("api/v1/policies/proposals", policies.ProposalListView.as_view(), name="policy-proposals"),
    path(
        "api/v1/policies/proposals/<str:proposal_id>/approve",
        policies.ProposalApproveView.as_view(),
        name="policy-approve",
    ),
    path("api/v1/policies/<str:version_id>", policies.PolicyVersionView.as_view(), name="policy"),
    path("api/v1/policies/<str:version_id>/publish", policies.PolicyAgainView.as_view(), name="policy-again"),
]

# Nor are those of administrators.
administration_patterns = [
    path("api/v1/agents", agents.AgentListView.as_view(), name="agents"),
    path("api/v1/agents/<str:agent_id>", agents.AgentDetailView.as_view(), name="agent"),
    path("api/v1/agents/<str:agent_id>/keys", agents.AgentKeyListView.as_view(), name="agent-keys"),
    path(
        "api/v1/agents/<str:agent_id>/keys/<str:key_id>/rotate",
        agents.AgentKeyRotateView.as_view(),
        name="agent-key-rotate",
    ),
    path(
        "api/v1/agents/<str:agent_id>/keys/<str:key_id>/revoke",
        agents.AgentKeyRevokeView.as_view(),
        name="agent-key-revoke",
    ),
    path("api/v1/issuers", issuers.IssuerListView.as_view(), name="issuers"),
    path("api/v1/issuers/<str:issuer_id>", issuers.IssuerDetailView.as_view(), name="issuer"),
    path("api/v1/issuers/<str:issuer_id>/clients", issuers.IssuerClientListView.as_view(), name="issuer-clients"),
    path(
        "api/v1/issuers/<str:issuer_id>/clients/<str:client_id>/remove",
        issuers.IssuerClientRemoveView.as_view(),
        name="issuer-client-remove",
    ),
    path(
        "api/v1/issuers/<str:issuer_id>/revocations", issuers.IssuerRevocationView.as_view(), name="issuer-revocations"
    ),
]

_agent_pages = [
    path("agents", agent_pages.agent_list, name="index"),
    path("agents/<str:agent_id>", agent_pages.agent_detail, name="detail"),
    path("agents/<str:agent_id>/keys/<str:key_id>/rotate", agent_pages.key_rotate, name="rotate"),
]
agent_patterns: list[URLPattern | URLResolver] = [path("", include((_agent_pages, "agents")))]

_pause_pages = [
    path("pauses", pages.pause_list, name="index"),
    path("pauses/new", pages.pause_new, name="new"),
    path("pauses/<str:pause_id>/resume", pages.pause_resume, name="resume"),
]
pause_patterns: list[URLPattern | URLResolver] = [
    path("", include((_pause_pages, "pauses"))),
    path("api/v1/pauses", pauses.PauseListView.as_view(), name="pauses-api"),
    path("api/v1/pauses/<str:pause_id>/resume", pauses.PauseResumeView.as_view(), name="pause-resume"),
    path("api/v1/sessions/<str:session_id>/pause", pauses.SessionPauseView.as_view(), name="session-pause"),
    path("api/v1/sessions/<str:session_id>/resume", pauses.SessionResumeView.as_view(), name="session-resume"),
]

"""Every address. What an address means is said in the app that serves it."""

from __future__ import annotations

from django.contrib import admin
from django.urls import include, path
from django.views.generic import RedirectView
from drf_spectacular.views import SpectacularAPIView

from aarm_site.health import healthz, readyz
from decisions.urls import administration_patterns, agent_patterns, pause_patterns, policy_patterns

handler400 = "aarm_site.errors.bad_request"
handler403 = "aarm_site.errors.permission_denied"
handler404 = "aarm_site.errors.page_not_found"
handler429 = "aarm_site.errors.too_many_requests"
handler500 = "aarm_site.errors.server_error"

urlpatterns = [
    path("healthz", healthz, name="healthz"),
    path("readyz", readyz, name="readyz"),
    path("api/schema", SpectacularAPIView.as_view(authentication_classes=[], permission_classes=[]), name="schema"),
    # One page to sign in: a second one without throttling and second factors would be the way around both.
    path("admin/login/", RedirectView.as_view(pattern_name="account_login", query_string=True)),
    path("admin/", admin.site.urls),
    path("", include("decisions.urls")),
    path("", include(policy_patterns)),
    path("", include(administration_patterns)),
    path("", include(agent_patterns)),
    path("", include(pause_patterns)),
    path("", include("approvals.urls")),
    path("", include("receipts.urls")),
]

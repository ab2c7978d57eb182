"""The addresses of the tier that only decides: what agents and hosts call, and health."""

from __future__ import annotations

from django.urls import include, path

from aarm_site.health import healthz, readyz

handler400 = "aarm_site.errors.bad_request"
handler403 = "aarm_site.errors.permission_denied"
handler404 = "aarm_site.errors.page_not_found"
handler500 = "aarm_site.errors.server_error"

urlpatterns = [
    path("healthz", healthz, name="healthz"),
    path("readyz", readyz, name="readyz"),
    path("", include("decisions.urls")),
]

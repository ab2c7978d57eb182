"""How people sign in by SAML, where the extra `saml` is installed."""

from __future__ import annotations

from allauth.socialaccount.providers.saml import views as saml
from django.urls import path

from approvals.views.leaving import leading_away
from approvals.views.saml import finish, not_offered

urlpatterns = [
    path("<slug:organization_slug>/login/", leading_away(saml.login), name="saml_login"),
    # The provider's page posts here, from elsewhere and so without our cookies; the second address has them.
    path("<slug:organization_slug>/acs/", saml.acs, name="saml_acs"),
    path("<slug:organization_slug>/acs/finish/", finish, name="saml_finish_acs"),
    path("<slug:organization_slug>/metadata/", saml.metadata, name="saml_metadata"),
    path("<slug:organization_slug>/sls/", not_offered, name="saml_sls"),
]

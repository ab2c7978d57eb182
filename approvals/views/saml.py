"""How people sign in by SAML, and what the library's views leave to us. Only where the extra `saml` is installed."""

from __future__ import annotations

from typing import Any

from allauth.socialaccount.providers.saml import views
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import path
from lxml.etree import XMLSyntaxError
from onelogin.saml2.xmlparser import DTDForbidden, EntitiesForbidden

from approvals.views.leaving import leading_away


def finish(request: HttpRequest, **named: Any) -> HttpResponse:
    """Believes the answer, or doesn't; one that can't be read is refused as any other."""
    try:
        reply: HttpResponse = views.finish_acs(request, **named)
    except (XMLSyntaxError, DTDForbidden, EntitiesForbidden):
        return render(request, "socialaccount/authentication_error.html", status=400)
    return reply


def not_offered(request: HttpRequest, **named: Any) -> HttpResponse:
    """Signing out of everything by the provider's word: its address has to exist for the library, and answers 404."""
    raise Http404("Signing out at a provider ends no session here.")


urlpatterns = [
    path("<slug:organization_slug>/login/", leading_away(views.login), name="saml_login"),
    # The provider's page posts here, from elsewhere and so without our cookies; the second address has them.
    path("<slug:organization_slug>/acs/", views.acs, name="saml_acs"),
    path("<slug:organization_slug>/acs/finish/", finish, name="saml_finish_acs"),
    path("<slug:organization_slug>/metadata/", views.metadata, name="saml_metadata"),
    path("<slug:organization_slug>/sls/", not_offered, name="saml_sls"),
]

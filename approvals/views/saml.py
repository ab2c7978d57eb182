"""How people sign in by SAML, and what the library's views leave to us. Only where the extra `saml` is installed."""

from __future__ import annotations

from typing import Any

from allauth.socialaccount.providers.saml import views
from allauth.socialaccount.providers.saml.utils import get_app_or_404
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import path
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST
from lxml.etree import XMLSyntaxError
from onelogin.saml2.xmlparser import DTDForbidden, EntitiesForbidden

from approvals.views.leaving import leading_away

# Characters of an answer: one with a hundred groups and both its certificates has thirty thousand.
MAX_ANSWER = 200_000


@csrf_exempt
@require_POST
def take(request: HttpRequest, *, organization_slug: str) -> HttpResponse:
    """Keeps what the provider's page posts for the next request: it comes from elsewhere, and so without our cookies.

    Anybody may post here, so that only so much is kept, and only for a provider that there is.
    """
    get_app_or_404(request, organization_slug)
    if len(request.POST.get("SAMLResponse", "")) > MAX_ANSWER:
        return _refused(request)
    reply: HttpResponse = views.acs(request, organization_slug=organization_slug)
    return reply


def finish(request: HttpRequest, **named: Any) -> HttpResponse:
    """Believes the answer, or doesn't; one that can't be read is refused as any other."""
    try:
        reply: HttpResponse = views.finish_acs(request, **named)
    except (XMLSyntaxError, DTDForbidden, EntitiesForbidden):
        return _refused(request)
    return reply


def _refused(request: HttpRequest) -> HttpResponse:
    return render(request, "socialaccount/authentication_error.html", status=400)


def not_offered(request: HttpRequest, **named: Any) -> HttpResponse:
    """Signing out of everything by the provider's word: its address has to exist for the library, and answers 404."""
    raise Http404("Signing out at a provider ends no session here.")


urlpatterns = [
    path("<slug:organization_slug>/login/", leading_away(views.login), name="saml_login"),
    path("<slug:organization_slug>/acs/", take, name="saml_acs"),
    path("<slug:organization_slug>/acs/finish/", finish, name="saml_finish_acs"),
    path("<slug:organization_slug>/metadata/", views.metadata, name="saml_metadata"),
    path("<slug:organization_slug>/sls/", not_offered, name="saml_sls"),
]

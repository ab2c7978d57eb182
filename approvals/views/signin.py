"""Signing in by a link that works once. Opening it uses nothing up; its button does (CHN-14)."""

from __future__ import annotations

from allauth.account.internal.flows.login import record_authentication
from allauth.usersessions.models import UserSession
from django.contrib.auth import login
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_http_methods

from approvals.services.people import consume_sign_in_link, link_owner
from receipts.problems import ProblemError

BACKEND = "allauth.account.auth_backends.AuthenticationBackend"
GONE = 410


@require_http_methods(["GET", "HEAD", "POST"])
def sign_in_link(request: HttpRequest, token: str) -> HttpResponse:
    """`/accounts/link/<token>`"""
    return _consume(request, token) if request.method == "POST" else _show(request, token)


def _show(request: HttpRequest, token: str) -> HttpResponse:
    owner = link_owner(token)
    return _invalid(request) if owner is None else render(request, "registration/link.html", {"account": owner})


def _consume(request: HttpRequest, token: str) -> HttpResponse:
    try:
        owner = consume_sign_in_link(token=token)
    except ProblemError:
        return _invalid(request)
    login(request, owner, backend=BACKEND)
    record_authentication(request, owner, method="link")
    UserSession.objects.create_from_request(request)
    return HttpResponseRedirect(reverse("approvals:home"), status=303)


def _invalid(request: HttpRequest) -> HttpResponse:
    return render(request, "registration/link_invalid.html", status=GONE)

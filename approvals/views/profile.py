"""One's own account: how one signs in, and where one is signed in."""

from __future__ import annotations

from typing import Any

from allauth.mfa.models import Authenticator
from allauth.socialaccount.models import SocialAccount
from allauth.usersessions.internal.flows.sessions import end_other_sessions
from allauth.usersessions.models import UserSession
from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_POST, require_safe

from approvals.models import User
from approvals.services.people import Role
from approvals.views.reading import reader_of

Kind = Authenticator.Type
# The address that leads to a provider, by what it speaks.
LOGINS = {"openid": "openid_connect_login", "saml": "saml_login"}


def _factors(user: User) -> dict[str, Any]:
    found = Authenticator.objects.filter(user=user).order_by("created_at")
    return {
        "passkeys": [item for item in found if item.type == Kind.WEBAUTHN],
        "has_app": any(item.type == Kind.TOTP for item in found),
        "has_codes": any(item.type == Kind.RECOVERY_CODES for item in found),
    }


def _groups(user: User) -> dict[str, list[str]]:
    names = sorted(user.groups.values_list("name", flat=True))
    roles = [name for name in names if name in set(Role)]
    return {"roles": roles, "teams": [name for name in names if name not in roles]}


def _providers(user: User) -> list[dict[str, Any]]:
    linked = set(SocialAccount.objects.filter(user=user).values_list("provider", flat=True))
    return [
        {"id": item.id, "name": item.name, "login": LOGINS[item.protocol], "is_linked": item.id in linked}
        for item in settings.AARM_SSO_PROVIDERS
    ]


@login_required
@require_safe
def profile(request: HttpRequest) -> HttpResponse:
    """`/profile`"""
    user = reader_of(request)
    sessions = UserSession.objects.filter(user=user).order_by("-created_at")
    context = {
        "account": user,
        "sessions": [item for item in sessions if item.exists()],
        "current": request.session.session_key,
        "providers": _providers(user),
        **_factors(user),
        **_groups(user),
    }
    return render(request, "approvals/profile.html", context)


@login_required
@require_POST
def sign_out_others(request: HttpRequest) -> HttpResponse:
    """`/profile/sign-out-others`"""
    end_other_sessions(request, reader_of(request))
    messages.success(request, "You are signed out everywhere else.")
    return HttpResponseRedirect(reverse("profile"), status=303)

"""People who sign in at an identity provider. They are known by provider and subject; an address joins nothing."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from allauth.core.exceptions import ImmediateHttpResponse
from allauth.socialaccount.adapter import DefaultSocialAccountAdapter
from allauth.socialaccount.models import SocialAccount, SocialLogin
from allauth.socialaccount.providers.base import AuthProcess
from django.conf import settings
from django.http import HttpRequest
from django.shortcuts import render
from django.urls import reverse

from approvals.models import User
from approvals.services.memberships import Claims, follow_claims, is_known_otherwise

REFUSALS = {
    "unknown": (
        "Nobody has made an account here for the person whom your provider names.",
        "Ask an administrator for an account, sign in with it once, and link the provider in your profile.",
    ),
    "taken": (
        "Another account here has your name or address, and nothing proves that it is yours.",
        "Sign in with that account and link the provider in its profile, or ask an administrator.",
    ),
    "unclear": (
        "Your provider's two answers name two different persons.",
        "Try again. If it stays so, the provider is set up wrongly.",
    ),
}


def _provider(login: SocialLogin) -> Any:
    """Our settings of the provider that vouches; one that was taken out of them vouches for nobody."""
    named = login.account.provider
    found = [provider for provider in settings.AARM_SSO_PROVIDERS if provider.id == named]
    if not found:
        raise ImmediateHttpResponse(_refusal(login, "unknown"))
    return found[0]


def _refusal(login: SocialLogin, kind: str) -> Any:
    why, fix = REFUSALS[kind]
    context = {"why": why, "fix": fix, "provider": login.account.provider, "subject": login.account.uid}
    return render(None, "socialaccount/refused.html", context, status=403)


def _claims(login: SocialLogin) -> Mapping[str, Any]:
    """Everything that the provider said of the person, with the address as `email`."""
    said, provider = login.account.extra_data, _provider(login)
    if provider.protocol == "openid":
        return _tokens_claims(login, said)
    addresses = [said[name] for name in provider.email_attributes if said.get(name)]
    return {**said, "email": next((values[0] for values in addresses), "")}


def _tokens_claims(login: SocialLogin, said: Mapping[str, Any]) -> Mapping[str, Any]:
    """The ID token last: it is the one that was asked for."""
    info, token = said.get("userinfo") or {}, said.get("id_token") or {}
    if info and token and info.get("sub") != token.get("sub"):
        raise ImmediateHttpResponse(_refusal(login, "unclear"))
    return {**info, **token}


def _values(claim: object) -> Collection[str]:
    """A claim of groups: a list, or one name."""
    found = claim if isinstance(claim, list) else [claim]
    return {value for value in found if isinstance(value, str)}


class SsoAdapter(DefaultSocialAccountAdapter):
    """Decides who of those that a provider vouches for gets in, and into which groups."""

    def pre_social_login(self, request: HttpRequest, sociallogin: SocialLogin) -> None:
        """Called once the provider has answered. Raises the refusal as the answer."""
        provider, claims = _provider(sociallogin), _claims(sociallogin)
        # Addresses of the library's own: we neither confirm any nor find people by them.
        sociallogin.email_addresses = []
        if sociallogin.state.get("process") == AuthProcess.CONNECT:
            return
        if not sociallogin.is_existing and not provider.creates_people:
            raise ImmediateHttpResponse(_refusal(sociallogin, "unknown"))
        self._agree(sociallogin, claims)
        if sociallogin.is_existing:
            self._follow(sociallogin.user, provider, claims)

    def _agree(self, login: SocialLogin, claims: Mapping[str, Any]) -> None:
        """Two accounts of one person would be two votes, so a name or an address that is taken ends the sign-in."""
        known = login.user if login.is_existing else None
        email = str(claims.get("email") or "")
        username = "" if known else str(login.user.username or email)
        if is_known_otherwise(username=username, email=email, besides=known):
            raise ImmediateHttpResponse(_refusal(login, "taken"))

    def _follow(self, user: User, provider: Any, claims: Mapping[str, Any], *, is_new: bool = False) -> None:
        """The address is the provider's to say, because it excludes people from approving what they asked for."""
        said = Claims(
            email=str(claims.get("email") or ""),
            values=_values(claims.get(provider.groups_claim)),
            mapping=provider.groups,
        )
        follow_claims(user, claims=said, is_new=is_new)

    def is_open_for_signup(self, request: HttpRequest, sociallogin: SocialLogin) -> bool:
        """Only a provider that was told to makes accounts; `pre_social_login` has refused for the others."""
        return bool(_provider(sociallogin).creates_people)

    def is_auto_signup_allowed(self, request: HttpRequest, sociallogin: SocialLogin) -> bool:
        """There is no form in between in which a person could call themselves something else."""
        return True

    def save_user(self, request: HttpRequest, sociallogin: SocialLogin, form: Any = None) -> User:
        """A new account, with the groups that its claims stand for."""
        user: User = super().save_user(request, sociallogin, form)
        self._follow(user, _provider(sociallogin), _claims(sociallogin), is_new=True)
        return user

    def get_connect_redirect_url(self, request: HttpRequest, socialaccount: SocialAccount) -> str:
        """Where somebody who linked a provider goes."""
        return reverse("profile")

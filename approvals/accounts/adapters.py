"""What the sign-in library asks of us about accounts and second factors."""

from __future__ import annotations

from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from allauth.mfa.adapter import DefaultMFAAdapter
from allauth.mfa.models import Authenticator
from django.conf import settings
from django.http import HttpRequest

from approvals.accounts.vault import sealed, unsealed
from approvals.models import User
from approvals.services.passkeys import FOR_APPROVALS

# Said by the page that comes next, without words of the library's.
SILENT = ("account/messages/logged_in.txt", "account/messages/logged_out.txt")


class AccountAdapter(DefaultAccountAdapter):
    """Accounts are made by administrators, and mail proves nothing."""

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        """Never: not by a form, nor by anything that leads to one."""
        return False

    def get_login_stages(self) -> list[str]:
        """After the password a second factor, where there is one; nothing by mail or telephone."""
        return ["allauth.mfa.stages.AuthenticateStage"]

    def add_message(self, request: HttpRequest, level: int, template: str = "", *args: Any, **more: Any) -> None:
        """What the next page says by itself needs no message."""
        if template not in SILENT:
            super().add_message(request, level, template, *args, **more)


class SecondFactorAdapter(DefaultMFAAdapter):
    """Passkeys belong to the name in our own address, and never to what a request claims it was sent to."""

    def is_mfa_enabled(self, user: User, types: list[str] | None = None) -> bool:
        """Whether a sign-in takes a second step. Keys that were made for approvals alone don't ask for one."""
        found = Authenticator.objects.filter(user_id=user.pk).exclude(data__has_key=FOR_APPROVALS)
        return bool((found.filter(type__in=types) if types else found).exists())

    def get_public_key_credential_rp_entity(self) -> dict[str, str]:
        """The relying party."""
        return {"id": settings.AARM_PASSKEY_DOMAIN, "name": f"AARM {settings.AARM_DEPLOYMENT}"}

    def generate_authenticator_name(self, user: User, type: Authenticator.Type) -> str:
        """What the form proposes."""
        return f"Passkey {Authenticator.objects.filter(user_id=user.pk, type=type).count() + 1}"

    def encrypt(self, text: str) -> str:
        """Secrets of authenticator apps and recovery codes lie encrypted."""
        return sealed(text)

    def decrypt(self, encrypted_text: str) -> str:
        """As `encrypt` left them."""
        return unsealed(encrypted_text)

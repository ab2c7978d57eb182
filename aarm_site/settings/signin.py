"""How people sign in: what django-allauth may do, and above all what it may not."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

from aarm_site.settings.env import read_environment
from aarm_site.settings.sso import HAS_SAML, allauth_providers, read_providers

_ENV = read_environment()

# The tier that only decides has no people and no pages; what it imports needs the tables, and nothing else.
ALLAUTH_APPS = [
    "allauth",
    "allauth.account" if _ENV.tier == "all" else "aarm_site.decide_tier.AccountsWithoutPages",
    "allauth.mfa",
    "allauth.usersessions",
    "allauth.socialaccount",
    "allauth.socialaccount.providers.openid_connect",
    "allauth.socialaccount.providers.saml",
]

AUTHENTICATION_BACKENDS = ["allauth.account.auth_backends.AuthenticationBackend"]
LOGIN_URL = "/accounts/login/"
LOGIN_REDIRECT_URL = "/"
LOGOUT_REDIRECT_URL = "/accounts/login/"

# Accounts are made by administrators and have a name and a password. Nothing is ever sent by mail: an address proves
# nothing here, so there is no sign-up, no confirmation, no reset by mail and no code by mail.
ACCOUNT_ADAPTER = "approvals.accounts.adapters.AccountAdapter"
ACCOUNT_LOGIN_METHODS = {"username"}
ACCOUNT_SIGNUP_FIELDS = ["username*", "password1*"]
ACCOUNT_EMAIL_VERIFICATION = "none"
ACCOUNT_FORMS = {"login": "approvals.accounts.forms.SignInForm"}
ACCOUNT_SESSION_REMEMBER = False
ACCOUNT_LOGOUT_ON_PASSWORD_CHANGE = False
# Only failures count against a name or an address, so that an office behind one address can come to work.
ACCOUNT_RATE_LIMITS = {
    "login": "300/m/ip",
    "login_failed": "30/m/ip,5/5m/key",
    "reauthenticate": "10/m/user",
    "change_password": "5/m/user",
}
ACCOUNT_REAUTHENTICATION_REQUIRED = True
ACCOUNT_REAUTHENTICATION_TIMEOUT = 900
ALLAUTH_TRUSTED_PROXY_COUNT = int(_ENV.behind_proxy)

MFA_ADAPTER = "approvals.accounts.adapters.SecondFactorAdapter"
MFA_SUPPORTED_TYPES = ["totp", "webauthn", "recovery_codes"]
MFA_PASSKEY_LOGIN_ENABLED = True
MFA_PASSKEY_SIGNUP_ENABLED = False
MFA_WEBAUTHN_USER_VERIFICATION = "required"
MFA_TOTP_ISSUER = "AARM"
MFA_RECOVERY_CODES_SHOW_ONCE = True

SOCIALACCOUNT_ADAPTER = "approvals.accounts.sso.SsoAdapter"
# Who signs in from elsewhere is known by issuer and subject. An address that two sides share joins nothing.
SOCIALACCOUNT_EMAIL_AUTHENTICATION = False
SOCIALACCOUNT_EMAIL_AUTHENTICATION_AUTO_CONNECT = False
SOCIALACCOUNT_STORE_TOKENS = False
SOCIALACCOUNT_LOGIN_ON_GET = False
SOCIALACCOUNT_QUERY_EMAIL = True
AARM_HAS_SAML = HAS_SAML
AARM_SSO_PROVIDERS = read_providers(_ENV.sso_file)
SOCIALACCOUNT_PROVIDERS = allauth_providers(AARM_SSO_PROVIDERS)

# Attempts are counted in the database: every process sees the same number, and losing Redis forgets none.
CACHES: dict[str, dict[str, Any]] = {
    "default": {
        "BACKEND": "django.core.cache.backends.db.DatabaseCache",
        "LOCATION": "aarm_attempts",
        "OPTIONS": {"MAX_ENTRIES": 100_000},
    }
}


def passkey_domain(base_url: str) -> str:
    """The name that passkeys are bound to. Browsers refuse addresses of digits, and have `localhost` for loopback."""
    host = urlsplit(base_url).hostname or ""
    return "localhost" if host in LOOPBACK else host


def passkey_origins(base_url: str) -> tuple[str, ...]:
    """The origins whose pages may ask for a signature: our own, under any of its names on loopback."""
    parts = urlsplit(base_url)
    if parts.hostname not in LOOPBACK:
        return (f"{parts.scheme}://{parts.netloc}",)
    port = f":{parts.port}" if parts.port else ""
    return tuple(f"{parts.scheme}://{host}{port}" for host in ("localhost", "127.0.0.1", "[::1]"))


LOOPBACK = {"localhost", "127.0.0.1", "::1"}
AARM_PASSKEY_DOMAIN = passkey_domain(_ENV.own_base_url)
AARM_PASSKEY_ORIGINS = passkey_origins(_ENV.own_base_url)

"""Identity providers that people may sign in with: a file of JSON, checked once at the start."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any
from urllib.parse import urlsplit

from django.core.exceptions import ImproperlyConfigured
from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError, field_validator, model_validator

_LOOPBACK = {"localhost", "127.0.0.1", "::1"}


class Provider(BaseModel):
    """One OpenID Connect provider. `id` is part of addresses and of what accounts are linked by: it stays as it is.

    `groups` says which groups of ours a value of the claim `groups_claim` makes a person a member of; of the groups
    named here the provider alone decides, at every sign-in.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    id: Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9-]{0,29}$")]
    name: Annotated[str, Field(min_length=1, max_length=40)]
    issuer: str
    client_id: Annotated[str, Field(min_length=1, max_length=191)]
    client_secret: str = ""
    client_secret_file: Path | None = None
    creates_people: bool = False
    groups_claim: str = ""
    groups: dict[str, tuple[str, ...]] = {}

    @field_validator("issuer")
    @classmethod
    def _is_encrypted(cls, issuer: str) -> str:
        parts = urlsplit(issuer)
        if parts.scheme != "https" and parts.hostname not in _LOOPBACK:
            raise ValueError("the issuer's address must start with https://")
        return issuer

    @model_validator(mode="after")
    def _is_complete(self) -> Provider:
        if bool(self.client_secret) == bool(self.client_secret_file):
            raise ValueError("give either client_secret or client_secret_file")
        if self.groups and not self.groups_claim:
            raise ValueError("groups needs groups_claim")
        return self

    @property
    def secret(self) -> str:
        """The client's secret."""
        if self.client_secret_file is None:
            return self.client_secret
        return self.client_secret_file.read_text(encoding="utf-8").strip()


_FILE = TypeAdapter(list[Provider])


def read_providers(path: Path | None) -> tuple[Provider, ...]:
    """The providers of the file, or none where no file is named. One that isn't understood ends the start."""
    if path is None:
        return ()
    try:
        found = _FILE.validate_python(json.loads(path.read_text(encoding="utf-8")))
    except (OSError, ValueError) as error:
        raise ImproperlyConfigured(f"AARM_SSO_FILE can't be used: {_said(error)}") from error
    if len({provider.id for provider in found}) != len(found):
        raise ImproperlyConfigured("AARM_SSO_FILE names two providers by the same id.")
    return tuple(found)


def _said(error: Exception) -> str:
    if not isinstance(error, ValidationError):
        return str(error)
    # Without the input: it holds secrets.
    first = error.errors(include_url=False, include_input=False, include_context=False)[0]
    return f"{'.'.join(map(str, first['loc']))}: {first['msg']}"


def allauth_providers(providers: Sequence[Provider]) -> dict[str, Any]:
    """The same as django-allauth reads it."""
    apps = [
        {
            "provider_id": provider.id,
            "name": provider.name,
            "client_id": provider.client_id,
            "secret": provider.secret,
            "settings": {"server_url": provider.issuer, "oauth_pkce_enabled": True},
        }
        for provider in providers
    ]
    return {"openid_connect": {"APPS": apps, "OAUTH_PKCE_ENABLED": True}} if apps else {}

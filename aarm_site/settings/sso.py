"""Identity providers that people may sign in with: a file of JSON, checked once at the start."""

from __future__ import annotations

import json
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Annotated, Any, Literal, Self
from urllib.parse import urlsplit

from django.core.exceptions import ImproperlyConfigured
from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Discriminator,
    Field,
    Tag,
    TypeAdapter,
    ValidationError,
    model_validator,
)

# The extra `saml` needs a C library, so that not every installation has it.
HAS_SAML = find_spec("onelogin") is not None
_LOOPBACK = {"localhost", "127.0.0.1", "::1"}


class _Vouching(BaseModel):
    """What every provider has. `id` is part of addresses and of what accounts are linked by: it stays as it is.

    `groups` says which groups of ours a value of the claim `groups_claim` makes a person a member of; of the groups
    named here the provider alone decides, at every sign-in.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    id: Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9-]{0,29}$")]
    name: Annotated[str, Field(min_length=1, max_length=40)]
    creates_people: bool = False
    groups_claim: str = ""
    groups: dict[str, tuple[str, ...]] = {}

    @model_validator(mode="after")
    def _has_claim(self) -> Self:
        if self.groups and not self.groups_claim:
            raise ValueError("groups needs groups_claim")
        return self


def _encrypted(address: str) -> str:
    parts = urlsplit(address)
    if parts.scheme != "https" and parts.hostname not in _LOOPBACK:
        raise ValueError("the address must start with https://")
    return address


Address = Annotated[str, AfterValidator(_encrypted)]


class Provider(_Vouching):
    """One OpenID Connect provider."""

    protocol: Literal["openid"] = "openid"
    issuer: Address
    client_id: Annotated[str, Field(min_length=1, max_length=191)]
    client_secret: str = ""
    client_secret_file: Path | None = None

    @model_validator(mode="after")
    def _has_one_secret(self) -> Self:
        if bool(self.client_secret) == bool(self.client_secret_file):
            raise ValueError("give either client_secret or client_secret_file")
        return self

    @property
    def secret(self) -> str:
        """The client's secret."""
        if self.client_secret_file is None:
            return self.client_secret
        return self.client_secret_file.read_text(encoding="utf-8").strip()

    @property
    def app(self) -> dict[str, Any]:
        """The same as django-allauth reads it."""
        asked = {"server_url": self.issuer, "oauth_pkce_enabled": True}
        shown = {"provider_id": self.id, "name": self.name}
        return shown | {"client_id": self.client_id, "secret": self.secret, "settings": asked}


class SamlProvider(_Vouching):
    """One SAML 2.0 provider. The first attribute of a list that it sends counts; where no subject is sent, `NameID`."""

    protocol: Literal["saml"]
    entity_id: Annotated[str, Field(min_length=1, max_length=1000)]
    sign_in_url: Address
    certificate_file: Path
    subject_attributes: tuple[str, ...] = ("urn:oasis:names:tc:SAML:attribute:subject-id",)
    username_attributes: tuple[str, ...] = ("urn:oid:0.9.2342.19200300.100.1.1",)
    email_attributes: tuple[str, ...] = (
        "urn:oid:0.9.2342.19200300.100.1.3",
        "http://schemas.xmlsoap.org/ws/2005/05/identity/claims/emailaddress",
    )

    @property
    def app(self) -> dict[str, Any]:
        """The same as django-allauth reads it: everything signed, nothing that wasn't asked for, no weak algorithm."""
        certificate = self.certificate_file.read_text(encoding="utf-8").strip()
        asked = {
            "idp": {"entity_id": self.entity_id, "sso_url": self.sign_in_url, "x509cert": certificate},
            "attribute_mapping": {
                "uid": list(self.subject_attributes),
                "username": list(self.username_attributes),
                "email": list(self.email_attributes),
            },
            "advanced": _SAML_DEMANDS,
        }
        return {"provider_id": self.id, "name": self.name, "client_id": self.id, "settings": asked}


# What answers a question is said outside the assertion and has to be signed as well.
_SAML_DEMANDS = {
    "strict": True,
    "want_assertion_signed": True,
    "want_message_signed": True,
    "reject_deprecated_algorithm": True,
    "reject_idp_initiated_sso": True,
    "want_attribute_statement": False,
    "allow_single_label_domains": True,
    "allow_repeat_attribute_name": False,
    "name_id_format": "urn:oasis:names:tc:SAML:2.0:nameid-format:persistent",
}

AnyProvider = Provider | SamlProvider


def _protocol(said: Any) -> str:
    return str(said.get("protocol", "openid")) if isinstance(said, dict) else "openid"


_EITHER = Annotated[Annotated[Provider, Tag("openid")] | Annotated[SamlProvider, Tag("saml")], Discriminator(_protocol)]
_FILE: TypeAdapter[list[AnyProvider]] = TypeAdapter(list[_EITHER])


def read_providers(path: Path | None) -> tuple[AnyProvider, ...]:
    """The providers of the file, or none where no file is named. One that isn't understood ends the start."""
    if path is None:
        return ()
    try:
        found = _FILE.validate_python(json.loads(path.read_text(encoding="utf-8")))
    except (OSError, ValueError) as error:
        raise ImproperlyConfigured(f"AARM_SSO_FILE can't be used: {_said(error)}") from error
    if len({provider.id for provider in found}) != len(found):
        raise ImproperlyConfigured("AARM_SSO_FILE names two providers by the same id.")
    if not HAS_SAML and any(provider.protocol == "saml" for provider in found):
        raise ImproperlyConfigured("AARM_SSO_FILE names a SAML provider; install the extra `saml` of aarm-site.")
    return tuple(found)


def _said(error: Exception) -> str:
    if not isinstance(error, ValidationError):
        return str(error)
    # Without the input: it holds secrets.
    first = error.errors(include_url=False, include_input=False, include_context=False)[0]
    return f"{'.'.join(map(str, first['loc']))}: {first['msg']}"


def allauth_providers(providers: Sequence[AnyProvider]) -> dict[str, Any]:
    """All of them as django-allauth reads them."""
    apps: dict[str, list[dict[str, Any]]] = {"openid_connect": [], "saml": []}
    for provider in providers:
        apps["saml" if provider.protocol == "saml" else "openid_connect"].append(provider.app)
    return {name: {"APPS": found, "OAUTH_PKCE_ENABLED": True} for name, found in apps.items() if found}

"""Issuers of access tokens that are believed here, which of their clients are which agents, and what was revoked."""

from __future__ import annotations

from typing import ClassVar

from django.db import models

from receipts.identifiers import ID_LENGTH, new_id


def new_issuer_id() -> str:
    """`iss_…`"""
    return new_id("iss")


def new_client_id() -> str:
    """`tcl_…`"""
    return new_id("tcl")


def default_algorithms() -> list[str]:
    """What nearly every provider signs with."""
    return ["RS256", "ES256"]


class Issuer(models.Model):
    """An OpenID provider or authorisation server. `url` is the `iss` of its tokens, to the letter.

    Without `jwks_url` its keys are where its discovery document says. With `introspection_url` each token is asked
    about there as well; the secret for it is in the environment, by the issuer's name.
    """

    told_fields: ClassVar = (
        "name", "url", "audience", "algorithms", "jwks_url", "agent_claim", "human_claim", "scope_claim",
        "required_scope", "leeway_seconds", "introspection_url", "introspection_client", "is_active",
    )  # fmt: skip
    has_public_name: ClassVar[bool] = True

    id = models.CharField(primary_key=True, max_length=ID_LENGTH, default=new_issuer_id, editable=False)
    name = models.SlugField(max_length=64, unique=True)
    url = models.CharField(max_length=500, unique=True)
    audience = models.CharField(max_length=200)
    algorithms = models.JSONField(default=default_algorithms)
    jwks_url = models.CharField(max_length=500, blank=True)
    agent_claim = models.CharField(max_length=16, default="azp")
    human_claim = models.CharField(max_length=32, default="sub")
    scope_claim = models.CharField(max_length=16, default="scope")
    required_scope = models.CharField(max_length=128, blank=True)
    leeway_seconds = models.PositiveSmallIntegerField(default=30)
    introspection_url = models.CharField(max_length=500, blank=True)
    introspection_client = models.CharField(max_length=200, blank=True)
    is_active = models.BooleanField(default=True)
    created_at = models.DateTimeField(auto_now_add=True)

    def __str__(self) -> str:
        return self.name


class TokenClient(models.Model):
    """Which agent a client of an issuer is. A token of a client that is not listed is nobody's."""

    told_fields: ClassVar = ("issuer", "client", "agent")

    id = models.CharField(primary_key=True, max_length=ID_LENGTH, default=new_client_id, editable=False)
    issuer = models.ForeignKey(Issuer, on_delete=models.CASCADE, related_name="clients")
    client = models.CharField(max_length=200)
    agent = models.ForeignKey("decisions.Agent", on_delete=models.CASCADE, related_name="token_clients")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["issuer", "client"], name="client_once")]

    def __str__(self) -> str:
        return self.client


class RevokedToken(models.Model):
    """A token, or all tokens of a person, that an issuer's word no longer carries. Named by digest only."""

    told_fields: ClassVar = ("issuer", "kind", "digest")

    issuer = models.ForeignKey(Issuer, on_delete=models.CASCADE, related_name="revoked")
    kind = models.CharField(max_length=4, choices=[("jti", "jti"), ("sub", "sub")])
    digest = models.CharField(max_length=71)
    revoked_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["issuer", "digest"], name="revoked_once")]

    def __str__(self) -> str:
        return f"{self.kind} {self.digest}"

"""Agents, the applications that host them, the people they act for, their keys, and the tools that they may name."""

from __future__ import annotations

from typing import ClassVar

from django.contrib.auth.models import Group
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models

from receipts.identifiers import ID_LENGTH, new_id


def new_agent_id() -> str:
    """`agt_…`"""
    return new_id("agt")


def new_host_id() -> str:
    """`hst_…`"""
    return new_id("hst")


def new_human_id() -> str:
    """`hum_…`"""
    return new_id("hum")


ENVIRONMENTS = [("LIVE", "LIVE"), ("TEST", "TEST")]


class Agent(models.Model):
    """Something that asks before it acts.

    `owner` is the team that answers for it. `profile` is the kind of agent that it is, as policies know it, whatever
    its sessions say. `allowed_tools` are the only tools that it may name, as policies write them; an empty list leaves
    that to policy alone. `drift_threshold` is how far it may go from a request before it counts as drift, where that
    isn't what its profile says.
    """

    told_fields: ClassVar = (
        "name",
        "owner",
        "environment",
        "profile",
        "drift_threshold",
        "allowed_tools",
        "is_active",
    )

    id = models.CharField(primary_key=True, max_length=ID_LENGTH, default=new_agent_id, editable=False)
    name = models.CharField(max_length=128, unique=True)
    owner = models.ForeignKey(Group, null=True, blank=True, on_delete=models.SET_NULL, related_name="agents")
    environment = models.CharField(max_length=4, choices=ENVIRONMENTS, default="LIVE")
    profile = models.CharField(max_length=64, blank=True)
    drift_threshold = models.FloatField(null=True, blank=True, validators=[MinValueValidator(0), MaxValueValidator(1)])
    allowed_tools = models.JSONField(default=list, blank=True)
    is_active = models.BooleanField(default=True)
    created_at = models.DateTimeField(auto_now_add=True)

    def __str__(self) -> str:
        return self.name


class Host(models.Model):
    """An application that runs agents; its word on who the human is counts.

    `agents` are those that it may run, see `decisions.services.hosting`; an empty list is no limit by itself.
    """

    told_fields: ClassVar = ("name", "agents", "is_active")

    id = models.CharField(primary_key=True, max_length=ID_LENGTH, default=new_host_id, editable=False)
    name = models.CharField(max_length=128, unique=True)
    agents = models.ManyToManyField(Agent, blank=True, related_name="hosts")
    is_active = models.BooleanField(default=True)
    created_at = models.DateTimeField(auto_now_add=True)

    def __str__(self) -> str:
        return self.name


class Human(models.Model):
    """The person that an agent acts for. Receipts name the random id; this row is the only way back to the person.

    For somebody who is not active nobody can vouch: nothing is permitted on their behalf.
    """

    # The id of the row tells who it is, so that no receipt names the person.
    told_fields: ClassVar = ("is_active",)

    id = models.CharField(primary_key=True, max_length=ID_LENGTH, default=new_human_id, editable=False)
    identifier = models.CharField(max_length=254, unique=True)
    is_active = models.BooleanField(default=True)
    created_at = models.DateTimeField(auto_now_add=True)

    def __str__(self) -> str:
        return self.identifier


class Credential(models.Model):
    """A key of exactly one agent or host. Shown once; only its SHA-256 is kept, which suffices for 256 random bits."""

    told_fields: ClassVar = ("agent", "host", "prefix", "scopes", "expires_at", "revoked_at")

    id = models.CharField(primary_key=True, max_length=ID_LENGTH)
    agent = models.ForeignKey(Agent, null=True, blank=True, on_delete=models.CASCADE, related_name="credentials")
    host = models.ForeignKey(Host, null=True, blank=True, on_delete=models.CASCADE, related_name="credentials")
    prefix = models.CharField(max_length=12)
    digest = models.CharField(max_length=71, unique=True)
    # What it may be used for; an empty list leaves everything to its kind.
    scopes = models.JSONField(default=list)
    created_at = models.DateTimeField()
    # To the minute, so that using a key costs no write.
    last_used_at = models.DateTimeField(null=True, blank=True)
    expires_at = models.DateTimeField(null=True, blank=True)
    revoked_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=models.Q(agent__isnull=True, host__isnull=False)
                | models.Q(agent__isnull=False, host__isnull=True),
                name="credential_of_one",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.prefix}…"


class Tool(models.Model):
    """The catalogue: what an operation does, in our words and not in the agent's."""

    told_fields: ClassVar = ("tool", "operation", "effect", "consequence", "description", "parameters_schema")
    has_public_name: ClassVar[bool] = True

    tool = models.CharField(max_length=128)
    operation = models.CharField(max_length=128)
    description = models.TextField(blank=True)
    parameters_schema = models.JSONField(default=dict, blank=True)
    effect = models.CharField(max_length=8, choices=[("read", "read"), ("write", "write"), ("egress", "egress")])
    consequence = models.CharField(max_length=300, blank=True)
    registered_by = models.CharField(max_length=ID_LENGTH, blank=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["tool", "operation"], name="tool_once")]

    def __str__(self) -> str:
        return f"{self.tool}.{self.operation}"

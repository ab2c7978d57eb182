"""Whose a random id is."""

from __future__ import annotations

from collections.abc import Collection

from decisions.models import Agent, Host, Human


def names_of(ids: Collection[str]) -> dict[str, str]:
    """Answers `receipts.ports.Directory` for agents, hosts and the people whom they act for."""
    found = dict(Agent.objects.filter(pk__in=ids).values_list("pk", "name"))
    found |= dict(Host.objects.filter(pk__in=ids).values_list("pk", "name"))
    return found | dict(Human.objects.filter(pk__in=ids).values_list("pk", "identifier"))

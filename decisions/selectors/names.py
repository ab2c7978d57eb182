"""Whose a random id is."""

from __future__ import annotations

from collections.abc import Collection

from decisions.models import Agent, Host, Human
from receipts.ports import MOST_NAMED


def names_of(ids: Collection[str]) -> dict[str, str]:
    """Answers `receipts.ports.Directory` for agents, hosts and the people whom they act for."""
    found = dict(Agent.objects.filter(pk__in=ids).values_list("pk", "name"))
    found |= dict(Host.objects.filter(pk__in=ids).values_list("pk", "name"))
    return found | dict(Human.objects.filter(pk__in=ids).values_list("pk", "identifier"))


def named(beginning: str) -> dict[str, str]:
    """Answers `receipts.ports.Finder` for them."""
    found = dict(Agent.objects.filter(name__istartswith=beginning).values_list("pk", "name")[:MOST_NAMED])
    people = Human.objects.filter(identifier__istartswith=beginning)
    return found | dict(people.values_list("pk", "identifier")[:MOST_NAMED])

"""Which agents a host may open sessions for."""

from __future__ import annotations

from django.db.models import Exists, OuterRef, Q

from decisions.models import Agent, Host
from decisions.services.identity import named_agent, unknown_agent
from receipts.access import Caller

_LISTED = Host.agents.through


def hosted_agent(caller: Caller, name: str) -> Agent:
    """The active agent with this id or name, if the calling host may run it. Raises `unknown_agent` otherwise.

    A host with a list runs the agents on it. One without runs those that are on nobody's list, so that putting an agent
    on a list takes it away from every other host.
    """
    agent = named_agent(name)
    rows = Host.objects.filter(pk=caller.id)
    own, others = _LISTED.objects.filter(host=OuterRef("pk")), _LISTED.objects.filter(agent=agent)
    may_run = Exists(own.filter(agent=agent)) | (~Exists(own) & ~Exists(others))
    if not rows.filter(Q(may_run)).exists():
        raise unknown_agent()
    return agent

"""People, agents, keys and the demo policy, for scripts (`--json`) and for people."""

from __future__ import annotations

import json
from argparse import ArgumentParser
from collections.abc import Iterator, Sequence
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from decisions.management.preconditions import require_tables
from decisions.services.demo import HUMAN, Seeded, seed_demo
from receipts.services import ensure_signing_key

EXAMPLE = """To ask for something, as the agent:
  host={host_key}
  agent={agent_key}
  json='Content-Type: application/json'
  session=$(curl -s {url}/api/v1/sessions -H "$json" -H "Authorization: Bearer $host" \\
    -d '{{"human": "{human}", "agent": "{agent}", "original_request": "Send Ana the Q4 figures"}}' \\
    | sed 's/.*"session_id": *"\\([^"]*\\).*/\\1/')
  curl -s {url}/decide -H "$json" -H "Authorization: Bearer $agent" \\
    -d '{{"session_id": "'$session'", "tool": "email.send", "parameters": {{"to": "ana@partner.example"}}}}'
The answer is STEP_UP. Sign in at {url}/ as {username} with {password}, and approve."""


class Command(BaseCommand):
    help = "Creates the demo's people, agents and keys and activates the demo policy. May be run again; adds then."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--json", action="store_true", help="print one JSON object and nothing else")

    def handle(self, *args: Any, **options: Any) -> None:
        if not settings.AARM_MAY_SEED_DEMO:
            raise CommandError("The demo's people and policy don't belong in production: use other settings.")
        require_tables()
        ensure_signing_key()
        seeded = seed_demo()
        if options["json"]:
            self.stdout.write(json.dumps(as_json(seeded, url=settings.AARM_BASE_URL)))
        else:
            self.stdout.write("\n".join(as_text(seeded, url=settings.AARM_BASE_URL)))


def as_json(seeded: Seeded, *, url: str) -> dict[str, object]:
    """The object of the HTTP contract."""
    return {
        "url": url,
        "host_key": seeded.host_key,
        "agents": [{"id": agent.id, "name": agent.name, "key": agent.key} for agent in seeded.agents],
        "users": [
            {
                "username": user.username,
                "password": user.password,
                "roles": list(user.roles),
                "groups": list(user.groups),
                **({"passkey": user.passkey.to_dict()} if user.passkey else {}),
            }
            for user in seeded.users
        ],
        "policy": {"id": seeded.policy.policy_id, "version": seeded.policy.version, "hash": seeded.policy.digest},
    }


def as_text(seeded: Seeded, *, url: str) -> Iterator[str]:
    """The same for people, who won't see keys and passwords again."""
    policy, agent, reviewer = seeded.policy, seeded.agents[0], seeded.users[0]
    yield f"The policy {policy.policy_id} {policy.version} is active at {url}/. Keys and passwords are shown this once."
    yield ""
    yield from table(
        [("username", "password", "role", "team")]
        + [(user.username, user.password, ", ".join(user.roles), ", ".join(user.groups)) for user in seeded.users]
    )
    yield ""
    yield from table(
        [("key of", "key"), ("the host", seeded.host_key), *((item.name, item.key) for item in seeded.agents)]
    )
    yield ""
    yield EXAMPLE.format(
        url=url,
        host_key=seeded.host_key,
        human=HUMAN,
        agent=agent.name,
        agent_key=agent.key,
        username=reviewer.username,
        password=reviewer.password,
    )


def table(rows: Sequence[Sequence[str]]) -> Iterator[str]:
    """Columns as wide as their widest cell."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        yield "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()

"""Agents and the applications that host them, from the command line."""

from __future__ import annotations

from argparse import ArgumentParser, ArgumentTypeError
from typing import Any

from django.core.management.base import BaseCommand

from decisions.management.preconditions import require_tables
from decisions.services.registration import register_agent, register_host


def agent_name(text: str) -> str:
    """An argparse type. Where an agent may be named by id or by name, a name must not pass for an id."""
    if not (0 < len(text) <= 128 and text == text.strip() and text.isprintable()) or text.startswith(("agt_", "hst_")):
        raise ArgumentTypeError("must be 1 to 128 printable characters and not look like an id")
    return text


class Command(BaseCommand):
    help = "Agents and hosts. Standard output carries the new key and nothing else."

    def add_arguments(self, parser: ArgumentParser) -> None:
        commands = parser.add_subparsers(dest="subcommand", required=True)
        create = commands.add_parser("create", help="register NAME if it is new, and print a fresh key of it")
        create.add_argument("name", metavar="NAME", type=agent_name)
        create.add_argument("--host", action="store_true", help="NAME is an application that runs agents")

    def handle(self, *args: Any, **options: Any) -> None:
        require_tables()
        register = register_host if options["host"] else register_agent
        issued = register(name=options["name"])
        kind = "host" if options["host"] else "agent"
        what = "is new" if issued.is_new else "was known; its earlier keys stay valid"
        self.stderr.write(f"The {kind} {issued.name} ({issued.id}) {what}. Its new key is shown this once:")
        self.stdout.write(issued.key)

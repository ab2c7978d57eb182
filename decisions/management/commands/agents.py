"""Agents and the applications that host them, from the command line."""

from __future__ import annotations

from argparse import ArgumentParser, ArgumentTypeError
from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from decisions.management.preconditions import problems_as_sentences, require_tables
from decisions.models import Credential
from decisions.selectors.agents import key_answer, keys_named
from decisions.services.agents import is_agent_name
from decisions.services.identity import revoke_keys, rotate_key
from decisions.services.registration import register_agent, register_host
from receipts.services import ensure_signing_key

ENDS = ("expires_at", "revoked_at", "last_used_at")


def agent_name(text: str) -> str:
    """An argparse type."""
    if not is_agent_name(text):
        raise ArgumentTypeError("must be 1 to 128 printable characters and not look like an id")
    return text


class Command(BaseCommand):
    help = "Agents and hosts. Standard output carries the new key, or the list, and nothing else."

    def add_arguments(self, parser: ArgumentParser) -> None:
        commands = parser.add_subparsers(dest="subcommand", required=True)
        create = commands.add_parser("create", help="register NAME if it is new, and print a fresh key of it")
        create.add_argument("name", metavar="NAME", type=agent_name)
        create.add_argument("--host", action="store_true", help="NAME is an application that runs agents")
        create.add_argument("--valid-days", type=int, metavar="DAYS", help="the key expires after so many days")
        keys = commands.add_parser("keys", help="list the keys of NAME, newest first, one a line")
        keys.add_argument("name", metavar="NAME")
        rotate = commands.add_parser("rotate", help="print a key that takes the place of KEY, which holds for a while")
        rotate.add_argument("key", metavar="KEY", help="the id of a key, as `keys` prints it")
        rotate.add_argument("--overlap-hours", type=int, default=24, metavar="HOURS", help="by default 24")
        revoke = commands.add_parser("revoke", help="end KEY at once, on every process")
        revoke.add_argument("key", metavar="KEY")

    def handle(self, *args: Any, **options: Any) -> None:
        require_tables()
        with problems_as_sentences():
            # On a fresh installation this may be the first thing that leaves a receipt.
            ensure_signing_key()
            _COMMANDS[options["subcommand"]](self, options)

    def create(self, options: dict[str, Any]) -> None:
        register = register_host if options["host"] else register_agent
        days = options["valid_days"]
        issued = register(name=options["name"], valid_for=timedelta(days=days) if days else None)
        kind = "host" if options["host"] else "agent"
        what = "is new" if issued.is_new else "was known; its earlier keys stay valid"
        self.stderr.write(f"The {kind} {issued.name} ({issued.id}) {what}. Its new key is shown this once:")
        self.stdout.write(issued.key)

    def keys(self, options: dict[str, Any]) -> None:
        for key in keys_named(options["name"]):
            ends = [f"{name.partition('_')[0]} {at}" for name, at in key_answer(key).items() if name in ENDS and at]
            self.stdout.write("  ".join([key.pk, f"{key.prefix}…", *(ends or ["valid"])]))

    def rotate(self, options: dict[str, Any]) -> None:
        secret = rotate_key(id=_known(options["key"]), overlap=timedelta(hours=options["overlap_hours"]))
        self.stderr.write(f"{options['key']} holds for {options['overlap_hours']} hours more. The new key, shown once:")
        self.stdout.write(secret)

    def revoke(self, options: dict[str, Any]) -> None:
        count = revoke_keys(ids={_known(options["key"])})
        self.stderr.write("It was over already." if not count else "It stopped working at once.")


def _known(id: str) -> str:
    if not Credential.objects.filter(pk=id).exists():
        raise CommandError(f"There is no key {id}. `./run agents keys NAME` lists them.")
    return id


_COMMANDS: Mapping[str, Callable[[Command, dict[str, Any]], None]] = {
    "create": Command.create,
    "keys": Command.keys,
    "rotate": Command.rotate,
    "revoke": Command.revoke,
}

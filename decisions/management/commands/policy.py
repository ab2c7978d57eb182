"""Policies from the command line: check one, publish one, show the one that holds.

Exit codes: 0 done; 1 the policy has faults, or none is active; 2 it could not be done.
"""

from __future__ import annotations

from argparse import ArgumentParser, Namespace
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, NoReturn

from django.core.management.base import BaseCommand, CommandError

from decisions.engine.errors import PolicyError
from decisions.engine.parser import compile_policy, parse_policy
from decisions.engine.policy import Policy
from decisions.management.preconditions import require_tables
from decisions.selectors import active_version_id
from decisions.services.packs import Pack, pack_named, pack_names
from decisions.services.policies import policy_of, publish_policy
from receipts.problems import ProblemError

FAULTY, IMPOSSIBLE = 1, 2


class Command(BaseCommand):
    help = "Checks, publishes and shows policies."

    def add_arguments(self, parser: ArgumentParser) -> None:
        commands = parser.add_subparsers(dest="subcommand", required=True)
        what = f"a file, or one that comes with the product: {', '.join(pack_names())}"
        publish = commands.add_parser("publish", help="check a policy and make it the active one at once")
        publish.add_argument("policy", metavar="POLICY", help=what)
        lint = commands.add_parser("lint", help="check policies without publishing; needs no database")
        lint.add_argument("policies", metavar="POLICY", nargs="+", help=what)
        commands.add_parser("show", help="print the active policy")

    def handle(self, *args: Any, **options: Any) -> None:
        self.SUBCOMMANDS[options["subcommand"]](self, Namespace(**options))

    def publish(self, options: Namespace) -> None:
        """From its commit on, every decision of every process is made under it."""
        pack = pack_of(options.policy)
        policy = self.checked(pack)
        if policy is None:
            raise CommandError("Nothing was published.", returncode=FAULTY)
        require_tables()
        try:
            publish_policy(text=pack.text, source=recorded_source(options.policy), actor=None)
        except ProblemError as error:
            raise CommandError(f"{error.why} {error.fix}", returncode=IMPOSSIBLE) from error
        self.stdout.write(f"Active from now on: {described(policy)}")

    def lint(self, options: Namespace) -> None:
        """Says of every policy what it is or what is wrong with it."""
        policies = [self.checked(pack_of(name)) for name in options.policies]
        for policy in filter(None, policies):
            self.stdout.write(f"Good: {described(policy)}, {len(policy.rules)} rules")
        if not all(policies):
            raise CommandError("Not every policy can be published.", returncode=FAULTY)

    def show(self, options: Namespace) -> None:
        """The text as it was published, under a comment that says what it is; so it can be published again."""
        require_tables()
        active = active_version_id()
        if active is None:
            raise CommandError("No policy is active. Publish one: ./run policy publish starter.", returncode=FAULTY)
        version, policy = policy_of(active)
        self.stdout.write(f"# {described(policy)}")
        self.stdout.write(f"# published {version.published_at:%Y-%m-%d %H:%M:%S} UTC from {version.source}")
        self.stdout.write(version.text, ending="")

    def checked(self, pack: Pack) -> Policy | None:
        """The compiled policy; None after telling every fault with its place."""
        try:
            return compile_policy(parse_policy(pack.text, source=pack.source))
        except PolicyError as error:
            for fault in error.problems:
                self.stderr.write(f"{pack.source}:{fault.line}:{fault.column}: {fault.why}\n    {fault.fix}")
            return None

    SUBCOMMANDS: Mapping[str, Callable[[Command, Namespace], None]] = {
        "publish": publish,
        "lint": lint,
        "show": show,
    }


def described(policy: Policy) -> str:
    """Which policy it is, as receipts name it too."""
    return f"{policy.id} {policy.version} ({policy.hash})"


def recorded_source(name: str) -> str:
    """What the receipt says of where the policy came from: of a file only its name, not where somebody keeps it."""
    return pack_named(name).source if name in pack_names() else Path(name).name


def pack_of(name: str) -> Pack:
    """What comes with the product under this name, otherwise the file."""
    if name in pack_names():
        return pack_named(name)
    try:
        return Pack(text=Path(name).read_text(encoding="utf-8"), source=name)
    except (OSError, UnicodeDecodeError) as error:
        _unreadable(name, error=error)


def _unreadable(name: str, *, error: OSError | UnicodeDecodeError) -> NoReturn:
    why = error.strerror if isinstance(error, OSError) else "it is not UTF-8"
    known = ", ".join(pack_names())
    message = f"{name} can't be read: {why}. Name a file, or one of: {known}."
    raise CommandError(message, returncode=IMPOSSIBLE) from error

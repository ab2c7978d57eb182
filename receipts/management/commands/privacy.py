"""What is kept about people, for whoever runs the server: handing it out, erasing it, holding it, letting it end."""

from __future__ import annotations

import getpass
import re
import sys
from argparse import ArgumentParser, ArgumentTypeError
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from receipts.models import Receipt
from receipts.problems import ProblemError
from receipts.selectors.mentions import is_named
from receipts.selectors.privacy import standing_holds
from receipts.services.erasure import (
    EVERYBODY,
    Actor,
    Ground,
    erase_subject,
    place_hold,
    release_hold,
)
from receipts.services.retention import end_retention
from receipts.services.sealing import rotate_master_key
from receipts.services.subject_export import export_subject

ALL = "everybody"
_MONTH = re.compile(r"\d{4}-(0[1-9]|1[0-2])")


def _month(text: str) -> str:
    if not _MONTH.fullmatch(text):
        raise ArgumentTypeError("Write a month as 2026-11.")
    return text


class Command(BaseCommand):
    help = "Values about people: erase them, hold them, hand them out."

    def add_arguments(self, parser: ArgumentParser) -> None:
        commands = parser.add_subparsers(dest="subcommand", required=True)
        erase = commands.add_parser("erase", help="destroy every value about a person; receipts stay and verify")
        erase.add_argument("--ground", required=True, choices=[ground.value for ground in Ground])
        retain = commands.add_parser("retain", help="destroy the values of the months before one, unless held")
        retain.add_argument("--before", required=True, type=_month, help="the first month that stays, as 2026-11")
        export = commands.add_parser("export", help="write what is kept about a person, as JSON lines")
        export.add_argument("file", type=Path)
        hold = commands.add_parser("hold", help="nothing of the person is erased until the hold is released")
        release = commands.add_parser("release", help="end a hold")
        commands.add_parser("holds", help="the holds that stand")
        commands.add_parser("rotate-key", help="wrap the keys of all values with a new master key")
        for command in (hold, release):
            command.add_argument("--reason", required=True, help="kept behind the receipt, not in it")
        for command in (erase, hold, release, export):
            command.add_argument("subject", help=f"the pseudonymous id, as in receipts; {ALL} for holds on all")
        for command in (erase, retain):
            command.add_argument("--yes", action="store_true", help="don't ask")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            _COMMANDS[options["subcommand"]](self, options)
        except ProblemError as problem:
            raise CommandError(f"{problem.why} {problem.fix}") from problem

    def erase(self, options: Mapping[str, Any]) -> None:
        """Asks, and leaves a receipt of the erasure."""
        self._confirm(options, word=options["subject"])
        self._tell(erase_subject(options["subject"], actor=_operator(), ground=Ground(options["ground"])))
        if is_named(options["subject"]):
            self.stdout.write("The account is open, so its name and address stay. Deactivate it, and erase again.")

    def retain(self, options: Mapping[str, Any]) -> None:
        """Asks, and leaves a receipt of the erasure."""
        self._confirm(options, word=options["before"])
        self._tell(end_retention(options["before"], actor=_operator()))

    def hold(self, options: Mapping[str, Any]) -> None:
        """Leaves a receipt of the hold."""
        self._tell(place_hold(_subject(options), actor=_operator(), reason=options["reason"]))

    def release(self, options: Mapping[str, Any]) -> None:
        """Leaves a receipt of the release."""
        self._tell(release_hold(_subject(options), actor=_operator(), reason=options["reason"]))

    def holds(self, options: Mapping[str, Any]) -> None:
        """A line for each."""
        for hold in standing_holds():
            self.stdout.write(f"{hold.subject or ALL} since {hold.placed_at.isoformat()}")

    def export(self, options: Mapping[str, Any]) -> None:
        """Leaves a receipt of the disclosure; only the owner may read the file."""
        lines = export_subject(options["subject"], actor=_operator())
        options["file"].touch(mode=0o600)
        with options["file"].open("wb") as file:
            file.writelines(lines)

    def rotate_key(self, options: Mapping[str, Any]) -> None:
        """Values are untouched: only the keys' wrapping changes."""
        self.stdout.write(f"{rotate_master_key()} keys wrapped again.")

    def _confirm(self, options: Mapping[str, Any], *, word: str) -> None:
        if options["yes"]:
            return
        self.stdout.write(f"What is destroyed can't be brought back. Type: {word}")
        self.stdout.flush()
        if sys.stdin.readline().strip() != word:
            raise CommandError("Nothing was changed.")

    def _tell(self, receipt: Receipt) -> None:
        self.stdout.write(f"Done; see receipt {receipt.pk} of {receipt.stream}.")


def _operator() -> Actor:
    return Actor(login=getpass.getuser())


def _subject(options: Mapping[str, Any]) -> str:
    subject: str = options["subject"]
    return EVERYBODY if subject == ALL else subject


_COMMANDS: Mapping[str, Callable[[Command, Mapping[str, Any]], None]] = {
    "erase": Command.erase,
    "retain": Command.retain,
    "hold": Command.hold,
    "release": Command.release,
    "holds": Command.holds,
    "export": Command.export,
    "rotate-key": Command.rotate_key,
}

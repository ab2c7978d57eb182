"""The log, for whoever runs the server: how it stands, whether it is whole, and going on after a loss."""

from __future__ import annotations

import getpass
import sys
from argparse import ArgumentParser
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from receipts.exporters.logfile import log_lines
from receipts.models import Receipt, Unsequenced
from receipts.problems import ProblemError
from receipts.selectors.accounting import Account, accounts
from receipts.selectors.log import log_size, newest_checkpoint, open_alarms, unpublished_copies
from receipts.services.checkpoints import sign_due_checkpoint
from receipts.services.monitoring import verify_everything
from receipts.services.owned import check_copies, check_keys
from receipts.services.publication import publish_due_copies
from receipts.services.recovery import acknowledge_alarm, acknowledge_loss, compare_with_outside
from receipts.services.sequencing import sequence_waiting

CONFIRMATION = "I know what is lost"


class Command(BaseCommand):
    help = "The log of receipts."

    def add_arguments(self, parser: ArgumentParser) -> None:
        commands = parser.add_subparsers(dest="subcommand", required=True)
        commands.add_parser("log", help="how the log stands; exit code 1 while an alarm is open")
        commands.add_parser("keep", help="sequence what waits, sign a checkpoint if one is due, and carry it outside")
        commands.add_parser("verify", help="compute the whole log again from the stored bytes")
        commands.add_parser("account", help="compare facts with receipts, and receipts with the log")
        export = commands.add_parser("export-log", help="write the log as a file for the offline verifier")
        export.add_argument("file", type=Path)
        export.add_argument("--start", type=int, default=0, help="the first leaf, from 0")
        loss = commands.add_parser("acknowledge-loss", help="go on although the database lost receipts")
        alarm = commands.add_parser("acknowledge-alarm", help="sign checkpoints again although something was altered")
        alarm.add_argument("alarm", type=int)
        for command in (loss, alarm):
            command.add_argument("--reason", required=True, help="what happened; it goes into the receipt")
            command.add_argument("--yes", action="store_true", help="don't ask")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            _COMMANDS[options["subcommand"]](self, options)
        except ProblemError as problem:
            raise CommandError(f"{problem.why} {problem.fix}") from problem

    def log(self, options: Mapping[str, Any]) -> None:
        """Sizes, the newest checkpoint, copies that nobody has yet, and open alarms."""
        newest, alarms = newest_checkpoint(), list(open_alarms())
        self.stdout.write(f"{log_size()} receipts in the log, {Unsequenced.objects.count()} waiting.")
        self.stdout.write(f"Newest checkpoint: {newest}." if newest else "No checkpoint has been signed yet.")
        for copy in unpublished_copies()[:20]:
            self.stdout.write(f"Not yet in {copy.sink}: {copy.checkpoint_id} {copy.why_not}".rstrip())
        for alarm in alarms:
            self.stdout.write(self.style.ERROR(f"alarm {alarm.pk}  {alarm.code}  {alarm.sentence}"))
        if alarms:
            raise SystemExit(1)

    def keep(self, options: Mapping[str, Any]) -> None:
        """What the worker does by itself."""
        count = sequence_waiting()
        signed = sign_due_checkpoint()
        copied = publish_due_copies()
        self.stdout.write(f"{count} sequenced; {signed or 'no checkpoint due'}; {copied} copies taken.")

    def verify(self, options: Mapping[str, Any]) -> None:
        """A round of the background verifier, at once."""
        compare_with_outside()
        check_copies()
        check_keys()
        self.stdout.write(f"{verify_everything()} receipts computed again.")
        self.log(options)

    def account(self, options: Mapping[str, Any]) -> None:
        """A line for each kind of fact."""
        found = accounts()
        for account in found:
            self.stdout.write(self._line(account))
        if not all(account.is_even for account in found):
            raise SystemExit(1)

    def export_log(self, options: Mapping[str, Any]) -> None:
        """The log up to its newest checkpoint."""
        checkpoint = newest_checkpoint()
        if checkpoint is None or not 0 <= options["start"] < checkpoint.size:
            raise CommandError("No checkpoint covers that leaf yet.")
        with options["file"].open("wb") as file:
            file.writelines(log_lines(checkpoint, start=options["start"]))

    def acknowledge_loss(self, options: Mapping[str, Any]) -> None:
        """Says what is lost, asks, and leaves a recovery receipt."""
        compare_with_outside()
        for alarm in open_alarms().filter(is_halting=True):
            self.stdout.write(alarm.sentence)
        self._confirm(options)
        self._tell(acknowledge_loss(actor=getpass.getuser(), reason=options["reason"]))

    def acknowledge_alarm(self, options: Mapping[str, Any]) -> None:
        """Asks, and leaves a recovery receipt."""
        self._confirm(options)
        self._tell(acknowledge_alarm(options["alarm"], actor=getpass.getuser(), reason=options["reason"]))

    def _confirm(self, options: Mapping[str, Any]) -> None:
        if options["yes"]:
            return
        self.stdout.write(f"What was vouched for outside will contradict this log. Type: {CONFIRMATION}")
        self.stdout.flush()
        if sys.stdin.readline().strip() != CONFIRMATION:
            raise CommandError("Nothing was changed.")

    def _tell(self, receipt: Receipt) -> None:
        self.stdout.write(f"Acknowledged in receipt {receipt.pk} of {receipt.stream}.")

    def _line(self, account: Account) -> str:
        named = [f"missing: {', '.join(account.missing)}"] if account.missing else []
        named += [f"too many: {', '.join(account.surplus)}"] if account.surplus else []
        mark = self.style.SUCCESS("even ") if account.is_even else self.style.ERROR("uneven")
        return f"{mark}  {account.noun}: {account.owed} owed, {account.receipts} there  {'; '.join(named)}".rstrip()


_COMMANDS: Mapping[str, Callable[[Command, Mapping[str, Any]], None]] = {
    "log": Command.log,
    "keep": Command.keep,
    "verify": Command.verify,
    "account": Command.account,
    "export-log": Command.export_log,
    "acknowledge-loss": Command.acknowledge_loss,
    "acknowledge-alarm": Command.acknowledge_alarm,
}

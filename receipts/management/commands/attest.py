"""`./run attest RECEIPT…`: receipts in the forms of others, one JSON object a line."""

from __future__ import annotations

from argparse import ArgumentParser
from collections.abc import Callable, Mapping
from typing import Any, Final

from django.core.management.base import BaseCommand, CommandError

from receipts.exporters.agent_receipts import DRAFT, NotExpressibleError, as_draft_receipt
from receipts.exporters.intoto import as_in_toto
from receipts.models import Receipt
from receipts.problems import ProblemError
from receipts.selectors import envelope_of
from receipts.services.keys import current_signer
from receipts.signers import SignerError
from receipts.signing.canonical import canonical_bytes
from receipts.signing.envelope import Envelope
from receipts.signing.errors import VerificationError
from receipts.signing.keys import Signer

_FORMS: Final[Mapping[str, Callable[..., dict[str, object]]]] = {"in-toto": as_in_toto, DRAFT: as_draft_receipt}


def _line(receipt: Receipt, *, form: str, signer: Signer) -> str:
    envelope: Envelope = envelope_of(receipt)
    return canonical_bytes(_FORMS[form](envelope, signer=signer)).decode()


class Command(BaseCommand):
    help = "Print receipts as in-toto attestations in DSSE, signed by the key that signs now."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("receipts", nargs="+", metavar="RECEIPT")
        parser.add_argument(
            "--experimental", choices=[DRAFT], help="instead, the form of a draft that may change or end"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        found = Receipt.objects.in_bulk(options["receipts"])
        missing = [item for item in options["receipts"] if item not in found]
        if missing:
            raise CommandError(f"There is no receipt {missing[0]}.")
        try:
            signer, form = current_signer(), options["experimental"] or "in-toto"
            for item in options["receipts"]:
                self.stdout.write(_line(found[item], form=form, signer=signer))
        except ProblemError as problem:
            raise CommandError(f"{problem.why} {problem.fix}") from problem
        except (NotExpressibleError, SignerError, VerificationError) as error:
            raise CommandError(str(error)) from error

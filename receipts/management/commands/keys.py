"""The signing keys, for whoever runs the server: a way to them that doesn't lead through the web side.

What can't be taken back is asked about first; `--yes` is for scripts. Standard output has the result alone.
"""

from __future__ import annotations

import json
from argparse import ArgumentParser
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, ClassVar

from django.core.management.base import BaseCommand, CommandError

from receipts.models import PublishedKey
from receipts.problems import ProblemError
from receipts.selectors import active_key_id, published_jwks, published_keys
from receipts.selectors.log import log_origin
from receipts.services import current_signer, ensure_signing_key
from receipts.services.rotation import (
    KeyChangeError,
    RevocationReason,
    prepare_key,
    retire_key,
    revoke_key,
    rotate_key,
)
from receipts.signing.cosignature import log_vkey
from receipts.signing.ed25519 import Ed25519Public
from receipts.signing.times import format_time

YES = "yes"


@contextmanager
def _refusals() -> Iterator[None]:
    """What a service refuses, as the one sentence or two that a command ends with."""
    try:
        yield
    except (KeyChangeError, ProblemError) as error:
        raise CommandError(f"{error.why} {error.fix}") from error


class Command(BaseCommand):
    help = "The keys that receipts are signed with."

    def add_arguments(self, parser: ArgumentParser) -> None:
        commands = parser.add_subparsers(dest="subcommand", required=True)
        commands.add_parser("create", help="make the first signing key if there is none, and publish its public half")
        commands.add_parser("list", help="print every key, its times, and which one signs")
        export = commands.add_parser("export", help="print the public keys as a JWK set, for the offline verifier")
        export.add_argument("--vkey", action="store_true", help="print the log's key alone, as C2SP witnesses want it")
        commands.add_parser("prepare", help="make a key for `rotate --to`, to be copied to every host before")
        rotate = commands.add_parser("rotate", help="let a new key sign from now on, and retire the one before it")
        rotate.add_argument("--to", metavar="KEY_ID", help="a key that `prepare` made")
        rotate.add_argument("--old-key-lost", action="store_true", help="the old key can't sign for the new one")
        retire = commands.add_parser("retire", help="end a key that no longer signs; its receipts stay valid")
        revoke = commands.add_parser("revoke", help="tell everybody that somebody else may have the key")
        revoke.add_argument("--reason", required=True, choices=list(map(str, RevocationReason)))
        for ending in (retire, revoke):
            ending.add_argument("key_id", metavar="KEY_ID")
        for asked in (rotate, retire, revoke):
            asked.add_argument("--yes", action="store_true", help="don't ask")

    def handle(self, *args: Any, **options: Any) -> None:
        with _refusals():
            self.SUBCOMMANDS[options["subcommand"]](self, options)

    def create(self, options: dict[str, Any]) -> None:
        self.stdout.write(ensure_signing_key())

    def list(self, options: dict[str, Any]) -> None:
        active = active_key_id()
        for key in published_keys():
            self.stdout.write(f"{key.pk}  {key.jwk['alg']:8}{_standing(key, active=active)}")

    def export(self, options: dict[str, Any]) -> None:
        self.stdout.write(_vkey() if options["vkey"] else json.dumps(published_jwks(), indent=2))

    def prepare(self, options: dict[str, Any]) -> None:
        self.stdout.write(prepare_key())

    def rotate(self, options: dict[str, Any]) -> None:
        self._confirm(f"The key {active_key_id()} will never sign again.", options=options)
        done = rotate_key(to=options["to"], is_old_lost=options["old_key_lost"])
        self.stdout.write(done.new)
        self.stderr.write(f"{done.new} signs from now on; {done.old} has retired, and what it signed stays valid.")

    def retire(self, options: dict[str, Any]) -> None:
        self._confirm(f"The key {options['key_id']} will never sign again.", options=options)
        retire_key(key_id=options["key_id"])
        self.stderr.write(f"{options['key_id']} has retired; what it signed stays valid.")

    def revoke(self, options: dict[str, Any]) -> None:
        key_id = options["key_id"]
        self._confirm(f"Nothing that {key_id} signs counts any more, unless the log had it before.", options=options)
        size = revoke_key(key_id=key_id, reason=RevocationReason(options["reason"]))
        self.stderr.write(f"{key_id} is revoked; it counts for the first {size} receipts of the log alone.")

    def _confirm(self, consequence: str, *, options: dict[str, Any]) -> None:
        if options["yes"]:
            return
        self.stderr.write(f"{consequence} Go on? Write {YES}: ", ending="")
        self.stderr.flush()
        try:
            answer = input()
        except EOFError:
            answer = ""
        if answer.strip() != YES:
            raise CommandError("Nothing was changed.")

    SUBCOMMANDS: ClassVar[dict[str, Callable[[Command, dict[str, Any]], None]]] = {
        "create": create,
        "list": list,  # noqa: A003 - the name of the subcommand
        "export": export,
        "prepare": prepare,
        "rotate": rotate,
        "retire": retire,
        "revoke": revoke,
    }


def _vkey() -> str:
    public = current_signer().public
    if not isinstance(public, Ed25519Public):
        raise CommandError("Witnesses know logs by Ed25519 keys only, and this one signs with ES256.")
    return log_vkey(public, origin=log_origin())


def _standing(key: PublishedKey, *, active: str | None) -> str:
    """Since when the key is there, and what became of it."""
    ended = {"retired": key.retired_at, "revoked": key.revoked_at}
    parts = [f"created {format_time(key.created_at)}"]
    parts += [f"{word} {format_time(moment)}" for word, moment in ended.items() if moment is not None]
    return "  ".join([*parts, *(["signs now"] if key.pk == active else [])])

"""What the command says about receipts: a line for each, a verdict, and what the verdict does not prove."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from receipts.signing.envelope import Envelope
from receipts.signing.errors import ExitCode, VerificationError
from receipts.signing.statement import Statement
from receipts.signing.times import format_time

# What no signature shows, whatever was verified.
ALWAYS_UNPROVEN = (
    "that the issuer's clock was right",
    "that the action really ran, or ran as its outcome says: an outcome is the agent's report",
)
REWRITE_UNPROVEN = (
    "that the log was not rewritten by somebody who holds the signing key: give --checkpoint with one that you kept"
)
ALONE_UNPROVEN = "that no other receipt of the stream was altered or removed: this was verified alone"
TAIL_UNPROVEN = "that no receipt was removed from the end of a stream, or a whole stream: give --expect-head"
ERASURE_UNPROVEN = "that the erased values were erased lawfully, or at all: see the issuer's erasure receipt"


@dataclass(frozen=True, slots=True)
class Report:
    """Receipts that were verified, how, and what a disclosure showed of the values behind them."""

    envelopes: Sequence[Envelope]
    statements: Sequence[Statement]
    is_chain: bool
    has_expected_head: bool = False
    disclosed_paths: tuple[str, ...] = ()
    erased_paths: tuple[str, ...] = ()
    withheld_paths: tuple[str, ...] = ()

    @property
    def exit_code(self) -> ExitCode:
        """Valid, or valid with erasures."""
        return ExitCode.VALID_WITH_ERASURES if self.erased_paths else ExitCode.VALID

    @property
    def verdict(self) -> str:
        """One sentence on what was verified."""
        count = len(self.statements)
        what = "1 receipt is" if count == 1 else f"{count} receipts are"
        whole = " and form whole chains from position 1" if self.is_chain and count > 1 else ""
        erased = f"; {len(self.erased_paths)} of the values behind it were erased" if self.erased_paths else ""
        return f"{what} unaltered since signing with a key that you trust{whole}{erased}."

    @property
    def unproven(self) -> tuple[str, ...]:
        """What the verdict does not prove, as clauses that begin with "that"."""
        gap = () if self.has_expected_head else (TAIL_UNPROVEN,) if self.is_chain else (ALONE_UNPROVEN,)
        erased = (ERASURE_UNPROVEN,) if self.erased_paths else ()
        return (*gap, *erased, *ALWAYS_UNPROVEN, REWRITE_UNPROVEN)

    def text(self) -> str:
        """The report for people."""
        word = "VALID, PAYLOAD ERASED" if self.erased_paths else "VALID"
        lines = [receipt_line(statement) for statement in self.statements]
        lines += [f"disclosed and matching: {path!a}" for path in self.disclosed_paths]
        lines += [f"erased: {path!a}" for path in self.erased_paths]
        lines += [f"not disclosed: {path!a}" for path in self.withheld_paths]
        lines += [f"{word}: {self.verdict}", "This does not prove:"]
        lines += [f"  - {clause};" for clause in self.unproven]
        return "\n".join(lines) + "\n"

    def document(self) -> dict[str, object]:
        """The report for programs."""
        pairs = zip(self.envelopes, self.statements, strict=True)
        return {
            "verdict": "valid_with_erasures" if self.erased_paths else "valid",
            "exit_code": int(self.exit_code),
            "why": self.verdict,
            "does_not_prove": list(self.unproven),
            "receipts": [receipt_entry(envelope, statement=statement) for envelope, statement in pairs],
            "disclosed_paths": list(self.disclosed_paths),
            "erased_paths": list(self.erased_paths),
            "withheld_paths": list(self.withheld_paths),
        }


def refusal_text(error: VerificationError) -> str:
    """Why receipts are not valid, for people."""
    place = "" if error.ordinal is None else f" (receipt {error.ordinal} of those given)"
    return f"INVALID {error.reason}: {error.why}{place} {error.fix}\n"


def refusal_document(error: VerificationError) -> dict[str, object]:
    """Why receipts are not valid, for programs."""
    return {
        "verdict": "invalid",
        "exit_code": int(error.exit_code),
        "reason": error.reason,
        "why": error.why,
        "fix": error.fix,
        "ordinal": error.ordinal,
        "stream": error.stream,
        "position": error.position,
    }


def receipt_line(statement: Statement) -> str:
    """One receipt, for people."""
    issued_at = format_time(statement.issued_at)
    return f"{statement.id}  {statement.type}  {statement.stream}  position {statement.position}  {issued_at}"


def receipt_entry(envelope: Envelope, *, statement: Statement) -> dict[str, object]:
    """One receipt, for programs."""
    return {
        "id": statement.id,
        "type": statement.type.value,
        "deployment": statement.deployment,
        "stream": statement.stream,
        "position": statement.position,
        "issued_at": format_time(statement.issued_at),
        "key_id": statement.key_id,
        "digest": envelope.digest,
    }

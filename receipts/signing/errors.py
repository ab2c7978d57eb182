"""What can go wrong with signed receipts.

SigningError                        code, why, fix
├── StrictJSONError                 bytes are not strict I-JSON
├── CanonicalError                  a value has no canonical bytes or digest
├── StatementError                  an issuer stated what no verifier would accept
├── KeyFormatError                  a key or a key file can't be used
├── CheckpointError                 an issuer was about to sign a checkpoint that must not be
├── NoCheckpointError               there is nothing to compare what the caller kept with
└── VerificationError               reason, exit code and, where known, the first bad place
    ├── MalformedError          1   not a receipt
    ├── TamperedError           2   not what was signed
    │   ├── BadSignatureError
    │   ├── CommitmentMismatchError
    │   ├── BrokenChainError
    │   ├── NotInLogError           the proof does not lead to the checkpoint
    │   ├── InconsistentLogError    one checkpoint does not lead to the other
    │   └── LogMismatchError        the receipts are not those that the checkpoint is about
    ├── ForkError               3   two receipts claim one place
    ├── SplitViewError          3   two checkpoints tell two histories
    ├── UntrustedKeyError       4   signed by a key that the caller does not trust
    │   └── RevokedKeyError
    └── UnsupportedError        5   made by a newer or other format than this verifier knows
"""

from __future__ import annotations

from enum import IntEnum
from typing import ClassVar


class ExitCode(IntEnum):
    """How the command line verifier ends. `VALID_WITH_ERASURES` is a success; `USAGE` says nothing about receipts."""

    VALID = 0
    MALFORMED = 1
    TAMPERED = 2
    FORK = 3
    UNTRUSTED_KEY = 4
    UNSUPPORTED = 5
    VALID_WITH_ERASURES = 6
    USAGE = 64


class SigningError(Exception):
    """Base of everything that this package raises. `why` and `fix` are sentences for people, `code` is for programs."""

    code: str = "signing_failed"
    default_fix: ClassVar[str] = "Look at the reason and try again."

    def __init__(self, why: str, *, fix: str | None = None) -> None:
        super().__init__(why)
        self.why = why
        self.fix = fix or self.default_fix


class StrictJSONError(SigningError):
    """Bytes that are not strict I-JSON. `code` is a member of `strict_json.Fault`."""

    def __init__(self, *, code: str, why: str, fix: str) -> None:
        super().__init__(why, fix=fix)
        self.code = code


class CanonicalError(SigningError):
    """A value that RFC 8785 can't serialise, or a salt, nonce or path that no digest is defined for."""

    code = "not_canonical"
    default_fix = "Use null, booleans, strings, finite numbers, lists and objects with string keys only."


class StatementError(SigningError):
    """Facts that a verifier would refuse; raised before anything is signed."""

    code = "bad_statement"
    default_fix = "Correct the fact that the reason names before signing."


class KeyFormatError(SigningError):
    """Key material or a key file that can't be used. It says nothing about any receipt."""

    code = "bad_keys"
    default_fix = "Fetch the key file again from the issuer, over a way that you trust."


class CheckpointError(SigningError):
    """Nothing that could be signed as a checkpoint, or that follows from the last one."""

    code = "bad_checkpoint"
    default_fix = "Find out what changed in the stored log before anything else is signed: ./run doctor."


class NoCheckpointError(SigningError):
    """A checkpoint or a witness was given for receipts that come without a checkpoint. It says nothing about these."""

    code = "no_checkpoint"
    default_fix = "Leave --checkpoint and --witness out, or ask for the receipts again after the next checkpoint."


class VerificationError(SigningError):
    """A receipt that must not be relied on.

    `reason` and `exit_code` are fixed for each class. `ordinal` is the place, from 1, in what was given to be verified;
    `stream` and `position` name the first bad place of a chain. Each is None where it is not known.
    """

    reason: ClassVar[str] = "invalid"
    exit_code: ClassVar[ExitCode] = ExitCode.MALFORMED
    default_fix = "Do not rely on this receipt; fetch it again from the issuer and compare."

    def __init__(
        self,
        why: str,
        *,
        fix: str | None = None,
        ordinal: int | None = None,
        stream: str | None = None,
        position: int | None = None,
    ) -> None:
        super().__init__(why, fix=fix)
        self.code = self.reason
        self.ordinal = ordinal
        self.stream = stream
        self.position = position


class MalformedError(VerificationError):
    """Not a receipt: wrong JSON, wrong members, wrong lengths, not in canonical form."""

    reason = "malformed"
    default_fix = "Fetch the receipt again; it may have been cut off or changed on the way."


class TamperedError(VerificationError):
    """Not what was signed."""

    reason = "tampered"
    exit_code = ExitCode.TAMPERED


class BadSignatureError(TamperedError):
    """The signature does not fit the bytes."""

    reason = "bad_signature"


class CommitmentMismatchError(TamperedError):
    """A disclosed value is not the one that the receipt commits to."""

    reason = "commitment_mismatch"
    default_fix = "Do not rely on the disclosed value; the receipt itself may still be good."


class BrokenChainError(TamperedError):
    """Receipts were removed, repeated, moved or cut off."""

    reason = "broken_chain"
    default_fix = "Ask the issuer for the whole stream, in order of position, and compare with a copy made earlier."


class NotInLogError(TamperedError):
    """The inclusion proof does not lead from the receipt to the checkpoint."""

    reason = "not_in_log"
    default_fix = "Ask the issuer for a proof in the tree of a checkpoint that you kept."


class InconsistentLogError(TamperedError):
    """The consistency proof does not lead from one checkpoint to the other."""

    reason = "inconsistent_log"
    default_fix = "Ask for the proof once more; if there is none, keep both checkpoints: the log was rewritten."


class LogMismatchError(TamperedError):
    """Checkpoints and receipts belong to different logs, or receipts were altered, moved or cut off."""

    reason = "log_mismatch"
    default_fix = "Ask the issuer for the whole log, and compare with a copy made earlier."


class ForkError(VerificationError):
    """Two different receipts claim one place in a stream: the issuer has told two stories."""

    reason = "fork"
    exit_code = ExitCode.FORK
    default_fix = "Keep both receipts: together they prove that the log was split."


class SplitViewError(VerificationError):
    """Two checkpoints that no single log can have: the issuer has told two histories."""

    reason = "split_view"
    exit_code = ExitCode.FORK
    default_fix = "Keep both checkpoints: together they prove that the log was split."


class UntrustedKeyError(VerificationError):
    """The key is not among those that the caller trusts, or was not in use at the time."""

    reason = "untrusted_key"
    exit_code = ExitCode.UNTRUSTED_KEY
    default_fix = "Compare the key id with the issuer's published keys; never take a key from a receipt."


class RevokedKeyError(UntrustedKeyError):
    """The key was revoked, so its signatures no longer prove anything by themselves."""

    reason = "revoked_key"
    default_fix = "Ask the issuer what happened to the key; only evidence from before the revocation can help."


class UnsupportedError(VerificationError):
    """A version, type, algorithm or member that this verifier does not know, and therefore never calls valid."""

    reason = "unsupported"
    exit_code = ExitCode.UNSUPPORTED
    default_fix = "Use a newer verifier."

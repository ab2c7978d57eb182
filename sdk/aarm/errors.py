"""Everything that the SDK raises. Whichever it is, the guarded function has not run.

AarmError
├── ConfigurationError   no usable address or key, or a guard in a place where it cannot work
├── NotJsonError         a value that JSON cannot carry; nothing was sent
├── NotAllowedError      the server answered, and the answer is not ALLOW
│   ├── Denied           no, and asking again will not help
│   ├── Expired          nobody answered in time, which is a no
│   └── Pending          no answer yet, and the caller chose not to wait longer
├── RefusedError         the server refused the call itself (a 4xx problem: credentials, state, form)
├── Unavailable          no usable answer could be had; the same call may be made again
├── ProtocolError        the answer breaks the contract, so it allows nothing
└── TraceError           a file for `aarm replay` that is not what it should be
"""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar

from aarm.records import ReceiptReference, Verdict


class AarmError(Exception):
    """`code` stable snake_case · `why` and `fix` sentences · `retryable` whether the same call can end differently."""

    retryable: ClassVar[bool] = False

    def __init__(self, why: str, *, code: str, fix: str) -> None:
        super().__init__(f"{why} {fix}")
        self.code = code
        self.why = why
        self.fix = fix


class ConfigurationError(AarmError):
    """The SDK was set up or used in a way that cannot work."""

    def __init__(self, why: str, *, fix: str) -> None:
        super().__init__(why, code="configuration", fix=fix)


class NotJsonError(AarmError):
    """`at` is the path of the value, such as `parameters.attachment`."""

    def __init__(self, *, at: str, why: str) -> None:
        super().__init__(
            f"{at} {why}.",
            code="not_json",
            fix="Nothing was sent. Convert it first, for example a path with str() and a date with isoformat().",
        )
        self.at = at


class NotAllowedError(AarmError):
    """The server's answer, in full, is `verdict`."""

    def __init__(self, why: str, *, code: str, fix: str, verdict: Verdict) -> None:
        super().__init__(why, code=code, fix=fix)
        self.verdict = verdict

    @property
    def decision_id(self) -> str:
        """`dec_…`"""
        return self.verdict.decision_id

    @property
    def request_digest(self) -> str:
        """Binds this answer to the action that was asked about."""
        return self.verdict.request_digest

    @property
    def reason(self) -> str:
        """The server's sentence, for the agent and its user."""
        return self.verdict.reason

    @property
    def reason_code(self) -> str:
        """The server's stable word for the reason."""
        return self.verdict.reason_code

    @property
    def receipt(self) -> ReceiptReference | None:
        """Where the signed proof of this answer is."""
        return self.verdict.receipt


class Denied(NotAllowedError):  # noqa: N818 - the word that agents catch.
    """Policy or a person said no."""

    def __init__(self, verdict: Verdict) -> None:
        reason = (verdict.reason or verdict.reason_code or "no reason was given").rstrip(".")
        why = f"The action was denied: {reason}."
        super().__init__(
            why, code="denied", fix="It was not run. Do not ask for the same action again.", verdict=verdict
        )


class Expired(NotAllowedError):  # noqa: N818 - the word that agents catch.
    """The time for an answer, or for using one, is over."""

    def __init__(self, verdict: Verdict) -> None:
        fix = "It was not run. Ask again only if somebody is there to answer."
        super().__init__("The time to answer or to use the answer is over.", code="expired", fix=fix, verdict=verdict)


class Pending(NotAllowedError):  # noqa: N818 - the word that agents catch.
    """Somebody or something still has to answer. `decision_id` and `request_digest` are what `wait_for` takes later."""

    retryable = True

    def __init__(self, verdict: Verdict) -> None:
        fix = "It was not run. Wait for the decision and claim it; asking anew would open a second request."
        super().__init__("The action waits for an answer.", code="pending", fix=fix, verdict=verdict)

    @property
    def url(self) -> str | None:
        """The page where a person answers."""
        return self.verdict.waiting.url if self.verdict.waiting else None

    @property
    def approval_code(self) -> str | None:
        """The code that the reviewer sees too, to be sure that both talk about the same action."""
        return self.verdict.waiting.code if self.verdict.waiting else None

    @property
    def expires_at(self) -> datetime | None:
        """When silence becomes a no."""
        return self.verdict.waiting.expires_at if self.verdict.waiting else None


class RefusedError(AarmError):
    """`status` is the HTTP status; `code`, `why` and `fix` are the server's own."""

    def __init__(self, why: str, *, code: str, fix: str, status: int) -> None:
        super().__init__(why, code=code, fix=fix)
        self.status = status


class Unavailable(AarmError):  # noqa: N818 - the word that agents catch.
    """`status` is None when no answer arrived at all; `retry_after_seconds` is what the server asked for."""

    retryable = True

    def __init__(
        self,
        why: str,
        *,
        code: str = "unavailable",
        status: int | None = None,
        retry_after_seconds: float | None = None,
    ) -> None:
        super().__init__(why, code=code, fix="Nothing was allowed. Try again when the server can be reached.")
        self.status = status
        self.retry_after_seconds = retry_after_seconds


class ProtocolError(AarmError):
    """An answer that cannot be trusted: malformed, incomplete, contradictory, or the answer to another question."""

    def __init__(self, why: str) -> None:
        fix = "Nothing was allowed. Check that AARM_URL names the server itself and that both versions match."
        super().__init__(why, code="protocol", fix=fix)


class TraceError(AarmError):
    """A trace file that cannot be read as one."""

    def __init__(self, why: str) -> None:
        super().__init__(why, code="trace", fix="One line is one JSON object with id, user_request and steps.")

"""The one error that crosses a door: what went wrong, why, and how to mend it (RFC 9457).

Lowest in the import order, so that every service can raise it; `aarm_site.errors` turns it into
`application/problem+json` and the pages into a banner. Subclass nothing: the `code` is the kind.
"""

from __future__ import annotations

from collections.abc import Mapping


class ProblemError(Exception):
    """`status` HTTP · `code` stable snake_case · `why` and `fix` one sentence each · `param` the field at fault."""

    def __init__(
        self,
        code: str,
        *,
        status: int,
        why: str,
        fix: str,
        param: str | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(why)
        self.code = code
        self.status = status
        self.why = why
        self.fix = fix
        self.param = param
        self.headers = dict(headers or {})


def not_found(noun: str) -> ProblemError:
    """Absent and not yours are answered alike (APR-06, APR-41)."""
    return ProblemError(
        "not_found", status=404, why=f"No such {noun}, or it is not yours.", fix="Check the id and the credential."
    )

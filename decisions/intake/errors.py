"""What can be wrong with a request before it is judged.

IntakeError             code, why, fix, param
"""

from __future__ import annotations


class IntakeError(Exception):
    """A request that is no action. `param` names the offending member, by a dotted path where it lies deeper."""

    def __init__(self, *, code: str, why: str, fix: str, param: str) -> None:
        super().__init__(why)
        self.code = code
        self.why = why
        self.fix = fix
        self.param = param

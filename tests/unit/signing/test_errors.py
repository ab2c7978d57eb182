"""Refusals carry a reason for programs and sentences for people."""

from __future__ import annotations

from receipts.signing import errors
from receipts.signing.errors import ExitCode, SigningError, VerificationError

FOUND = [item for item in vars(errors).values() if isinstance(item, type) and issubclass(item, SigningError)]
VERDICTS = [item for item in FOUND if issubclass(item, VerificationError)]


def test_every_error_is_drawn_in_the_tree_and_ends_in_error() -> None:
    assert errors.__doc__ is not None
    for item in FOUND:
        assert item.__name__.endswith("Error")
        assert item.__name__ in errors.__doc__


def test_no_refusal_has_the_exit_code_of_a_success() -> None:
    assert {item.exit_code for item in VERDICTS} == set(ExitCode) - {
        ExitCode.VALID,
        ExitCode.VALID_WITH_ERASURES,
        ExitCode.USAGE,
    }


def test_reasons_are_distinct_and_every_refusal_has_a_fix() -> None:
    reasons = [item.reason for item in VERDICTS]
    assert len(set(reasons)) == len(reasons)
    for item in VERDICTS:
        refusal = item("It is wrong.", position=3)
        assert (refusal.code, refusal.why, refusal.position) == (item.reason, "It is wrong.", 3)
        assert refusal.fix.endswith(".")
    assert SigningError("It is wrong.", fix="Mend it.").fix == "Mend it."

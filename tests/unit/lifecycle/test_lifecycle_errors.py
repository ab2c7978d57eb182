"""Every error of the package says what, why and what to do."""

from __future__ import annotations

import pytest

from approvals.lifecycle import errors
from approvals.lifecycle.errors import LifecycleError

KINDS = LifecycleError.__subclasses__()


@pytest.mark.parametrize("kind", KINDS)
def test_every_error_carries_code_why_and_fix(kind: type[LifecycleError]) -> None:
    error = kind("It is so.", fix="Do this.")
    assert (str(error), error.why, error.fix) == ("It is so.", "It is so.", "Do this.")
    assert kind.__name__ in (errors.__doc__ or "")


def test_every_code_is_its_own() -> None:
    assert len({kind.code for kind in KINDS}) == len(KINDS) > 5

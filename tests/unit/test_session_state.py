"""The accumulated state of a session: bounded, and nothing in it is ever forgotten."""

from __future__ import annotations

import pytest

from decisions.services.state import EMPTY_STATE, MAX_TOOLS, with_action
from receipts.problems import ProblemError


def test_a_session_full_of_operations_refuses_a_new_one_and_forgets_none() -> None:
    state = EMPTY_STATE
    for number in range(MAX_TOOLS):
        state = with_action(state, name=f"a{number}.call")
    assert with_action(state, name="a0.call")["count"] == MAX_TOOLS + 1
    with pytest.raises(ProblemError) as problem:
        with_action(state, name="vault.read")
    assert problem.value.code == "too_many_tools"
    assert len(state["tools"]) == MAX_TOOLS

"""What is worked out before a session is waited for is what would have been worked out in its turn."""

from __future__ import annotations

from typing import Any

import pytest

from decisions.engine.action import Action
from decisions.services.preparation import prepared
from receipts.services import promised
from receipts.signing.canonical import JSON, action_digest, commitment, field_salt

PARAMETERS: dict[str, JSON] = {"to": "bob@corp.example", "count": 1, "flags": [True, {"x": 1}]}
ACTION = Action("email", "send", PARAMETERS)


@pytest.mark.parametrize(
    "parameters",
    [
        dict(PARAMETERS),
        {**PARAMETERS, "count": 2},
        {**PARAMETERS, "count": True},
        PARAMETERS | {"flags": [1, {"x": True}]},
        {**PARAMETERS, "more": None},
        {"to": "bob@corp.example"},
        {},
    ],
)
def test_a_digest_is_that_of_the_final_parameters_whether_it_was_foretold_or_not(parameters: dict[str, Any]) -> None:
    ready = prepared(ACTION)
    wanted = action_digest(nonce=ready.nonce, tool="email", operation="send", parameters=parameters)
    assert ready.digest_of(parameters) == wanted


@pytest.mark.parametrize("value", [1, 1.5, "1", True, [1], {"a": [1]}])
def test_a_commitment_is_that_of_the_value_even_where_another_was_foretold(value: JSON) -> None:
    promise = promised({"a": 1, "b": value})
    salts = {path: field_salt(promise.seed, path) for path in "abc"}
    for path in salts:
        assert promise.commitment_of(path, value) == commitment(path, salt=salts[path], value=value)


def test_two_decisions_about_one_action_share_neither_nonce_nor_seed() -> None:
    one, other = prepared(ACTION), prepared(ACTION)
    assert one.nonce != other.nonce
    assert one.digest != other.digest
    assert one.promise.seed != other.promise.seed

"""The OpenAPI document says what the doors really do, and what fits or nearly fits it is answered as it says."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from typing import Any

import pytest
import schemathesis
import yaml
from django.core.management import call_command
from django.core.wsgi import get_wsgi_application
from django.db import transaction
from drf_spectacular.validation import validate_schema
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from schemathesis import Case, GenerationMode
from schemathesis.checks import CHECKS, not_a_server_error

from tests.api.doors import Door, open_transaction_kept
from tests.api.routes import addresses
from tests.api.test_decide import asked
from tests.architecture.source import ROOT
from tests.factories import Cast, vote

COMMITTED = ROOT / "docs" / "openapi.yaml"
PRINT = "./run spectacular --file docs/openapi.yaml"
IS_NIGHTLY = "AARM_NIGHTLY" in os.environ
EXAMPLES = 400 if IS_NIGHTLY else 20
# What the demo policy has rules for; made-up names would only ever meet its default.
TOOLS = ("email.send", "database.query", "database.delete", "credentials.rotate", "calendar.create")
METHODS = ("get", "post")
# People's doors; the keys of agents and hosts don't open them.
PEOPLE = "/api/v1/approvals"
CONFORMANCE = ("status_code_conformance", "content_type_conformance", "response_schema_conformance")


def committed() -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load(COMMITTED.read_text(encoding="utf-8"))
    return found


def operations() -> Iterator[tuple[str, str]]:
    """Method and address of everything that is described and that an agent or a host may call."""
    for path, methods in committed()["paths"].items():
        if not path.startswith(PEOPLE):
            yield from ((method.upper(), path) for method in methods if method in METHODS)


def test_the_committed_document_is_the_one_that_is_served() -> None:
    served = Door().get("/api/schema")
    assert served.status_code == 200
    assert served.content.decode() == COMMITTED.read_text(encoding="utf-8"), f"The API has changed: {PRINT}"


def test_the_document_is_valid_openapi_3_1_and_made_without_a_warning(tmp_path: Any) -> None:
    document = committed()
    assert document["openapi"].startswith("3.1")
    validate_schema(document)  # type: ignore[no-untyped-call]
    call_command("spectacular", file=str(tmp_path / "openapi.yaml"), validate=True, fail_on_warn=True)
    names = [one["operationId"] for methods in document["paths"].values() for one in methods.values()]
    assert len(set(names)) == len(names)


def test_every_door_of_the_api_is_described() -> None:
    doors = {path for path in addresses() if path.startswith(("/api/v1/", "/decide", "/.well-known/"))}
    assert doors - set(committed()["paths"]) == {"/api/v1/decide"}


def test_every_operation_says_who_may_call_it_and_how_it_refuses() -> None:
    for path, methods in committed()["paths"].items():
        for operation in methods.values():
            assert operation["security"], path
            if path not in ("/healthz", "/readyz", "/.well-known/aarm/keys.json"):
                assert {} not in operation["security"], path
                assert {"4XX", "5XX"} <= set(operation["responses"]), path


@pytest.fixture
def known(cast: Cast, agent: Door, session: str) -> Mapping[str, str]:
    """Ids of things that there are, by the name of the parameter that takes them."""
    step = asked(agent.decide(session))
    vote(step, cast.bob)
    return {
        "session_id": session,
        "decision_id": str(step.answer["decision_id"]),
        "deferral_id": str(agent.decide(session, "credentials.rotate").json()["deferral"]["id"]),
        "receipt_id": str(step.answer["receipt"]["id"]),
    }


@pytest.fixture
def document(db: None) -> Any:
    with open_transaction_kept():
        return schemathesis.openapi.from_wsgi("/api/schema?format=json", get_wsgi_application())


def cases(document: Any, method: str, path: str, *, known: Mapping[str, str]) -> st.SearchStrategy[Case[Any]]:
    """What fits the document and what nearly does, about things that there are and others."""
    operation = document[path][method]
    real = {name: value for name, value in known.items() if f"{{{name}}}" in path}
    modes = (GenerationMode.POSITIVE, GenerationMode.NEGATIVE)
    made = [operation.as_strategy(mode) for mode in modes]
    if real:
        made += [operation.as_strategy(mode, path_parameters=real) for mode in modes]
    return st.one_of(*made)


def grounded(case: Case[Any], known: Mapping[str, str]) -> Case[Any]:
    """The same case in a session that there is, and half of the time about a tool that the policy knows."""
    body = case.body
    if isinstance(body, dict) and isinstance(body.get("session_id"), str):
        body["session_id"] = known["session_id"]
        length = len(str(body.get("tool")))
        if length % 2:
            body["tool"] = TOOLS[length % len(TOOLS)]
            body.pop("operation", None)
    return case


@pytest.mark.case("API-19")
@pytest.mark.parametrize(("method", "path"), sorted(operations()))
def test_whatever_is_sent_is_answered_as_documented(
    cast: Cast, document: Any, known: Mapping[str, str], method: str, path: str
) -> None:
    key = cast.host_key if path == "/api/v1/tools" else cast.agent_key
    checks: Any = [not_a_server_error, *CHECKS.get_by_names(list(CONFORMANCE))]

    @given(case=cases(document, method, path, known=known))
    @settings(
        max_examples=EXAMPLES, deadline=None, derandomize=not IS_NIGHTLY, database=None,
        phases=[Phase.generate], suppress_health_check=list(HealthCheck),
    )  # fmt: skip
    def answered(case: Case[Any]) -> None:
        with transaction.atomic():
            response = grounded(case, known).call(headers={"Authorization": f"Bearer {key}"})
            transaction.set_rollback(True)
        case.validate_response(response, checks=checks)

    with open_transaction_kept():
        answered()

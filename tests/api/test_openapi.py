"""The OpenAPI document says which doors there are, and who may open them."""

from __future__ import annotations

from functools import cache
from typing import Any

import yaml
from django.core.management import call_command
from drf_spectacular.validation import validate_schema

from tests.api.doors import Door
from tests.api.routes import addresses
from tests.architecture.source import ROOT

COMMITTED = ROOT / "docs" / "openapi.yaml"
PRINT = "./run spectacular --file docs/openapi.yaml"


@cache
def committed() -> dict[str, Any]:
    """Read once: it is long, and a hundred tests ask."""
    found: dict[str, Any] = yaml.safe_load(COMMITTED.read_text(encoding="utf-8"))
    return found


def test_the_committed_document_is_the_one_that_is_served(db: None) -> None:
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

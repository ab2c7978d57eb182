"""The page of the API names every address there is, and none that isn't."""

from __future__ import annotations

import re

from ruamel.yaml import YAML

from decisions.engine.verdict import ReasonCode
from receipts.selectors.search import PARAMETERS
from tests.api.routes import every_route
from tests.docs.reading import ROOT, page

API = page("docs/api.md")
# Another name of a door that is described, and the description itself.
OUTSIDE_THE_SCHEMA = {("POST", "/api/v1/decide"), ("GET", "/api/schema")}
ROOTS = ("/api/", "/decide", "/.well-known/", "/healthz", "/readyz")


def listed() -> set[tuple[str, str]]:
    """Method and address of every row of the table."""
    return {(row[0], row[1].strip("`")) for row in API.table("Method")}


def test_every_address_of_the_api_is_listed_and_no_other() -> None:
    there = {route.template for route in every_route() if route.template.startswith(ROOTS)}
    assert {path for _, path in listed()} == there


def test_the_page_and_the_schema_name_the_same_operations() -> None:
    paths = YAML(typ="safe").load((ROOT / "docs/openapi.yaml").read_text("utf-8"))["paths"]
    described = {(method.upper(), path) for path, operations in paths.items() for method in operations}
    assert listed() - described == OUTSIDE_THE_SCHEMA
    assert described - listed() == set()


def test_every_filter_of_receipts_is_named() -> None:
    sentence = API.text.partition("Filters of receipts:")[2].partition(".")[0]
    assert set(re.findall(r"`(\w+)`", sentence)) == {*PARAMETERS, "q"}


def test_every_reason_is_named_once() -> None:
    given = API.text.partition("`reason_code` is")[2].partition(".\n")[0]
    assert sorted(re.findall(r"`(\w+)`", given)) == sorted(ReasonCode)

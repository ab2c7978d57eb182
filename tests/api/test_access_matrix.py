"""Who may do what at every address, compared with a table that people have read line by line (API-14, APR-09)."""

from __future__ import annotations

import difflib
import os
from collections.abc import Sequence
from pathlib import Path

import pytest

from tests.api.doors import row_counts
from tests.api.matrix import COLUMNS, SOCKET_OPENS, Caller, Row, access_matrix, address, callers_of, try_once
from tests.api.routes import addresses, every_route
from tests.api.world import World, make_world

GOLDEN = Path(__file__).with_name("access.golden.txt")
ACCEPT = "AARM_ACCEPT_ACCESS"
HOW = (
    "The table of who may do what has changed. Read each line of the difference: is that really who should get in? If "
    f"so, write the table again with `{ACCEPT}=1 ./test tests/api/test_access_matrix.py` and commit it with the change."
)
LEGEND = """\
# Who gets which answer at every address: generated from the URL table, read by people, compared by a test (API-14).
#
# anon: nobody in particular · agent, host, review: an agent's key, its host's key, a reviewer of the team that is asked
# agent2, host2, review2: another agent, host and team · audit, author, admin: people with that role and no team
# ours: about what belongs to the first three · theirs: to the second three · both: the same for either · -: of nobody
# A cell is the status; `in` sends the caller to sign in; a websocket's is its closing code, and 101 where it opens.
# The requests are well-formed and carry no CSRF protection, so that a refusal means: not this caller.
"""

# Addresses that keys of agents or hosts are for. Everything else is for people, or for everybody.
MACHINES = (
    "/decide",
    "/api/v1/decide",
    "/api/v1/decisions/",
    "/api/v1/deferrals/",
    "/api/v1/sessions",
    "/api/v1/observations",
    "/api/v1/tools",
)
SHARED = ("/api/v1/receipts", "/api/v1/log/")
PUBLIC = (
    "/healthz",
    "/readyz",
    "/api/schema",
    "/.well-known/aarm/keys.json",
    "/accounts/",
    "/admin/login/",
    "/admin/logout/",
)
KEYS = ("agent", "host", "agent2", "host2")
# Whoever is shown values leaves a record of it, as the contract wants.
RECORDED = {"/api/v1/receipts/{receipt_id}/disclosure"}
# What whoever may not enter is told. 405 comes where the address exists for nobody in this way.
REFUSED = {"400", "401", "403", "404", "405", "in", "4401", "4403"}


@pytest.fixture
def world(db: None) -> World:
    return make_world()


@pytest.fixture(scope="module")
def reviewed() -> Sequence[Row]:
    """The rows of the table; that they are what really happens is the first test's affair."""
    rows = [line.split() for line in GOLDEN.read_text(encoding="utf-8").splitlines() if line[:1].isupper()]
    return [
        Row(method, template, side, dict(zip(COLUMNS, cells, strict=True))) for method, side, *cells, template in rows
    ]


def _line(row: Row) -> str:
    cells = " ".join(row.cells[name].rjust(len(name)) for name in COLUMNS)
    return f"{row.method:<6} {row.side:<6} {cells}  {row.template}"


def _text(rows: Sequence[Row]) -> str:
    head = f"{'method':<6} {'about':<6} {' '.join(COLUMNS)}  address"
    return "\n".join([LEGEND, head, *map(_line, rows)]) + "\n"


@pytest.mark.case("API-14")
def test_every_caller_gets_the_reviewed_answer_at_every_address(world: World) -> None:
    text = _text(access_matrix(world))
    if os.environ.get(ACCEPT):
        GOLDEN.write_text(text, encoding="utf-8")
    golden = GOLDEN.read_text(encoding="utf-8")
    difference = difflib.unified_diff(golden.splitlines(), text.splitlines(), "reviewed", "now", lineterm="", n=0)
    assert text == golden, "\n".join([HOW, *difference])


@pytest.mark.case("API-14")
def test_every_address_has_a_row(reviewed: Sequence[Row]) -> None:
    rows = {row.template for row in reviewed}
    assert {route.template for route in every_route()} == rows
    assert {"/decide", "/ws/inbox", "/admin/", "/.well-known/aarm/keys.json"} <= rows


def test_the_tier_that_only_decides_has_no_address_of_its_own() -> None:
    tier = addresses("aarm_site.urls_decide")
    assert "/decide" in tier
    assert tier < addresses()
    assert not [template for template in tier if template.startswith(("/admin", "/a/", "/accounts", "/inbox"))]


@pytest.mark.case("APR-09")
def test_a_key_opens_no_door_that_is_for_people(reviewed: Sequence[Row]) -> None:
    doors = [row for row in reviewed if not row.template.startswith((*MACHINES, *SHARED, *PUBLIC))]
    assert {"/api/v1/approvals/{approval_id}/votes", "/ws/inbox", "/admin/", "/inbox"} <= {
        row.template for row in doors
    }
    opened = [(row, name) for row in doors for name in KEYS if row.cells[name] not in REFUSED - {"400"}]
    assert opened == []
    # The same doors do open, so that it is the caller who was refused.
    assert any(row.cells["review"] == "200" for row in doors)
    assert any(row.cells["review"] == SOCKET_OPENS for row in doors)


@pytest.mark.case("API-14")
def test_nobody_in_particular_gets_nowhere_but_to_what_is_public(reviewed: Sequence[Row]) -> None:
    entered = {row.template for row in reviewed if row.cells["anon"] not in REFUSED}
    assert "/healthz" in entered
    assert [template for template in entered if not template.startswith(PUBLIC)] == []


@pytest.mark.case("API-14", "APR-06", "CTX-02")
def test_what_belongs_to_others_is_not_there(reviewed: Sequence[Row]) -> None:
    strangers = {"ours": ("agent2", "host2", "review2"), "theirs": ("agent", "host", "review")}
    owned = [row for row in reviewed if row.side in strangers or row.side == "both"]
    assert len(owned) > 30
    for row in owned:
        for name in strangers.get(row.side, ("agent", "host", "review", "agent2", "host2", "review2")):
            is_opening = (row.method, row.template) == ("POST", "/api/v1/sessions")
            assert row.cells[name] in REFUSED or is_opening, _line(row)


@pytest.mark.case("API-14")
def test_only_reading_and_posting_is_taken_anywhere(world: World) -> None:
    admin = callers_of(world)["admin"]
    for route in every_route():
        for method in () if route.is_socket else ("PUT", "PATCH", "DELETE", "OPTIONS", "PROPFIND"):
            answer = try_once(admin, method, route, world=world, camp=world.ours)
            assert (answer.status_code, answer["Allow"]) == (405, "GET, HEAD, POST"), (method, route.template)


@pytest.mark.case("CHN-14")
def test_reading_changes_nothing_anywhere(world: World) -> None:
    callers, before = callers_of(world), row_counts()
    readers = [(callers[name], method) for name, method in (("agent", "GET"), ("review", "GET"), ("admin", "HEAD"))]
    for route in (route for route in every_route() if not route.is_socket and route.template not in RECORDED):
        path = address(route, world=world, camp=world.ours)
        codes = [
            reader.client().generic(method, path, headers=reader.headers).status_code for reader, method in readers
        ]
        assert max(codes) < 500, path
    assert row_counts() == before


@pytest.mark.case("API-14", "CHN-15")
def test_no_signed_in_browser_changes_anything_without_the_page_that_it_was_given(
    world: World, reviewed: Sequence[Row]
) -> None:
    callers = callers_of(world)
    routes = {route.template: route for route in every_route()}
    posted = [row for row in reviewed if row.method == "POST"]
    taken = [(row, name) for row in posted for name in ("review", "admin") if row.cells[name] not in REFUSED]
    assert len(taken) > 5
    for row, name in taken:
        answer = try_once(callers[name], "POST", routes[row.template], world=world, camp=world.ours, csrf=True)
        assert answer.status_code == 403, (row.template, name, answer.status_code)


def test_a_caller_without_any_credential_is_the_anonymous_one(world: World) -> None:
    assert callers_of(world)["anon"] == Caller()

"""Every failure has one shape, and tells a caller nothing that was not written for callers."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.http import HttpRequest
from django.test import Client, RequestFactory

from aarm_site import errors
from tests.unit.site.addresses import CANARY, RAISED

pytestmark = pytest.mark.urls("tests.unit.site.addresses")

EXPECTED = {
    "problem": (410, "expired"),
    "http404": (404, "not_found"),
    "forbidden": (403, "forbidden"),
    "bad-request": (400, "malformed"),
    "suspicious": (400, "malformed"),
    "too-large": (413, "body_too_large"),
    "operational": (503, "unavailable"),
    "interface": (503, "unavailable"),
    "read-only": (503, "unavailable"),
    "unknown": (500, "internal"),
    "unauthenticated": (401, "unauthenticated"),
    "wrong-key": (401, "unauthenticated"),
    "drf-forbidden": (403, "forbidden"),
    "drf-404": (404, "not_found"),
    "parse": (400, "malformed"),
    "invalid": (400, "malformed"),
    "throttled": (429, "too_many_requests"),
    "throttled-forever": (429, "too_many_requests"),
    "media-type": (415, "unsupported_media_type"),
    "not-acceptable": (406, "not_acceptable"),
    "drf-unknown": (500, "internal"),
}
DOORS = ("/api/plain/", "/api/async/", "/api/drf/")


@pytest.fixture
def caller(db: None) -> Client:
    return Client(raise_request_exception=False)


def problem(response: Any) -> dict[str, Any]:
    assert response["Content-Type"] == "application/problem+json"
    body: dict[str, Any] = response.json()
    return body


def test_the_table_of_expectations_covers_every_failure() -> None:
    assert set(EXPECTED) == set(RAISED)


@pytest.mark.case("API-21")
@pytest.mark.parametrize("door", DOORS)
@pytest.mark.parametrize("name", sorted(RAISED))
def test_an_api_failure_is_a_problem_object_without_what_the_exception_said(
    caller: Client, door: str, name: str
) -> None:
    response = caller.get(f"{door}{name}")
    body = problem(response)
    assert (response.status_code, body["code"]) == EXPECTED[name]
    assert body["status"] == response.status_code
    assert body["type"] == f"urn:aarm:problem:{body['code']}"
    assert body["request_id"] == response["X-Request-Id"]
    assert {"title", "why", "fix"} <= set(body)
    assert CANARY not in response.content.decode()
    assert "Traceback" not in response.content.decode()


@pytest.mark.parametrize(
    "name", ["problem", "http404", "forbidden", "bad-request", "too-large", "unknown", "operational"]
)
def test_a_failing_page_is_a_page(caller: Client, name: str) -> None:
    response = caller.get(f"/page/{name}")
    assert response.status_code == EXPECTED[name][0]
    assert response["Content-Type"].startswith("text/html")
    assert CANARY not in response.content.decode()


def test_a_problem_of_our_own_speaks_for_itself(caller: Client) -> None:
    response = caller.get("/api/drf/problem")
    assert problem(response) | {"request_id": ""} == {
        "type": "urn:aarm:problem:expired", "title": "The time is over", "status": 410, "code": "expired",
        "why": "It is over.", "fix": "Ask again.", "param": "id", "request_id": "",
    }  # fmt: skip
    assert response["X-Hint"] == "again"
    assert "It is over." in caller.get("/page/problem").content.decode()


def test_an_address_that_is_not_there_is_a_problem_below_the_api_and_a_page_elsewhere(caller: Client) -> None:
    assert problem(caller.get("/api/nothing"))["code"] == "not_found"
    assert caller.get("/nothing").status_code == 404
    assert caller.get("/nothing")["Content-Type"].startswith("text/html")


def test_a_missing_credential_is_told_the_scheme(caller: Client) -> None:
    assert caller.get("/api/drf/unauthenticated")["WWW-Authenticate"] == 'Bearer realm="aarm"'


@pytest.mark.parametrize(("name", "seconds"), [("throttled", "3"), ("throttled-forever", "1"), ("operational", "1")])
def test_who_may_try_again_is_told_when(caller: Client, name: str, seconds: str) -> None:
    assert caller.get(f"/api/drf/{name}")["Retry-After"] == seconds


def test_a_wrong_method_names_the_right_ones(caller: Client) -> None:
    response = caller.delete("/api/drf/problem")
    assert (response.status_code, problem(response)["code"]) == (405, "method_not_allowed")
    assert "GET" in response["Allow"]


@pytest.mark.case("API-14")
def test_a_view_that_names_no_caller_serves_nobody(caller: Client) -> None:
    assert caller.get("/api/guarded").status_code in (401, 403)


def test_a_failed_csrf_check_says_what_to_do_and_keeps_the_reason(rf: RequestFactory) -> None:
    request: HttpRequest = rf.post("/api/v1/approvals/apr_1/votes")
    response = errors.csrf_failure(request, reason=CANARY)
    assert json.loads(response.content)["code"] == "csrf_failed"
    assert CANARY not in response.content.decode()


@pytest.mark.parametrize("path", ["/api/good/x", "/good"])
def test_a_host_that_is_not_ours_is_refused_before_any_view(caller: Client, path: str) -> None:
    assert caller.get(path).status_code == 200
    response = caller.get(path, headers={"Host": "evil.example"})
    assert response.status_code == 400
    assert "evil.example" not in response.content.decode()


def test_an_error_page_without_an_exception_is_still_an_error_page(rf: RequestFactory) -> None:
    assert errors.server_error(rf.get("/api/x")).status_code == 500

"""The policy authors' doors: trying out, publishing, proposing, and going back."""

from __future__ import annotations

from typing import Any

import pytest

from decisions.models import PolicyProposal, PolicyVersion
from decisions.selectors import active_version_id
from tests.api.doors import Door, Reply, door_of, problem_of
from tests.factories import Cast

ROOT = "/api/v1/policies"
ONE = 'policy: {id: mine, version: "1"}\nrules: [{id: a, match: {tool: a.b}, action: ALLOW, reason: Good.}]\n'
WITH_FILE = "include: [{file: more.yaml}]\n" + ONE
MORE = 'policy: {id: more, version: "1"}\nrules: [{id: b, match: {tool: c.d}, action: DENY}]\n'
FAILING = ONE + "cases: [{name: never, action: {tool: a.b, parameters: {}}, expect: {decision: DENY}}]\n"


@pytest.fixture
def peggy(cast: Cast) -> Door:
    return door_of(cast.peggy)


def made(reply: Reply, *, status: int = 201) -> dict[str, Any]:
    assert reply.status_code == status, reply.content
    found: dict[str, Any] = reply.json()
    return found


def test_a_policy_is_published_with_the_files_that_it_includes_and_read_back(peggy: Door, cast: Cast) -> None:
    version = made(peggy.post(ROOT, {"text": WITH_FILE, "source": "mine.yaml", "files": {"more.yaml": MORE}}))
    assert (version["is_active"], version["published_by"], version["id"]) == (True, "peggy", active_version_id())
    assert version["included"] == {"file:more.yaml": MORE}
    assert peggy.get(f"{ROOT}/{version['id']}").json() == version
    listed = door_of(cast.victor).get(ROOT).json()
    assert [each["policy_id"] for each in listed["results"]] == ["mine", "demo"]
    assert (listed["next"], listed["refused"]) == (None, None)
    assert "text" not in listed["results"][0]


def test_what_is_missing_wrong_or_failing_is_told_with_its_place_and_kept_as_a_note(peggy: Door) -> None:
    before = active_version_id()
    for text, code in ((WITH_FILE, "invalid_policy"), (FAILING, "failing_cases")):
        assert (
            "mine.yaml:"
            in problem_of(peggy.post(ROOT, {"text": text, "source": "mine.yaml"}), status=400, code=code)["why"]
        )
        refused = peggy.get(ROOT).json()["refused"]
        assert (refused["source"], refused["faults"][0]["source"]) == ("mine.yaml", "mine.yaml")
    assert active_version_id() == before


def test_lint_says_everything_and_stores_nothing(peggy: Door) -> None:
    report = peggy.post(f"{ROOT}/lint", {"text": FAILING, "source": "mine.yaml"}).json()
    assert (report["is_publishable"], report["cases"]["passed"]) == (False, 0)
    assert report["cases"]["failed"][0]["line"] == 3
    broken = peggy.post(f"{ROOT}/lint", {"text": ONE.replace("action", "acton")}).json()
    assert {"unknown_key", "missing_key"} >= {fault["code"] for fault in broken["faults"]} > set()
    assert peggy.post(f"{ROOT}/lint", {"text": ONE}).json()["is_publishable"]
    assert peggy.get(ROOT).json()["refused"] is None
    assert PolicyVersion.objects.count() == 1


def test_a_policy_is_tried_out_on_an_action_of_ones_own(peggy: Door) -> None:
    given = {"action": {"tool": "a.b", "parameters": {"n": 1}}, "context": {"data_kinds": ["PII"]}}
    answer = peggy.post(f"{ROOT}/test", {"text": ONE, "given": given}).json()
    assert (answer["decision"], answer["rule"], answer["reason"]) == ("ALLOW", "a", "Good.")
    assert answer["sentences"][0] == "Allowed by rule a. Good."
    for wrong in ({}, {"action": 7}, {"action": {"tool": "a.b", "parameters": {}}, "nobody": 1}):
        problem_of(peggy.post(f"{ROOT}/test", {"text": ONE, "given": wrong}), status=400, code="invalid_body")
    broken = {"text": ONE.replace("action", "acton"), "given": given}
    problem_of(peggy.post(f"{ROOT}/test", broken), status=400, code="invalid_policy")
    assert peggy.get(ROOT).json()["refused"] is None, "Trying out is no attempt to publish."


@pytest.mark.case("POL-18")
def test_an_earlier_version_is_published_again(peggy: Door, cast: Cast) -> None:
    first = active_version_id()
    made(peggy.post(ROOT, {"text": ONE}))
    again = made(peggy.post(f"{ROOT}/{first}/publish"))
    assert (again["policy_id"], again["id"] == first, again["is_active"]) == ("demo", False, True)
    problem_of(peggy.post(f"{ROOT}/pol_none/publish"), status=404, code="not_found")


@pytest.mark.case("POL-18", "POL-19")
def test_with_four_eyes_every_way_to_publish_makes_a_proposal(peggy: Door, cast: Cast, settings: Any) -> None:
    settings.AARM_POLICY_FOUR_EYES = True
    before = active_version_id()
    proposed = made(peggy.post(ROOT, {"text": ONE}), status=202)
    back = made(peggy.post(f"{ROOT}/{before}/publish"), status=202)
    assert (proposed["author"], proposed["base"], proposed["text"]) == ("peggy", before, ONE)
    assert [each["id"] for each in peggy.get(f"{ROOT}/proposals").json()["results"]] == [proposed["id"], back["id"]]
    problem_of(peggy.post(f"{ROOT}/proposals/{proposed['id']}/approve"), status=403, code="own_proposal")
    assert active_version_id() == before
    version = made(door_of(cast.trent).post(f"{ROOT}/proposals/{proposed['id']}/approve"))
    assert (version["author"], version["published_by"], version["is_active"]) == ("peggy", "trent", True)
    assert peggy.get(f"{ROOT}/proposals").json()["results"] == [], "The other one was compared with another policy."
    assert PolicyProposal.objects.count() == 2


def test_auditors_read_policies_and_nobody_else_gets_in(cast: Cast, agent: Door, host: Door) -> None:
    victor = door_of(cast.victor)
    assert victor.get(ROOT).status_code == 200
    for path in (ROOT, f"{ROOT}/proposals", f"{ROOT}/{active_version_id()}/publish"):
        problem_of(victor.post(path, {"text": ONE}), status=403, code="forbidden")
    for door in (agent, host, door_of(cast.bob)):
        problem_of(door.get(ROOT), status=403, code="forbidden")
        problem_of(door.post(ROOT, {"text": ONE}), status=403, code="forbidden")


def test_the_schema_of_the_language_is_there_for_editors(cast: Cast) -> None:
    schema = door_of(cast.victor).get(f"{ROOT}/schema").json()
    assert {"policy", "rules", "cases"} <= set(schema["properties"])

"""What is dangerous is approved by nobody to whom the page has shown only a part of it."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from approvals.lifecycle.folding import is_folded
from approvals.lifecycle.snapshot import Snapshot
from approvals.models import Vote
from decisions.services.policies import publish_policy
from receipts.signing.canonical import JSON
from tests.api.doors import door_of
from tests.factories import MAIL, Cast, StepUp, confirmation, open_step_up
from tests.web.reading import Element, ballot, read
from tests.web.test_deciding import fields, forms

TARGET = {"confirm_target": str(MAIL["to"])}
MEDIUM = """
policy: {id: medium, version: "1"}
rules: [{id: medium, match: {tool: email}, action: STEP_UP, risk_level: MEDIUM, hold: 0, approvers: [security-team]}]
"""


def nested(levels: int) -> JSON:
    value: JSON = "the deepest"
    for level in range(levels):
        value = {f"level-{level}": value}
    return value


LARGE: dict[str, JSON] = {
    "body": "word " * 4_000 + "and pay Mallory",
    "k" * 400 + "-ends": 1,
    **{f"key-{number:03d}": number for number in range(500)},
    "nested": nested(50),
}


def page_of(client: Client, step: StepUp, query: str = "") -> Element:
    return read(client.get(step.path + query))


def labels(page: Element) -> list[str]:
    return [name for name in forms(page) if name not in {"Assign", "Change", "Extend", "Ask", "Look"}]


@pytest.mark.case("DEC-08")
def test_all_of_a_large_action_can_be_read_and_only_then_approved(cast: Cast, bob: Client) -> None:
    small, large = open_step_up(cast), open_step_up(cast, parameters={**MAIL, **LARGE})
    assert "Approve" in labels(page_of(bob, small)), "the control: what is short is whole at once"
    folded = page_of(bob, large)
    assert labels(folded) == ["Deny"]
    assert "characters not shown" in folded.by_id("facts").of_class("fields")[0].text
    refused = bob.post(f"{large.path}/approve", ballot(large.approval))
    assert refused.status_code == 409
    assert "A part of this action was folded away." in read(refused).of_class("banner--bad")[0].text
    assert Vote.objects.count() == 0
    (link,) = folded.by_id("approve").tagged("a")
    whole = page_of(bob, large, link.attributes["href"].partition("#")[0])
    (shown,) = whole.by_id("facts").of_class("fields")
    assert {"k" * 400 + "-ends", *LARGE} <= {row.tagged("dt")[0].text for row in shown.of_class("field-row")}
    assert "word and pay Mallory" in shown.text
    assert '"the deepest"' in shown.text
    assert "not shown" not in shown.text
    form = forms(whole)["Approve"]
    assert bob.post(form.attributes["action"], fields(form) | TARGET | {"confirm_target": "x"}).status_code == 403
    assert bob.post(form.attributes["action"], fields(form) | TARGET).status_code == 303
    assert Vote.objects.get().request == large.approval


@pytest.mark.case("DEC-08")
def test_what_no_page_can_show_whole_is_denied_there_and_read_whole_as_json(cast: Cast, bob: Client) -> None:
    step = open_step_up(cast, parameters={**MAIL, "body": "a\n" * 200_000 + "and pay Mallory"})
    whole = page_of(bob, step, "?all=1")
    assert labels(whole) == ["Deny"]
    assert "No page can show all of this action" in whole.by_id("approve").text
    assert "characters not shown" in whole.by_id("facts").of_class("fields")[0].text
    refused = bob.post(f"{step.path}/approve", ballot(step.approval, all="1") | TARGET)
    assert refused.status_code == 409
    assert "No page can show all of this action." in read(refused).of_class("banner--bad")[0].text
    said = {"verdict": "approve", "view_digest": step.approval.view_digest, "version": step.approval.version}
    path = f"/api/v1/approvals/{step.approval.pk}/votes"
    assert door_of(cast.bob).post(path, said | confirmation(step.approval, cast.bob)).status_code == 200


@pytest.mark.case("DEC-08")
def test_a_live_page_that_shows_everything_goes_on_to(cast: Cast, bob: Client) -> None:
    step = open_step_up(cast, parameters={**MAIL, **LARGE})
    (main,) = page_of(bob, step, "?all=1").all(lambda item: "data-live-fragment" in item.attributes)
    part = read(bob.get(main.attributes["data-live-fragment"], headers={"X-Fragment": "1"}))
    assert "Approve" in labels(part)
    assert "word and pay Mallory" in part.by_id("facts").of_class("fields")[0].text


def test_whoever_reads_json_has_been_given_the_whole(cast: Cast) -> None:
    step, door = open_step_up(cast, parameters={**MAIL, **LARGE}), door_of(cast.bob)
    path = f"/api/v1/approvals/{step.approval.pk}"
    shown: dict[str, Any] = door.get(path).json()
    assert shown["snapshot"]["parameters"] == {**MAIL, **LARGE}
    view = {"view_digest": shown["view_digest"], "version": shown["version"]}
    said = {"verdict": "approve"} | view | confirmation(step.approval, cast.bob)
    assert door.post(f"{path}/votes", said).status_code == 200


def test_below_high_risk_and_to_deny_nothing_has_to_be_opened(cast: Cast, bob: Client) -> None:
    step = open_step_up(cast, parameters={**MAIL, **LARGE})
    assert bob.post(f"{step.path}/deny", ballot(step.approval)).status_code == 303
    publish_policy(text=MEDIUM, source="medium.yaml", actor=None)
    medium = open_step_up(cast, parameters={**MAIL, **LARGE})
    assert "Approve" in labels(page_of(bob, medium))
    assert bob.post(f"{medium.path}/approve", ballot(medium.approval)).status_code == 303


@pytest.mark.parametrize("where", ["name", "value", "original", "step"])
def test_whatever_a_page_folds_of_an_action_counts(cast: Cast, where: str) -> None:
    long: dict[str, JSON] = {"k" * 301: 1} if where == "name" else {"value": "x" * 2001}
    shown = Snapshot.from_dict(open_step_up(cast).approval.shown).to_dict()
    assert not is_folded(Snapshot.from_dict(shown))
    inner: JSON = {
        "tool": "a",
        "operation": "b",
        "parameters": long,
        "decision": "ALLOW",
        "rule": "",
        "only_carries": False,
    }
    changed: dict[str, JSON] = {
        "name": long,
        "value": long,
        "original": long,
        "step": [inner],
    }
    member = {"original": "original_parameters", "step": "steps"}.get(where, "parameters")
    assert is_folded(Snapshot.from_dict(shown | {member: changed[where]}))

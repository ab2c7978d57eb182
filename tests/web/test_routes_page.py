"""People and routes: who reads it, what would happen when, and changes that close no route and lose no form."""

from __future__ import annotations

import json
from datetime import date, datetime, time, timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from approvals.models import AdminChange, Asking, Cover, Delegation, Schedule, Stander, Turn, User
from approvals.pages.routes import instant_of
from approvals.services.people import Role
from approvals.services.timers import run_due_timers
from decisions.services.policies import publish_policy
from receipts.clock import database_now
from tests.api.doors import door_of
from tests.factories import ALICE, Cast, make_person, open_step_up
from tests.web.reading import Element, Reply, read, signed_in

POLICY = """
policy: {id: ladder, version: "1"}
rules:
  - {id: pays, match: {tool: x.y}, action: STEP_UP, hold: 0, timeout: 1h, approvers: [schedule:nights],
     escalation: [{after: 30m, to: [human:manager]}]}
  - {id: sends, match: {tool: email.send}, action: STEP_UP, hold: 0, timeout: 1h,
     approvers: [{group: security-team, count: 2}]}
  - {id: tries, match: {tool: x.z}, action: STEP_UP, mode: shadow, approvers: [nobody]}
"""
FAR = "2099-01-01T00:00"


def minutes(count: float) -> str:
    return f"{database_now() + timedelta(minutes=count):%Y-%m-%dT%H:%M}"


@pytest.fixture
def nights(cast: Cast) -> Schedule:
    """Dave alone is on call, for good."""
    row = Schedule.objects.create(name="nights", zone="UTC", starts_on=date(2020, 1, 1), handover=time(9))
    Turn.objects.create(schedule=row, person=cast.dave, position=0)
    publish_policy(text=POLICY, source="ladder.yaml", actor=None)
    return row


def routes_on(client: Client, query: str = "") -> Element:
    return read(client.get(f"/routes{query}"))


def said(reply: Reply) -> str:
    return read(reply).of_class("banner--bad")[0].text


def change_team(client: Client, what: str, username: str) -> Reply:
    return client.post("/routes/teams", {"what": what, "team": "security-team", "username": username})


def test_the_rail_leads_there_and_whoever_only_administers_agents_reads_it_too(cast: Cast, bob: Client) -> None:
    assert "People" in read(bob.get("/inbox")).of_class("rail")[0].text
    nobody = signed_in(make_person("erin", roles=()))
    assert "People" not in read(nobody.get("/profile")).of_class("rail")[0].text
    assert nobody.get("/routes").status_code == 403
    for person in (cast.victor, cast.peggy, cast.trent):
        assert signed_in(person).get("/routes").status_code == 200


def test_a_route_is_told_by_the_clock_for_the_weekday_and_time_that_are_asked_for(
    cast: Cast, nights: Schedule, bob: Client
) -> None:
    page = routes_on(bob, "?day=5&time=03:00")
    assert "If it fires Saturday 03:00: dave 03:00 → their manager 03:30 → denied 04:00" in page.text
    assert "bob, carol 03:00 → denied 04:00" in page.text
    assert "tries" not in page.text
    Stander.objects.create(human=ALICE, relation="manager", person=cast.mallory)
    assert "dave 03:00 → mallory 03:30" in routes_on(bob, f"?day=5&time=03:00&human={ALICE}").text
    assert "If it fires" in routes_on(bob).text


def test_the_same_for_programs(cast: Cast, nights: Schedule, bob: Client) -> None:
    answer = bob.get("/api/v1/routes?at=2099-03-07T03:00:00Z").json()
    pays, sends = answer["results"]
    assert pays["rules"] == ["pays"]
    assert [(rung["kind"], rung["at"][11:16]) for rung in pays["ladder"]] == [
        ("opened", "03:00"), ("escalated", "03:30"), ("denied", "04:00"),
    ]  # fmt: skip
    assert pays["ladder"][0]["asked"] == [{"name": "schedule:nights", "person": "dave", "in_place_of": "dave"}]
    assert sends["stages"] == [{"name": "security-team", "count": 2}]
    assert sends["dead_ends"] == []
    User.objects.filter(username="carol").update(is_active=False)
    (end,) = bob.get("/api/v1/routes").json()["results"][1]["dead_ends"]
    assert (end["kind"], end["wanted"], end["there"]) == ("too_few", 2, 1)
    for wrong in ("yesterday", "2026-02-31T00:00:00Z", "2026-03-07T03:00:00"):
        assert bob.get("/api/v1/routes", {"at": wrong}).json()["code"] == "invalid_time"


def test_dead_ends_and_gaps_stand_out(cast: Cast, nights: Schedule, bob: Client) -> None:
    assert "Dead end" not in routes_on(bob).text
    User.objects.filter(username="carol").update(is_active=False)
    Schedule.objects.update(starts_on=database_now().date() + timedelta(days=3))
    text = routes_on(bob).text
    assert "Dead end: 2 different people of security-team are needed, and there are 1" in text
    assert "Dead end from" in text
    assert "Gap: nobody" in text


def test_a_gap_at_the_time_that_is_asked_for_is_said_and_the_linter_warns_of_it(
    cast: Cast, nights: Schedule, bob: Client, trent: Client
) -> None:
    start, end = database_now() + timedelta(minutes=20), database_now() + timedelta(days=2)
    Turn.objects.all().delete()
    Cover.objects.create(schedule=nights, person=cast.dave, starts_at=database_now() - timedelta(days=1), ends_at=start)
    Cover.objects.create(schedule=nights, person=cast.dave, starts_at=end, ends_at=end + timedelta(days=60))
    later = bob.get("/api/v1/routes", {"at": (start + timedelta(hours=1)).isoformat()}).json()["results"][0]
    assert later["sentence"].endswith("denied at once, since behind schedule:nights there is nobody who may review")
    assert later["ladder"][0]["empty"] == ["schedule:nights"]
    text = POLICY.replace("human:manager", '"schedule:nights"').replace("[schedule:nights]", "[security-team]")
    publish_policy(text=text, source="later.yaml", actor=None)
    assert "nobody on call in schedule:nights" in routes_on(bob).text
    warnings = door_of(cast.trent).post("/api/v1/policies/lint", {"text": text}).json()["warnings"]
    (said,) = [each for each in warnings if each["code"] == "unattended"]
    assert f"nobody from {start:%Y-%m-%d %H:%M} to {end:%Y-%m-%d %H:%M} UTC." in said["why"]


def test_the_page_asks_no_more_for_more_rules(cast: Cast, nights: Schedule, bob: Client) -> None:
    with CaptureQueriesContext(connection) as few:
        routes_on(bob)
    rule = "  - {{id: r{0}, match: {{tool: t.o{0}}}, action: STEP_UP, timeout: {0}h, approvers: [security-team]}}\n"
    publish_policy(text=POLICY + "".join(map(rule.format, range(1, 9))), source="more.yaml", actor=None)
    with CaptureQueriesContext(connection) as many:
        assert "r8" in routes_on(bob).text
    assert len(many) <= len(few) + 1


def test_somebody_joins_a_team_is_asked_about_what_waits_and_it_leaves_a_receipt(cast: Cast, trent: Client) -> None:
    step = open_step_up(cast)
    assert change_team(trent, "join", "mallory").status_code == 303
    assert cast.mallory.groups.filter(name="security-team").exists()
    change = AdminChange.objects.latest("changed_at")
    assert (change.kind, change.object_id, change.fields) == ("approvals.user", cast.mallory.person_id, ["groups"])
    assert change.actor == cast.trent.person_id
    run_due_timers()
    assert Asking.objects.filter(request=step.approval, person=cast.mallory).exists()
    assert change_team(trent, "leave", "mallory").status_code == 303
    assert not cast.mallory.groups.filter(name="security-team").exists()


def test_a_change_that_would_close_a_route_is_refused_and_names_it(cast: Cast, nights: Schedule, trent: Client) -> None:
    refused = change_team(trent, "leave", "carol")
    assert refused.status_code == 409
    assert "sends" in said(refused)
    assert "2 different people of security-team are needed, and there are 1" in said(refused)
    page = read(refused)
    assert page.by_id("team-person").attributes["value"] == "carol"
    assert cast.carol.groups.filter(name="security-team").exists()
    assert change_team(trent, "join", "mallory").status_code == 303
    assert change_team(trent, "leave", "carol").status_code == 303


def test_what_was_a_dead_end_before_hinders_no_other_change(cast: Cast, nights: Schedule, trent: Client) -> None:
    Turn.objects.all().delete()
    assert change_team(trent, "leave", "carol").status_code == 409
    assert change_team(trent, "join", "mallory").status_code == 303


@pytest.mark.parametrize(
    ("team", "username", "status"), [("security-team", "zoe", 400), ("reviewer", "bob", 404), ("", "bob", 400)]
)
def test_a_team_change_that_means_nothing_is_refused_with_its_words_kept(
    cast: Cast, trent: Client, team: str, username: str, status: int
) -> None:
    reply = trent.post("/routes/teams", {"what": "join", "team": team, "username": username})
    assert reply.status_code == status
    assert said(reply)


def test_only_administrators_change_teams_and_schedules(cast: Cast, nights: Schedule, bob: Client) -> None:
    page = routes_on(bob)
    assert {form.attributes["action"] for form in page.tagged("form") if "action" in form.attributes} >= {
        "/routes/absences"
    }
    assert "Put into the team" not in page.text
    assert change_team(bob, "join", "mallory").status_code == 403
    assert bob.get("/routes/schedules/nights").status_code == 403
    assert bob.post("/routes/covers", {}).status_code == 403


def test_a_reviewer_says_that_they_are_away_and_their_deputy_is_asked_about_what_waits(cast: Cast, bob: Client) -> None:
    step = open_step_up(cast)
    assert not Asking.objects.filter(request=step.approval, person=cast.dave).exists()
    assert bob.post("/routes/absences", {"deputy": "dave", "ends_at": FAR}).status_code == 303
    run_due_timers()
    asking = Asking.objects.get(request=step.approval, person=cast.dave)
    assert (asking.step, asking.party) == (0, "security-team")
    assert "dave votes for bob" in routes_on(bob).text
    (row,) = Delegation.objects.all()
    assert bob.post("/routes/absences/end", {"absence": row.pk}).status_code == 303
    row.refresh_from_db()
    assert row.ends_at <= database_now()
    kinds = AdminChange.objects.filter(kind="approvals.delegation").order_by("changed_at")
    assert [(each.what, each.actor) for each in kinds] == [
        ("added", cast.bob.person_id), ("changed", cast.bob.person_id),
    ]  # fmt: skip


def test_an_absence_that_has_not_begun_is_taken_back_whole(cast: Cast, bob: Client) -> None:
    body = {"deputy": "dave", "starts_at": minutes(60), "ends_at": FAR}
    assert bob.post("/routes/absences", body).status_code == 303
    assert bob.post("/routes/absences/end", {"absence": Delegation.objects.get().pk}).status_code == 303
    assert not Delegation.objects.exists()
    assert bob.post("/routes/absences/end", {"absence": 1}).status_code == 404


@pytest.mark.parametrize(
    ("body", "status", "words"),
    [
        ({"deputy": "zoe", "ends_at": FAR}, 400, "Nobody has this user name"),
        ({"deputy": "victor", "ends_at": FAR}, 409, "may not review"),
        ({"deputy": "bob", "ends_at": FAR}, 409, "own deputy"),
        ({"deputy": "dave", "ends_at": "2020-01-01T00:00"}, 409, "is over"),
        ({"deputy": "dave", "ends_at": "soon"}, 400, "ends at"),
        ({"person": "carol", "deputy": "dave", "ends_at": FAR}, 403, "yourself"),
        ({"deputy": "carol", "ends_at": FAR}, 409, "sends"),
    ],
)
def test_an_absence_that_cannot_be_is_refused_and_the_form_keeps_what_was_written(
    nights: Schedule, bob: Client, body: dict[str, str], status: int, words: str
) -> None:
    reply = bob.post("/routes/absences", body)
    assert reply.status_code == status
    assert words in said(reply)
    assert read(reply).by_id("away-deputy").attributes["value"] == body["deputy"]
    assert not Delegation.objects.exists()


def test_an_administrator_says_it_of_others(cast: Cast, trent: Client) -> None:
    body = {"person": "bob", "deputy": "dave", "ends_at": FAR}
    assert trent.post("/routes/absences", body).status_code == 303
    assert Delegation.objects.get().person == cast.bob
    assert (
        signed_in(cast.carol).post("/routes/absences/end", {"absence": Delegation.objects.get().pk}).status_code == 403
    )


def test_a_schedule_is_made_and_changed_whole(cast: Cast, trent: Client) -> None:
    body = {
        "name": "days", "zone": "Europe/Berlin", "starts_on": "2026-03-02", "handover": "09:00", "turn_days": "7",
        "order": "bob\ncarol",
    }  # fmt: skip
    assert trent.post("/routes/schedules/new", body).status_code == 303
    assert Schedule.objects.get().order == [cast.bob.person_id, cast.carol.person_id]
    assert read(trent.get("/routes/schedules/days")).by_id("id_order").text == "bob carol"
    assert trent.post("/routes/schedules/days", body | {"order": "carol"}).status_code == 303
    assert Schedule.objects.get().order == [cast.carol.person_id]
    changes = AdminChange.objects.filter(kind="approvals.schedule").order_by("changed_at")
    assert [(each.what, each.fields) for each in changes] == [("added", []), ("changed", ["order"])]
    assert trent.get("/routes/schedules/nowhere").status_code == 404


@pytest.mark.parametrize(
    ("change", "status", "words"),
    [
        ({"zone": "Mars/Olympus"}, 409, "no time zone"),
        ({"order": "dave dave"}, 409, "named twice"),
        ({"order": "victor"}, 409, "may not review"),
        ({"order": "zoe"}, 400, "Nobody has this user name"),
        ({"turn_days": "0"}, 400, "turn days"),
        ({"order": ""}, 409, "pays"),
        ({"starts_on": "2098-01-01"}, 409, "pays"),
        ({"name": "days"}, 409, "pays"),
    ],
)
def test_a_schedule_that_nobody_could_follow_or_that_leaves_a_gap_is_refused(
    nights: Schedule, trent: Client, change: dict[str, str], status: int, words: str
) -> None:
    turns = {"starts_on": "2020-01-01", "handover": "09:00", "turn_days": "7", "order": "dave"}
    body = {"name": "nights", "zone": "UTC"} | turns
    reply = trent.post("/routes/schedules/nights", body | change)
    assert reply.status_code == status
    assert words in said(reply)
    name, value = next(iter(change.items()))
    field = read(reply).by_id(f"id_{name}")
    assert value in (field.attributes.get("value"), field.text)
    assert [turn.person.username for turn in nights.turns.all()] == ["dave"]


def test_somebody_steps_in_and_taking_it_back_leaves_no_gap(cast: Cast, nights: Schedule, trent: Client) -> None:
    body = {"schedule": "nights", "username": "bob", "starts_at": minutes(-5), "ends_at": minutes(60)}
    assert trent.post("/routes/covers", body).status_code == 303
    assert "bob steps in from" in routes_on(trent).text
    Turn.objects.all().delete()
    refused = trent.post("/routes/covers/end", {"cover": Cover.objects.get().pk})
    assert (refused.status_code, "pays" in said(refused)) == (409, True)
    Turn.objects.create(schedule=nights, person=cast.dave, position=0)
    assert trent.post("/routes/covers/end", {"cover": Cover.objects.get().pk}).status_code == 303
    assert Cover.objects.get().ends_at <= database_now()
    later = body | {"starts_at": minutes(30)}
    assert trent.post("/routes/covers", later).status_code == 303
    assert trent.post("/routes/covers/end", {"cover": Cover.objects.latest("pk").pk}).status_code == 303
    assert Cover.objects.count() == 1
    for wrong in ({"ends_at": minutes(-1)}, {"username": "victor"}, {"schedule": "x"}):
        assert trent.post("/routes/covers", body | wrong).status_code in {404, 409}
    assert trent.post("/routes/covers/end", {"cover": 0}).status_code == 400


def test_the_schema_knows_the_preview(bob: Client) -> None:
    assert "/api/v1/routes" in json.loads(bob.get("/api/schema?format=json").content)["paths"]


def test_an_instant_is_the_next_such_time_and_never_one_that_is_past() -> None:
    now = datetime.fromisoformat("2026-03-04T12:00+00:00")
    found = [
        instant_of(now=now, weekday=day, at=at)
        for day, at in ((None, None), (None, time(11)), (None, time(13)), (2, time(11)), (2, None), (5, time(3)))
    ]
    assert [f"{each:%m-%d %H}" for each in found] == [
        "03-04 12",
        "03-05 11",
        "03-04 13",
        "03-11 11",
        "03-04 12",
        "03-07 03",
    ]


def test_roles_are_shown_and_not_changed_here(cast: Cast, trent: Client) -> None:
    make_person("ivan", roles=(Role.REVIEWER,))
    assert "role:reviewer bob, carol, dave, ivan, mallory" in routes_on(trent).text


def test_the_admin_closes_no_route_either(cast: Cast, nights: Schedule, trent: Client) -> None:
    form = {"username": "carol", "email": cast.carol.email, "groups": [group.pk for group in cast.carol.groups.all()]}
    page = f"/admin/approvals/user/{cast.carol.pk}/change/"
    refused = trent.post(page, form, follow=True)
    assert "2 different people of security-team are needed, and there are 1" in read(refused).text
    assert User.objects.get(username="carol").is_active
    delete = {"action": "delete_selected", "_selected_action": [str(nights.pk)], "post": "yes"}
    assert "pays" in read(trent.post("/admin/approvals/schedule/", delete, follow=True)).text
    assert Schedule.objects.filter(pk=nights.pk).exists()
    change_team(trent, "join", "mallory")
    assert trent.post(page, form).status_code == 302
    assert not User.objects.get(username="carol").is_active

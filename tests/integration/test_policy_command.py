"""`policy`: a broken file changes nothing and says where it is broken; a good one holds for the next decision."""

from __future__ import annotations

import io
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from decisions.models import ActivePolicy, PolicyVersion
from decisions.services.packs import pack_named, pack_names
from decisions.services.policies import policy_of
from receipts.models import Receipt
from receipts.services import ensure_signing_key
from tests.e2e import agents
from tests.e2e.processes import environment, run_command
from tests.e2e.servers import Servers
from tests.factories import begin_session, decide, make_cast

BROKEN = """\
policy:
  id: mine
  version: "1"
  default: DENY
rules:
  - id: mail
    match: {tool: email.send}
    acton: ALLOW
  - id: files
    match: {tool: files.read}
    action: PERMIT
"""
GOOD = """\
policy:
  id: mine
  version: "7"
  default: DENY
rules:
  - id: mail
    match: {tool: email.send}
    action: ALLOW
    reason: Mail is free.
"""


@pytest.fixture
def broken(tmp_path: Path) -> Path:
    path = tmp_path / "broken.yaml"
    path.write_text(BROKEN, encoding="utf-8")
    return path


@pytest.fixture
def good(tmp_path: Path) -> Path:
    path = tmp_path / "good.yaml"
    path.write_text(GOOD, encoding="utf-8")
    return path


def run(*arguments: str) -> tuple[str, str, int]:
    """Standard output, standard error and exit code."""
    out, error = io.StringIO(), io.StringIO()
    try:
        call_command("policy", *arguments, stdout=out, stderr=error)
    except CommandError as failure:
        return out.getvalue(), f"{error.getvalue()}{failure}", failure.returncode
    return out.getvalue(), error.getvalue(), 0


def test_lint_names_every_fault_with_its_place(broken: Path) -> None:
    out, error, code = run("lint", str(broken))
    assert (out, code) == ("", 1)
    places = re.findall(rf"^{re.escape(str(broken))}:(\d+):(\d+): (.+)\n    (.+)$", error, re.MULTILINE)
    assert {int(line) for line, *_ in places} >= {8, 11}, error
    assert all(why and fix for *_, why, fix in places)


def test_lint_takes_several_and_needs_no_database(broken: Path, good: Path) -> None:
    assert run("lint", *pack_names())[2] == 0
    out, error, code = run("lint", str(good), str(broken), "starter")
    assert (out.count("Good: "), code) == (2, 1)
    assert "good.yaml" not in error


def test_everything_that_comes_with_the_product_is_good() -> None:
    assert set(pack_names()) >= {"starter", "demo", "replay"}
    assert run("lint", *pack_names())[0].count("Good: ") == len(pack_names())


@pytest.mark.parametrize("content", [None, b"\xff\xfe"], ids=["absent", "not UTF-8"])
def test_a_file_that_cannot_be_read_is_named(tmp_path: Path, content: bytes | None) -> None:
    path = tmp_path / "policy.yaml"
    if content is not None:
        path.write_bytes(content)
    for command in ("lint", "publish"):
        _, error, code = run(command, str(path))
        assert (code, "can't be read" in error) == (2, True)


@pytest.mark.case("POL-08")
@pytest.mark.django_db
def test_a_broken_policy_leaves_the_old_one_in_place(broken: Path, good: Path) -> None:
    ensure_signing_key()
    assert run("publish", str(good))[2] == 0
    before = (ActivePolicy.objects.get().version_id, PolicyVersion.objects.count(), Receipt.objects.count())
    out, error, code = run("publish", str(broken))
    assert (out, code) == ("", 1)
    assert "broken.yaml:8:" in error
    assert (ActivePolicy.objects.get().version_id, PolicyVersion.objects.count(), Receipt.objects.count()) == before


@pytest.mark.django_db
def test_publishing_says_what_holds_and_leaves_a_receipt_without_our_paths(good: Path) -> None:
    ensure_signing_key()
    out, _, code = run("publish", str(good))
    assert code == 0
    assert re.match(r"Active from now on: mine 7 \(sha256:[0-9a-f]{64}\)\n", out)
    version = ActivePolicy.objects.get().version
    assert (version.policy_id, version.version, version.source) == ("mine", "7", "good.yaml")
    assert str(good.parent).encode() not in bytes(Receipt.objects.get().body)


@pytest.mark.django_db
def test_what_comes_with_the_product_is_published_by_name() -> None:
    ensure_signing_key()
    assert run("publish", "starter")[2] == 0
    assert ActivePolicy.objects.get().version.source == "decisions/policies/starter.yaml"


@pytest.mark.django_db
def test_without_a_signing_key_nothing_is_published(good: Path, settings: Any) -> None:
    settings.AARM_SIGNING_KEY_PATH = good.parent / "absent.pem"
    _, error, code = run("publish", str(good))
    assert (code, PolicyVersion.objects.count()) == (2, 0)
    assert "signing key" in error


@pytest.mark.django_db
def test_what_show_prints_can_be_published_again(tmp_path: Path) -> None:
    ensure_signing_key()
    assert run("show")[2] == 1
    run("publish", "starter")
    before = ActivePolicy.objects.get().version
    out, _, code = run("show")
    assert (code, pack_named("starter").text in out) == (0, True)
    path = tmp_path / "again.yaml"
    path.write_text(out, encoding="utf-8")
    run("publish", str(path))
    after = ActivePolicy.objects.get().version
    assert (after.digest, after.pk == before.pk) == (before.digest, False)


def test_without_tables_it_says_what_to_do_first(tmp_path: Path) -> None:
    variables = environment(AARM_DATA_DIR=str(tmp_path / "data"))
    for command in (("publish", "starter"), ("show",)):
        done = run_command("policy", *command, variables=variables)
        assert (done.returncode, "./run migrate" in done.stderr, "Traceback" in done.stderr) == (1, True, False)


CASES = """\
cases:
  - {name: mail, action: {tool: email.send, parameters: {}}, expect: {decision: ALLOW, rule: mail}}
  - {name: other, action: {tool: x.y, parameters: {}}, expect: {decision: %s}}
"""


def written(folder: Path, name: str, text: str) -> str:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return str(path)


def test_cases_are_run_and_a_failing_one_says_what_came_instead(tmp_path: Path) -> None:
    good, wrong = (written(tmp_path, f"{word}.yaml", GOOD + CASES % word) for word in ("DENY", "ALLOW"))
    out, error, code = run("test", good)
    assert (code, error, "2 cases pass" in out) == (0, "", True)
    out, error, code = run("test", good, wrong)
    assert (code, out.count("cases pass")) == (1, 1)
    assert re.search(r"ALLOW.yaml:\d+:1: other fails. decision: expected 'ALLOW', got 'DENY'", error), error
    reports = json.loads(run("test", good, wrong, "--json")[0])
    assert [(len(each["cases"]["failed"]), each["is_publishable"]) for each in reports.values()] == [
        (0, True),
        (1, False),
    ]


def test_explain_says_what_a_policy_says_to_an_action_of_ones_own(good: Path) -> None:
    action = json.dumps({"tool": "email.send", "parameters": {}})
    out, _, code = run("explain", str(good), "--action", action)
    assert (code, out.startswith("Allowed by rule mail.")) == (0, True)
    found = json.loads(run("explain", str(good), "--action", action, "--at", "2026-11-23T08:00:00Z", "--json")[0])
    assert (found["decision"], found["rule"]) == ("ALLOW", "mail")
    for wrong in ("{", '{"tool": "email.send"', '{"tool": 7}'):
        _, error, code = run("explain", str(good), "--action", wrong)
        assert (code, bool(error)) == (2, True), wrong


@pytest.mark.django_db
def test_diff_says_in_words_what_differs_and_what_would_have_come_out_otherwise(tmp_path: Path, good: Path) -> None:
    cast = make_cast()
    run("publish", str(good))
    assert run("diff", str(good))[0].strip() == "No difference."
    decide(cast, begin_session(cast), "email.send", parameters={"to": "a@corp.example"})
    stricter = GOOD.replace("id: mail", "id: letters").replace('"7"', '"8"')
    other = written(tmp_path, "other.yaml", stricter + "  - {id: rest, match: any, action: DENY, priority: 1}\n")
    lines = run("diff", other, "--since", "1h")[0].splitlines()
    assert lines[:4] == [
        "~ policy: version: 7 → 8",
        "+ letters: ALLOW, priority 0, enforce",
        "- mail: ALLOW, priority 0, enforce",
        "+ rest: DENY, priority 1, enforce",
    ]
    assert lines[4] == "1 recorded decisions replayed, 1 come out differently."
    assert "email.send: ALLOW → DENY" in lines[6]
    found = json.loads(run("diff", other, "--against", "starter", "--json")[0])
    assert {each["kind"] for each in found["differences"]} == {"added", "removed", "changed"}


@pytest.mark.django_db
def test_replay_puts_one_decision_or_many_before_a_policy_again(tmp_path: Path, good: Path) -> None:
    cast = make_cast()
    answer = decide(cast, begin_session(cast), "email.send", parameters={"to": "a@corp.example"})
    out, _, code = run("replay", answer["decision_id"])
    assert (code, out.startswith("Allowed by rule email-inside")) == (0, True), out
    assert "0 come out differently" in run("replay", "--since", "1h")[0]
    denies = written(tmp_path, "denies.yaml", GOOD.replace("ALLOW", "DENY"))
    found = json.loads(run("replay", "--since", "1h", "--with", denies, "--json")[0])
    assert (found["replayed"], found["outcomes"]) == (1, [{"before": "ALLOW", "after": "DENY", "count": 1}])
    assert [change["decision_id"] for change in found["changes"]] == [answer["decision_id"]]
    assert run("replay", "--since", "yesterday")[2] == 2
    assert run("replay", "dec_none")[2] == 2


@pytest.mark.django_db
def test_an_earlier_version_and_everything_that_it_included_is_published_by_its_id(tmp_path: Path) -> None:
    ensure_signing_key()
    written(tmp_path, "more.yaml", GOOD.replace("id: mine", "id: more").replace("email.send", "x.y"))
    main = written(tmp_path, "main.yaml", "include: [{file: more.yaml}]\n" + GOOD)
    assert run("publish", main)[2] == 0
    first = ActivePolicy.objects.get().version
    assert first.included == {"file:more.yaml": (tmp_path / "more.yaml").read_text()}
    assert [rule.id for rule in policy_of(first.pk)[1].rules] == ["mail", "more/mail"]
    run("publish", "starter")
    (tmp_path / "more.yaml").unlink()
    assert run("publish", main)[2] == 1, "Now what it includes is missing."
    assert run("publish", first.pk)[2] == 0
    again = ActivePolicy.objects.get().version
    assert (again.digest, again.included, again.pk == first.pk) == (first.digest, first.included, False)
    assert "# includes file:more.yaml" in run("show", again.pk)[0]


@pytest.mark.django_db
def test_with_four_eyes_the_command_proposes_in_the_name_of_somebody_who_may(good: Path, settings: Any) -> None:
    cast, before = make_cast(), ActivePolicy.objects.get().version_id
    settings.AARM_POLICY_FOUR_EYES = True
    assert "--author" in run("publish", str(good))[1]
    assert run("publish", str(good), "--author", "bob")[2] == 2
    out, _, code = run("publish", str(good), "--author", cast.peggy.username)
    assert (code, out.startswith("Proposed as prp_")) == (0, True)
    assert ActivePolicy.objects.get().version_id == before


def test_packs_lists_what_comes_with_the_product() -> None:
    found = json.loads(run("packs", "--json")[0])
    assert {("starter", "policy"), ("email", "pack")} <= {(each["name"], each["kind"]) for each in found}


@pytest.fixture
def served(embedded_server: Servers) -> Iterator[Servers]:
    """A running server, which has the demo policy again afterwards."""
    yield embedded_server
    assert run_command("policy", "publish", "demo", variables=embedded_server.variables).returncode == 0


@pytest.mark.case("POL-11")
def test_a_running_server_decides_the_next_action_under_it(served: Servers, good: Path) -> None:
    session = agents.open_session(served)

    def decided(key: str) -> tuple[str, str]:
        mail = {"to": "ana@partner.example"}
        answer = agents.decide(served, session=session, key=key, tool="email", operation="send", parameters=mail).json()
        return answer["decision"], answer["policy"]["id"]

    assert decided("before") == ("STEP_UP", "demo")
    published = run_command("policy", "publish", str(good), variables=served.variables)
    assert published.returncode == 0, published.stderr
    assert decided("after") == ("ALLOW", "mine")
    assert decided("before") == ("STEP_UP", "demo"), "A retry gets what was decided then."


MISTAKEN = """\
policy: {id: mistaken, version: "1"}
rules:
  - {id: never, match: {tool: mail, parameters: {n: {gt: 2, lt: 1}}}, action: ALLOW, reason: Never.}
  - {id: asks, match: {tool: mail.send}, action: STEP_UP, approvers: [nobody-here], reason: Asks.}
"""


@pytest.mark.case("POL-20")
@pytest.mark.django_db
def test_lint_says_what_is_hardly_meant_and_publishing_goes_on(tmp_path: Path, good: Path) -> None:
    ensure_signing_key()
    path = tmp_path / "mistaken.yaml"
    path.write_text(MISTAKEN, encoding="utf-8")
    out, error, code = run("lint", str(path))
    assert (out.count("Good: "), code) == (1, 1)
    assert "mistaken.yaml:3:5: error: `never` can never hold" in error
    assert "nobody-here" not in error
    assert "mistaken.yaml:4:5: error: `asks` asks `nobody-here`" in run("lint", "--here", str(path))[1]
    (report,) = json.loads(run("lint", "--here", "--json", str(path))[0]).values()
    assert [(each["code"], each["severity"]) for each in report["warnings"]] == [
        ("unreachable", "error"),
        ("unknown_group", "error"),
    ]
    _, error, code = run("publish", str(path))
    assert (code, "`nobody-here`" in error) == (0, True)
    assert run("lint", str(good))[2] == 0

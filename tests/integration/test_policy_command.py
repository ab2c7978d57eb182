"""`policy`: a broken file changes nothing and says where it is broken; a good one holds for the next decision."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from decisions.models import ActivePolicy, PolicyVersion
from decisions.services.packs import pack_named, pack_names
from receipts.models import Receipt
from receipts.services import ensure_signing_key
from tests.e2e import agents
from tests.e2e.processes import environment, run_command
from tests.e2e.servers import Servers

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

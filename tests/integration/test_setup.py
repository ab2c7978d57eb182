"""The embedded product as its owner meets it: first start, two instances, Ctrl-C, loss of power."""

from __future__ import annotations

import json
import re
import signal
import socket
import stat
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from websockets.sync.client import connect
from websockets.typing import Origin

from tests.e2e.agents import ask_for_mail, decide, open_session, read_decision
from tests.e2e.processes import run_command
from tests.e2e.servers import HOST, Servers, embedded_variables, start_embedded, start_serve
from tests.engines import free_port
from tests.waiting import wait_until

CANARY = "canary-4111111111111111"
# How long an agent waits for its answer: who stops the server does not wait that long with it.
LONG_WAIT_SECONDS = 30
LINK = re.compile(r"http://127\.0\.0\.1:\d+/accounts/link/\S+")


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Servers]:
    """One instance for the tests that don't end it."""
    servers = start_embedded(tmp_path_factory.mktemp("setup"))
    yield servers
    servers.stop()


def folder_of(servers: Servers) -> Path:
    return Path(servers.variables["AARM_DATA_DIR"])


@pytest.mark.case("OPS-01")
def test_the_first_start_makes_secrets_that_only_their_owner_can_read(server: Servers) -> None:
    secrets = [folder_of(server) / name for name in ("secret_key", "signing_key.pem")]
    assert [stat.S_IMODE(path.stat().st_mode) for path in secrets] == [0o600, 0o600]
    assert stat.S_IMODE(folder_of(server).stat().st_mode) == 0o700
    assert len(secrets[0].read_text()) >= 32


def test_the_start_prints_the_address_a_link_and_two_commands(server: Servers) -> None:
    said = server.processes["serve"].stdout.read_text()
    assert f"{server.base_url}/" in said
    assert "./run demo" in said
    assert "./run seed_demo --json" in said
    assert LINK.search(said)


def test_looking_at_the_sign_in_link_consumes_nothing(server: Servers) -> None:
    found = LINK.search(server.processes["serve"].stdout.read_text())
    assert found
    assert [httpx.get(found[0]).status_code for _ in range(3)] == [200, 200, 200]
    assert httpx.get(found[0][:-3] + "xxx").status_code in (404, 410)


def test_standard_error_is_json_lines_and_nothing_else(server: Servers) -> None:
    httpx.get(f"{server.base_url}/nothing-here")
    lines = server.processes["serve"].stderr.read_text().splitlines()
    assert [json.loads(line)["event"] for line in lines].count("request") > 0


@pytest.mark.case("PRV-01")
def test_no_log_line_holds_what_a_caller_sent(server: Servers) -> None:
    session = open_session(server, request=f"Send {CANARY} to Bob.")
    asked = ask_for_mail(server, session=session, key=f"key-{CANARY}", subject=CANARY)
    assert read_decision(server, decision_id=asked["decision_id"]).json()["effective"] == "PENDING"
    wrong = httpx.post(
        f"{server.base_url}/decide?secret={CANARY}",
        content=f'{{"{CANARY}": ',
        headers={"Authorization": f"Bearer {CANARY}"},
    )
    assert wrong.status_code in (400, 401)
    logs = server.logs()
    assert '"route": "/decide"' in logs
    assert CANARY not in logs
    assert asked["decision_id"] not in logs
    assert str(server.seed["agents"][0]["key"]) not in logs


def test_a_command_with_json_output_prints_nothing_else_on_standard_output(server: Servers) -> None:
    done = run_command("seed_demo", "--json", variables=server.variables)
    assert done.returncode == 0, done.stderr
    assert {"url", "host_key", "agents", "users", "policy"} <= set(json.loads(done.stdout))


def test_another_process_can_publish_while_the_server_runs(server: Servers) -> None:
    checks = httpx.get(f"{server.base_url}/readyz").json()["checks"]
    assert {check["name"] for check in checks} >= {"database", "migrations", "policy", "signing_key", "append_only"}
    assert all(check["ok"] for check in checks)


def test_two_instances_run_side_by_side(server: Servers, tmp_path: Path) -> None:
    variables = embedded_variables(tmp_path, port=free_port())
    other = start_serve(tmp_path, variables=variables)
    try:
        mine = {
            httpx.get(f"{url}/healthz").status_code
            for url in (server.base_url, f"http://{HOST}:{variables['AARM_PORT']}")
        }
        assert mine == {200}
        secrets = {path.read_text() for path in (tmp_path / "data" / "secret_key", folder_of(server) / "secret_key")}
        assert len(secrets) == 2
    finally:
        assert other.stop(signal.SIGINT) == 0
    assert httpx.get(f"{server.base_url}/readyz").status_code == 200


def test_a_port_that_is_taken_ends_the_start_with_one_sentence(tmp_path: Path) -> None:
    with socket.create_server((HOST, 0)) as taken:
        port = taken.getsockname()[1]
        done = run_command("serve", variables=embedded_variables(tmp_path, port=port))
    assert done.returncode == 1
    assert done.stdout == ""
    assert done.stderr.startswith(f"CommandError: Port {port} on {HOST} can't be used")
    assert len(done.stderr.splitlines()) == 1
    assert not (tmp_path / "data" / "aarm.sqlite3").exists()


@pytest.mark.case("FLT-30")
def test_a_signing_key_that_can_not_be_read_ends_the_start_with_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    key = tmp_path / "data" / "signing_key.pem"
    key.touch(mode=0o600)
    key.write_text("not a key")
    done = run_command("serve", variables=embedded_variables(tmp_path, port=free_port()))
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.splitlines()[-1].startswith("CommandError: The signing key can't be read.")
    assert "Traceback" not in done.stderr


def test_a_database_server_is_refused_with_the_names_of_the_processes(tmp_path: Path) -> None:
    variables = embedded_variables(tmp_path, port=free_port()) | {
        "DATABASE_URL": "postgresql://nobody@127.0.0.1:1/aarm"
    }
    done = run_command("serve", variables=variables)
    assert done.returncode == 1
    assert "./run beat" in done.stderr
    assert "Traceback" not in done.stderr


def _session_cookie(servers: Servers) -> str:
    """Signs the first admin in with the printed link, as a browser without JavaScript does."""
    found = LINK.search(servers.processes["serve"].stdout.read_text())
    assert found
    with httpx.Client(headers={"Origin": servers.base_url}) as browser:
        page = browser.get(found[0])
        token = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', page.text)
        assert token, page.text
        done = browser.post(found[0], data={"csrfmiddlewaretoken": token[1]})
        assert done.status_code in (302, 303), done.text
        return "; ".join(f"{cookie.name}={cookie.value}" for cookie in browser.cookies.jar)


@pytest.mark.parametrize("number", [signal.SIGINT, pytest.param(signal.SIGTERM, marks=pytest.mark.nightly)])
def test_ctrl_c_ends_everything_at_once_whoever_is_still_waiting(tmp_path: Path, number: int) -> None:
    servers = start_embedded(tmp_path)
    asked = ask_for_mail(servers, session=open_session(servers), key="one")
    ended: list[object] = []

    def wait_long() -> None:
        try:
            ended.append(
                read_decision(servers, decision_id=asked["decision_id"], wait_seconds=LONG_WAIT_SECONDS).status_code
            )
        except httpx.TransportError as error:
            ended.append(error)

    waiting = threading.Thread(target=wait_long)
    waiting.start()
    headers = {"Cookie": _session_cookie(servers)}
    with connect(
        f"{servers.base_url.replace('http', 'ws')}/ws/inbox",
        origin=Origin(servers.base_url),
        additional_headers=headers,
    ):
        started = time.monotonic()
        assert servers.processes["serve"].stop(number) == 0, servers.logs()
        assert time.monotonic() - started < LONG_WAIT_SECONDS
    waiting.join(10)
    assert len(ended) == 1
    lines = servers.processes["serve"].stderr.read_text().splitlines()
    assert all(json.loads(line)["level"] != "critical" for line in lines)


@pytest.mark.case("FLT-01", "FLT-02")
def test_the_loss_of_power_loses_nothing_that_was_answered(tmp_path: Path) -> None:
    servers = start_embedded(tmp_path)
    session = open_session(servers)
    asked = [ask_for_mail(servers, session=session, key=f"key-{number}") for number in range(5)]
    servers.kill9()
    process = start_serve(tmp_path, variables=servers.variables)
    try:
        for number, before in enumerate(asked):
            now = read_decision(servers, decision_id=before["decision_id"]).json()
            assert (now["effective"], now["receipt"]) == ("PENDING", before["receipt"])
            assert ask_for_mail(servers, session=session, key=f"key-{number}") == before
        after = decide(servers, session=session, key="later", tool="database", operation="drop", parameters={})
        assert after.json()["decision"] == "DENY"
    finally:
        assert process.stop(signal.SIGINT) == 0


def test_a_first_start_that_was_interrupted_is_completed_by_the_next(tmp_path: Path) -> None:
    variables = embedded_variables(tmp_path, port=free_port())
    first = start_serve(tmp_path, variables=variables)
    first.kill9()
    second = start_serve(tmp_path, variables=variables)
    assert second.stop(signal.SIGINT) == 0
    # While the admin has no password of their own, every start offers a way in.
    assert len(LINK.findall(second.stdout.read_text())) == 2


def test_the_worker_thread_expires_what_nobody_answers(server: Servers) -> None:
    session = open_session(server)
    meeting = {"title": "Review", "at": "2026-12-01T10:00:00Z"}
    asked = decide(
        server, session=session, key="meeting", tool="calendar", operation="create", parameters=meeting
    ).json()
    assert asked["effective"] == "PENDING"

    def is_over() -> bool:
        return bool(read_decision(server, decision_id=asked["decision_id"]).json()["effective"] == "DENY")

    wait_until(is_over, "the approval expires", seconds=20)

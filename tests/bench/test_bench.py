"""The benchmark works: every piece of it runs for a moment. How fast anything is, is nobody's business here."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest

from decisions.engine.action import Action
from decisions.engine.context import Context, Trust
from decisions.engine.parser import compile_policy, parse_policy
from decisions.engine.pdp import evaluate
from decisions.engine.verdict import Decision
from tests.bench.__main__ import Size, faults, measure, profile
from tests.bench.action import OPERATION, PARAMETERS, RULES, TOOL, body_for, policy_text
from tests.bench.client import Job, Report, run_job
from tests.bench.engine.__main__ import BEGIN as ENGINE_BEGIN
from tests.bench.engine.__main__ import END as ENGINE_END
from tests.bench.engine.__main__ import Question, require, table, with_table
from tests.bench.engine.__main__ import measure as measure_engine
from tests.bench.engine.ours import Way
from tests.bench.engine.questions import Hit
from tests.bench.load import AIMS, Target, start_client
from tests.bench.machine import processes, read_now, tree_seconds, usage_between
from tests.bench.population import crowd_of
from tests.bench.profiles import OUTSIDE
from tests.bench.profiling import PLACES, shape_of
from tests.bench.receipt_cost import Proof, measure_cost
from tests.bench.receipt_report import cost_block
from tests.bench.report import BEGIN, END, conditions, numbers, with_numbers
from tests.bench.rounds import Pace, percentile_ms
from tests.bench.search_report import BEGIN as SEARCH_BEGIN
from tests.bench.search_report import END as SEARCH_END
from tests.bench.search_report import run_search, with_search
from tests.bench.searching import questions
from tests.bench.session_report import BEGIN as SESSIONS_BEGIN
from tests.bench.session_report import END as SESSIONS_END
from tests.bench.session_report import run_sessions
from tests.bench.session_scale import Scale
from tests.bench.stage import Accounts, Server, accounts_of, set_stage
from tests.bench.stopwatch import Moment, Stopwatch
from tests.bench.yardsticks import RECEIPT_BYTES, receipt_bytes
from tests.engines import free_port

MOMENT = Size(pace=Pace(rounds=1, seconds=0.2, warm_seconds=0.05), actions=2, requests=3)


def test_every_answer_of_both_servers_is_good_and_on_record(tmp_path: Path) -> None:
    with set_stage(tmp_path, database_url=os.environ["DATABASE_URL"], actions=MOMENT.actions) as stage:
        with start_client() as client:
            runs = [measure(client, stage, server=server, pace=MOMENT.pace, folder=tmp_path) for server in Server]
        accounts = accounts_of(stage)
        found = profile(stage, requests=MOMENT.requests)
        setting = conditions(stage, pace=MOMENT.pace, file_system="ext4")

    assert faults(runs, stage=stage, accounts=accounts) == []
    slices = [part for run in runs for each in run.every_round() for part in each.slices.values()]
    assert {part.aim for part in slices} == set(AIMS)
    assert all(part.answered > 0 for part in slices)
    assert set(PLACES.values()) | {OUTSIDE} == {phase.name for phase in found.phases}
    block = numbers(runs, profile=found, setting=setting)
    assert all(server in block for server in Server)
    assert with_numbers(f"Before.\n{BEGIN}\nold\n{END}\nAfter.\n", block=block).count(block) == 1

    # What is missing from the record is noticed.
    lost = Accounts(accounts.decisions - 1, accounts.receipts, accounts.yardsticks, accounts.broken_streams)
    assert len(faults(runs, stage=stage, accounts=lost)) == 1


def test_the_policy_allows_the_action_by_one_of_its_fifty_rules() -> None:
    policy = compile_policy(parse_policy(policy_text(), source="bench.yaml"))
    context = Context(
        original_request=None,
        request_trust=Trust.ATTESTED,
        facts={},
        data_kinds=frozenset(),
        tools_used=frozenset(),
        action_count=0,
        registered_effect=None,
    )
    assert len(policy.rules) == RULES == 50
    assert evaluate(Action(TOOL, OPERATION, PARAMETERS), context=context, policy=policy).decision is Decision.ALLOW
    outside = PARAMETERS | {"to": "ana@partner.example"}
    assert evaluate(Action(TOOL, OPERATION, outside), context=context, policy=policy).decision is Decision.DENY


def test_a_yardstick_signs_a_receipt_of_the_size_that_it_says() -> None:
    signed = receipt_bytes(body_for("ses_" + "0" * 26), position=101, previous="sha256:" + "0" * 64)
    assert abs(len(signed) - RECEIPT_BYTES) < 100


class _Answering(BaseHTTPRequestHandler):
    """Answers 404 on `/missing`, and without the expected word elsewhere."""

    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        self.send_response(404 if self.path == "/missing" else 200)
        self.send_header("Content-Length", "4")
        self.end_headers()
        self.wfile.write(b"DENY")

    def log_message(self, format: str, *args: object) -> None:
        return


def _job(port: int, *, path: str = "/", expected: str = "ALLOW") -> Job:
    return Job(
        port=port, path=path, bodies=("{}",), authorization="Bearer x", key_prefix="k", expected=expected,
        warm_seconds=0.0, seconds=0.05,
    )  # fmt: skip


def _reports(*jobs: Job) -> list[Report]:
    return [asyncio.run(run_job(job)) for job in jobs]


def test_the_client_counts_what_is_not_the_expected_answer_as_an_error() -> None:
    server = HTTPServer(("127.0.0.1", 0), _Answering)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        good, wrong, missing = _reports(
            _job(server.server_port, expected="DENY"),
            _job(server.server_port),
            _job(server.server_port, path="/missing"),
        )
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
    assert good.errors == 0 < good.answered
    assert 0 < len(good.latencies_us) <= good.answered
    assert (wrong.answered, missing.answered) == (0, 0)
    assert wrong.errors > 0
    assert "404" in missing.first_error


def test_the_client_does_not_wait_for_a_server_that_is_not_there() -> None:
    (report,) = _reports(_job(free_port()))
    assert (report.answered, report.errors) == (0, 1)
    assert report.first_error.startswith("no connection")


def test_percentiles_are_values_that_were_measured() -> None:
    measured = [number * 1000 for number in range(1, 201)]
    assert percentile_ms(measured, percent=50) == 100.0
    assert percentile_ms(measured, percent=99) == 198.0
    assert percentile_ms([], percent=99) == 0.0


def test_processor_time_goes_to_the_nearest_root_above() -> None:
    own = os.getpid()
    parents = {process.pid: process.parent for process in processes()}
    seconds = tree_seconds({"this": own, "above": parents[own], "elsewhere": 0})
    assert seconds["this"] > 0
    assert seconds["elsewhere"] == 0
    alone = tree_seconds({"above": parents[own]})
    assert alone["above"] >= seconds["this"]


def test_the_work_of_others_is_a_share_of_all_cores() -> None:
    before = read_now({"this": os.getpid()})
    usage = usage_between(before, read_now({"this": os.getpid()}))
    assert usage.others >= 0
    assert usage.trees["this"] >= 0


def test_a_phase_is_timed_without_the_phases_inside_it() -> None:
    # The outer phase begins at 0 and ends at 10; the inner one takes from 1 to 8 of that.
    readings = iter([Moment(0, 0), Moment(1, 1), Moment(8, 4), Moment(10, 5)])
    watch = Stopwatch(clock=lambda: next(readings))
    watch.run("outer", lambda: watch.run("inner", lambda: None))
    assert watch.take() == {"outer": Moment(3, 2), "inner": Moment(7, 3)}
    assert watch.take() == {}


def test_the_clock_of_a_phase_moves_on() -> None:
    watch = Stopwatch()
    watch.run("work", lambda: sum(range(200_000)))
    assert watch.take()["work"].wall > 0


@pytest.mark.parametrize(
    ("sql", "shape"),
    [
        ('SELECT (SELECT "b"."x" FROM "b"), "a"."y" FROM "a" WHERE "a"."y" = %s FOR UPDATE', "SELECT a FOR UPDATE"),
        ('SELECT "a"."y" FROM "a" INNER JOIN "b" ON 1', "SELECT a"),
        ('INSERT INTO "a" ("y") VALUES (%s)', "INSERT a"),
        ('UPDATE "a" SET "y" = %s', "UPDATE a"),
        ("SELECT aarm_now()", "SELECT aarm_now()"),
        ('WITH i0 AS (INSERT INTO "a" VALUES (1)), u0 AS (UPDATE "b" SET "y" = 1) SELECT 1', "WITH INSERT a, UPDATE b"),
    ],
)  # fmt: skip
def test_statements_are_told_apart_by_verb_and_table(sql: str, shape: str) -> None:
    assert shape_of(sql) == shape


def test_the_benchmark_starts_where_no_settings_are_chosen() -> None:
    variables = {name: value for name, value in os.environ.items() if name != "DJANGO_SETTINGS_MODULE"}
    command = [sys.executable, "-m", "tests.bench", "--help"]
    done = subprocess.run(command, env=variables, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "sessions" in done.stdout


def test_long_sessions_are_measured_on_chains_that_hold(tmp_path: Path) -> None:
    scale = Scale(lengths=(10, 100, 120), live=(1, 3), turns=3, warm_turns=1)
    block = run_sessions(tmp_path, database_url=os.environ["DATABASE_URL"], scale=scale)
    rows = [line.split("|")[1].strip() for line in block.splitlines() if line.startswith("| ") and line[2].isdigit()]
    assert rows == ["10", "100", "120", "1", "3"]
    page = Path("docs/performance.md").read_text("utf-8")
    assert SESSIONS_BEGIN in page
    assert SESSIONS_END in page


def test_a_page_without_marks_is_not_overwritten() -> None:
    with pytest.raises(ValueError, match="no block"):
        with_numbers("# Performance\n", block="numbers")
    assert {target.value for target in Target} >= {"F0", "F1", "F2"}


def test_the_engine_is_asked_what_its_peers_are_asked_and_answers_rightly() -> None:
    found = measure_engine(rounds=1, sizes=(50, 60), peers={})

    assert {question.engine for question in found} == set(Way)
    assert all(len(times.values) > 0 for times in found.values())
    block = table(found, sizes=(50, 60))
    assert all(way in block for way in Way)
    assert with_table(f"Before.\n{ENGINE_BEGIN}\nold\n{ENGINE_END}\nAfter.\n", block=block).count(block) == 1

    # Control: the peers are asked by the same words, and one that answers wrongly measures nothing.
    with pytest.raises(RuntimeError):
        require(False, question=Question(Way.RULING, 50, Hit.EARLY))


@pytest.mark.nightly
def test_every_question_is_measured_on_receipts_that_verify(tmp_path: Path) -> None:
    block = run_search(tmp_path, database_url=os.environ["DATABASE_URL"], receipts=300, times=1)
    assert block.count("| `") == len(questions(crowd_of(4)))
    assert "300 receipts" in block
    page = with_search(f"Before.\n{SEARCH_BEGIN}\nold\n{SEARCH_END}\nAfter.\n", block=block)
    assert page.count(block) == 1
    assert "old" not in page


@pytest.mark.nightly
def test_receipts_are_measured_with_and_without_proof(tmp_path: Path) -> None:
    cost = measure_cost(tmp_path, database_url=os.environ["DATABASE_URL"], receipts=200, actions=2, pace=MOMENT.pace)
    assert {proof: len(turns) for proof, turns in cost.turns.items()} == dict.fromkeys(Proof, MOMENT.pace.rounds)
    assert all(turn.part.answered for turns in cost.turns.values() for turn in turns)
    assert "| 200 |" in cost_block([cost], pace=MOMENT.pace, file_system="ext4")

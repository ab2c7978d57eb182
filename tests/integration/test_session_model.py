"""Sessions in any order of events against a simple model of them, on PostgreSQL.

The model knows what a person would keep on a sheet of paper for each session: whether it is open, how many actions it
had, which labels and which taint, and whether people have stopped it. After every step the product's answer is what the
sheet says, and at the end every chain holds, every receipt has its fact, and what was altered stays denied.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any, TypeVar

import hypothesis
import pytest
from django.conf import LazySettings, settings
from django.db import connection, transaction
from hypothesis import HealthCheck
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, consumes, initialize, invariant, rule

from decisions.engine.levels import NOT_CLASSIFIED
from decisions.intake.bodies import DecideBody
from decisions.models import Scope, Session
from decisions.selectors import verification_of
from decisions.services.children import open_child
from decisions.services.endings import end_session
from decisions.services.outcomes import Report, report_outcome
from decisions.services.pauses import pause_actions, resume_actions, target_named
from decisions.services.policies import publish_policy
from decisions.services.sessions import NewSession, add_message, open_session
from decisions.services.submission import submit_action
from decisions.services.watching import Part, verify_slice
from receipts.models import Alarm, Receipt
from receipts.problems import ProblemError
from receipts.selectors.accounting import accounts
from tests.factories import ALICE, Cast, make_cast
from tests.integration.tampered_sessions import alter_session

POLICY = """
policy: {id: model, version: "1"}
rules:
  - {id: reads, match: {tool: files.read}, action: ALLOW}
  - id: labels
    match: {tool: db.query}
    action: ALLOW
    effect: {set_context: {data_kinds: [PII]}}
  - {id: sends, match: {tool: mail.send}, action: ALLOW}
  - {id: personal, match: {tool: mail.send, context: {data_kinds: PII}}, action: DENY, priority: 5}
  - {id: tainted, match: {tool: mail.send, context: {taint: tool_output}}, action: DENY, priority: 6}
"""
BOB = "bob@corp.example"
TOOLS = ("files.read", "db.query", "mail.send")
PII = "PII"
Result = TypeVar("Result")


@dataclass(slots=True)
class Sheet:
    """What is known of one session. `is_broken`: its record was altered; `pause`: the one that stands over it."""

    human: str = ALICE
    parent: str = ""
    pause: str = ""
    is_open: bool = True
    is_broken: bool = False
    actions: int = 0
    labels: set[str] = field(default_factory=set)
    taint: set[str] = field(default_factory=set)
    decisions: Counter[str] = field(default_factory=Counter)


def outcome_of(work: Callable[[], Result]) -> tuple[Result | None, str]:
    """What it returned, or the code of its refusal."""
    try:
        return work(), ""
    except ProblemError as problem:
        return None, problem.code


def learned_from(output: str) -> set[str]:
    """The most that a session learns from it: what is found, or that nothing says what it is."""
    return {PII} if "@" in output else {NOT_CLASSIFIED}


class Sessions(RuleBasedStateMachine):
    """One cast and one policy; every example is rolled back."""

    sessions: Bundle[str] = Bundle("sessions")
    done: Bundle[tuple[str, str]] = Bundle("done")
    cast: Cast
    # Whether a new session takes over what others of its human have touched.
    carries: bool

    def __init__(self) -> None:
        super().__init__()
        self.sheets: dict[str, Sheet] = {}
        self.transaction = transaction.atomic()
        self.transaction.__enter__()

    def teardown(self) -> None:
        try:
            self.require_whole()
        finally:
            transaction.set_rollback(True)
            self.transaction.__exit__(None, None, None)

    @initialize(target=sessions)
    def begin(self) -> str:
        return self.opened(ALICE)

    @rule(target=sessions, human=st.sampled_from([ALICE, BOB]))
    def open_another(self, human: str) -> str:
        return self.opened(human)

    def opened(self, human: str) -> str:
        new = NewSession(original_request="Do it.", human=human, agent=self.cast.agent.id)
        session = open_session(caller=self.cast.host, new=new).pk
        self.sheets[session] = self.taken_over(human)
        return session

    def taken_over(self, human: str) -> Sheet:
        """A new sheet, with what all others of the same human show where that is carried over."""
        others = [each for each in self.sheets.values() if each.human == human] if self.carries else []
        labels = set[str]().union(*(each.labels for each in others))
        return Sheet(human=human, labels=labels, taint=set[str]().union(*(each.taint for each in others)))

    @rule(target=sessions, parent=sessions)
    def hand_on(self, parent: str) -> str:
        new = NewSession(original_request="", parent_session_id=parent)
        child, code = outcome_of(lambda: open_child(caller=self.cast.agent, new=new).pk)
        above, is_deep = self.sheets[parent], self.depth_of(parent) == settings.AARM_SESSION_DEPTH
        assert code == (self.refusal_of(parent) or ("too_many_children" if is_deep else ""))
        if child is None:
            return parent
        sheet = self.taken_over(above.human)
        sheet.parent = parent
        for each in (parent, *self.below(parent)):
            sheet.labels |= self.sheets[each].labels
            sheet.taint |= self.sheets[each].taint
        self.sheets[child] = sheet
        return child

    @rule(target=done, session=sessions, tool=st.sampled_from(TOOLS))
    def act(self, session: str, tool: str) -> tuple[str, str]:
        return self.acted(session, tool=tool)

    @rule(session=sessions, tool=st.sampled_from(TOOLS))
    def learn_from_a_child(self, session: str, tool: str) -> None:
        """What a child touches must show in its parent's next action, which few examples would try by themselves."""
        parent = self.sheets[session].parent
        _, decision_id = self.acted(session, tool=tool)
        if parent:
            self.report((session, decision_id), output="plain")
            self.acted(parent, tool="mail.send")

    def acted(self, session: str, *, tool: str) -> tuple[str, str]:
        sheet = self.sheets[session]
        name, _, operation = tool.rpartition(".")
        body = DecideBody.model_validate(
            {"session_id": session, "tool": name, "operation": operation, "parameters": {}}
        )
        answer, code = outcome_of(lambda: submit_action(caller=self.cast.agent, body=body, key="").content)
        assert code == ("" if sheet.is_open else "session_ended")
        if answer is None:
            return session, ""
        return self.answered(session, tool=tool, answer=json.loads(answer))

    def answered(self, session: str, *, tool: str, answer: Any) -> tuple[str, str]:
        sheet = self.sheets[session]
        assert answer["decision"] == self.wanted(session, tool=tool), (answer, sheet)
        if sheet.is_broken:
            assert answer["reason_code"] == "context_integrity"
            return session, ""
        sheet.actions += 1
        sheet.decisions[answer["decision"]] += 1
        if self.is_paused(session):
            assert answer["reason_code"] == "paused"
            return session, ""
        sheet.labels |= {PII} if tool == "db.query" else set()
        return session, answer["decision_id"] if answer["decision"] == "ALLOW" else ""

    def wanted(self, session: str, *, tool: str) -> str:
        sheet = self.sheets[session]
        if sheet.is_broken:
            return "DENY"
        for each in self.below(session):
            sheet.labels |= self.sheets[each].labels
            sheet.taint |= self.sheets[each].taint
        if self.is_paused(session):
            return "DENY"
        is_held_back = PII in sheet.labels or "tool_output" in sheet.taint
        return "DENY" if tool == "mail.send" and is_held_back else "ALLOW"

    @rule(what=consumes(done), output=st.sampled_from([None, "plain", "Write to ana@partner.example"]))
    def hear_back(self, what: tuple[str, str], output: str | None) -> None:
        self.report(what, output=output)

    def report(self, what: tuple[str, str], *, output: str | None) -> None:
        session, decision_id = what
        if decision_id:
            told = Report(status="succeeded", values={"output": output} if output else {})
            report_outcome(caller=self.cast.agent, decision_id=decision_id, report=told, key="")
            self.learn(session, output)

    def learn(self, session: str, output: str | None) -> None:
        sheet = self.sheets[session]
        if not sheet.is_broken:
            sheet.taint |= {"tool_output"} if output else set()
            sheet.labels |= learned_from(output) if output else set()

    @rule(session=sessions, role=st.sampled_from(["user", "model"]))
    def say(self, session: str, role: str) -> None:
        caller = self.cast.host if role == "user" else self.cast.agent
        _, code = outcome_of(lambda: add_message(caller=caller, session_id=session, role=role, text="Go on."))
        assert code == self.refusal_of(session)
        self.sheets[session].taint |= {"model_text"} if role == "model" and not code else set()

    @rule(session=sessions)
    def end(self, session: str) -> None:
        end_session(caller=self.cast.host, session_id=session)
        if self.sheets[session].is_open:
            for each in (session, *self.open_below(session)):
                self.sheets[each].is_open = False

    @rule(session=sessions)
    def alter(self, session: str) -> None:
        alter_session(session, scope=["everything"])
        self.sheets[session].is_broken = True

    @rule(session=sessions)
    def pause(self, session: str) -> None:
        target = target_named(Scope.SESSION, name=session)
        self.sheets[session].pause = pause_actions(target, reason="It looks wrong.", actor=None).pk

    @rule(session=sessions)
    def resume(self, session: str) -> None:
        sheet = self.sheets[session]
        if sheet.pause:
            resume_actions(sheet.pause, actor=None)
            sheet.pause = ""

    def is_paused(self, session: str) -> bool:
        """Whether it, or what it works for, was stopped."""
        sheet = self.sheets[session]
        return bool(sheet.pause or (sheet.parent and self.is_paused(sheet.parent)))

    def refusal_of(self, session: str) -> str:
        sheet = self.sheets[session]
        if not sheet.is_open:
            return "session_ended"
        return "context_integrity" if sheet.is_broken else ""

    def below(self, session: str) -> Iterator[str]:
        """Everything that was handed on from this session. What was altered hands up what it shows."""
        for name, sheet in self.sheets.items():
            if sheet.parent == session:
                yield name
                yield from self.below(name)

    def open_below(self, session: str) -> Iterator[str]:
        """What ends with it: children of children go on where those between had ended before."""
        for name, sheet in self.sheets.items():
            if sheet.parent == session and sheet.is_open:
                yield name
                yield from self.open_below(name)

    def depth_of(self, session: str) -> int:
        parent = self.sheets[session].parent
        return 1 + self.depth_of(parent) if parent else 0

    @invariant()
    def states_are_what_the_sheets_say(self) -> None:
        for row in Session.objects.filter(pk__in=self.sheets):
            sheet = self.sheets[row.pk]
            assert (row.ended_at is None) == sheet.is_open
            if not sheet.is_broken:
                assert row.state["count"] == sheet.actions
                assert row.state["decisions"] == dict(sheet.decisions)
                assert set(row.state["kinds"]) <= sheet.labels
                assert set(row.state["taint"]) <= sheet.taint

    def require_whole(self) -> None:
        """At the end: every chain, every account, and an alarm for each record that was altered, and no other."""
        broken = {name for name, sheet in self.sheets.items() if sheet.is_broken}
        rows = {row.pk: row for row in Session.objects.filter(pk__in=self.sheets)}
        assert {name for name, row in rows.items() if not verification_of(row, after="")["is_intact"]} == broken
        assert [each.noun for each in accounts() if not each.is_even] == []
        for part in Part:
            verify_slice(part)
        assert set(Alarm.objects.values_list("subject", flat=True)) == broken
        ended = {name for name, sheet in self.sheets.items() if not sheet.is_open}
        assert set(Receipt.objects.filter(type="session_ended").values_list("session_id", flat=True)) == ended


QUICK = hypothesis.settings(
    max_examples=10, stateful_step_count=30, deadline=None, suppress_health_check=list(HealthCheck), print_blob=True
)


def explored(cast: Cast, *, carries: bool, how: hypothesis.settings) -> None:
    publish_policy(text=POLICY, source="model.yaml", actor=None)
    Sessions.cast, Sessions.carries = cast, carries
    machine = Sessions.TestCase
    machine.settings = how
    machine().runTest()


@pytest.fixture
def cast(db: None) -> Cast:
    assert connection.vendor == "postgresql"
    return make_cast()


@pytest.fixture(params=[0, 3600], ids=["each by itself", "taint is carried over"])
def carries(request: pytest.FixtureRequest, settings: LazySettings) -> bool:
    settings.AARM_TAINT_CARRY_SECONDS = request.param
    return bool(request.param)


def test_sessions_do_what_a_simple_model_of_them_says(cast: Cast, *, carries: bool) -> None:
    explored(cast, carries=carries, how=QUICK)


@pytest.mark.nightly
def test_sessions_do_what_a_simple_model_of_them_says_at_length(cast: Cast, *, carries: bool) -> None:
    explored(cast, carries=carries, how=hypothesis.settings(QUICK, max_examples=500, stateful_step_count=50))

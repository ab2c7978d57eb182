"""What rates and budgets have counted: read and locked before the evaluation, written with the decision.

Lock order: session → counters → approval → receipt chain. All counters that a transaction may move are locked by one
statement, in the order of their ids, so that no two transactions wait for each other. It inserts what is not there yet:
a row that two found missing would be counted on twice.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import lru_cache
from typing import Any

from django.db import connection

from decisions.engine.action import Action
from decisions.engine.counters import EMPTY, Per, Window, counted, window_of, with_counted
from decisions.engine.policy import Counter, Policy
from decisions.engine.verdict import Counted
from decisions.intake.judging import actions_in
from decisions.models import RuleCounter, Session
from receipts.rows import Update
from receipts.signing.canonical import digest

Number = int | float
_STATE = RuleCounter._meta.get_field("state")
_COLUMN = _STATE.cached_col


@dataclass(frozen=True, slots=True)
class Earlier:
    """What an action has added to counters before, by rule, and when: evaluated again it doesn't count twice."""

    amounts: Mapping[str, Number]
    at: datetime


@dataclass(frozen=True, slots=True)
class Ledger:
    """The counters that a transaction may move, as they stand now, by row."""

    policy: Policy
    session: Session
    windows: dict[str, Window] = field(default_factory=dict)
    changed: set[str] = field(default_factory=set)

    def before(self, action: Action, *, at: datetime, earlier: Iterable[Earlier] = ()) -> dict[str, Number]:
        """What the rules' counters for this action stand at, by rule, without what it added to them itself."""
        found = {}
        for counter in _counters(self.policy, action):
            window = self.windows.get(row_id(self.policy, counter, session=self.session), EMPTY)
            for each in earlier:
                amount = each.amounts.get(counter.rule_id, 0)
                window = (
                    with_counted(window, at=each.at, window=counter.window_seconds, amount=-amount)
                    if amount
                    else window
                )
            found[counter.rule_id] = counted(window, at=at, window=counter.window_seconds)
        return found

    def count(self, added: Iterable[Counted], *, action: Action, at: datetime) -> None:
        """Adds what an action counts for, now that it goes on."""
        counters = {each.rule_id: each for each in _counters(self.policy, action)}
        for rule_id, amount in added:
            counter = counters[rule_id]
            row = row_id(self.policy, counter, session=self.session)
            self.windows[row] = with_counted(self.windows[row], at=at, window=counter.window_seconds, amount=amount)
            self.changed.add(row)

    def updates(self) -> list[Update]:
        """The rows to write."""
        return [Update(RuleCounter, row, {"state": self.windows[row].as_json()}) for row in sorted(self.changed)]


def _counters(policy: Policy, action: Action) -> Iterable[Counter]:
    """The counters that an action may touch, with whatever is inside it."""
    if not policy.has_counters:
        return ()
    actions = actions_in(action, policy=policy)
    found = {each.rule_id: each for one in actions for each in policy.counters_for(one.tool, one.operation)}
    return found.values()


def row_id(policy: Policy, counter: Counter, *, session: Session) -> str:
    """The row of a counter, which goes on across the versions of a policy."""
    return digest([policy.id, counter.rule_id, counter.per.value, _subject(counter, session=session)])


def _subject(counter: Counter, *, session: Session) -> str:
    """Whose actions are counted together, by id; empty for everybody's."""
    human = session.human_id or session.agent_id
    return {Per.SESSION: session.pk, Per.AGENT: session.agent_id, Per.HUMAN: human, Per.ALL: ""}[counter.per]


def open_ledger(policy: Policy, *, session: Session, actions: Iterable[Action], is_locked: bool) -> Ledger:
    """The counters that these actions may touch, in one statement; in none if there are no counters.

    Locked, they may be counted on until the transaction ends; otherwise they are only looked at.
    """
    rows = {
        row_id(policy, counter, session=session): counter for each in actions for counter in _counters(policy, each)
    }
    if not rows:
        return Ledger(policy=policy, session=session)
    found = _locked(rows, policy=policy, session=session) if is_locked else _seen(rows)
    windows = {row: window_of(state) for row, state in found.items()}
    return Ledger(policy=policy, session=session, windows=windows)


def _seen(rows: Iterable[str]) -> dict[str, Any]:
    return dict(RuleCounter.objects.filter(pk__in=list(rows)).values_list("pk", "state"))


def _locked(rows: Mapping[str, Counter], *, policy: Policy, session: Session) -> dict[str, Any]:
    empty = _STATE.get_db_prep_save(EMPTY.as_json(), connection)
    values: list[Any] = []
    for row, counter in sorted(rows.items()):
        values += [row, policy.id, counter.rule_id, _subject(counter, session=session), empty]
    with connection.cursor() as cursor:
        cursor.execute(_lock_sql(len(rows)), values)
        return {row: _STATE.from_db_value(state, _COLUMN, connection) for row, state in cursor.fetchall()}


@lru_cache(maxsize=64)
def _lock_sql(count: int) -> str:
    """Inserts rows that are missing and updates the others to what they are, which both locks them and reads them."""
    table = RuleCounter._meta.db_table
    places = ", ".join(["(%s, %s, %s, %s, %s)"] * count)
    # Names are the product's own; every value is a parameter.
    return (
        f'INSERT INTO "{table}" (id, policy_id, rule_id, subject, state) VALUES {places} '  # noqa: S608
        f'ON CONFLICT (id) DO UPDATE SET state = "{table}".state RETURNING id, state'
    )

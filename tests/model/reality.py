"""What happens in the model, done by the product's services to rows in PostgreSQL, and what is then seen there."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import connection

from approvals.lifecycle.quorum import Verdict
from approvals.lifecycle.route import Route
from approvals.lifecycle.states import State
from approvals.models import ApprovalRequest, Asking, Delegation, User
from approvals.selectors.standing import newest_of, standing_votes, state_at
from approvals.services.expiry import expire_due
from approvals.services.people import Role, role_group
from approvals.services.timers import run_due_timers
from approvals.services.votes import CastBallot, cast_vote
from decisions.models import Claim, Credential, Scope
from decisions.services.cancellation import cancel_decision
from decisions.services.claims import ClaimRequest, claim_decision
from decisions.services.pauses import pause_actions, target_named
from decisions.services.policies import publish_policy
from receipts.clock import database_now
from receipts.models import Receipt
from receipts.problems import ProblemError
from tests.factories import StepUp, begin_session, make_cast, make_person, open_step_up
from tests.model.happenings import Edge
from tests.model.machine import Machine
from tests.model.world import ABSENT, DEPUTY, MEMBERS, OPENED, ROUTE, VOTERS, Said, World

# Routes count in whole seconds, and each step of a walk takes some of the time between two ticks.
TICK_SECONDS = 10
STEP = timedelta(milliseconds=1)
CLOCK = """
CREATE OR REPLACE FUNCTION aarm_now() RETURNS timestamptz
LANGUAGE sql VOLATILE PARALLEL SAFE AS 'SELECT current_setting(''aarm.test_now'')::timestamptz'
"""
OTHER_ACTION = f"sha256:{'0' * 64}"


@dataclass(frozen=True, slots=True)
class Seen:
    """What both the model and the database know of a request."""

    stored: State
    told: State
    votes: frozenset[Said]
    asked: frozenset[tuple[str, int]]
    claimed_with: str
    handed_out: int
    ended: tuple[State, ...]
    replaced: tuple[State, ...]


def seen_in_model(machine: Machine, world: World) -> Seen:
    return Seen(
        stored=world.stored,
        told=machine.settled(world),
        votes=world.votes,
        asked=world.asked,
        claimed_with=world.claim.key if world.claim else "",
        handed_out=world.handed_out,
        ended=world.ended,
        replaced=world.replaced,
    )


def policy_text(route: Route, *, version: int, is_permitted: bool = True) -> str:
    """The model's route as a policy; every other version names the stages in another order."""
    stages = [f"{{group: {stage.group}, count: {stage.count}}}" for stage in route.stages]
    step = route.escalation[0]
    asks = f"""
    action: STEP_UP
    risk_level: LOW
    timeout: {route.timeout_seconds * TICK_SECONDS}
    hold: {route.hold_seconds * TICK_SECONDS}
    denials: {route.denials}
    approvers: [{", ".join(stages if version % 2 else reversed(stages))}]
    escalation: [{{after: {step.after_seconds * TICK_SECONDS}, to: [{", ".join(step.parties)}]}}]"""
    return f"""
policy: {{id: model, version: "{version}"}}
rules:
  - id: asks
    match: any{
        asks
        if is_permitted
        else '''
    action: DENY'''
    }
"""


class Reality:
    """One request that everybody in the model could touch. Everything is done inside the caller's transaction."""

    def __init__(self, route: Route = ROUTE) -> None:
        self.route, self.steps, self.tick, self.policies = route, 0, 0, 0
        with connection.cursor() as cursor:
            cursor.execute(CLOCK)
        self._set_clock()
        self.cast = make_cast()
        self.cast.carol.groups.clear()
        self.people = {name: self._person(name) for name in VOTERS}
        self.publish()
        self.session = begin_session(self.cast)
        self.step: StepUp = open_step_up(self.cast, session_id=self.session)

    def _person(self, name: str) -> User:
        teams = tuple(team for team, members in MEMBERS.items() if name in members)
        known = User.objects.filter(username=name).first()
        return known or make_person(name, teams=teams)

    @property
    def now(self) -> datetime:
        """What the database's clock says."""
        return OPENED + timedelta(seconds=self.tick * TICK_SECONDS) + self.steps * STEP

    def _set_clock(self) -> None:
        with connection.cursor() as cursor:
            cursor.execute("SELECT set_config('aarm.test_now', %s, true)", [self.now.isoformat()])

    # --- What is done -------------------------------------------------------------------------------------------------

    def do(self, edge: Edge) -> str:
        """What came of it: `ok`, or the code of the refusal."""
        self.steps += 1
        self._set_clock()
        is_repeat = edge.action == "claim" and Claim.objects.exists()
        try:
            _DEEDS[edge.action](self, edge.actor)
        except ProblemError as problem:
            return problem.code
        return "repeated" if is_repeat else "ok"

    @property
    def decision(self) -> str:
        return str(self.step.answer["decision_id"])

    @property
    def request(self) -> ApprovalRequest:
        """The one that stands for the decision now."""
        return newest_of(ApprovalRequest.objects.get(pk=self.step.approval.pk))

    def vote(self, actor: str, verdict: Verdict) -> None:
        request = self.request
        ballot = CastBallot(verdict=verdict, view_digest=request.view_digest, version=request.version)
        cast_vote(approval_id=request.pk, person=self.people[actor], ballot=ballot)

    def claim(self, key: str, digest: str) -> None:
        wanted = ClaimRequest(action_digest=digest)
        claim_decision(caller=self.cast.agent, decision_id=self.decision, wanted=wanted, key=key)

    def publish(self, *, is_permitted: bool = True) -> None:
        self.policies += 1
        text = policy_text(self.route, version=self.policies, is_permitted=is_permitted)
        publish_policy(text=text, source="model.yaml", actor=None)

    def move_on(self) -> None:
        self.tick += 1
        self._set_clock()

    def sweep(self) -> None:
        run_due_timers()
        expire_due()

    def send_away(self) -> None:
        now = database_now()
        Delegation.objects.create(
            person=self.people[ABSENT], deputy=self.people[DEPUTY], starts_at=now, ends_at=now + timedelta(days=1)
        )

    def end_identity(self) -> None:
        Credential.objects.filter(pk=self.cast.agent.key_id).update(revoked_at=database_now())

    def pause(self) -> None:
        pause_actions(target_named(Scope.SESSION, name=self.session), reason="It looks wrong.", actor=None)

    # --- What is seen -------------------------------------------------------------------------------------------------

    def seen(self) -> Seen:
        request = self.request
        receipts = Receipt.objects.filter(type__in=["claim", "approval_terminal"]).order_by("stream", "position")
        rows = list(receipts.values_list("type", "approval_id", "outcome"))
        return Seen(
            stored=State(request.state),
            told=state_at(request, self.now),
            votes=frozenset(
                Said(vote.person.username, verdict, (vote.holder or vote.person).username)
                for vote, verdict in standing_votes(request)
            ),
            asked=frozenset(Asking.objects.filter(request=request).values_list("person__username", "step")),
            claimed_with="".join(Claim.objects.values_list("key", flat=True)),
            handed_out=sum(kind == "claim" for kind, *_ in rows),
            ended=_endings(rows, of=request.pk),
            replaced=_endings(rows, of=request.first_id) if request.first_id != request.pk else (),
        )


def _endings(rows: Iterable[tuple[str, str, str]], *, of: str) -> tuple[State, ...]:
    return tuple(State(outcome) for kind, approval, outcome in rows if (kind, approval) == ("approval_terminal", of))


_DEEDS: Mapping[str, Callable[[Reality, str], object]] = {
    "approve": lambda real, actor: real.vote(actor, Verdict.APPROVE),
    "deny": lambda real, actor: real.vote(actor, Verdict.DENY),
    "withdraw": lambda real, actor: real.vote(actor, Verdict.WITHDRAW),
    "claim": lambda real, key: real.claim(key, str(real.step.answer["action_digest"])),
    "claim_other": lambda real, key: real.claim(key, OTHER_ACTION),
    "cancel": lambda real, _: cancel_decision(caller=real.cast.agent, decision_id=real.decision),
    "sweep": lambda real, _: real.sweep(),
    "tick": lambda real, _: real.move_on(),
    "remove": lambda real, actor: real.people[actor].groups.remove(role_group(Role.REVIEWER)),
    "absence_away": lambda real, _: real.send_away(),
    "absence_back": lambda real, _: Delegation.objects.update(ends_at=database_now()),
    "absence_deleted": lambda real, _: Delegation.objects.all().delete(),
    "policy_stricter": lambda real, _: real.publish(),
    "policy_forbids": lambda real, _: real.publish(is_permitted=False),
    "identity_ends": lambda real, _: real.end_identity(),
    "pause": lambda real, _: real.pause(),
}

"""Five steps of one task, told as they happen. What is told is what the server answered, not what was hoped for."""

from __future__ import annotations

import functools
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import ParamSpec, TypeVar

from examples.demo_agent.office import CUSTOMERS, Office
from examples.demo_agent.terminal import COLOUR_OF, Terminal

from aarm import Decision, Expired, Guard, NotAllowedError
from aarm.guarded import Guarded

P = ParamSpec("P")
R = TypeVar("R")

REQUEST = "Read my notes, send Ana the renewal offer, look up our customers, tidy up the folder, and report to me."
OFFER = "Dear Ana, we would be glad to renew for two more years. Shall we talk on Thursday?"


@dataclass(frozen=True, slots=True)
class Step:
    """One action. `check` looks at the world afterwards, given what the tool returned, or None if it didn't run."""

    tool: str
    run: Callable[..., object]
    parameters: Mapping[str, object]
    check: Callable[[object], str]


def steps_of(guard: Guard, *, office: Office, story: Story) -> tuple[Step, ...]:
    """The task. Each tool is guarded, so that calling it is asking first."""
    read = guard("files.read", effect="read")(story.announced(office.read_file, guard=guard))
    send = guard("email.send", effect="external")(story.announced(office.send_email, guard=guard))
    query = guard("database.query", effect="read")(story.announced(office.query_customers, guard=guard))
    delete = guard("files.delete", effect="write")(story.announced(office.delete_file, guard=guard))

    def contract_stands(_: object) -> str:
        return "contract.txt is still there" if office.path("contract.txt").exists() else "contract.txt is gone"

    offer = {"to": "ana@partner.example", "subject": "Renewal", "body": OFFER}
    report = {"to": "alice@corp.example", "subject": "Done", "body": "The folder and Ana's offer are looked after."}
    return (
        Step("files.read", read, {"name": "notes.txt"}, lambda text: f"{len(str(text or ''))} characters were read"),
        Step("email.send", send, offer, _delivery),
        Step("database.query", query, {"table": "customers", "limit": 5000}, _rows),
        Step("files.delete", delete, {"name": "contract.txt"}, contract_stands),
        Step("email.send", send, report, _delivery),
    )


def _delivery(result: object) -> str:
    return str(result) if result else "no mail was sent"


def _rows(result: object) -> str:
    return f"{len(result)} of {CUSTOMERS} rows came back" if isinstance(result, list) else "no row was read"


class Story:
    """Tells what becomes of each step."""

    def __init__(self, terminal: Terminal) -> None:
        self.terminal = terminal

    def tell(self, step: Step, *, place: str) -> None:
        """Asks, acts if allowed, and looks at what came of it."""
        asked = ", ".join(f"{name}={_short(value)}" for name, value in step.parameters.items())
        self.terminal.say(f"\n{self.terminal.painted(place, look='dim')}  {step.tool}({asked})")
        try:
            result = step.run(**step.parameters)
        except NotAllowedError as refusal:
            self._tell_refusal(refusal)
            self.terminal.detail("not run", f"checked: {step.check(None)}")
        else:
            self.terminal.detail("ran", f"checked: {step.check(result)}")

    def tell_waiting(self, url: str | None, code: str | None, expires_at: datetime | None) -> None:
        """Somebody has to answer: who watches is told where."""
        self._decision(Decision.STEP_UP, "a person has to decide. Open this page and approve, or deny:")
        self.terminal.detail("", url or "the page of waiting requests")
        until = f"{expires_at.astimezone(UTC):%H:%M} UTC" if expires_at else "the server's deadline"
        self.terminal.detail("", f"code {code}, until {until}. Waiting …")

    def announced(self, tool: Callable[P, R], *, guard: Guard) -> Callable[P, R]:
        """The tool, saying under which decision it runs before it does. Only the guard calls it."""

        @functools.wraps(tool)
        def run(*args: P.args, **kwargs: P.kwargs) -> R:
            if guard.last is not None:
                self._tell_permission(guard.last)
            return tool(*args, **kwargs)

        return run

    def _tell_permission(self, call: Guarded) -> None:
        changes = ", ".join(map(str, call.changes))
        if call.decision is Decision.STEP_UP:
            self.terminal.detail("approved", f"with changes: {changes}" if changes else "as asked", look="green")
        else:
            self._decision(call.decision, f"policy changed {changes}" if changes else "as asked")

    def _tell_refusal(self, refusal: NotAllowedError) -> None:
        approval = refusal.verdict.approval
        if isinstance(refusal, Expired):
            self.terminal.detail("expired", "nobody answered, which is a no", look="red")
        elif approval is not None:
            self.terminal.detail(approval.state.lower(), "the person said no", look="red")
        else:
            self._decision(refusal.verdict.decision, refusal.reason)

    def _decision(self, decision: Decision, text: str) -> None:
        self.terminal.detail(decision, text, look=COLOUR_OF[decision])


def _short(value: object) -> str:
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= 40 else f'{text[:36]}…"'

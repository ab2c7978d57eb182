"""Five steps of one task, told as they happen. What is told is what the server answered, not what was hoped for."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime

from examples.demo_agent.office import Office
from examples.demo_agent.terminal import COLOUR_OF, Terminal

from aarm import Expired, Guard, NotAllowedError
from aarm.guarded import Guarded

REQUEST = "Read my notes, send Ana the renewal offer, look up our customers, tidy up the folder, and report to me."
OFFER = "Dear Ana, we would be glad to renew for two more years. Shall we talk on Thursday?"


@dataclass(frozen=True, slots=True)
class Step:
    """One action. `check` looks at the world afterwards, given what the tool returned, or None if it didn't run."""

    tool: str
    run: Callable[..., object]
    parameters: Mapping[str, object]
    check: Callable[[object], str]


def steps_of(guard: Guard, *, office: Office) -> tuple[Step, ...]:
    """The task. Each tool is guarded, so that calling it is asking first."""
    read = guard("files.read", effect="read")(office.read_file)
    query = guard("database.query", effect="read")(office.query_customers)
    delete = guard("files.delete", effect="write")(office.delete_file)
    send = guard("email.send", effect="external")(office.send_email)
    contract = office.path("contract.txt")

    def rows(result: object) -> str:
        return f"{len(result)} rows came back" if isinstance(result, list) else "no row was read"

    def contract_stands(_: object) -> str:
        return "contract.txt is still there" if contract.exists() else "contract.txt is gone"

    def delivery(result: object) -> str:
        return str(result) if result else "no mail was sent"

    offer = {"to": "ana@partner.example", "subject": "Renewal", "body": OFFER}
    report = {"to": "alice@corp.example", "subject": "Done", "body": "The offer to Ana is settled."}
    return (
        Step("files.read", read, {"name": "notes.txt"}, lambda text: f"{len(str(text or ''))} characters were read"),
        Step("email.send", send, offer, delivery),
        Step("database.query", query, {"table": "customers", "limit": 5000}, rows),
        Step("files.delete", delete, {"name": "contract.txt"}, contract_stands),
        Step("email.send", send, report, delivery),
    )


class Story:
    """Tells what becomes of each step."""

    def __init__(self, terminal: Terminal) -> None:
        self.terminal = terminal

    def tell(self, step: Step, *, guard: Guard, place: str) -> None:
        """Asks, acts if allowed, and looks at what came of it."""
        asked = ", ".join(f"{name}={_short(value)}" for name, value in step.parameters.items())
        self.terminal.say(f"\n{self.terminal.painted(place, look='dim')}  {step.tool}({asked})")
        try:
            result = step.run(**step.parameters)
        except NotAllowedError as refusal:
            self._tell_refusal(refusal)
            self.terminal.detail("not run", f"checked: {step.check(None)}")
        else:
            self._tell_permission(guard.last)
            self.terminal.detail("ran", f"checked: {step.check(result)}")

    def tell_waiting(self, url: str | None, code: str | None, expires_at: datetime | None) -> None:
        """Somebody has to answer: who watches is told where."""
        self._decision("STEP_UP", "a person has to decide. Open this page and approve, or deny:")
        self.terminal.detail("", url or "the page of waiting requests")
        until = expires_at.astimezone().strftime("%H:%M") if expires_at else "the server's deadline"
        self.terminal.detail("", f"code {code}, until {until}. Waiting …")

    def _tell_permission(self, call: Guarded | None) -> None:
        if call is None:
            return
        word, changes = call.decision.value, ", ".join(map(str, call.changes))
        if word == "STEP_UP":
            self.terminal.detail("approved", f"with changes: {changes}" if changes else "as asked", look="green")
        else:
            self._decision(word, f"policy changed {changes}" if changes else "as asked")

    def _tell_refusal(self, refusal: NotAllowedError) -> None:
        approval = refusal.verdict.approval
        if isinstance(refusal, Expired):
            self.terminal.detail("expired", "nobody answered, which is a no", look="red")
        elif approval is not None:
            self.terminal.detail(approval.state.lower(), "the person said no", look="red")
        else:
            self._decision(refusal.verdict.decision.value, refusal.reason)

    def _decision(self, word: str, text: str) -> None:
        self.terminal.detail(word, text, look=COLOUR_OF.get(word, ""))


def _short(value: object) -> str:
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= 40 else f'{text[:36]}…"'

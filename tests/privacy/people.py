"""A person whose values were said everywhere, and looking for them in everything that the database keeps."""

from __future__ import annotations

import base64
from dataclasses import dataclass

from django.contrib.admin.models import ADDITION, LogEntry
from django.db import connection

from approvals.models import Stander
from decisions.models import Pause, Session
from decisions.services.claims import ClaimRequest, claim_decision
from decisions.services.sessions import add_message, record_fact
from receipts.clock import database_now
from receipts.models import Payload
from receipts.selectors import opened_values
from tests.factories import Cast, StepUp, begin_session, decide, open_step_up, vote
from tests.integration.scenario import report


@dataclass(frozen=True, slots=True)
class Told:
    """What a person left behind, and the word that is in all of it."""

    word: str
    subject: str
    session: str
    step: StepUp


def tell(cast: Cast, word: str) -> Told:
    """Says `word` in the request, a message, parameters, a fact and outputs, as the person `word@corp.example`."""
    session = begin_session(cast, request=f"Write to {word}.", human=f"{word}@corp.example")
    add_message(caller=cast.host, session_id=session, role="user", text=f"I am {word}.")
    row = Session.objects.get(pk=session)
    record_fact(row, field="who", value=word, trust="attested", source="host", at=database_now())
    row.save()
    decide(cast, session, "email.send", parameters={"to": f"{word}@corp.example"}, key=f"key-{word[-4:]}-a")
    step = open_step_up(cast, session_id=session, parameters={"to": f"{word}@partner.example"})
    vote(step, cast.bob)
    wanted = ClaimRequest(action_digest=str(step.answer["action_digest"]))
    decision = str(step.answer["decision_id"])
    claim_decision(caller=cast.agent, decision_id=decision, wanted=wanted, key=f"key-{word[-4:]}-b")
    report(cast, step.answer, "succeeded", output={"said": word})
    Stander.objects.create(human=f"{word}@corp.example", relation="manager", person=cast.bob)
    LogEntry.objects.create(user=cast.bob, object_repr=f"{word}@corp.example", action_flag=ADDITION)
    paused = {"paused_by": cast.bob, "paused_at": database_now(), "resumed_at": database_now()}
    Pause.objects.create(scope="session", session=row, reason="They asked us to stop.", **paused)
    Pause.objects.create(scope="everything", reason=f"{word} asked us to stop.", **paused)
    return Told(word=word, subject=str(row.human_id), session=session, step=step)


def payloads_of(told: Told) -> list[Payload]:
    return list(Payload.objects.filter(subject=told.subject).order_by("created_at", "id"))


def sealed_with(word: str) -> list[str]:
    """The payloads that say `word` once they are opened, as an auditor could."""
    return [row.pk for row in Payload.objects.exclude(content=None) if word in str(opened_values(row)).lower()]


def tables_with(word: str) -> list[str]:
    """The tables that say `word`: as text, as the hexadecimal digits of bytes, or as any of three base64 alignments."""
    encoded = [base64.b64encode(b"_" * shift + word.encode())[4 if shift else 0 : -4] for shift in range(3)]
    wanted = [word.lower(), word.encode().hex(), *(part.decode().lower() for part in encoded)]
    quote = connection.ops.quote_name
    with connection.cursor() as cursor:
        found = []
        for table in sorted(connection.introspection.table_names(cursor)):
            conditions = " OR ".join(["position(%s in lower(t::text)) > 0"] * len(wanted))
            cursor.execute(f"SELECT EXISTS (SELECT 1 FROM {quote(table)} t WHERE {conditions})", wanted)
            found += [table] if cursor.fetchone()[0] else []
    return found

"""What a receipt says, in sentences, read from its signed body."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from receipts.pages.bodies import Body, Names, account_of, text_at, value_at
from receipts.signing.statement import ReceiptType, Statement

KINDS: Mapping[ReceiptType, str] = {
    ReceiptType.DECISION: "Decision",
    ReceiptType.DEFERRAL_TERMINAL: "Deferral ended",
    ReceiptType.VOTE: "Vote",
    ReceiptType.APPROVAL_TERMINAL: "Approval ended",
    ReceiptType.CLAIM: "Claim",
    ReceiptType.CLAIM_REFUSED: "Claim refused",
    ReceiptType.OUTCOME: "Outcome",
    ReceiptType.SESSION_OPENED: "Session opened",
    ReceiptType.SESSION_ENDED: "Session ended",
    ReceiptType.POLICY_PUBLISHED: "Policy published",
    ReceiptType.ADMINISTRATION: "Administration",
    ReceiptType.KEY_CREATED: "Key created",
    ReceiptType.KEY_RETIRED: "Key retired",
    ReceiptType.KEY_REVOKED: "Key revoked",
    ReceiptType.ERASURE: "Erasure",
    ReceiptType.RECOVERY: "Recovery",
    ReceiptType.EXPORT: "Export",
    ReceiptType.DISCLOSURE: "Values shown",
}
"""Every type in words."""


def kind_of(type: str) -> str:
    """A type in words; one that isn't ours, as a column altered from outside may hold, as it is."""
    return KINDS[ReceiptType(type)] if type in set(ReceiptType) else type


VERDICTS: Mapping[str, str] = {
    "ALLOW": "was allowed",
    "DENY": "was denied",
    "MODIFY": "was allowed with changes",
    "STEP_UP": "was put before a human",
    "DEFER": "was deferred until more is known",
}
"""What a decision came to, in words."""

VOTES: Mapping[str, str] = {"approve": "approved", "deny": "denied", "withdraw": "took back the approval of"}
"""What a person said, in words."""

_ENDINGS = {
    "APPROVED": "was approved",
    "DENIED": "was denied by a reviewer",
    "EXPIRED": "expired, which denies it",
    "CANCELLED": "was withdrawn",
    "SUPERSEDED": "was replaced by a newer request",
    "REVOKED": "was revoked",
    "ALLOWED": "was allowed",
    "ESCALATED": "was put before a human",
}
_OUTCOMES = {
    "succeeded": "reports that it succeeded",
    "failed": "reports that it failed",
    "unknown": "doesn't know how it ended",
}


_IDS = (
    "identity.agent", "identity.human", "identity.host", "vote.approver", "actor.person", "actor.host", "actor.agent",
    "administration.object",
)  # fmt: skip


def ids_in(body: Body) -> set[str]:
    """Whom the body names by random ids."""
    parties = text_at(body, "vote.groups").split(", ")
    return ({text_at(body, path) for path in _IDS} | {account_of(party) for party in parties}) - {""}


def _action(body: Body) -> str:
    return f"{text_at(body, 'action.tool')}.{text_at(body, 'action.operation')}"


def _name(body: Body, path: str, names: Names, *, otherwise: str) -> str:
    found = text_at(body, path)
    return names.get(found, found) or otherwise


def _asked(body: Body, names: Names) -> str:
    agent = _name(body, "identity.agent", names, otherwise="An agent")
    human = _name(body, "identity.human", names, otherwise="nobody whose identity was verified")
    return f"{agent} asked for it on behalf of {human}."


def _decision(body: Body, names: Names) -> tuple[str, ...]:
    verdict = VERDICTS.get(text_at(body, "decision.result"), "was decided")
    return f"{_action(body)} {verdict}.", _asked(body, names), text_at(body, "decision.reason")


def _vote(body: Body, names: Names) -> tuple[str, ...]:
    person = _name(body, "vote.approver", names, otherwise="Somebody")
    verdict = VOTES.get(text_at(body, "vote.verdict"), "answered")
    return f"{person} {verdict} {_action(body)}.", _asked(body, names), _grant(body)


def _grant(body: Body) -> str:
    """What was granted beside the action; empty where nothing was."""
    uses = value_at(body, "vote.grant.uses")
    return f"They granted {uses} more like it until {text_at(body, 'vote.grant.until')}." if uses else ""


def _ending(subject: str) -> Callable[[Body, Names], tuple[str, ...]]:
    def story(body: Body, names: Names) -> tuple[str, ...]:
        ending = _ENDINGS.get(text_at(body, "outcome.status"), "ended")
        grant = text_at(body, "outcome.grant.id")
        answered = f"People had granted it before: {grant}." if grant else ""
        return f"{subject} {_action(body)} {ending}.", _asked(body, names), answered

    return story


def _claim(body: Body, names: Names) -> tuple[str, ...]:
    agent = _name(body, "identity.agent", names, otherwise="The agent")
    return f"{agent} took up {_action(body)}.", "It was given the parameters that were approved, for one use."


def _claim_refused(body: Body, names: Names) -> tuple[str, ...]:
    agent = _name(body, "identity.agent", names, otherwise="The agent")
    return f"{agent} tried to take up {_action(body)} and was refused.", "Nothing was given out, nothing was used up."


def _outcome(body: Body, names: Names) -> tuple[str, ...]:
    agent = _name(body, "identity.agent", names, otherwise="The agent")
    report = _OUTCOMES.get(text_at(body, "outcome.status"), "reports an outcome")
    return f"{agent} ran {_action(body)} and {report}.", "This is the agent's own report; nobody else observed it."


_ENDED_BY: Mapping[str, str] = {
    "idle": "Nothing had happened in it for long",
    "host": "Its host ended it",
    "parent": "The session that it worked for had ended",
    "erasure": "Its person was erased",
}


def _session(body: Body, names: Names) -> tuple[str, ...]:
    agent = _name(body, "identity.agent", names, otherwise="an agent")
    human = _name(body, "identity.human", names, otherwise="nobody whose identity was verified")
    by = _ENDED_BY.get(text_at(body, "session.ended_by"), f"{agent} ended it")
    count, length = value_at(body, "session.actions"), value_at(body, "session.length")
    return (
        f"The session of {agent} on behalf of {human} ended.",
        f"{by}. Its context of {length} entries about {count} actions is sealed by this receipt.",
    )


def _policy(body: Body, names: Names) -> tuple[str, ...]:
    person = _name(body, "actor.person", names, otherwise="The set-up")
    name = f"{text_at(body, 'policy.id')} version {text_at(body, 'policy.version')}"
    return f"{person} published the policy {name}.", "Every decision from then on was made under it."


_ADMINISTRATION: Mapping[str, str] = {"policy_proposed": "proposed the policy"}


def _administration(body: Body, names: Names) -> tuple[str, ...]:
    person = _name(body, "actor.person", names, otherwise="Somebody")
    if text_at(body, "administration.kind"):
        return _changed_object(body, names)
    name = f"{text_at(body, 'policy.id')} version {text_at(body, 'policy.version')}"
    what = _ADMINISTRATION.get(text_at(body, "administration.what"), "administered the policy")
    return f"{person} {what} {name}.", "It holds once somebody else has approved it."


def _changed_object(body: Body, names: Names) -> tuple[str, ...]:
    """Somebody or something that this installation knows: a person, a group, an agent, a key, a tool."""
    actors = (_name(body, f"actor.{kind}", names, otherwise="") for kind in ("person", "host", "agent"))
    who = next(filter(None, actors), "") or _SOURCES.get(text_at(body, "actor.source"), "Somebody")
    kind = text_at(body, "administration.kind").rpartition(".")[2]
    known = text_at(body, "administration.name") or _name(body, "administration.object", names, otherwise="")
    fields = value_at(body, "administration.fields")
    named = ", ".join(map(str, fields)) if isinstance(fields, list) else ""
    sentence = f"{who} {text_at(body, 'administration.what')} the {_KINDS_OF_OBJECTS.get(kind, kind)} {known}."
    return sentence, f"Changed: {named}." if named else ""


# What stands for the actor where nobody signed in did it.
_SOURCES: Mapping[str, str] = {"command": "A command on the server", "identity_provider": "An identity provider"}
_KINDS_OF_OBJECTS: Mapping[str, str] = {"user": "account", "signinlink": "sign-in link", "credential": "key"}


def _export(body: Body, names: Names) -> tuple[str, ...]:
    person = _name(body, "actor.person", names, otherwise="Somebody")
    count = value_at(body, "export.receipts")
    many = f"{count:,} receipts" if isinstance(count, int) and count != 1 else "1 receipt"
    kind = "a selection" if value_at(body, "export.is_filtered") else "everything"
    return f"{person} exported {many}.", f"They asked for {kind}."


def _disclosure(body: Body, names: Names) -> tuple[str, ...]:
    person = _name(body, "actor.person", names, otherwise="Somebody")
    receipt, session = text_at(body, "disclosure.receipt"), text_at(body, "disclosure.session")
    shown = f"the values of {receipt}" if receipt else f"the original request of {session}"
    if approval := text_at(body, "disclosure.approval"):
        shown = f"the secrets that the page of {approval} covers"
    if subject := text_at(body, "disclosure.subject"):
        shown = f"everything that is kept about {subject}"
    return f"{person} was shown {shown}.", "The values themselves are not in this receipt."


_PRIVACY: Mapping[str, str] = {
    "erasure": "erased",
    "hold_placed": "placed a legal hold on",
    "hold_released": "released the legal hold on",
}


def _privacy(body: Body, names: Names) -> tuple[str, ...]:
    person = _name(body, "actor.person", names, otherwise="The operator")
    subject, before = text_at(body, "privacy.subject"), text_at(body, "privacy.before")
    what = f"the values of {subject}" if subject else f"all values of before {before}" if before else "all values"
    did = _PRIVACY.get(text_at(body, "privacy.what"), "changed what is kept of")
    return f"{person} {did} {what}.", "Whatever was signed about them still verifies."


_STORIES: Mapping[ReceiptType, Callable[[Body, Names], tuple[str, ...]]] = {
    ReceiptType.DECISION: _decision,
    ReceiptType.VOTE: _vote,
    ReceiptType.APPROVAL_TERMINAL: _ending("The request for"),
    ReceiptType.DEFERRAL_TERMINAL: _ending("The deferred action"),
    ReceiptType.CLAIM: _claim,
    ReceiptType.CLAIM_REFUSED: _claim_refused,
    ReceiptType.OUTCOME: _outcome,
    ReceiptType.SESSION_ENDED: _session,
    ReceiptType.POLICY_PUBLISHED: _policy,
    ReceiptType.ADMINISTRATION: _administration,
    ReceiptType.EXPORT: _export,
    ReceiptType.DISCLOSURE: _disclosure,
    ReceiptType.ERASURE: _privacy,
}


def story_of(statement: Statement, *, names: Names) -> tuple[str, ...]:
    """What happened, in sentences, the first one short. Names from the directories stand for the signed ids."""
    tell = _STORIES.get(statement.type)
    sentences = tell(statement.body, names) if tell else (f"{KINDS[statement.type]}.",)
    return tuple(filter(None, sentences))

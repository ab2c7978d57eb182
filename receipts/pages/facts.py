"""What a signed body says, as rows of facts under headings."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from receipts.pages.bodies import Body, Names, account_of, text_at, value_at
from receipts.signing.statement import Statement
from receipts.signing.times import format_time


@dataclass(frozen=True, slots=True)
class Fact:
    """A row of a definition table: our term, and a value that may be anybody's text."""

    term: str
    value: str
    href: str = ""
    is_code: bool = False


@dataclass(frozen=True, slots=True)
class Section:
    """Facts under one heading."""

    title: str
    rows: tuple[Fact, ...]


# Title, then path and term of each fact. A path with a dash before it is a digest or id, to be read letter by letter.
_SECTIONS: Sequence[tuple[str, Sequence[tuple[str, str]]]] = (
    (
        "Action",
        (
            ("action.tool", "Tool"),
            ("action.operation", "Operation"),
            ("-action.id", "Action"),
            ("-action.action_digest", "Action digest"),
        ),
    ),
    (
        "Decision",
        (
            ("decision.result", "Decision"),
            ("decision.reason", "Reason"),
            ("decision.rule", "Rule"),
            ("decision.classification", "Classification"),
            ("decision.risk_level", "Risk"),
            ("-decision.evaluation_digest", "Evaluation digest"),
        ),
    ),
    (
        "Vote",
        (
            ("vote.approver", "Approver"),
            ("vote.verdict", "Verdict"),
            ("vote.groups", "As a member of"),
            ("vote.surface", "Surface"),
            ("vote.verified_by", "Identity verified by"),
            ("vote.attention", "Attention step"),
            ("vote.confirmed.target", "Confirmed by typing"),
            ("-vote.view_digest", "View digest"),
        ),
    ),
    (
        "Approval",
        (
            ("-approval.id", "Request"),
            ("approval.state", "State"),
            ("approval.source", "Source"),
            ("approval.opened_at", "Opened"),
            ("approval.expires_at", "Expires"),
            ("-approval.view_digest", "View digest"),
        ),
    ),
    (
        "Deferral",
        (
            ("-deferral.id", "Deferral"),
            ("deferral.needs", "Evidence wanted"),
            ("deferral.state", "State"),
            ("deferral.method", "Ended by"),
        ),
    ),
    ("Claim", (("-claim.id", "Claim"), ("claim.lease", "To be run by"))),
    (
        "Outcome",
        (("outcome.status", "Status"), ("outcome.why", "Why"), ("outcome.labels", "Data seen in the output")),
    ),
    (
        "Identity",
        (
            ("identity.human", "Human"),
            ("identity.service", "Service"),
            ("identity.agent", "Agent"),
            ("identity.host", "Host"),
            ("identity.scope", "Scope"),
            ("identity.delegation", "Delegation"),
            ("identity.environment", "Environment"),
            ("identity.sources.human", "Human named by"),
            ("identity.checked_at", "Identity checked"),
            ("identity.provenance", "Original request"),
            ("-identity.credential", "Key"),
        ),
    ),
    (
        "Policy",
        (
            ("decision.policy.id", "Policy"),
            ("decision.policy.version", "Version"),
            ("-decision.policy.hash", "Hash"),
            ("policy.id", "Policy"),
            ("policy.version", "Version"),
            ("-policy.hash", "Hash"),
        ),
    ),
    (
        "Administration",
        (
            ("administration.what", "What was done"),
            ("administration.kind", "To a"),
            ("administration.name", "Named"),
            ("-administration.object", "Id"),
            ("administration.fields", "Fields"),
        ),
    ),
    (
        "Actor",
        (("actor.person", "Person"), ("actor.host", "Host"), ("actor.agent", "Agent"), ("actor.source", "Source")),
    ),
    (
        "Context",
        (("-context.session", "Session"), ("context.position", "Entry"), ("-context.head", "Digest of that entry")),
    ),
)

# As whom somebody voted: names of groups, and of accounts by their ids.
_PARTIES = "vote.groups"
# The facts about the steps of an action come after those about it and its decision.
_BEHIND_DECISION = 2


def sections_of(body: Body, *, names: Names) -> tuple[Section, ...]:
    """Everything that the body says and people can use, by subject; an id with a name is shown as both."""
    sections = [Section(title=title, rows=tuple(_facts(body, members, names=names))) for title, members in _SECTIONS]
    sections.insert(_BEHIND_DECISION, Section(title="What it stands for", rows=tuple(_inner_steps(body))))
    return tuple(section for section in sections if section.rows)


def _inner_steps(body: Body) -> Iterator[Fact]:
    """What was decided about each action inside one that stands for others."""
    steps = value_at(body, "decision.steps")
    for number, step in enumerate(steps if isinstance(steps, list) else [], start=1):
        if isinstance(step, dict):
            rule = f"by rule {step['rule']}" if step.get("rule") else "by no rule"
            leads = ", and does nothing but lead to the next" if step.get("only_carries") else ""
            value = f"{step.get('tool')}.{step.get('operation')}: {step.get('decision')} {rule}{leads}"
            yield Fact(term=f"Step {number}", value=value)


def signature_section(statement: Statement, *, digest: str) -> Section:
    """What was signed beside the body: when, where in which chain, and with what."""
    return Section(
        title="Signature",
        rows=(
            Fact("Signed at", format_time(statement.issued_at)),
            Fact("Chain", statement.stream, is_code=True),
            Fact("Place in it", str(statement.position)),
            Fact("Digest", digest, is_code=True),
            Fact("Receipt before it", statement.previous or "None: it is the first", is_code=bool(statement.previous)),
            Fact("Key", statement.key_id, is_code=True),
            Fact("Algorithm", statement.algorithm.value),
            Fact("Deployment", statement.deployment),
        ),
    )


def _facts(body: Body, members: Sequence[tuple[str, str]], *, names: Names) -> list[Fact]:
    found = []
    for path, term in members:
        text = text_at(body, path.lstrip("-"))
        if text:
            parts = text.split(", ") if path == _PARTIES else [text]
            shown = ", ".join(_named(part, names=names) for part in parts)
            found.append(Fact(term=term, value=shown, is_code=path.startswith("-")))
    return found


def _named(text: str, *, names: Names) -> str:
    known = text if text in names else account_of(text)
    return f"{names[known]} ({text})" if known in names else text

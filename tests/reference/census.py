"""What random triples reach: how often each outcome, each answer of an operator and each kind of change comes up.

`python -m tests.reference.census` prints the tables of docs/policy-engine-proof.md.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Any

from tests.reference import changes, operators
from tests.reference.triples import CASES_PER_POLICY, Judged, judged_examples

SEEDS = range(10_000 // CASES_PER_POLICY)
ANSWERS = {True: "true", False: "false", None: "unknown"}
Counts = Counter[tuple[str, ...]]


@contextmanager
def counted(table: dict[str, Any]) -> Iterator[Counts]:
    """Counts what the functions of a table answer, by name and answer, while it is open."""
    counts: Counts = Counter()
    before = dict(table)
    table.update({name: _counting(name, ask, counts) for name, ask in before.items()})
    try:
        yield counts
    finally:
        table.update(before)


def _counting(name: str, ask: Callable[..., bool | None], counts: Counts) -> Callable[..., bool | None]:
    def counting(*arguments: Any) -> bool | None:
        truth = ask(*arguments)
        counts[name, ANSWERS[truth]] += 1
        return truth

    return counting


def traits_of(judged: Judged) -> Iterator[str]:
    """What one ruling is an example of."""
    ruling = judged.ruling
    rule, shadow = ruling["rule"] or "", ruling["shadow"]
    facts = {
        "several rules match": len(ruling["matched"]) > 1,
        "confidence below 1": ruling["confidence"] < 1,
        "labels": bool(ruling["labels"]),
        "a classification": ruling["classification"] is not None,
        "shadow rules would come to the same": bool(shadow) and shadow["decision"] == ruling["decision"],
        "shadow rules would decide otherwise": bool(shadow) and shadow["decision"] != ruling["decision"],
        "a limit of an intent decides": "intent_boundaries/" in rule,
        "re-validation decides": "re_validation" in rule,
        "a rule of an included file decides": rule.startswith("base/"),
        "waits for several fields": len(ruling["context_needed"]) > 1,
        "several groups are asked": len(ruling["approvers"]) > 1,
        "a DEFER that people are asked about": ruling["decision"] == "DEFER" and bool(ruling["approvers"]),
    }
    yield from (name for name, holds in facts.items() if holds)


def rows(counts: Counts, columns: Iterable[str]) -> Iterator[str]:
    """The rows of a table: a name, and a number in each column."""
    for name in sorted({name for name, _ in counts}):
        yield f"| `{name}` | " + " | ".join(f"{counts[name, column]:,}" for column in columns) + " |"


def tables() -> Iterator[str]:
    """The rows of all tables, in the order of the page."""
    outcomes: Counts = Counter()
    traits: Counter[str] = Counter()
    with counted(operators.OPERATORS) as answers, counted(changes.KINDS) as made:
        # What is remembered from other tests would not be counted.
        for judged in (each for seed in SEEDS for each in judged_examples.__wrapped__(seed)):
            outcomes[judged.ruling["reason_code"], judged.ruling["decision"]] += 1
            traits.update(traits_of(judged))
    yield from rows(outcomes, ["ALLOW", "MODIFY", "STEP_UP", "DEFER", "DENY"])
    yield from (f"| {name} | {number:,} |" for name, number in sorted(traits.items()))
    yield from rows(answers, ANSWERS.values())
    yield from rows(made, ["true", "false"])


if __name__ == "__main__":
    print("\n".join(tables()))  # noqa: T201

"""All mutants of the evaluator, module by module."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from tests.mutation.mutants import Mutant, mutants
from tests.mutation.trial import ROOT, SEEDS, Verdict, tried
from tests.reference.triples import judged_examples

ENGINE = ROOT / "decisions" / "engine"
# What an evaluation runs through, from the procedure down to the comparisons. Reading and explaining are not tried.
EVALUATOR = (
    "pdp", "precedence", "baseline", "uncertainty", "thresholds", "confidence", "rulings", "rewrite", "changes",
    "conditions", "closures", "quantifiers", "likeness", "ordering", "belonging", "supply", "catalogue", "levels",
    "folding", "globs", "networks", "paths", "pointers", "destinations", "durations", "times", "windows", "schema",
    "values", "counters", "index", "budget",
)  # fmt: skip
# The tests that say what the evaluator does. Those that read policies, find personal data or take long are left out.
UNIT_TESTS = tuple(
    f"tests/unit/engine/test_{name}.py"
    # The quick ones first: most faults end a trial early.
    for name in (
        "pdp", "ruling_details", "rules_together", "conditions", "operators", "boundaries", "catalogue", "confidence",
        "constraints", "destinations", "explain", "matching", "policy_language_document", "published_pages",
        "published_spellings", "review_of_language", "shadow", "thresholds", "windows", "rewrite", "written_values",
        "index", "counters", "schema", "spellings",
    )
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Score:
    """How many mutants of a module were found out, and which were not."""

    module: str
    total: int
    survivors: tuple[str, ...]

    @property
    def killed(self) -> int:
        return self.total - len(self.survivors)


def control() -> bool:
    """Whether the engine as it is passes a trial. It also fills the reference's memory, which all trials share."""
    for seed in SEEDS:
        judged_examples(seed)
    whole = Mutant("decisions.engine.pdp", "no fault", (ENGINE / "pdp.py").read_text("utf-8"))
    return tried(whole, unit_tests=UNIT_TESTS) is Verdict.SURVIVED


def campaign(modules: Iterable[str], *, every: int = 1) -> Iterator[Score]:
    """The score of each module; of all its mutants, or of every nth."""
    for name in modules:
        found = list(mutants(ENGINE / f"{name}.py", f"decisions.engine.{name}"))[::every]
        alive = [each.name for each in found if tried(each, unit_tests=UNIT_TESTS) is Verdict.SURVIVED]
        yield Score(name, len(found), tuple(alive))

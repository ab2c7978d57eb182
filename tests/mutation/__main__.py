"""`python -m tests.mutation [MODULE ...]`: tries every mutant of the evaluator and prints who survived.

`--every N` tries only every Nth.
"""

from __future__ import annotations

import argparse
import sys

from tests.mutation.campaign import EVALUATOR, Score, campaign, control

ENOUGH = 0.9


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("modules", nargs="*", default=EVALUATOR)
    parser.add_argument("--every", type=int, default=1)
    asked = parser.parse_args(arguments)
    if not control():
        print("The tests fail without any fault, so nothing can be said.")
        return 2
    scores: list[Score] = []
    for score in campaign(asked.modules, every=asked.every):
        print(f"| `{score.module}` | {score.total} | {score.killed} |", *score.survivors, sep="\n    ", flush=True)
        scores.append(score)
    total, killed = sum(score.total for score in scores), sum(score.killed for score in scores)
    print(f"| all | {total} | {killed} ({killed / total:.1%}) |")
    return 0 if killed >= ENOUGH * total else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

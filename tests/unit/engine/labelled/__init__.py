"""Texts with the kinds of data that they hold: written by hand, and made with a fixed seed.

Nothing here is taken from the detectors: numbers are made by formulas of their own, and conditions, drugs, tools and
sentences were chosen without a look at the detectors' lists. All persons, accounts and secrets are invented.
"""

from __future__ import annotations

from random import Random

from tests.unit.engine.labelled import accounts, by_hand, harmless, health, identities, secrets
from tests.unit.engine.labelled.example import Example

SEED = 20261123

LABELLED: tuple[Example, ...] = (
    *(Example(text, labels) for text, labels in by_hand.LABELLED),
    *(found for part in (accounts, health, identities, secrets, harmless) for found in part.examples(Random(SEED))),
)

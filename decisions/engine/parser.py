"""From text to a policy: read the YAML, check every key and value, and refuse the whole file if anything is wrong.

`parse_policy` gives the checked document, `compile_policy` what can be evaluated.
"""

from __future__ import annotations

import re

from decisions.engine.conditions import Anything, Condition, comparisons
from decisions.engine.consequences import CONSEQUENCE_KEYS, read_consequence
from decisions.engine.context import Trust
from decisions.engine.destinations import is_domain
from decisions.engine.document import Consequence, PolicyDocument, Rule
from decisions.engine.errors import PolicyError
from decisions.engine.fields import LABELS
from decisions.engine.matching import read_match
from decisions.engine.policy import compile_policy
from decisions.engine.readers import (
    Entry,
    members,
    read_choice,
    read_integer,
    read_items,
    read_mapping,
    read_text,
    wrong_type,
)
from decisions.engine.source import Findings, Node, Place, Scalar, Sequence, read_source
from decisions.engine.verdict import Decision

__all__ = ["compile_policy", "parse_policy"]

"""What the receipt pages say: stories, facts, checks and values, as plain values. Pure; templates only place them."""

from receipts.pages.checks import report_of
from receipts.pages.facts import sections_of, signature_section
from receipts.pages.lines import line_of
from receipts.pages.moments import moments_of
from receipts.pages.stories import KINDS, VERDICTS, ids_in, kind_of, story_of
from receipts.pages.values import values_for

__all__ = [
    "KINDS",
    "VERDICTS",
    "ids_in",
    "kind_of",
    "line_of",
    "moments_of",
    "report_of",
    "sections_of",
    "signature_section",
    "story_of",
    "values_for",
]

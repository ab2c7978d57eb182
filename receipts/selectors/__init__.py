"""Reading receipts: search, values, verification."""

from receipts.selectors.search import (
    FILTERS,
    matching,
    of_decision,
    page_of,
    published_key,
    receipt_answer,
    receipt_for,
    signed_form,
    visible_to,
)
from receipts.selectors.values import disclosure_of, opened_values
from receipts.selectors.verification import Check, check_receipt, envelope_of, published_jwks

__all__ = [
    "FILTERS",
    "Check",
    "check_receipt",
    "disclosure_of",
    "envelope_of",
    "matching",
    "of_decision",
    "opened_values",
    "page_of",
    "published_jwks",
    "published_key",
    "receipt_answer",
    "receipt_for",
    "signed_form",
    "visible_to",
]

"""Reading receipts: search, values, verification."""

from receipts.selectors.search import (
    matching,
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
    "Check",
    "check_receipt",
    "disclosure_of",
    "envelope_of",
    "matching",
    "opened_values",
    "page_of",
    "published_jwks",
    "published_key",
    "receipt_answer",
    "receipt_for",
    "signed_form",
    "visible_to",
]

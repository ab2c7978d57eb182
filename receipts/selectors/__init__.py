"""Reading receipts: search, values, verification."""

from receipts.selectors.conditions import Asking, matching
from receipts.selectors.keys import active_key_id, published_jwks, published_keys
from receipts.selectors.paging import Page, page_of
from receipts.selectors.search import (
    PARAMETERS,
    of_decision,
    of_session,
    question_of,
    receipt_answer,
    receipt_for,
    signed_form,
    visible_to,
)
from receipts.selectors.values import all_opened_values, disclosure_of, is_openable, opened_values
from receipts.selectors.verification import Check, check_receipt, envelope_of

__all__ = [
    "PARAMETERS",
    "Asking",
    "Check",
    "Page",
    "active_key_id",
    "all_opened_values",
    "check_receipt",
    "disclosure_of",
    "envelope_of",
    "is_openable",
    "matching",
    "of_decision",
    "of_session",
    "opened_values",
    "page_of",
    "published_jwks",
    "published_keys",
    "question_of",
    "receipt_answer",
    "receipt_for",
    "signed_form",
    "visible_to",
]

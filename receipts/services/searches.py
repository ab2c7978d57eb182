"""The access log of searches: who asked, and by which kinds of terms; never for whom or what."""

from __future__ import annotations

import structlog

from receipts.access import Caller
from receipts.selectors.grammar import Question

log = structlog.get_logger(__name__)


def record_search(caller: Caller, *, question: Question) -> None:
    """One line a search."""
    kinds = sorted({term.key or "text" for term in question.terms})
    log.info("receipts_searched", caller_id=caller.id, term_kind=",".join(kinds))

"""What a browser needs to verify one receipt for itself."""

from __future__ import annotations

from django.http import HttpRequest, JsonResponse
from django.views.decorators.http import require_safe

from receipts.access import READERS, Caller, caller_of, for_people
from receipts.models import Receipt
from receipts.problems import ProblemError
from receipts.selectors import receipt_for, signed_form, visible_to
from receipts.selectors.anchoring import cosigned_note
from receipts.selectors.log import proof_of


def _proof(receipt: Receipt) -> dict[str, object] | None:
    try:
        inclusion, checkpoint = proof_of(receipt.pk)
    except ProblemError:
        return None
    return {"inclusion": inclusion.to_dict(), "checkpoint": cosigned_note(checkpoint)}


def _previous(caller: Caller, receipt: Receipt) -> dict[str, object] | None:
    """The receipt before it in its stream, where the caller may see that one too."""
    before = visible_to(caller).filter(stream=receipt.stream, position=receipt.position - 1).first()
    return None if before is None else signed_form(before)


@for_people(*READERS)
@require_safe
def receipt_evidence(request: HttpRequest, receipt_id: str) -> JsonResponse:
    """`/r/<id>/evidence.json`: the envelope, the one before it, and the proof that it is in the log, if any."""
    caller = caller_of(request.user)
    receipt = receipt_for(caller, receipt_id)
    return JsonResponse(
        {"envelope": signed_form(receipt), "previous": _previous(caller, receipt), "proof": _proof(receipt)}
    )

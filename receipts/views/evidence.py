"""What a browser needs to verify one receipt for itself."""

from __future__ import annotations

from django.http import HttpRequest, JsonResponse
from django.views.decorators.http import require_safe

from receipts import ports
from receipts.access import READERS, Caller, caller_of, for_people
from receipts.models import Receipt
from receipts.pages.bodies import Body, policy_hash_in, text_at, value_at
from receipts.problems import ProblemError
from receipts.selectors import receipt_for, signed_form, visible_to
from receipts.selectors.anchoring import cosigned_note
from receipts.selectors.log import proof_of
from receipts.signing.canonical import canonical_bytes
from receipts.signing.errors import VerificationError
from receipts.signing.statement import parse_statement


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


def _body(receipt: Receipt) -> Body:
    """What was signed; nothing where that can't be read, which the browser finds out for itself."""
    try:
        return parse_statement(bytes(receipt.body)).body
    except VerificationError:
        return {}


def _policy(body: Body) -> str | None:
    """What the policy that it names means, as the bytes that its hash was taken of, as far as it is kept."""
    found = ports.policy_text(policy_hash_in(body))
    return found.meaning.decode() if found and found.meaning else None


def _context(body: Body) -> str | None:
    """The session's entry that it names, as the bytes that its digest was taken of; digests and commitments only."""
    position = value_at(body, "context.position")
    entry = ports.session_entry(text_at(body, "context.session"), position) if isinstance(position, int) else None
    return canonical_bytes(dict(entry.body)).decode() if entry else None


@for_people(*READERS)
@require_safe
def receipt_evidence(request: HttpRequest, receipt_id: str) -> JsonResponse:
    """`/r/<id>/evidence.json`: the envelope, the one before it, policy and entry that it names, its proof, if any."""
    caller = caller_of(request.user)
    receipt = receipt_for(caller, receipt_id)
    body = _body(receipt)
    return JsonResponse(
        {
            "envelope": signed_form(receipt),
            "previous": _previous(caller, receipt),
            "policy": _policy(body),
            "context": _context(body),
            "proof": _proof(receipt),
        }
    )

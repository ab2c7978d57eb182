"""What somebody wrote into a form, kept in their session while they show who they are: sealed, and for minutes."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from typing import Any

from django.http import HttpRequest

from approvals.accounts.vault import sealed, unsealed

KEPT = "kept_words"
SECONDS = 15 * 60


def keep_words(request: HttpRequest, approval_id: str, *, words: Mapping[str, str]) -> None:
    """Of one form at a time: the next one takes its place."""
    until = time.time() + SECONDS
    request.session[KEPT] = {"for": approval_id, "until": until, "words": sealed(json.dumps(dict(words)))}


def kept_words(request: HttpRequest, approval_id: str) -> dict[str, Any]:
    """What was written about this request, and nothing of another one or after a while."""
    kept = request.session.get(KEPT)
    if not kept or kept["for"] != approval_id or kept["until"] < time.time():
        return {}
    words: dict[str, Any] = json.loads(unsealed(kept["words"]))
    return words


def forget_words(request: HttpRequest, approval_id: str) -> None:
    """Once they have been sent."""
    if request.session.get(KEPT, {}).get("for") == approval_id:
        del request.session[KEPT]

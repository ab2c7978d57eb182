"""When the person behind a browser's session last showed who they are: at the sign-in, or since."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from typing import Any

from allauth.account.internal.flows.login import get_authentication_records
from allauth.account.internal.flows.reauthentication import get_reauthentication_flows
from django.http import HttpRequest

from approvals.models import User

SIGNED_IN_AT = "signed_in_at"


def note_sign_in(sender: Any, *, request: HttpRequest, user: User, **more: Any) -> None:
    """Receives Django's signal, which every way to sign in sends: the session keeps when it began."""
    request.session[SIGNED_IN_AT] = time.time()


def shown_at(request: HttpRequest) -> datetime | None:
    """When this session's person last did; None where the session doesn't say."""
    records = get_authentication_records(request, request.user)
    seconds = [request.session.get(SIGNED_IN_AT), *(record.get("at") for record in records)]
    known = [each for each in seconds if isinstance(each, int | float)]
    return datetime.fromtimestamp(max(known), UTC) if known else None


def may_show_again(person: User) -> bool:
    """Whether there is a way without signing out: whoever has neither password nor second factor has none."""
    return bool(get_reauthentication_flows(person))

"""Whose open pages may go on listening."""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from typing import Any

from django.conf import settings
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from django.contrib.sessions.models import Session
from django.utils.crypto import constant_time_compare

from approvals.models import User
from receipts.access import AUDIT
from receipts.clock import DatabaseNow

LISTENERS = ("approvals.review", AUDIT)
_STORE = import_module(settings.SESSION_ENGINE).SessionStore


def permitted(keys: frozenset[str]) -> frozenset[str]:
    """Which of these sessions still belong to an active person who may listen (CHN-23).

    Three statements, however many sessions there are. A session that was signed out is gone, and one from before a new
    password bears another hash.
    """
    rows = Session.objects.filter(session_key__in=keys, expire_date__gt=DatabaseNow())
    content = {row.session_key: _STORE().decode(row.session_data) for row in rows}
    people = _listeners({str(said.get(SESSION_KEY, "")) for said in content.values()})
    return frozenset(key for key, said in content.items() if _is_of(said, people))


def _listeners(ids: set[str]) -> dict[str, User]:
    """The active people of these ids who may listen."""
    found: dict[str, User] = {}
    for name in LISTENERS:
        holders = User.objects.with_perm(name, backend=settings.AUTHENTICATION_BACKENDS[0])
        found |= {str(user.pk): user for user in holders.filter(pk__in=[int(one) for one in ids if one.isdigit()])}
    return found


def _is_of(said: Mapping[str, Any], people: Mapping[str, User]) -> bool:
    user = people.get(str(said.get(SESSION_KEY, "")))
    if user is None or said.get(BACKEND_SESSION_KEY) not in settings.AUTHENTICATION_BACKENDS:
        return False
    hashes = (user.get_session_auth_hash(), *user.get_session_auth_fallback_hash())
    return any(constant_time_compare(str(said.get(HASH_SESSION_KEY, "")), known) for known in hashes)

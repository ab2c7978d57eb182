"""What the embedded product needs before it can serve: tables, a signing key, a policy, somebody who may sign in.
Each step does nothing when its result is already there, so that every start runs all of them."""

from __future__ import annotations

import sys

from django.conf import settings
from django.core.management import call_command

from approvals.services.people import create_first_admin, issue_sign_in_link
from decisions.selectors import active_version_id
from decisions.services.packs import pack_named
from decisions.services.policies import publish_policy
from receipts.services import ensure_signing_key

STARTER = "starter"


def publish_starter_policy() -> bool:
    """Publishes the starter policy unless one is active already."""
    if active_version_id() is not None:
        return False
    pack = pack_named(STARTER)
    publish_policy(text=pack.text, source=pack.source, actor=None)
    return True


def sign_in_address() -> str | None:
    """A fresh link for the first admin, until they have a password of their own."""
    admin = create_first_admin()
    if admin.has_usable_password():
        return None
    return f"{settings.AARM_BASE_URL}/accounts/link/{issue_sign_in_link(user=admin)}"


def prepare() -> None:
    """Tables, key and policy; what the steps say goes to standard error."""
    call_command("migrate", verbosity=0, stdout=sys.stderr)
    ensure_signing_key()
    publish_starter_policy()

"""Sixty seconds with a real agent: this starts it beside a running server, with keys of its own and a mail server."""

from __future__ import annotations

import os
import subprocess
import sys
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import httpx
from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from approvals.lifecycle.render import plain, render
from approvals.services.people import create_first_admin, issue_sign_in_link
from decisions.management.mail_sink import MailSink
from decisions.management.preconditions import require_tables
from decisions.selectors import active_version_id
from decisions.services.demo import register_run
from decisions.services.policies import policy_of
from decisions.services.registration import Registered

STORY = "starter"
ANSWER_SECONDS = 5.0
LONGEST_LINE = 200
STOPPED = 130


class Command(BaseCommand):
    help = "An agent does a task of five steps through the server that runs in another terminal (./run)."

    def handle(self, *args: Any, **options: Any) -> None:
        if not settings.AARM_MAY_SEED_DEMO:
            raise CommandError("The demo doesn't belong in production: use other settings.")
        # In this order: somebody who hasn't started anything yet is told to start it, not to migrate.
        require_server(settings.AARM_BASE_URL)
        require_tables()
        for line in preface(settings.AARM_BASE_URL):
            self.stdout.write(line)
        self.stdout.flush()
        agent, host = register_run()
        with MailSink(on_mail=self.show_mail) as sink:
            code = run_agent(agent=agent, host=host, mail_server=sink.address)
        if code:
            sys.exit(code)

    def show_mail(self, mail: EmailMessage) -> None:
        """Tells that a mail arrived, as the mail server saw it."""
        words = (f"{mail['to']}: {mail['subject']}", mail.get_content().strip())
        shown = " · ".join(plain(render(text, limit=LONGEST_LINE)) for text in words)
        self.stdout.write(f"     arrived  {shown}")
        self.stdout.flush()


def require_server(url: str) -> None:
    """Raises CommandError unless a server answers at `url` and says that it is ready."""
    try:
        answer = httpx.get(f"{url}/readyz", timeout=ANSWER_SECONDS)
    except httpx.TransportError as error:
        raise CommandError(
            f"No server answers at {url}. Start it with ./run in another terminal, then come back to ./run demo."
        ) from error
    if answer.status_code != httpx.codes.OK:
        raise CommandError(f"The server at {url} isn't ready; {url}/readyz says why.")


def preface(url: str) -> list[str]:
    """What the person at the keyboard needs before the agent asks them something."""
    lines = []
    active = active_version_id()
    if active is None:
        raise CommandError(f"No policy is active here. Is AARM_DATA_DIR the one that the server at {url} uses?")
    version, _ = policy_of(active)
    if version.policy_id != STORY:
        lines += [f"The active policy is {version.policy_id}, not {STORY}: the story goes differently than intended."]
        lines += [f"To have it as intended: ./run policy publish {STORY}", ""]
    admin = create_first_admin()
    if not admin.has_usable_password():
        lines += ["Sign in now; you will be asked to decide. This link works once, within 15 minutes:"]
        lines += [f"  {url}/accounts/link/{issue_sign_in_link(user=admin)}", ""]
    return lines


def run_agent(*, agent: Registered, host: Registered, mail_server: str) -> int:
    """The agent as a process of its own: all it knows of AARM is an address and its keys. Returns its exit code."""
    sdk = settings.BASE_DIR / "sdk"
    folder = Path(settings.AARM_DATA_DIR) / "demo"
    variables = {
        "PYTHONPATH": str(sdk),
        "PYTHONUNBUFFERED": "1",
        "AARM_URL": settings.AARM_BASE_URL,
        "AARM_KEY": agent.key,
        "AARM_HOST_KEY": host.key,
    }
    command = [sys.executable, "-m", "examples.demo_agent", "--folder", str(folder), "--mail-server", mail_server]
    with subprocess.Popen(command, env=os.environ | variables) as process:  # noqa: S603
        try:
            return process.wait()
        except KeyboardInterrupt:
            # The terminal told the agent as well, which says so and ends by itself.
            process.wait()
            return STOPPED

"""A mail server on this machine that keeps what it is given, for the demo: nothing leaves."""

from __future__ import annotations

import logging
from collections.abc import Callable
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from typing import Any

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session

LOOPBACK = "127.0.0.1"


class MailSink(Controller):
    """Listens on a free port while it is a context. `on_mail` is called in its thread, before a mail is accepted."""

    def __init__(self, *, on_mail: Callable[[EmailMessage], object]) -> None:
        super().__init__(self, hostname=LOOPBACK, port=0)
        # It tells of every line of SMTP, which would bury what the demo tells.
        logging.getLogger("mail.log").setLevel(logging.WARNING)
        self.on_mail = on_mail

    def _trigger_server(self) -> None:
        # The port is known once the socket is bound, and the first connection needs it.
        assert self.server is not None
        self.port = self.server.sockets[0].getsockname()[1]  # type: ignore[attr-defined]
        super()._trigger_server()  # type: ignore[no-untyped-call]

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        """What the SMTP server calls with a whole mail."""
        content = envelope.content
        assert isinstance(content, bytes)
        self.on_mail(message_from_bytes(content, policy=default))
        return "250 Kept"

    @property
    def address(self) -> str:
        """Where to deliver: HOST:PORT."""
        return f"{LOOPBACK}:{self.port}"

    def __enter__(self) -> MailSink:
        self.start()
        return self

    def __exit__(self, *failure: Any) -> None:
        self.stop()

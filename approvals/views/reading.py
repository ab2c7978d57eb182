"""What the pages share: who reads, and whether the page's own script asks for the parts that change by themselves."""

from __future__ import annotations

from django.http import HttpRequest

from approvals.models import User

LIVE_URL = "/ws/inbox"
"""The one socket. It says that something changed, and every live page then asks for its own fragment."""


def is_fragment(request: HttpRequest) -> bool:
    """Whether only the changing parts are wanted."""
    return request.headers.get("X-Fragment") == "1"


def wants_all(request: HttpRequest) -> bool:
    """Whether nothing of the action is to be folded away."""
    return "1" in (request.GET.get("all"), request.POST.get("all"))


def reader_of(request: HttpRequest) -> User:
    """The signed-in person."""
    assert isinstance(request.user, User)
    return request.user

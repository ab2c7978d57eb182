"""The way to an identity provider: a page of ours that leads on, since no form of ours may lead elsewhere itself.

`form-action 'self'` of our content security policy also holds for the redirects that follow a form, and lifting it for
providers would take knowing every address that theirs redirect to.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any
from urllib.parse import urlsplit

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

View = Callable[..., HttpResponse]


def leading_away(view: View) -> View:
    """A sign-in view of the library, whose redirect to another host becomes a page that goes there by itself."""

    @wraps(view)
    def led(request: HttpRequest, *arguments: Any, **named: Any) -> HttpResponse:
        reply = view(request, *arguments, **named)
        address = reply.get("Location", "")
        if not urlsplit(address).netloc:
            return reply
        return render(request, "socialaccount/leaving.html", {"address": address, "host": urlsplit(address).netloc})

    return led

"""What pages about passkeys and authenticator apps need beside text."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import qrcode
from django import template
from django.conf import settings
from django.core.serializers.json import DjangoJSONEncoder

register = template.Library()


@register.simple_tag
def passkey_options(options: Any) -> str:
    """What the browser is asked for, as the script reads it from an attribute."""
    return json.dumps(options, cls=_Encoder)


class _Encoder(DjangoJSONEncoder):
    """The library's options are mappings in all but their class."""

    def default(self, o: Any) -> Any:
        return dict(o) if hasattr(o, "keys") else super().default(o)


@dataclass(frozen=True, slots=True)
class Picture:
    """A square of so many units, and the outline of what is dark in it."""

    side: int
    path: str


@register.simple_tag
def qr_code(text: str) -> Picture:
    """`text` as a QR code with the quiet zone that scanners want."""
    code = qrcode.QRCode(border=4)
    code.add_data(text)
    code.make(fit=True)
    rows = code.get_matrix()
    dark = [f"M{x} {y}h1v1h-1z" for y, row in enumerate(rows) for x, is_dark in enumerate(row) if is_dark]
    return Picture(side=len(rows), path="".join(dark))


@dataclass(frozen=True, slots=True)
class Home:
    """Where passkeys work: our own address, and whether the page is there."""

    address: str
    is_here: bool


@register.simple_tag(takes_context=True)
def passkey_home(context: dict[str, Any]) -> Home:
    """Passkeys belong to one name; under another name of this server the browser doesn't offer them."""
    address = settings.AARM_BASE_URL
    parts = urlsplit(address)
    own = parts.netloc.replace(parts.hostname or "", settings.AARM_PASSKEY_DOMAIN, 1)
    return Home(address=f"{parts.scheme}://{own}", is_here=context["request"].get_host() == own)

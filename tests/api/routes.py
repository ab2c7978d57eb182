"""Every address of the product, read from the resolver and not from a list that somebody would have to keep."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from string import Formatter

from django.urls import URLPattern, URLResolver, get_resolver

from approvals.routing import websocket_urlpatterns

_CONVERTED = re.compile(r"<(?:\w+:)?(\w+)>")
_GROUP = re.compile(r"\(\?P<(\w+)>[^)]*\)")


@dataclass(frozen=True, slots=True)
class Route:
    """`template` is the address with `{name}` for each part that varies; `is_socket` says that it is a websocket."""

    template: str
    is_socket: bool = False

    @property
    def parameters(self) -> tuple[str, ...]:
        """The names of the varying parts."""
        return tuple(name for _, name, _, _ in Formatter().parse(self.template) if name)


def _plain(pattern: str) -> str:
    """Both kinds of Django's patterns in one notation."""
    grouped = _GROUP.sub(r"{\1}", pattern.removeprefix("^").removesuffix("$"))
    return _CONVERTED.sub(r"{\1}", grouped)


def _walk(patterns: Iterable[URLPattern | URLResolver], *, before: str) -> Iterator[str]:
    for item in patterns:
        here = before + _plain(str(item.pattern))
        if isinstance(item, URLResolver):
            yield from _walk(item.url_patterns, before=here)
        else:
            yield here


def addresses(urlconf: str | None = None) -> set[str]:
    """The templates of one URL table; without a name, of the whole product's."""
    return set(_walk(get_resolver(urlconf).url_patterns, before="/"))


def every_route() -> Sequence[Route]:
    """The HTTP routes and the websockets, in order of their address."""
    pages = {Route(template) for template in addresses()}
    sockets = {Route("/" + _plain(str(item.pattern)), is_socket=True) for item in websocket_urlpatterns}
    return sorted(pages | sockets, key=lambda route: (route.template.startswith("/admin/"), route.template))

"""Text from outside on a web page: the tokens of `approvals.lifecycle.render`, escaped by the template engine.

Every string of an agent, user, tool, schema or policy goes through one of these four tags, and none of them marks
anything as safe. `untrusted` and `sentence` are for a short text inside a line, also in a link or button; the other two
are blocks, say what looks deceptive, and let the reader open all of a long text.
"""

from __future__ import annotations

from typing import Any

from django import template

from approvals.lifecycle.folding import LONG, MOST, SHORT
from approvals.lifecycle.render import (
    Token,
    flags,
    is_complete,
    literal,
    render,
    render_plain,
    render_value,
    value_flags,
)
from receipts.signing.canonical import JSON

register = template.Library()


@register.inclusion_tag("components/untrusted.html")
def untrusted(text: object, limit: int | None = SHORT) -> dict[str, Any]:
    """One text within a line. What is no text yet (a number, a name from the database) is taken by its `str`."""
    return {"tokens": render("" if text is None else str(text), limit=limit)}


@register.inclusion_tag("components/untrusted.html")
def sentence(text: str, limit: int = SHORT) -> dict[str, Any]:
    """A sentence of the server, into which values were put as `plain` text; their labels look like labels here too."""
    return {"tokens": render_plain(text, limit=limit)}


@register.inclusion_tag("components/untrusted_block.html")
def untrusted_text(text: str, limit: int = LONG) -> dict[str, Any]:
    """A text of any length with warnings about what it hides."""
    tokens = render(text, limit=limit)
    return _block(tokens, whole=() if is_complete(tokens) else render(text, limit=MOST), warnings=flags(text))


@register.inclusion_tag("components/untrusted_block.html")
def untrusted_value(value: JSON, limit: int = LONG) -> dict[str, Any]:
    """A parameter of any JSON type, such that `1` and `"1"` don't look alike."""
    tokens = render_value(value, limit=limit)
    whole = () if is_complete(tokens) or limit == MOST else render_value(value, limit=MOST)
    return _block(tokens, whole=whole, warnings=value_flags(value))


def _block(tokens: tuple[Token, ...], *, whole: tuple[Token, ...], warnings: tuple[str, ...]) -> dict[str, Any]:
    length = f"{len(literal(tokens)):,}"
    return {"tokens": tokens, "warnings": warnings, "whole": whole, "is_all": is_complete(whole), "length": length}

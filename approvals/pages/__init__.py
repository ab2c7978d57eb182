"""What the pages say of a request, as plain values made from what was read. Pure; templates only place them."""

from approvals.pages.inbox import InboxLine, line_of
from approvals.pages.request import RequestPage, page_of

__all__ = ["InboxLine", "RequestPage", "line_of", "page_of"]

"""What waits for its reader. The same address with `X-Fragment: 1` gives only the part that changes by itself."""

from __future__ import annotations

from dataclasses import asdict
from math import ceil
from urllib.parse import urlencode

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_safe

from approvals.lifecycle.snapshot import RiskLevel
from approvals.pages import line_of
from approvals.selectors import inbox_of
from approvals.selectors.alike import groups_among
from approvals.selectors.lists import EVERYTHING, Choice, Sort, Tab, sees_more
from approvals.selectors.roster import REVIEW
from approvals.views.reading import LIVE_URL, is_fragment, reader_of
from receipts.access import AUDIT, READERS, for_people

SOURCES = ("DEFER", "STEP_UP")
MAX_TOOL = 128
SORTS = (
    (Sort.RISK, "risk, then by soonest expiry"),
    (Sort.EXPIRY, "soonest expiry"),
    (Sort.OLDEST, "how long they have waited"),
    (Sort.AGENT, "agent, then by risk"),
)


@login_required
@require_safe
def home(request: HttpRequest) -> HttpResponse:
    """`/`: the first page that this person has."""
    reads = any(request.user.has_perm(name) for name in READERS)
    page = "admin:index" if reader_of(request).is_staff and not reads else "approvals:inbox"
    return HttpResponseRedirect(reverse(page))


@for_people(REVIEW, AUDIT)
@require_safe
def inbox(request: HttpRequest) -> HttpResponse:
    """`/inbox`: what waits for this person; with `?show=` other lists.

    Of each `risk`, `source` and `tool` leave a part, and `sort` says the order.
    """
    user, shown, choice = reader_of(request), _tab(request), _choice(request)
    found = inbox_of(user, tab=shown, cursor=request.GET.get("cursor", ""), choice=choice)
    chosen = {name: value for name, value in asdict(choice).items() if value != getattr(EVERYTHING, name)}
    context = {
        "lines": [line_of(listed) for listed in found.rows],
        "inbox": found,
        "groups": groups_among(listed.row for listed in found.rows if not listed.why_not),
        "shown": shown,
        "choice": choice,
        "is_narrowed": bool(choice.kept),
        "chosen": f"&{urlencode(chosen)}" if chosen else "",
        "risks": [level.value for level in reversed(RiskLevel)],
        "sorts": SORTS,
        "sorted_by": dict(SORTS)[choice.sort],
        "wakes_in": ceil((found.wakes_at - found.at).total_seconds()) if found.wakes_at else "",
        "server_time": found.at,
        "next_url": f"?{urlencode({'show': shown, **chosen, 'cursor': found.following})}" if found.following else "",
        "live_url": LIVE_URL,
    }
    return render(request, "approvals/_inbox_list.html" if is_fragment(request) else "approvals/inbox.html", context)


def _choice(request: HttpRequest) -> Choice:
    """What the address says; what no form of ours would send leaves nothing out."""
    asked = {name: request.GET.get(name, "") for name in ("risk", "source", "tool", "sort")}
    known = set(RiskLevel)
    return Choice(
        risk=asked["risk"] if asked["risk"] in known else "",
        source=asked["source"] if asked["source"] in SOURCES else "",
        tool=asked["tool"][:MAX_TOOL],
        sort=Sort(asked["sort"]) if asked["sort"] in set(Sort) else Sort.RISK,
    )


def _tab(request: HttpRequest) -> Tab:
    asked = request.GET.get("show", "")
    if asked in set(Tab) and (asked != Tab.TEAMS or sees_more(reader_of(request))):
        return Tab(asked)
    return Tab.MINE if reader_of(request).has_perm(REVIEW) else Tab.ALL

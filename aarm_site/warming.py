"""The first request of a process costs what any other does: what it would load is there before the first one comes."""

from __future__ import annotations

from django.urls import get_resolver

from aarm_site.health import CHECKS, found_by


def warm_up() -> list[str]:
    """Imports every view, connects, compiles the policy and signs once; what is wrong, in sentences.

    Nothing here stops a process: whether it may be sent requests is for `/readyz` to say, which asks the same again.
    """
    _ = get_resolver().url_patterns
    return [found.problem for found in map(found_by, CHECKS) if found.problem]

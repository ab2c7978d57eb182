"""The blocks of `docs/performance.md` that the benchmark writes, each between two marks."""

from __future__ import annotations


def with_block(page: str, *, block: str, begin: str, end: str) -> str:
    """The page with everything between its marks replaced. Raises ValueError for a page without them."""
    before, found_begin, rest = page.partition(begin)
    _, found_end, after = rest.partition(end)
    if not (found_begin and found_end):
        raise ValueError(f"The page has no block between {begin} and {end}.")
    return f"{before}{begin}\n\n{block}\n{end}{after}"

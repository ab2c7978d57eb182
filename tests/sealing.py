"""Payloads as somebody would leave them who alters rows and has the keys."""

from __future__ import annotations

from collections.abc import Mapping

from receipts.identifiers import new_seed
from receipts.models import Payload
from receipts.selectors.subject_keys import key_of
from receipts.services.sealing import sealed_values
from receipts.signing.canonical import JSON


def sealed_again(row: Payload, values: Mapping[str, JSON]) -> bytes:
    """The content of `row` if it held `values`."""
    key = key_of(row.key_id)
    assert key is not None
    return sealed_values(values, seed=new_seed(), key=key, place=row.pk)

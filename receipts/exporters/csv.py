"""The searchable columns for spreadsheets. They prove nothing: what was signed is in the envelopes."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable

from receipts.models import Receipt
from receipts.selectors.index import INDEX

COLUMNS = ("id", "issued_at", "type", "stream", "position", "digest", "key_id", *INDEX)
# With one of these a spreadsheet takes a cell for a formula, which may send the others away.
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")


def _cell(value: object) -> str:
    text = str(value)
    return f"'{text}" if text.startswith(_FORMULA) else text


def _row(values: Iterable[object]) -> str:
    line = io.StringIO()
    csv.writer(line, quoting=csv.QUOTE_ALL, lineterminator="\r\n").writerow(map(_cell, values))
    return line.getvalue()


def csv_header() -> str:
    """The names of the columns, as the first line."""
    return _row(COLUMNS)


def csv_line(receipt: Receipt) -> str:
    """A receipt as a line (RFC 4180), every cell quoted and none a formula."""
    columns = {name: getattr(receipt, name) for name in COLUMNS if name != "issued_at"}
    return _row([columns.get(name, receipt.issued_at.isoformat()) for name in COLUMNS])

"""Fetching the receipts of a session, as its agent may, into a file for the offline verifier."""

from __future__ import annotations

import json
from pathlib import Path

import httpx

from aarm import Client

SECONDS = 10.0


def save_receipts(client: Client, *, session_id: str, path: Path) -> int:
    """Writes the session's receipts in their order, one a line, and returns how many they are."""
    address = client.address
    headers = {"Authorization": f"Bearer {address.key}"}
    with httpx.Client(base_url=address.url, headers=headers, timeout=SECONDS) as http:
        listed = http.get("/api/v1/receipts", params={"session": session_id}).raise_for_status().json()["results"]
    ordered = sorted(listed, key=lambda row: int(row["position"]))
    envelopes = [client.receipt(str(row["id"])) for row in ordered]
    path.write_text("".join(json.dumps(envelope) + "\n" for envelope in envelopes), encoding="utf-8")
    return len(envelopes)

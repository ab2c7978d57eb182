"""Signed receipts: canonical bytes, envelopes, statements, keys and an offline verifier.

Pure: no framework, no clock, no randomness, no I/O (only `__main__`, the command, reads files and prints).
Needs nothing but the standard library, `cryptography` and `rfc8785`. `docs/receipt-format.md` describes the format.
"""

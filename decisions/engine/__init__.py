"""AARM's policy decision point: pure, total and deterministic. Read `pdp.py` first, then what it imports."""

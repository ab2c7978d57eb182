"""Puts `keep_statement` into the place of what issues receipts."""

from __future__ import annotations

from importlib import import_module

from django.apps import AppConfig


class UnprovenConfig(AppConfig):
    name = "tests.bench.unproven"
    label = "bench_unproven"

    def ready(self) -> None:
        # Both have models in them, which can be loaded from now on.
        keeping = import_module("tests.bench.unproven.keeping")
        setattr(import_module("decisions.services.turns"), "issue_receipt", keeping.keep_statement)  # noqa: B010

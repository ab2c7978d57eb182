"""The yardsticks' addresses and the product's on one server."""

from __future__ import annotations

from django.urls import include, path

from aarm_site.settings.base import ROOT_URLCONF as PRODUCT
from aarm_site.urls_decide import handler400, handler403, handler404, handler500
from tests.bench.yardsticks import RecordView, answer_constant, record_raw

__all__ = ["handler400", "handler403", "handler404", "handler500", "urlpatterns"]

# The product has fewer addresses where it serves agents alone.
urlpatterns = [
    path("bench/f0", answer_constant),
    path("bench/f1", RecordView.as_view()),
    path("bench/f2", record_raw),
    path("", include(PRODUCT)),
]

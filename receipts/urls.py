"""Where receipts are found."""

from __future__ import annotations

from django.urls import include, path

from receipts import views
from receipts.api import views as api

pages = [
    path("receipts", views.receipt_list, name="index"),
    path("r/<str:receipt_id>", views.receipt_detail, name="detail"),
    path("r/<str:receipt_id>/envelope.json", views.receipt_envelope, name="envelope"),
]

urlpatterns = [
    path("", include((pages, "receipts"))),
    path("api/v1/receipts", api.ReceiptListView.as_view(), name="receipts-api"),
    path("api/v1/receipts/<str:receipt_id>", api.ReceiptDetailView.as_view(), name="receipt-api"),
    path(".well-known/aarm/keys.json", api.keys_view, name="keys"),
]

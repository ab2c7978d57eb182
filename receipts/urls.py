"""Where receipts are found."""

from __future__ import annotations

from django.urls import path

from receipts.api import views as api

urlpatterns = [
    path("api/v1/receipts", api.ReceiptListView.as_view(), name="receipts-api"),
    path("api/v1/receipts/<str:receipt_id>", api.ReceiptDetailView.as_view(), name="receipt-api"),
    path(".well-known/aarm/keys.json", api.keys_view, name="keys"),
]

"""Where receipts are found."""

from __future__ import annotations

from django.urls import include, path

from receipts.api import exports, log, privacy, subjects
from receipts.api import views as api
from receipts.views import detail, evidence, exporting, saved, searching, sessions

pages = [
    path("receipts", searching.receipt_list, name="index"),
    path("receipts/newer", searching.receipt_newer, name="newer"),
    path("receipts/suggestions", searching.receipt_suggestions, name="suggestions"),
    path("receipts/views", saved.view_save, name="save-view"),
    path("receipts/views/<int:view_id>/forget", saved.view_forget, name="forget-view"),
    path("receipts/exports", exporting.export_list, name="exports"),
    path("receipts/exports/new", exporting.export_request, name="export"),
    path("receipts/exports/<str:export_id>.zip", exporting.export_file, name="export-file"),
    path("s/<str:session_id>", sessions.session_detail, name="session"),
    path("s/<str:session_id>/newer", sessions.session_newer, name="session-newer"),
    path("s/<str:session_id>/request", sessions.session_request, name="session-request"),
    path("r/<str:receipt_id>/values", detail.receipt_values, name="values"),
    path("r/<str:receipt_id>", detail.receipt_detail, name="detail"),
    path("r/<str:receipt_id>/envelope.json", detail.receipt_envelope, name="envelope"),
    path("r/<str:receipt_id>/evidence.json", evidence.receipt_evidence, name="evidence"),
]

urlpatterns = [
    path("", include((pages, "receipts"))),
    path("api/v1/receipts", api.ReceiptListView.as_view(), name="receipts-api"),
    path("api/v1/receipts/export", exports.ExportCreateView.as_view(), name="export-api"),
    path("api/v1/receipts/exports/<str:export_id>", exports.ExportDetailView.as_view(), name="export-state-api"),
    path("api/v1/receipts/<str:receipt_id>", api.ReceiptDetailView.as_view(), name="receipt-api"),
    path("api/v1/receipts/<str:receipt_id>/timestamp", log.ReceiptTimestampView.as_view(), name="timestamp-api"),
    path("api/v1/receipts/<str:receipt_id>/proof", log.ReceiptProofView.as_view(), name="proof-api"),
    path(
        "api/v1/receipts/<str:receipt_id>/disclosure",
        # It leaves a record of what was shown, and a HEAD shows nothing.
        privacy.ReceiptDisclosureView.as_view(http_method_names=["get"]),
        name="disclosure-api",
    ),
    path("api/v1/erasures", privacy.ErasureListView.as_view(), name="erasures-api"),
    path("api/v1/holds", privacy.HoldListView.as_view(), name="holds-api"),
    path("api/v1/holds/<str:hold_id>/release", privacy.HoldReleaseView.as_view(), name="hold-release-api"),
    path("api/v1/subjects/<str:subject>/export", subjects.SubjectExportView.as_view(), name="subject-export-api"),
    path("api/v1/log/checkpoint", log.LogCheckpointView.as_view(), name="checkpoint-api"),
    path("api/v1/log/consistency", log.LogConsistencyView.as_view(), name="consistency-api"),
    path(".well-known/aarm/keys.json", api.keys_view, name="keys"),
]

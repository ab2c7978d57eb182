"""What other apps may ask of receipts."""

from receipts.services.issuing import issue_receipt
from receipts.services.keys import current_signer, ensure_signing_key, key_files, signature_by
from receipts.services.payloads import Committed, commit_values, store_values

__all__ = [
    "Committed",
    "commit_values",
    "current_signer",
    "ensure_signing_key",
    "issue_receipt",
    "key_files",
    "signature_by",
    "store_values",
]

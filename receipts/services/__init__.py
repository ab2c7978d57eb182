"""What other apps may ask of receipts."""

from receipts.models import Chain
from receipts.services.issuing import Draft, chain_of, issue_receipt, issue_receipts
from receipts.services.keys import current_signer, ensure_signing_key, key_files, signature_by
from receipts.services.payloads import Committed, Promise, commit_values, promised, store_values

__all__ = [
    "Chain",
    "Committed",
    "Draft",
    "Promise",
    "chain_of",
    "commit_values",
    "current_signer",
    "ensure_signing_key",
    "issue_receipt",
    "issue_receipts",
    "key_files",
    "promised",
    "signature_by",
    "store_values",
]

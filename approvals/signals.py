"""The one signal of this product: an approval has reached a terminal or an approved state.

Sent inside the transaction that moved it, with `send`: a receiver that fails takes the move back with it.
Arguments: `approval_id`, `state`, `at`.
"""

from django.dispatch import Signal

approval_resolved = Signal()

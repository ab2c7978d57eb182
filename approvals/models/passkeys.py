"""What somebody was asked to sign with a passkey, until they have or the time is over."""

from __future__ import annotations

from django.db import models


class PasskeyChallenge(models.Model):
    """`challenge` is base64url and is computed from `nonce` and the request anew when it comes back signed."""

    request = models.ForeignKey("approvals.ApprovalRequest", on_delete=models.CASCADE, related_name="+")
    person = models.ForeignKey("approvals.User", on_delete=models.CASCADE, related_name="+")
    nonce = models.CharField(max_length=64)
    challenge = models.CharField(max_length=43, unique=True)
    expires_at = models.DateTimeField()
    used_at = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return f"challenge of {self.person_id} for {self.request_id}"

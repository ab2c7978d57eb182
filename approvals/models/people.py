"""People who sign in. What receipts name is the random `person_id`, never the name or the address."""

from __future__ import annotations

from typing import ClassVar

from django.contrib.auth.models import AbstractUser
from django.db import models

from receipts.identifiers import ID_LENGTH, new_id


def new_person_id() -> str:
    """`usr_…`"""
    return new_id("usr")


class User(AbstractUser):
    """A reviewer, auditor, policy author or admin; groups say which (roles) and for whom (teams).

    `main` is the person's other account, where this is one more of the same person's (or a service account that they
    own): both together have one vote, and what one of them asked for neither approves.
    """

    told_fields: ClassVar = (
        "username", "email", "is_active", "is_staff", "is_superuser", "groups", "user_permissions", "main",
    )  # fmt: skip

    person_id = models.CharField(max_length=ID_LENGTH, unique=True, default=new_person_id, editable=False)
    main = models.ForeignKey("self", null=True, blank=True, on_delete=models.PROTECT, related_name="others")

    class Meta(AbstractUser.Meta):
        constraints = [models.CheckConstraint(condition=~models.Q(main=models.F("id")), name="user_main_is_another")]

    def __str__(self) -> str:
        return self.get_username()


class SignInLink(models.Model):
    """A link that signs its user in once. Only the digest of its token is kept."""

    told_fields: ClassVar = ("user", "expires_at")

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="+")
    token_digest = models.CharField(max_length=71, unique=True)
    expires_at = models.DateTimeField()
    used_at = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return f"link for {self.user_id}"

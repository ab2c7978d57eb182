"""Proof and what it is about: chains, signed receipts, published keys, and the one table whose rows can be erased."""

from __future__ import annotations

from typing import ClassVar
from urllib.parse import urlencode

from django.conf import settings
from django.contrib.auth.models import Group
from django.db import models

from receipts.identifiers import ID_LENGTH
from receipts.signing.statement import ReceiptType
from receipts.subjects import LegalHold as LegalHold
from receipts.subjects import SubjectKey as SubjectKey
from receipts.watching import Alarm as Alarm
from receipts.watching import AlarmCode as AlarmCode
from receipts.watching import LogWatch as LogWatch


class Payload(models.Model):
    """Personal or bulky values behind the commitments that signed and chained rows carry.

    `content` is a seed of 32 bytes, which yields one salt a path, and the RFC 8785 form of `{path: value}`, sealed
    together with the key `key_id` of `subject`. Erasing destroys the key and sets `content` to nothing: what was signed
    stays verifiable and no longer says what it was about. A digest would be guessable, so none is kept here.
    """

    id = models.CharField(primary_key=True, max_length=ID_LENGTH)
    subject = models.CharField(max_length=ID_LENGTH, blank=True, db_index=True)
    content = models.BinaryField(null=True)
    key_id = models.CharField(max_length=ID_LENGTH, blank=True)
    created_at = models.DateTimeField()
    erased_at = models.DateTimeField(null=True)

    class Meta:
        # What the end of retention looks for.
        indexes = [models.Index(fields=["key_id"], condition=models.Q(erased_at=None), name="payload_of_key")]

    def __str__(self) -> str:
        return self.id


class Chain(models.Model):
    """The row that orders one stream of receipts; whoever appends holds its lock."""

    stream = models.CharField(primary_key=True, max_length=80)
    length = models.PositiveBigIntegerField(default=0)
    head = models.CharField(max_length=71, blank=True)

    def __str__(self) -> str:
        return self.stream


class PublishedKey(models.Model):
    """A public key that receipts were or are signed with.

    Retired and revoked keys stay, so that old receipts verify.
    """

    key_id = models.CharField(primary_key=True, max_length=80)
    jwk = models.JSONField()
    created_at = models.DateTimeField()
    retired_at = models.DateTimeField(null=True, blank=True)
    revoked_at = models.DateTimeField(null=True, blank=True)

    def __str__(self) -> str:
        return self.key_id


def receipt_types() -> list[tuple[str, str]]:
    """The closed list, as choices. Migrations name this function, so that a new type needs none."""
    return [(item.value, item.value) for item in ReceiptType]


COUNTED_COLUMNS = (
    "type", "decision", "outcome", "risk_level", "tool", "operation", "rule_id", "agent_id", "human_id", "approver_id",
    "surface", "attention", "environment",
)  # fmt: skip


class Receipt(models.Model):
    """A signed statement, its bytes kept as they were signed.

    The other columns are a search index derived from them.
    """

    insert_only: ClassVar[bool] = True

    id = models.CharField(primary_key=True, max_length=ID_LENGTH)
    stream = models.CharField(max_length=80)
    position = models.PositiveBigIntegerField()
    # NULL, not empty: the first receipts of all streams have none, and NULLs don't collide.
    previous_digest = models.CharField(max_length=71, null=True)  # noqa: DJ001
    digest = models.CharField(max_length=71, unique=True)
    body = models.BinaryField()
    signature = models.BinaryField()
    key_id = models.CharField(max_length=80)
    payload = models.ForeignKey(Payload, null=True, on_delete=models.PROTECT, db_index=False, related_name="+")
    issued_at = models.DateTimeField()

    type = models.CharField(max_length=32, choices=receipt_types)
    session_id = models.CharField(max_length=ID_LENGTH, blank=True)
    decision_id = models.CharField(max_length=ID_LENGTH, blank=True)
    approval_id = models.CharField(max_length=ID_LENGTH, blank=True)
    agent_id = models.CharField(max_length=ID_LENGTH, blank=True)
    human_id = models.CharField(max_length=ID_LENGTH, blank=True)
    approver_id = models.CharField(max_length=ID_LENGTH, blank=True)
    tool = models.CharField(max_length=128, blank=True)
    operation = models.CharField(max_length=128, blank=True)
    decision = models.CharField(max_length=16, blank=True)
    outcome = models.CharField(max_length=16, blank=True)
    rule_id = models.CharField(max_length=128, blank=True)
    risk_level = models.CharField(max_length=16, blank=True)
    surface = models.CharField(max_length=16, blank=True)
    attention = models.CharField(max_length=16, blank=True)
    environment = models.CharField(max_length=16, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["stream", "position"], name="receipt_one_per_position"),
            # Two receipts that name one predecessor would be a fork; positions start at 1 with no predecessor.
            models.UniqueConstraint(fields=["stream", "previous_digest"], name="receipt_no_fork"),
            models.CheckConstraint(
                condition=models.Q(position=1, previous_digest__isnull=True)
                | models.Q(position__gt=1, previous_digest__isnull=False),
                name="receipt_first_has_no_predecessor",
            ),
        ]
        indexes = [
            # With all that is counted and filtered, so that counting reads no receipt. Ascending, though it is read
            # from its end: new entries go to the last page, which splits better than the first.
            models.Index(fields=["issued_at", "id"], include=COUNTED_COLUMNS, name="receipt_newest"),
            # What few receipts have is found without the many that don't, and costs those nothing.
            models.Index(fields=["surface", "issued_at", "id"], condition=~models.Q(surface=""), name="receipt_votes"),
            models.Index(fields=["issued_at", "id"], condition=~models.Q(attention=""), name="receipt_attention"),
            models.Index(fields=["issued_at", "id"], condition=models.Q(environment="TEST"), name="receipt_tests"),
            models.Index(fields=["decision_id"], name="receipt_of_decision"),
            models.Index(fields=["approval_id"], name="receipt_of_approval"),
            models.Index(fields=["session_id", "position"], name="receipt_of_session"),
        ]
        permissions = [("audit", "May read and search every receipt")]

    def __str__(self) -> str:
        return self.id


class Unsequenced(models.Model):
    """A receipt that has no place in the log yet. The row is written with the receipt and taken away by the sequencer.

    No foreign key: both rows are written by one statement, and the decision path would pay for the check.
    """

    receipt_id = models.CharField(max_length=ID_LENGTH)

    def __str__(self) -> str:
        return self.receipt_id


class LogEntry(models.Model):
    """A leaf of the Merkle tree, from 0. `nodes` are the hashes of 32 bytes of all complete subtrees that end with it.

    The leaf's own comes first, then one a level: what a proof needs is found by primary key, however long the log.
    """

    insert_only: ClassVar[bool] = True

    leaf_index = models.PositiveBigIntegerField(primary_key=True)
    receipt = models.OneToOneField(Receipt, on_delete=models.PROTECT, related_name="entry")
    nodes = models.BinaryField()

    def __str__(self) -> str:
        return str(self.leaf_index)


class Checkpoint(models.Model):
    """A signed size and root of the log. `note` is what was signed and counts; the columns are derived from it."""

    insert_only: ClassVar[bool] = True

    size = models.PositiveBigIntegerField(db_index=True)
    note = models.TextField()
    signed_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.size} at {self.signed_at.isoformat()}"


class CheckpointCopy(models.Model):
    """A copy that a place outside is to be given, and whether it has been.

    `evidence` is what the place itself said of the checkpoint: a time stamp, a witness's cosignature.
    """

    checkpoint = models.ForeignKey(Checkpoint, on_delete=models.PROTECT, related_name="copies")
    sink = models.CharField(max_length=500)
    published_at = models.DateTimeField(null=True)
    attempts = models.PositiveIntegerField(default=0)
    next_attempt_at = models.DateTimeField()
    why_not = models.CharField(max_length=300, blank=True)
    evidence = models.BinaryField(null=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["sink", "checkpoint"], name="copy_once_for_each_sink")]
        indexes = [
            models.Index(fields=["next_attempt_at"], condition=models.Q(published_at=None), name="copy_unpublished")
        ]

    def __str__(self) -> str:
        return f"{self.checkpoint_id} in {self.sink}"


class SavedView(models.Model):
    """A question with a name, for its owner or for everybody of a team; with the order and the columns of its answer.

    No `columns` are the usual ones.
    """

    owner = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    team = models.ForeignKey(Group, null=True, on_delete=models.CASCADE, related_name="+")
    name = models.CharField(max_length=60)
    question = models.CharField(max_length=1000, blank=True)
    sort = models.CharField(max_length=20, default="", blank=True)
    columns = models.JSONField(default=list, blank=True)
    saved_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["owner", "name"], name="saved_view_name_once")]

    def __str__(self) -> str:
        return self.name

    @property
    def query(self) -> str:
        """What stands behind the `?` of its address."""
        order = [("sort", self.sort)] if self.sort else []
        return urlencode([("q", self.question), *order, *(("column", name) for name in self.columns)])


class ExportState(models.TextChoices):
    WAITING = "WAITING"
    RUNNING = "RUNNING"
    READY = "READY"
    FAILED = "FAILED"
    FORGOTTEN = "FORGOTTEN"
    ERASED = "ERASED"


class Export(models.Model):
    """A bundle that somebody asked for, and how far it is.

    Whoever writes it renews `renewed_at`; when that is old the writer is gone, and another one begins again. `places`
    are those of the log that receipts had, or waited for, when it was asked for: no column says when one came.
    """

    id = models.CharField(primary_key=True, max_length=ID_LENGTH)
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    question = models.CharField(max_length=1000, blank=True)
    has_contexts = models.BooleanField(default=False)
    state = models.CharField(max_length=9, choices=ExportState.choices, default=ExportState.WAITING)
    written = models.PositiveBigIntegerField(default=0)
    size = models.PositiveBigIntegerField(default=0)
    digest = models.CharField(max_length=71, blank=True)
    requested_at = models.DateTimeField()
    renewed_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)
    places = models.PositiveBigIntegerField(null=True)

    class Meta:
        indexes = [
            models.Index(
                fields=["requested_at"],
                condition=models.Q(state__in=["WAITING", "RUNNING"]),
                name="export_unfinished",
            ),
        ]

    def __str__(self) -> str:
        return self.id

    @property
    def is_unfinished(self) -> bool:
        """Still to be written, or being written."""
        return self.state in (ExportState.WAITING, ExportState.RUNNING)

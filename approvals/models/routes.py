"""How names in a route become people: who is on call, who stands in for whom, who is whose manager."""

from __future__ import annotations

import zoneinfo
from typing import ClassVar

from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import F, Q

from approvals.lifecycle.delegation import Delegation as Rule
from approvals.lifecycle.delegation import check_delegation
from approvals.lifecycle.errors import DelegationError
from approvals.lifecycle.parties import Relation
from receipts.identifiers import folded


def check_zone(name: str) -> None:
    """A zone that the host's database of zones knows."""
    if name not in zoneinfo.available_timezones():
        raise ValidationError("This is no time zone of the IANA database, such as Europe/Berlin.")


class Schedule(models.Model):
    """People take turns of `turn_days` days, handing over at a wall-clock time of `zone`, from `starts_on` on."""

    told_fields: ClassVar[tuple[str, ...]] = ("name", "zone", "starts_on", "handover", "turn_days", "order")
    has_public_name: ClassVar[bool] = True

    name = models.SlugField(max_length=80, unique=True)
    zone = models.CharField(max_length=64, validators=[check_zone])
    starts_on = models.DateField()
    handover = models.TimeField()
    turn_days = models.PositiveSmallIntegerField(default=7)

    class Meta:
        constraints = [models.CheckConstraint(condition=Q(turn_days__range=(1, 365)), name="schedule_turn")]

    def __str__(self) -> str:
        return self.name

    @property
    def order(self) -> list[str]:
        """Whose turns they are, one after the other, by the ids that receipts name."""
        return list(self.turns.order_by("position").values_list("person__person_id", flat=True))


class Turn(models.Model):
    """Somebody's place in the order of a schedule."""

    told_fields: ClassVar[tuple[str, ...]] = ("schedule", "person", "position")

    schedule = models.ForeignKey(Schedule, on_delete=models.CASCADE, related_name="turns")
    person = models.ForeignKey("approvals.User", on_delete=models.PROTECT, related_name="+")
    position = models.PositiveSmallIntegerField()

    class Meta:
        ordering = ("schedule", "position")
        constraints = [
            models.UniqueConstraint(fields=["schedule", "position"], name="turn_place"),
            models.UniqueConstraint(fields=["schedule", "person"], name="turn_once"),
        ]

    def __str__(self) -> str:
        return f"{self.schedule} {self.position}"


class Cover(models.Model):
    """Somebody is on call for a while, whoever's turn it is."""

    told_fields: ClassVar[tuple[str, ...]] = ("schedule", "person", "starts_at", "ends_at")

    schedule = models.ForeignKey(Schedule, on_delete=models.CASCADE, related_name="covers")
    person = models.ForeignKey("approvals.User", on_delete=models.PROTECT, related_name="+")
    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField()

    class Meta:
        constraints = [models.CheckConstraint(condition=Q(starts_at__lt=F("ends_at")), name="cover_in_order")]

    def __str__(self) -> str:
        return f"{self.schedule} from {self.starts_at:%Y-%m-%d %H:%M}"


class Delegation(models.Model):
    """`deputy` votes in `person`'s place for a while, everywhere or (a request was passed on) for one `request`."""

    told_fields: ClassVar[tuple[str, ...]] = ("person", "deputy", "request", "starts_at", "ends_at")

    person = models.ForeignKey("approvals.User", on_delete=models.PROTECT, related_name="delegations")
    deputy = models.ForeignKey("approvals.User", on_delete=models.PROTECT, related_name="+")
    request = models.ForeignKey(
        "approvals.ApprovalRequest", null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(starts_at__lt=F("ends_at")), name="delegation_in_order"),
            models.CheckConstraint(condition=~Q(person=F("deputy")), name="delegation_to_another"),
        ]
        indexes = [models.Index(fields=["ends_at"], name="delegation_until")]

    def __str__(self) -> str:
        return f"{self.person_id} to {self.deputy_id}"

    def clean(self) -> None:
        """Refuses what `approvals.lifecycle.delegation` refuses, beside all others that hold at the same time."""
        if None in (self.person_id, self.deputy_id, self.starts_at, self.ends_at):
            return
        meanwhile = Delegation.objects.filter(starts_at__lt=self.ends_at, ends_at__gt=self.starts_at).exclude(
            pk=self.pk
        )
        try:
            check_delegation(self.as_rule(), others=[row.as_rule() for row in meanwhile.exclude(pk=self.pk)])
        except DelegationError as error:
            raise ValidationError(f"{error.why} {error.fix}") from error

    def as_rule(self) -> Rule:
        """The delegation as the pure rules know it; people are accounts' numbers as text."""
        return Rule(
            person=str(self.person_id),
            deputy=str(self.deputy_id),
            starts_at=self.starts_at,
            ends_at=self.ends_at,
            request=self.request_id or "",
        )


class Stander(models.Model):
    """Who stands in a relation to a human whom agents act for; `human` is what a host calls that human."""

    told_fields: ClassVar[tuple[str, ...]] = ("relation", "person")

    human = models.CharField(max_length=254)
    relation = models.CharField(max_length=16, choices=[(item.value, item.value) for item in Relation])
    person = models.ForeignKey("approvals.User", on_delete=models.PROTECT, related_name="+")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["human", "relation", "person"], name="stander_once")]

    def __str__(self) -> str:
        # Without the human: Django's admin writes this down.
        return f"{self.relation} {self.pk}"

    def clean(self) -> None:
        """As hosts' names of people are kept, so that one spelling is found by another."""
        self.human = folded(self.human)

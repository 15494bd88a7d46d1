"""Figures that pages show of very many rows, counted by the worker beforehand."""

from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.utils.translation import gettext_lazy

from archive.models import Direction
from partners.models import TradingPartner

ANSWERED_WITHIN = (15, 30, 60, 120, 240, 480, 720, 1440, 2880)
"""Minutes: the n-th count of ``DailyFigure.answered`` is of what came within the n-th, and the last of what came later."""


class DailyFigure(models.Model):
    """How many documents of one kind went to or came from one partner on one day, in UTC; counted by
    ``integration.flows.figures``.

    ``failed`` are those of ours that were not delivered or were rejected, and those received that were invalid. By the first
    and the last of a day it is known on which days of another zone they were: its midnight falls once into a day of UTC.
    """

    day = models.DateField()
    partner = models.ForeignKey(TradingPartner, models.CASCADE, null=True, related_name="+", db_index=False)
    transaction_set = models.CharField(max_length=6)
    direction = models.CharField(max_length=3, choices=Direction)
    documents = models.PositiveIntegerField()
    failed = models.PositiveIntegerField()
    answered = ArrayField(
        models.PositiveIntegerField(),
        help_text=gettext_lazy("How many functional acknowledgments came within how long (ANSWERED_WITHIN)."),
    )
    counted_at = models.DateTimeField()
    first_at = models.DateTimeField(
        null=True, help_text=gettext_lazy("When the first of them came; of old days it is not known.")
    )
    last_at = models.DateTimeField(null=True, help_text=gettext_lazy("When the last of them came."))

    class Meta:
        default_permissions = ()
        constraints = [
            models.UniqueConstraint(
                fields=["day", "partner", "transaction_set", "direction"],
                name="dailyfigure_once",
                nulls_distinct=False,
            )
        ]

    def __str__(self) -> str:
        return f"{self.documents} of {self.transaction_set} on {self.day}"

"""What was agreed about returns: by when each next thing has to come, and what travels with a request."""

from __future__ import annotations

from django.core.validators import MaxValueValidator
from django.db import models
from django.utils.translation import gettext_lazy

from partners.models.agreement import LONGEST_PROMISE_DAYS, Agreement


def _days(name: str, default: int, help_text: str) -> models.PositiveIntegerField[int, int]:
    return models.PositiveIntegerField(
        name, default=default, validators=[MaxValueValidator(LONGEST_PROMISE_DAYS)], help_text=help_text
    )


class ReturnTerms(models.Model):
    """How long each stage of a return may take under an agreement. Without a row: as the defaults say."""

    agreement = models.OneToOneField(Agreement, models.CASCADE, related_name="return_terms")
    answer_days = _days("answer due within (days)", 5, "After our request (180). 0: not expected.")
    ship_days = _days(
        "sent back within (days)",
        14,
        "After the authorization, where that names no last day. 0: not looked after.",
    )
    receipt_days = _days("receipt due within (days)", 14, "After the goods were sent back. 0: not expected.")
    credit_days = _days(
        "credit due within (days)",
        30,
        "After the receipt, or the authorization where nothing is sent back. 0: not expected.",
    )
    takes_files = models.BooleanField(
        gettext_lazy("takes files beside a request"),
        default=False,
        help_text=gettext_lazy("Photos and forms are left on the mailbox with the request (180)."),
    )

    class Meta:
        verbose_name = verbose_name_plural = gettext_lazy("terms of returns")

    def __str__(self) -> str:
        return f"Terms of returns of {self.agreement}"

"""How far a partner's answers may differ from what was ordered before a person has to look."""

from __future__ import annotations

from decimal import Decimal

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.utils.translation import gettext_lazy

from partners.models.agreement import Agreement


def _percent(verbose_name: str) -> models.DecimalField[Decimal | None, Decimal | None]:
    return models.DecimalField(
        verbose_name,
        max_digits=5,
        decimal_places=2,
        null=True,
        blank=True,
        validators=[MinValueValidator(0), MaxValueValidator(100)],
    )


def _absolute(verbose_name: str) -> models.DecimalField[Decimal | None, Decimal | None]:
    return models.DecimalField(
        verbose_name,
        max_digits=14,
        decimal_places=4,
        null=True,
        blank=True,
        validators=[MinValueValidator(0)],
    )


class AnswerTolerances(models.Model):
    """What of purchase order acknowledgments (855) is accepted by itself. Without a row: only what was asked, exactly.

    Of a percentage and an absolute limit, the one that is given holds; given both, both hold. Empty lets nothing pass.
    """

    agreement = models.OneToOneField(Agreement, models.CASCADE, related_name="tolerances")
    price_percent = _percent("price, percent")
    price_absolute = _absolute("price, per unit")
    accepts_cheaper = models.BooleanField(gettext_lazy("any lower price"), default=False)
    short_percent = _percent("less than ordered, percent")
    short_absolute = _absolute("less than ordered, units")
    over_percent = _percent("more than ordered, percent")
    over_absolute = _absolute("more than ordered, units")
    accepts_backorders = models.BooleanField(
        gettext_lazy("backorders"),
        default=False,
        help_text=gettext_lazy("What the partner promises for later counts as answered."),
    )
    days_late = models.PositiveSmallIntegerField(
        gettext_lazy("days late"),
        null=True,
        blank=True,
        help_text=gettext_lazy("After the day asked for; empty: not compared."),
    )
    days_early = models.PositiveSmallIntegerField(
        gettext_lazy("days early"),
        null=True,
        blank=True,
        help_text=gettext_lazy("Before the day asked for; empty: not compared."),
    )

    class Meta:
        verbose_name = gettext_lazy("tolerances")
        verbose_name_plural = gettext_lazy("tolerances")

    def __str__(self) -> str:
        return f"Tolerances of {self.agreement}"


class AllowedSubstitute(models.Model):
    """An item that the partner may send instead of another, without anybody being asked."""

    agreement = models.ForeignKey(Agreement, models.CASCADE, related_name="substitutes")
    sku = models.CharField(gettext_lazy("SKU"), max_length=100)
    item = models.CharField(
        gettext_lazy("may be replaced by"),
        max_length=48,
        help_text=gettext_lazy("The number by which the partner names it in his answer."),
    )

    class Meta:
        ordering = ["sku", "item"]
        constraints = [
            models.UniqueConstraint(
                fields=["agreement", "sku", "item"],
                name="allowedsubstitute_unique",
                violation_error_message="This substitute is on the list already.",
            )
        ]

    def __str__(self) -> str:
        return f"{self.sku} → {self.item}"


class ShipmentTolerances(models.Model):
    """What of ship notices (856) counts by itself. Without a row: only what was ordered, acknowledged and in time."""

    agreement = models.OneToOneField(Agreement, models.CASCADE, related_name="shipment_tolerances")
    over_percent = _percent("more than ordered, percent")
    over_absolute = _absolute("more than ordered, units")
    days_late = models.PositiveSmallIntegerField(
        gettext_lazy("days after the last day of shipping"),
        default=0,
        help_text=gettext_lazy("The day that the purchase order names."),
    )
    before_answer = models.BooleanField(
        gettext_lazy("before the acknowledgment (855)"),
        default=False,
        help_text=gettext_lazy("The partner may ship before his acknowledgment has come."),
    )

    class Meta:
        verbose_name = gettext_lazy("tolerances of ship notices")
        verbose_name_plural = gettext_lazy("tolerances of ship notices")

    def __str__(self) -> str:
        return f"Tolerances of ship notices of {self.agreement}"


class BillTolerances(models.Model):
    """What of suppliers' invoices (810) is approved by itself. Without a row: only what was promised and shipped, exactly."""

    DAYS = 3
    """How many days a bill waits for its ship notice where nothing else is agreed."""

    agreement = models.OneToOneField(Agreement, models.CASCADE, related_name="bill_tolerances")
    price_percent = _percent("price, percent")
    price_absolute = _absolute("price, per unit")
    over_percent = _percent("more than shipped, percent")
    over_absolute = _absolute("more than shipped, units")
    charges = models.DecimalField(
        gettext_lazy("charges up to"),
        max_digits=14,
        decimal_places=2,
        default=Decimal(0),
        validators=[MinValueValidator(0)],
        help_text=gettext_lazy("Freight, handling and the like of one invoice, in all."),
    )
    taxes_percent = models.DecimalField(
        gettext_lazy("taxes, percent"),
        max_digits=5,
        decimal_places=2,
        default=Decimal(0),
        validators=[MinValueValidator(0), MaxValueValidator(100)],
        help_text=gettext_lazy("Of the goods of one invoice."),
    )
    rounding_cents = models.PositiveSmallIntegerField(
        gettext_lazy("total off by, cents"),
        default=0,
        help_text=gettext_lazy("From the sum of its lines, charges and taxes."),
    )
    days_waiting = models.PositiveSmallIntegerField(
        gettext_lazy("days before the ship notice"),
        default=DAYS,
        help_text=gettext_lazy(
            "So long an invoice waits for its ship notice (856) before somebody has to look."
        ),
    )

    class Meta:
        verbose_name = gettext_lazy("tolerances of suppliers' invoices")
        verbose_name_plural = gettext_lazy("tolerances of suppliers' invoices")

    def __str__(self) -> str:
        return f"Tolerances of suppliers' invoices of {self.agreement}"

"""What the partner calls things: our items in his numbers and units, our words in his codes."""

from __future__ import annotations

from decimal import Decimal

from django.core.validators import MinValueValidator
from django.db import models
from django.utils.translation import gettext_lazy

from partners.models.agreement import Agreement


class ItemCrossReference(models.Model):
    """A SKU of the store, as the partner knows it. The agreement that lists a SKU supplies it."""

    agreement = models.ForeignKey(Agreement, models.CASCADE, related_name="items")
    sku = models.CharField(gettext_lazy("SKU"), max_length=100)
    vendor_item = models.CharField(gettext_lazy("vendor's item"), max_length=48, blank=True)
    upc = models.CharField(gettext_lazy("UPC"), max_length=14, blank=True)
    unit = models.CharField(gettext_lazy("our unit"), max_length=20, default="each")
    partner_unit = models.CharField(
        gettext_lazy("partner's unit"),
        max_length=20,
        blank=True,
        help_text=gettext_lazy("The unit in which the partner counts it, such as case; empty: ours."),
    )
    pack_factor = models.DecimalField(
        max_digits=12,
        decimal_places=4,
        default=1,
        validators=[MinValueValidator(Decimal("0.0001"))],
        help_text=gettext_lazy(
            "How many of our units one of the partner's holds: 12, where a case holds 12 each."
        ),
    )
    unit_cost = models.DecimalField(
        max_digits=14, decimal_places=4, null=True, blank=True, validators=[MinValueValidator(0)],
        help_text=gettext_lazy("What we pay for one unit; empty: the order line's cost price, or no price."),
    )  # fmt: skip

    class Meta:
        ordering = ["sku"]
        verbose_name = gettext_lazy("item")
        constraints = [
            models.CheckConstraint(
                condition=models.Q(pack_factor__gt=0), name="itemcrossreference_pack_factor_positive"
            ),
            models.UniqueConstraint(
                fields=["agreement", "sku"],
                name="itemcrossreference_unique",
                violation_error_message="This agreement already lists that SKU.",
            ),
        ]
        indexes = [models.Index(fields=["sku"], name="itemcrossreference_sku")]  # flows.route looks up by SKU

    def __str__(self) -> str:
        return f"{self.sku} → {self.vendor_item or 'same'}"


class CodeList(models.Model):
    """The partner's own words for one of the guide's code lists, merged over the guide's entries."""

    agreement = models.ForeignKey(Agreement, models.CASCADE, related_name="code_lists")
    name = models.CharField(
        max_length=40, help_text=gettext_lazy("As the guide names it: units, types, line_status …")
    )

    class Meta:
        ordering = ["name"]
        constraints = [models.UniqueConstraint(fields=["agreement", "name"], name="codelist_unique")]

    def __str__(self) -> str:
        return f"{self.name} of {self.agreement}"


class CodeListEntry(models.Model):
    """One pair: our word, their code."""

    code_list = models.ForeignKey(CodeList, models.CASCADE, related_name="entries")
    ours = models.CharField(max_length=40)
    theirs = models.CharField(max_length=40)

    class Meta:
        ordering = ["ours"]
        verbose_name_plural = gettext_lazy("code list entries")
        constraints = [models.UniqueConstraint(fields=["code_list", "ours"], name="codelistentry_unique")]

    def __str__(self) -> str:
        return f"{self.ours} = {self.theirs}"

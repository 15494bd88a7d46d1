"""Suppliers' stock: the store's items, where a supplier's warehouses stand in the store, how he is believed, and what he
said last."""

from __future__ import annotations

from decimal import Decimal

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.utils.translation import gettext_lazy

from archive.facts import Reported
from integration.models.store import Store
from partners.models import Agreement

_PERCENT = (MinValueValidator(0), MaxValueValidator(100))


class StoreItem(Reported):
    """One variant of the store's catalogue: what is counted there, with what the store said of it when it was read last.

    ``settings`` are the product's and variant's fields that stock advice may change, as they were before we did.
    """

    class Tracking(models.TextChoices):
        NONE = "none", gettext_lazy("Not tracked")
        PRODUCT = "product", gettext_lazy("By product")
        VARIANT = "variant", gettext_lazy("By variant")

    class Strategy(models.TextChoices):
        SUM = "sum", gettext_lazy("All suppliers together")
        BEST = "best", gettext_lazy("The supplier that has most")
        PRIORITY = "priority", gettext_lazy("The first supplier that has any")

    store = models.ForeignKey(Store, models.PROTECT, related_name="items")
    product = models.PositiveBigIntegerField(help_text=gettext_lazy("The product's id in the store."))
    variant = models.PositiveBigIntegerField(help_text=gettext_lazy("The variant's id in the store."))
    sku = models.CharField(gettext_lazy("SKU"), max_length=255, blank=True, db_index=True)
    upc = models.CharField(gettext_lazy("UPC"), max_length=40, blank=True, db_index=True)
    name = models.CharField(max_length=250, blank=True)
    tracking = models.CharField(max_length=7, choices=Tracking, default=Tracking.NONE)
    strategy = models.CharField(
        max_length=8,
        choices=Strategy,
        blank=True,
        help_text=gettext_lazy("How several suppliers count; empty: as the store's rule."),
    )
    settings = models.JSONField(default=dict, blank=True)
    read_at = models.DateTimeField(null=True)
    gone_at = models.DateTimeField(
        null=True, help_text=gettext_lazy("Since when the store no longer has it.")
    )

    class Meta:
        ordering = ["sku", "pk"]
        constraints = [models.UniqueConstraint(fields=["store", "variant"], name="storeitem_once")]

    def __str__(self) -> str:
        return self.sku or self.name or f"variant {self.variant}"

    @property
    def subject(self) -> str:
        """The item's name in events and audit entries."""
        return f"store_item:{self.pk}"


class StockTerms(models.Model):
    """How the stock advice of one agreement is taken: what of it may be sold, and when a feed is held."""

    agreement = models.OneToOneField(Agreement, models.CASCADE, related_name="stock_terms")
    priority = models.PositiveSmallIntegerField(
        default=100, help_text=gettext_lazy("Among several suppliers of an item, the lowest comes first.")
    )
    share = models.DecimalField(
        gettext_lazy("share in percent"),
        max_digits=5,
        decimal_places=2,
        default=Decimal(100),
        validators=_PERCENT,
        help_text=gettext_lazy("How much of the supplier's stock this store may sell."),
    )
    buffer = models.PositiveIntegerField(
        gettext_lazy("safety buffer"),
        default=0,
        help_text=gettext_lazy("Units of each item that are never shown for sale."),
    )
    most_changed = models.DecimalField(
        gettext_lazy("changed at most, in percent"),
        max_digits=5,
        decimal_places=2,
        default=Decimal(60),
        validators=_PERCENT,
        help_text=gettext_lazy("A feed that changes more of the items known is held."),
    )
    most_zeroed = models.DecimalField(
        gettext_lazy("emptied at most, in percent"),
        max_digits=5,
        decimal_places=2,
        default=Decimal(20),
        validators=_PERCENT,
        help_text=gettext_lazy("A feed that sets more of the items in stock to nothing is held."),
    )
    guarded_from = models.PositiveIntegerField(
        gettext_lazy("guarded from so many items"),
        default=10,
        help_text=gettext_lazy("Smaller feeds are not held for their shares."),
    )
    stale_after = models.PositiveIntegerField(
        gettext_lazy("stale after, in hours"),
        default=0,
        help_text=gettext_lazy(
            "Without word from the supplier for so long, his stock counts as nothing. 0: never."
        ),
    )
    movements = models.BooleanField(
        gettext_lazy("incremental feeds are movements"),
        default=True,
        help_text=gettext_lazy(
            "What an incremental advice (25) or file says is added to what stood. Otherwise it is counted anew."
        ),
    )
    sets_limits = models.BooleanField(
        gettext_lazy("sets order limits"),
        default=True,
        help_text=gettext_lazy("Minimum, maximum and discontinued items go to the store."),
    )
    columns = models.JSONField(
        default=dict,
        blank=True,
        help_text=gettext_lazy(
            "For plain files (CSV): which column holds what, and how the file is written."
        ),
    )

    class Meta:
        verbose_name = verbose_name_plural = gettext_lazy("stock terms")

    def __str__(self) -> str:
        return f"stock terms of {self.agreement}"


class StockLocation(models.Model):
    """Where a supplier's warehouse stands in the store; an empty warehouse is any that has no row of its own."""

    agreement = models.ForeignKey(Agreement, models.CASCADE, related_name="stock_locations")
    warehouse = models.CharField(
        max_length=80, blank=True, help_text=gettext_lazy("As the supplier names it; empty: all others.")
    )
    store = models.ForeignKey(Store, models.PROTECT, related_name="stock_locations")
    location = models.PositiveBigIntegerField(
        help_text=gettext_lazy("The location's id in the store, normally 1.")
    )

    class Meta:
        ordering = ["agreement", "warehouse"]
        constraints = [
            models.UniqueConstraint(fields=["agreement", "warehouse", "store"], name="stocklocation_once")
        ]

    def __str__(self) -> str:
        return f"{self.warehouse or 'all others'} is location {self.location} of {self.store}"


class SupplierStock(Reported):
    """What a supplier said last of one item in one warehouse. A statement: never summed over time, the latest count holds.

    ``as_of`` is when he counted; what was sold since then he does not know. None of a quantity: he did not say.
    """

    agreement = models.ForeignKey(Agreement, models.PROTECT, related_name="stock")
    item = models.ForeignKey(StoreItem, models.PROTECT, related_name="stock")
    warehouse = models.CharField(max_length=80, blank=True)
    quantity = models.DecimalField(
        max_digits=15, decimal_places=4, null=True, help_text=gettext_lazy("Ready to be sold, in our unit.")
    )
    as_of = models.DateTimeField(help_text=gettext_lazy("When it was counted."))
    expected_on = models.DateField(null=True, help_text=gettext_lazy("When more comes."))
    expected_quantity = models.DecimalField(max_digits=15, decimal_places=4, null=True)
    lead_days = models.PositiveSmallIntegerField(null=True)
    minimum = models.PositiveIntegerField(null=True, help_text=gettext_lazy("Smallest quantity of an order."))
    maximum = models.PositiveIntegerField(null=True, help_text=gettext_lazy("Largest quantity of an order."))
    allocation = models.DecimalField(
        max_digits=15, decimal_places=4, null=True, help_text=gettext_lazy("No more than so many are ours.")
    )
    available_from = models.DateField(null=True, help_text=gettext_lazy("Not for sale before."))
    discontinued_on = models.DateField(null=True, help_text=gettext_lazy("Not made any more from then on."))

    class Meta:
        ordering = ["item", "agreement", "warehouse"]
        constraints = [
            models.UniqueConstraint(fields=["agreement", "item", "warehouse"], name="supplierstock_once")
        ]

    def __str__(self) -> str:
        return f"{self.item} at {self.warehouse or self.agreement}"

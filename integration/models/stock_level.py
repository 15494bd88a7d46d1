"""What the store is to show of each item, what we had it show, and the limits of orders that go with it."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy

from archive.facts import Reported
from integration.models.stock import StoreItem
from integration.models.store import Order, Store
from partners.models import Agreement


class StockRule(models.Model):
    """How one store's stock is reckoned; a store without one has the defaults."""

    class MovesAt(models.TextChoices):
        PLACED = "order_placed", gettext_lazy("An order is placed")
        SHIPPED = "order_completed_or_shipped", gettext_lazy("An order is shipped or completed")

    store = models.OneToOneField(Store, models.CASCADE, related_name="stock_rule")
    strategy = models.CharField(
        max_length=8,
        choices=StoreItem.Strategy,
        default=StoreItem.Strategy.SUM,
        help_text=gettext_lazy("How several suppliers of an item count."),
    )
    location = models.PositiveBigIntegerField(
        default=1, help_text=gettext_lazy("The location that orders are taken from, normally 1.")
    )
    moves_at = models.CharField(
        max_length=26,
        choices=MovesAt,
        default=MovesAt.PLACED,
        help_text=gettext_lazy("When the store lowers its stock."),
    )
    read_at = models.DateTimeField(
        null=True, editable=False, help_text=gettext_lazy("When the catalogue was read last.")
    )

    class Meta:
        verbose_name = gettext_lazy("stock rule")

    def __str__(self) -> str:
        return f"stock rule of {self.store}"


class SoldItem(models.Model):
    """How many of a variant one line of an order holds: the lines that the store counts as sold, ready to be summed."""

    order = models.ForeignKey(Order, models.CASCADE, related_name="sold_items")
    line = models.PositiveBigIntegerField(help_text=gettext_lazy("The line's id in the store."))
    variant = models.PositiveBigIntegerField()
    quantity = models.PositiveIntegerField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["order", "line"], name="solditem_once")]
        indexes = [models.Index(fields=["variant"], name="solditem_variant")]

    def __str__(self) -> str:
        return f"{self.quantity} of variant {self.variant}"


class StockLevel(Reported):
    """One item at one location: what it is to show, and what we granted.

    ``granted`` is what we let the store sell in all since it is counted: what it shows and what was sold of it together,
    None where that is not known. ``wanted`` is what it is to be. Both do not change by a sale, which lowers what is shown
    and raises what is sold (``integration.flows.write_stock``).
    """

    item = models.ForeignKey(StoreItem, models.CASCADE, related_name="levels")
    location = models.PositiveBigIntegerField()
    shows = models.PositiveBigIntegerField(
        help_text=gettext_lazy("What the store may show, when it was reckoned.")
    )
    wanted = models.BigIntegerField()
    granted = models.BigIntegerField(null=True)
    on_hand = models.BigIntegerField(
        null=True,
        help_text=gettext_lazy(
            "What the location held after our last look or write; 0 and not granted: emptied."
        ),
    )
    since = models.DateTimeField(
        null=True, help_text=gettext_lazy("Orders from then on are in what is granted.")
    )
    words = models.JSONField(
        default=list, help_text=gettext_lazy("How it was worked out, sentence by sentence.")
    )
    refused = models.BigIntegerField(
        null=True, help_text=gettext_lazy("What was wanted when the store refused it.")
    )
    reckoned_at = models.DateTimeField()
    due_at = models.DateTimeField(
        null=True, db_index=True, help_text=gettext_lazy("When it changes by itself.")
    )
    written_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["item", "location"]
        constraints = [models.UniqueConstraint(fields=["item", "location"], name="stocklevel_once")]

    def __str__(self) -> str:
        return f"{self.item} at location {self.location}"


class StockWrite(Reported):
    """One number that was written, or is about to be: written here before it is sent.

    States::

        sending ──► done
           │  └───► refused   (the store said no; nothing of it was written)
           │  └───► unsent    (it certainly never arrived)
           └──────► unknown ──► looked   (the store was read anew, and holds what it holds)
    """

    class Kind(models.TextChoices):
        ABSOLUTE = "absolute", gettext_lazy("Set to")
        RELATIVE = "relative", gettext_lazy("Changed by")

    class State(models.TextChoices):
        SENDING = "sending", gettext_lazy("Being written")
        UNKNOWN = "unknown", gettext_lazy("Unknown: the answer was lost")
        DONE = "done", gettext_lazy("Done")
        REFUSED = "refused", gettext_lazy("Refused by the store")
        UNSENT = "unsent", gettext_lazy("Not sent")
        LOOKED = "looked", gettext_lazy("Looked for in the store")

    level = models.ForeignKey(StockLevel, models.CASCADE, related_name="writes")
    kind = models.CharField(max_length=8, choices=Kind)
    quantity = models.BigIntegerField()
    granted = models.BigIntegerField(null=True, help_text=gettext_lazy("What is granted once it is written."))
    shows = models.PositiveBigIntegerField(help_text=gettext_lazy("What was to be shown."))
    batch = models.CharField(max_length=36, help_text=gettext_lazy("Items that went in one call have one."))
    state = models.CharField(max_length=7, choices=State, default=State.SENDING)
    answer = models.CharField(max_length=500, blank=True)
    sent_at = models.DateTimeField()
    finished_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["-pk"]
        indexes = [
            models.Index(
                fields=["level"],
                name="stockwrite_open",
                condition=models.Q(state__in=["sending", "unknown"]),
            ),
            models.Index(fields=["batch"], name="stockwrite_batch"),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {self.quantity}"


class StockLimit(Reported):
    """Fields of a product and its variant that stock advice sets: ``wanted`` now, ``written`` by us, ``StoreItem.settings``
    as they stand without us. ``sent`` are being written. ``overruled`` were changed by somebody after we wrote them, and
    are left until the advice says something else."""

    item = models.OneToOneField(StoreItem, models.CASCADE, related_name="limit")
    wanted = models.JSONField(default=dict)
    written = models.JSONField(default=dict)
    sent = models.JSONField(default=dict)
    overruled = models.JSONField(default=dict)
    words = models.JSONField(default=list)
    error = models.TextField(blank=True)
    due_at = models.DateTimeField(null=True, db_index=True)
    written_at = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return f"limits of {self.item}"


class Restock(models.Model):
    """Goods that came back in good state: for sale again, until the supplier counts them himself."""

    marker = models.CharField(
        max_length=60, unique=True, help_text=gettext_lazy("What it is known by, ever.")
    )
    item = models.ForeignKey(StoreItem, models.PROTECT, related_name="restocks")
    agreement = models.ForeignKey(Agreement, models.PROTECT, related_name="restocks")
    quantity = models.PositiveIntegerField()
    at = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.quantity} of {self.item}"

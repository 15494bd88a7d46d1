"""Where the lines of orders go: rules, our own warehouses, what the store's catalog said, and purchase order numbers."""

from __future__ import annotations

from django.core.validators import MinValueValidator, RegexValidator
from django.db import models
from django.utils.translation import gettext_lazy

from integration.models.store import Store
from partners.models import Agreement
from partners.models.agreement import PARTY_ID_KINDS


class Warehouse(models.Model):
    """A place of ours that suppliers ship to; spelled as the store spells its addresses."""

    name = models.CharField(max_length=80, unique=True)
    party_id = models.CharField(
        gettext_lazy("number"),
        max_length=20,
        blank=True,
        help_text=gettext_lazy("By which partners know the place, N104; empty: none."),
    )
    party_id_kind = models.CharField(
        gettext_lazy("kind of number"),
        max_length=2,
        blank=True,
        choices=list(PARTY_ID_KINDS.items()),
        help_text=gettext_lazy("N103."),
    )
    street_1 = models.CharField(gettext_lazy("street"), max_length=55)
    street_2 = models.CharField(gettext_lazy("street, second line"), max_length=55, blank=True)
    city = models.CharField(max_length=30)
    state = models.CharField(gettext_lazy("state or province"), max_length=30, blank=True)
    zip = models.CharField(gettext_lazy("postal code"), max_length=15)
    country_iso2 = models.CharField(
        gettext_lazy("country"),
        max_length=2,
        default="US",
        validators=[RegexValidator(r"^[A-Z]{2}$", "Two capital letters, such as US.")],
    )
    phone = models.CharField(max_length=30, blank=True)
    email = models.EmailField(gettext_lazy("e-mail"), blank=True)

    class Meta:
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name


class RoutingRule(models.Model):
    """Lines that fit every condition go to the agreement; the first rule by priority takes a line.

    Lists hold texts as people write them, numbers too; an empty list is no condition. What they mean is said in
    ``integration.matching.routing``.
    """

    class Delivery(models.TextChoices):
        SHIPPED = "shipped", gettext_lazy("Shipped to the customer")
        PICKUP = "pickup", gettext_lazy("Collected by the customer")

    class Fulfilment(models.TextChoices):
        DROP_SHIP = "dropship", gettext_lazy("The partner ships to the customer (drop-ship)")
        WAREHOUSE = "warehouse", gettext_lazy("The partner ships to our warehouse (stock order)")

    class Bundles(models.TextChoices):
        EXPLODED = "exploded", gettext_lazy("Its parts go, each by its own rule")
        PARENT = "parent", gettext_lazy("The bundle goes whole, its parts do not")

    name = models.CharField(max_length=80, unique=True)
    priority = models.PositiveIntegerField(
        default=100,
        help_text=gettext_lazy("The lowest number is asked first; of equal numbers, the older rule."),
    )
    is_active = models.BooleanField(gettext_lazy("active"), default=True)
    store = models.ForeignKey(
        Store,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="routing_rules",
        help_text=gettext_lazy("Empty: every store."),
    )
    channels = models.JSONField(default=list, blank=True)
    skus = models.JSONField(gettext_lazy("SKUs"), default=list, blank=True)
    brands = models.JSONField(default=list, blank=True)
    categories = models.JSONField(default=list, blank=True)
    delivery = models.CharField(
        gettext_lazy("lines that are"), max_length=7, choices=Delivery, default=Delivery.SHIPPED
    )
    pickup_methods = models.JSONField(default=list, blank=True)
    countries = models.JSONField(default=list, blank=True)
    regions = models.JSONField(default=list, blank=True)
    postal_prefixes = models.JSONField(gettext_lazy("postal codes"), default=list, blank=True)
    agreement = models.ForeignKey(Agreement, models.PROTECT, related_name="routing_rules")
    fulfilment = models.CharField(max_length=9, choices=Fulfilment, default=Fulfilment.DROP_SHIP)
    warehouse = models.ForeignKey(
        Warehouse, models.PROTECT, null=True, blank=True, related_name="routing_rules"
    )
    bundles = models.CharField(
        gettext_lazy("a bundle that it takes"), max_length=8, choices=Bundles, default=Bundles.EXPLODED
    )
    note = models.CharField(
        max_length=300, blank=True, help_text=gettext_lazy("What the rule is for, for those who come later.")
    )

    class Meta:
        ordering = ["priority", "pk"]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(fulfilment="dropship", warehouse=None, delivery="shipped")
                | models.Q(fulfilment="warehouse", warehouse__isnull=False),
                name="routingrule_warehouse_where_one_is_meant",
            )
        ]

    def __str__(self) -> str:
        return self.name


class ProductCategories(models.Model):
    """In which of the store's categories a product was when it was last asked for."""

    store = models.ForeignKey(Store, models.CASCADE, related_name="product_categories")
    product_id = models.PositiveBigIntegerField()
    categories = models.JSONField(
        default=list, help_text=gettext_lazy("Ids; empty too where the store has no such product.")
    )
    read_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["store", "product_id"], name="productcategories_once")]

    def __str__(self) -> str:
        return f"product {self.product_id} of {self.store}"


class StoreCategory(models.Model):
    """One category of the store as last read; ``parent_id`` 0 is the top."""

    store = models.ForeignKey(Store, models.CASCADE, related_name="categories")
    category_id = models.PositiveBigIntegerField()
    parent_id = models.PositiveBigIntegerField(default=0)
    name = models.CharField(max_length=255)
    read_at = models.DateTimeField()

    class Meta:
        verbose_name_plural = gettext_lazy("store categories")
        constraints = [models.UniqueConstraint(fields=["store", "category_id"], name="storecategory_once")]

    def __str__(self) -> str:
        return self.name


class PurchaseOrderCounter(models.Model):
    """The number that the next purchase order of a store gets, where its pattern counts.

    A row of its own: it is locked while a purchase order gets its number, and a store's row is not.
    """

    store = models.OneToOneField(
        Store, models.CASCADE, primary_key=True, related_name="purchase_order_counter"
    )
    next_number = models.PositiveBigIntegerField(default=1, validators=[MinValueValidator(1)])

    def __str__(self) -> str:
        return f"next number {self.next_number} of {self.store}"

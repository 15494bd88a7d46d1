"""The store, and the orders it holds, as last read."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy

from archive.facts import Reported
from archive.models import DataSubject, Document
from partners.models import Agreement, Mode
from partners.models.calendar import check_time_zone
from partners.secrets import EncryptedTextField

# BigCommerce order statuses, by id; a merchant may rename the labels but never the ids.
ORDER_STATUSES = {
    0: "Incomplete",
    1: "Pending",
    2: "Shipped",
    3: "Partially Shipped",
    4: "Refunded",
    5: "Cancelled",
    6: "Declined",
    7: "Awaiting Payment",
    8: "Awaiting Pickup",
    9: "Awaiting Shipment",
    10: "Completed",
    11: "Awaiting Fulfillment",
    12: "Manual Verification Required",
    13: "Disputed",
    14: "Partially Refunded",
}


FORMER_SECRET_LASTS = timedelta(days=3)
"""How long calls signed with the client secret before are taken: a store tries again for 48 hours."""


def default_import_statuses() -> list[int]:
    """Paid and not yet worked on: Awaiting Fulfillment."""
    return [11]


def default_movable_statuses() -> list[int]:
    """From these alone may an acceptance move the order; any other was set by a person for a reason."""
    return [1, 7, 11, 12]


class Store(models.Model):
    """One BigCommerce store: how it is reached, which orders are ours to work on."""

    name = models.CharField(max_length=80, unique=True)
    store_hash = models.CharField(max_length=40, unique=True)
    base_url = models.URLField(gettext_lazy("API address"), default="https://api.bigcommerce.com")
    token = EncryptedTextField(gettext_lazy("API token"))
    client_secret = EncryptedTextField(
        blank=True, help_text=gettext_lazy("Signs the store's calls; shown together with the token.")
    )
    former_client_secret = EncryptedTextField(blank=True, editable=False)
    former_secret_until = models.DateTimeField(
        null=True,
        editable=False,
        help_text=gettext_lazy("Until then calls signed with the former secret are taken."),
    )
    time_zone = models.CharField(max_length=50, default="UTC", validators=[check_time_zone])
    currency = models.CharField(max_length=3, default="USD")
    mode = models.CharField(max_length=5, choices=Mode, default=Mode.WATCH)
    live_from = models.DateTimeField(
        default=timezone.now, help_text=gettext_lazy("Orders placed before are history and never worked on.")
    )
    live_from_order = models.PositiveBigIntegerField(
        null=True, blank=True, help_text=gettext_lazy("Orders with a lower number are history likewise.")
    )
    import_statuses = models.JSONField(
        default=default_import_statuses,
        help_text=gettext_lazy("Ids of the statuses whose orders are worked on."),
    )
    settle_minutes = models.PositiveIntegerField(
        default=10, help_text=gettext_lazy("How long an order must be unchanged before it is sent on.")
    )
    poll_seconds = models.PositiveIntegerField(default=60, validators=[MinValueValidator(1)])
    sessions = models.PositiveSmallIntegerField(
        default=4,
        db_default=4,
        validators=[MinValueValidator(1), MaxValueValidator(50)],
        help_text=gettext_lazy(
            "So many pieces of work ask it at the same time at most, and never all workers at once."
        ),
    )
    accepted_status = models.PositiveSmallIntegerField(
        default=9,
        choices=list(ORDER_STATUSES.items()),
        help_text=gettext_lazy("The order's status once every purchase order of it is accepted."),
    )
    shipped_status = models.PositiveSmallIntegerField(
        default=2,
        db_default=2,
        choices=[(each, ORDER_STATUSES[each]) for each in (2, 10)],
        help_text=gettext_lazy("The order's status once everything of it is shipped."),
    )
    movable_statuses = models.JSONField(
        default=default_movable_statuses,
        help_text=gettext_lazy("Only an order in one of these statuses is moved."),
    )
    purchase_order_prefix = models.CharField(
        max_length=8, blank=True, help_text=gettext_lazy("Before each purchase order number.")
    )
    purchase_order_pattern = models.CharField(
        max_length=60,
        default="{prefix}{order}-{place}",
        help_text=gettext_lazy("How purchase orders are numbered."),
    )
    agreements = models.ManyToManyField(Agreement, blank=True, related_name="stores")
    polled_until = models.DateTimeField(
        null=True, editable=False, help_text=gettext_lazy("Changes up to here were seen.")
    )

    class Meta:
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name

    def client_secrets(self, now: datetime) -> Sequence[str]:
        """Return those that a call may be signed with at ``now``: while they are changed, two."""
        former = self.former_secret_until is not None and now < self.former_secret_until
        found = [self.client_secret, self.former_client_secret if former else ""]
        return [each for each in found if each]

    def rotate_client_secret(self, former: str, now: datetime) -> None:
        """Have calls signed with ``former`` be taken a while longer; ``""`` ends that at once. Saves nothing."""
        self.former_client_secret = former
        self.former_secret_until = now + FORMER_SECRET_LASTS if former else None


class StoreBudget(models.Model):
    """The store's rate limit as last told, shared by all workers (``integration.bigcommerce.budget``)."""

    store = models.OneToOneField(Store, models.CASCADE, primary_key=True, related_name="budget")
    quota = models.PositiveIntegerField(default=150)
    requests_left = models.IntegerField(default=150)
    window_ends_at = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return f"{self.requests_left} of {self.quota} requests left for {self.store}"


def order_key(store_pk: int, number: int) -> str:
    """Return the ordering key of all work for one order, whether its row exists yet or not."""
    return f"order:{store_pk}:{number}"


class Order(Reported):
    """An order as last read from the store. ``content`` is everything read, for composing documents.

    States::

        settling ──► routed ◄─► accepted   (back where a partner's answer is read again as another)
           │  ▲        │
           │  └────────┤ changed in the store before it was sent: read and routed anew
           ├─► not_ours   (status, date or lines say that it is not ours to work on)
           └─► held       (a case says why; routed again when that is settled)
    """

    class State(models.TextChoices):
        SETTLING = "settling", gettext_lazy("Settling")
        NOT_OURS = "not_ours", gettext_lazy("Not to be worked on")
        HELD = "held", gettext_lazy("Held by a case")
        ROUTED = "routed", gettext_lazy("With the partners")
        ACCEPTED = "accepted", gettext_lazy("Accepted by every partner")

    store = models.ForeignKey(Store, models.PROTECT, related_name="orders")
    number = models.PositiveBigIntegerField(help_text=gettext_lazy("The order's id in the store."))
    state = models.CharField(max_length=8, choices=State, default=State.SETTLING)
    state_reason = models.CharField(max_length=300, blank=True)
    status_id = models.PositiveSmallIntegerField(choices=list(ORDER_STATUSES.items()))
    placed_at = models.DateTimeField()
    modified_at = models.DateTimeField(help_text=gettext_lazy("The store's date_modified, whole seconds."))
    customer_name = models.CharField(max_length=200, blank=True)
    total = models.DecimalField(max_digits=20, decimal_places=4)
    currency = models.CharField(max_length=3)
    content = models.JSONField(help_text=gettext_lazy("Lines, addresses and totals as read."))
    digest = models.CharField(
        max_length=64, help_text=gettext_lazy("SHA-256 of what a purchase order is made of.")
    )
    routing = models.JSONField(
        default=dict,
        db_default=models.Value({}, models.JSONField()),
        blank=True,
        help_text=gettext_lazy("By line id: where each line went when it was routed last, and why."),
    )
    read_at = models.DateTimeField(help_text=gettext_lazy("When it was last read from the store."))
    customer_link = models.ForeignKey(
        "integration.CustomerLink",
        models.PROTECT,
        null=True,
        related_name="orders",
        help_text=gettext_lazy("Where it is a trading partner's order: the link that says so."),
    )
    customer_number = models.CharField(
        max_length=300,
        blank=True,
        db_default="",
        help_text=gettext_lazy("The customer's own number of it, as it was read last."),
    )
    person = models.ForeignKey(
        DataSubject,
        models.PROTECT,
        null=True,
        editable=False,
        related_name="+",
        help_text=gettext_lazy("Whose order it is."),
    )
    erased_at = models.DateTimeField(
        null=True, editable=False, help_text=gettext_lazy("Since when it tells no more whose it was.")
    )

    class Meta:
        ordering = ["-placed_at"]
        indexes = [
            models.Index(fields=["-placed_at", "-id"], name="order_placed"),  # the list
            models.Index(fields=["number"], name="order_number"),  # its search: of whichever store
            models.Index(fields=["status_id", "-placed_at"], name="order_status"),  # the list of one status
            models.Index(
                fields=["state", "-placed_at"],
                condition=models.Q(state__in=["held", "settling"]),
                name="order_not_routed",
            ),  # few of very many: the dashboard's count, the list of them
        ]
        constraints = [
            models.UniqueConstraint(fields=["store", "number"], name="order_once"),
            models.CheckConstraint(
                condition=models.Q(state__in=["settling", "not_ours", "held", "routed", "accepted"]),
                name="order_state_known",
            ),
        ]

    def __str__(self) -> str:
        return f"Order {self.number}"

    @property
    def subject(self) -> str:
        """The order's name in events and audit entries."""
        return f"order:{self.pk}"

    @property
    def ordering_key(self) -> str:
        """Work that must not overtake other work of the same order carries this key."""
        return order_key(self.store_id, self.number)


class OrderDocument(Reported):
    """Links an order, and the purchase order where there is one, to a document of the archive."""

    class Role(models.TextChoices):
        PURCHASE_ORDER = "purchase_order", gettext_lazy("Purchase order")
        FUNCTIONAL_ACKNOWLEDGMENT = "functional_acknowledgment", gettext_lazy("Functional acknowledgment")
        INTERCHANGE_ACKNOWLEDGMENT = "interchange_acknowledgment", gettext_lazy("Interchange acknowledgment")
        PURCHASE_ORDER_ACKNOWLEDGMENT = (
            "purchase_order_acknowledgment",
            gettext_lazy("Purchase order acknowledgment"),
        )
        PURCHASE_ORDER_CHANGE = "purchase_order_change", gettext_lazy("Purchase order change")
        CHANGE_ACKNOWLEDGMENT = "change_acknowledgment", gettext_lazy("Purchase order change acknowledgment")
        SHIP_NOTICE = "ship_notice", gettext_lazy("Ship notice")
        INVOICE = "invoice", gettext_lazy("Invoice")
        SUPPLIER_INVOICE = "supplier_invoice", gettext_lazy("Supplier's invoice")
        APPLICATION_ADVICE = "application_advice", gettext_lazy("Application advice")
        TEXT_MESSAGE = "text_message", gettext_lazy("Text message")
        RETURN_REQUEST = "return_request", gettext_lazy("Return request")
        RETURN_ANSWER = "return_answer", gettext_lazy("Answer to a return")
        CREDIT_ADJUSTMENT = "credit_adjustment", gettext_lazy("Credit adjustment")
        ORDER_ACKNOWLEDGMENT = "order_acknowledgment", gettext_lazy("Order acknowledgment to the customer")
        RETURN_FILE = "return_file", gettext_lazy("Photo or form of a return")

    order = models.ForeignKey(Order, models.PROTECT, related_name="documents")
    purchase_order = models.ForeignKey(
        "integration.PurchaseOrder", models.PROTECT, null=True, related_name="documents"
    )
    document = models.ForeignKey(Document, models.PROTECT, related_name="orders")
    role = models.CharField(max_length=30, choices=Role)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["order", "document"], name="orderdocument_once"),
        ]

    def __str__(self) -> str:
        return f"{self.document} of {self.order}"

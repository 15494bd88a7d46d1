"""Events that go out: who is told, of what, what was told, and how each try went."""

from __future__ import annotations

from django.db import models
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy

from archive.facts import Reported
from integration.models.store import Store
from partners.models import TradingPartner
from partners.secrets import EncryptedTextField


def destination_channel(pk: int | str) -> str:
    """Return the name of the channel to a destination of events."""
    return f"destination:{pk}"


class CurrentSnapshot(models.Func):
    """``pg_current_snapshot()`` as text: which transactions are over, and which are not, at this moment."""

    function = "pg_current_snapshot"
    template = "%(function)s()::text"
    output_field = models.TextField()


class EventType(models.TextChoices):
    """What is told: the type of the CloudEvent without ``com.gridport.``. A value once published is never given another meaning."""

    DOCUMENT_RECORDED = "document.recorded", gettext_lazy("Document recorded")
    DOCUMENT_DELIVERED = "document.delivered", gettext_lazy("Document delivered")
    DOCUMENT_ACKNOWLEDGED = "document.acknowledged", gettext_lazy("Document acknowledged")
    DOCUMENT_REJECTED = "document.rejected", gettext_lazy("Document rejected")
    ORDER_CHANGED = "order.changed", gettext_lazy("Order changed")
    PURCHASE_ORDER_ACCEPTED = "purchase_order.accepted", gettext_lazy("Purchase order accepted")
    PURCHASE_ORDER_DISPUTED = "purchase_order.disputed", gettext_lazy("Purchase order answered differently")
    PURCHASE_ORDER_CANCELLED = "purchase_order.cancelled", gettext_lazy("Purchase order cancelled")
    SHIPMENT_CREATED = "shipment.created", gettext_lazy("Shipment told by a partner")
    SHIPMENT_WITHDRAWN = "shipment.withdrawn", gettext_lazy("Shipment taken back by a partner")
    INVOICE_ISSUED = "invoice.issued", gettext_lazy("Invoice issued")
    CASE_OPENED = "case.opened", gettext_lazy("Case opened")
    CASE_CLOSED = "case.closed", gettext_lazy("Case closed")
    RETURN_CHANGED = "return.changed", gettext_lazy("Return changed")


class EventDestination(models.Model):
    """Where events are posted, signed with ``secret``; while ``former_until`` lies ahead, with ``former_secret`` too.

    ``began`` is a snapshot of PostgreSQL: what was committed within it is not told. ``failing_since`` is when it stopped
    taking anything, and empty once it takes something again.
    """

    name = models.CharField(
        max_length=100, unique=True, help_text=gettext_lazy("Such as the system's: data warehouse.")
    )
    url = EncryptedTextField(gettext_lazy("address"))
    secret = EncryptedTextField(editable=False)
    former_secret = EncryptedTextField(blank=True, default="", editable=False)
    former_until = models.DateTimeField(null=True, editable=False)
    kinds = models.JSONField(
        gettext_lazy("events"),
        default=list,
        blank=True,
        help_text=gettext_lazy("None chosen: all of them, those of later versions too."),
    )
    partners = models.ManyToManyField(
        TradingPartner,
        blank=True,
        related_name="+",
        help_text=gettext_lazy("None chosen: all. Otherwise what is about one of these alone is told."),
    )
    stores = models.ManyToManyField(
        Store,
        blank=True,
        related_name="+",
        help_text=gettext_lazy(
            "None chosen: all. Otherwise what is about an order of one of these alone is told; a received document is recorded before it is known which order it is about, so of these nothing is told."
        ),
    )
    is_active = models.BooleanField(
        gettext_lazy("post to it"),
        default=True,
        help_text=gettext_lazy("Switched off, its events are kept, and posted later."),
    )
    stopped_because = models.CharField(max_length=300, blank=True, editable=False)
    began = models.TextField(db_default=CurrentSnapshot(), editable=False)
    created_at = models.DateTimeField(db_default=Now(), editable=False)
    failing_since = models.DateTimeField(null=True, editable=False)

    class Meta:
        ordering = ["name"]
        verbose_name = gettext_lazy("event destination")

    def __str__(self) -> str:
        return self.name

    @property
    def subject(self) -> str:
        """The destination's name in events and audit entries."""
        return f"event_destination:{self.pk}"


class Occurrence(Reported):
    """A row of ours came to a state, as a trigger of its table saw it: whoever wrote it, and by whatever way.

    ``what`` and ``row_id`` name the row (``order``, 7). Written only while there are destinations, read once, and removed
    after a while.
    """

    what = models.CharField(max_length=20)
    row_id = models.BigIntegerField()
    state = models.CharField(max_length=20)
    happened_at = models.DateTimeField()

    class Meta:
        default_permissions = ()

    def __str__(self) -> str:
        return f"{self.what} {self.row_id}: {self.state}"


class EventCursor(models.Model):
    """How far one table was read (``archive.facts``): all rows up to transaction ``xid`` and, within it, up to ``row_id``."""

    source = models.CharField(max_length=20, primary_key=True)
    epoch = models.UUIDField()
    xid = models.BigIntegerField()
    row_id = models.BigIntegerField(default=0)

    class Meta:
        default_permissions = ()

    def __str__(self) -> str:
        return f"{self.source} up to {self.xid}, {self.row_id}"


class EventDelivery(models.Model):
    """One event to one destination. ``message_id`` and ``body`` are the same at every try.

    ``source`` is the row that it tells of (``archive_event:7``): told once to each destination. ``tries`` counts since it
    was last asked for. States::

        waiting ──► delivered | given_up      (after the last try, or kept too long for one that is switched off)
           ▲             │          │
           └─────────────┴──────────┘         (a person has it sent again)
    """

    class State(models.TextChoices):
        WAITING = "waiting", gettext_lazy("Waiting")
        DELIVERED = "delivered", gettext_lazy("Delivered")
        GIVEN_UP = "given_up", gettext_lazy("Given up")

    destination = models.ForeignKey(EventDestination, models.CASCADE, related_name="deliveries")
    source = models.CharField(max_length=50)
    message_id = models.UUIDField()
    type = models.CharField(gettext_lazy("event"), max_length=40, choices=EventType)
    subject = models.CharField(max_length=60)
    body = models.BinaryField()
    state = models.CharField(max_length=9, choices=State, default=State.WAITING)
    tries = models.PositiveSmallIntegerField(default=0)
    created_at = models.DateTimeField(db_default=Now())
    next_at = models.DateTimeField(
        null=True, help_text=gettext_lazy("When it is tried next; empty: it is not.")
    )
    settled_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["-pk"]
        verbose_name = gettext_lazy("event delivery")
        verbose_name_plural = gettext_lazy("event deliveries")
        constraints = [
            models.UniqueConstraint(fields=["destination", "source"], name="eventdelivery_once"),
            models.CheckConstraint(
                condition=models.Q(state="waiting", next_at__isnull=False, settled_at=None)
                | models.Q(state__in=["delivered", "given_up"], next_at=None, settled_at__isnull=False),
                name="eventdelivery_state_known",
            ),
        ]
        indexes = [
            # what is due of a destination
            models.Index(
                fields=["destination", "next_at", "id"],
                condition=models.Q(state="waiting"),
                name="eventdelivery_due",
            ),
            # what was given up of it
            models.Index(
                fields=["destination", "settled_at"],
                condition=models.Q(state="given_up"),
                name="eventdelivery_given_up",
            ),
            models.Index(fields=["created_at"], name="eventdelivery_age"),
        ]

    def __str__(self) -> str:
        return f"{self.get_type_display()} {self.message_id}"

    @property
    def name(self) -> str:
        """The delivery's name in audit entries."""
        return f"event_delivery:{self.pk}"


class EventAttempt(models.Model):
    """One try: ``status`` is HTTP's, or none where no answer came; ``words`` say what became of it.

    ``answer`` is the beginning of what a refusal said, made printable.
    """

    delivery = models.ForeignKey(EventDelivery, models.CASCADE, related_name="attempts")
    began_at = models.DateTimeField()
    status = models.PositiveSmallIntegerField(null=True)
    words = models.CharField(max_length=300)
    answer = models.CharField(max_length=200, blank=True)
    milliseconds = models.PositiveIntegerField()

    class Meta:
        ordering = ["pk"]
        default_permissions = ()

    def __str__(self) -> str:
        return self.words

"""Stock feeds: what suppliers' stock advices (846) and plain files say, line by line, and what came of each."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy

from archive.facts import Reported
from archive.models import Document, Transmission
from integration.models.stock import StoreItem
from partners.models import Agreement


class StockFeed(Reported):
    """One stock advice, or one plain file, of an agreement.

    States::

        held ──► applied | put_aside | overtaken    (a person decided, or a newer one was applied)
        applied | older ──► rolled_back             (a person)
        repeated, put_aside, rolled_back, overtaken, unusable: the end

    What stands of an item in one warehouse (``SupplierStock``) follows from the lines of all feeds in a state of ``COUNTED``:
    the last count, and what was told as movements after it. So no order of arrival matters, and rolling one back restores
    what stood before.
    """

    class State(models.TextChoices):
        APPLIED = "applied", gettext_lazy("Applied")
        OLDER = "older", gettext_lazy("Older than what stood")
        HELD = "held", gettext_lazy("Held")
        REPEATED = "repeated", gettext_lazy("Sent again, the same")
        OVERTAKEN = "overtaken", gettext_lazy("Overtaken by a newer one")
        PUT_ASIDE = "put_aside", gettext_lazy("Put aside")
        ROLLED_BACK = "rolled_back", gettext_lazy("Rolled back")
        UNUSABLE = "unusable", gettext_lazy("Says nothing usable")

    class Way(models.TextChoices):
        WHOLE = "whole", gettext_lazy("Whole stock")
        CHANGES = "changes", gettext_lazy("What changed, counted anew")
        MOVEMENTS = "movements", gettext_lazy("What came and went")

    COUNTED = (State.APPLIED, State.OLDER)
    """States in which its lines count."""

    agreement = models.ForeignKey(Agreement, models.PROTECT, related_name="stock_feeds")
    document = models.OneToOneField(Document, models.PROTECT, null=True, related_name="stock_feed")
    transmission = models.ForeignKey(
        Transmission,
        models.PROTECT,
        null=True,
        related_name="stock_feeds",
        help_text=gettext_lazy("The file, where it is no X12."),
    )
    reading = models.PositiveIntegerField(
        default=0, help_text=gettext_lazy("Which reading of the document it comes from.")
    )
    number = models.CharField(max_length=80, blank=True, help_text=gettext_lazy("BIA03, or the file's name."))
    way = models.CharField(max_length=9, choices=Way, default=Way.WHOLE)
    state = models.CharField(max_length=11, choices=State, default=State.HELD)
    stated_on = models.DateField(help_text=gettext_lazy("The day that it bears."))
    as_of = models.DateTimeField(help_text=gettext_lazy("When it was counted."))
    made_at = models.DateTimeField(help_text=gettext_lazy("When the supplier made it."))
    place = models.CharField(
        max_length=60, help_text=gettext_lazy("Puts feeds of one time into their order.")
    )
    fingerprint = models.CharField(max_length=64, help_text=gettext_lazy("SHA-256 of what it says."))
    said = models.PositiveIntegerField(gettext_lazy("lines"), default=0)
    unknown = models.PositiveIntegerField(
        default=0, help_text=gettext_lazy("Lines of items that the stores do not have.")
    )
    unread = models.PositiveIntegerField(
        default=0, help_text=gettext_lazy("Lines that could not be understood.")
    )
    new = models.PositiveIntegerField(
        default=0, help_text=gettext_lazy("Items of which nothing stood before.")
    )
    changed = models.PositiveIntegerField(default=0, help_text=gettext_lazy("Items whose stock it changes."))
    emptied = models.PositiveIntegerField(
        default=0, help_text=gettext_lazy("Items in stock that it sets to nothing.")
    )
    suspicions = models.JSONField(
        default=list, help_text=gettext_lazy("Sentences on why it is held, the most telling first.")
    )
    notes = models.JSONField(default=list, help_text=gettext_lazy("Sentences on what was passed over."))
    created_at = models.DateTimeField(auto_now_add=True)
    applied_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["-pk"]
        indexes = [
            models.Index(fields=["agreement", "-as_of"], name="stockfeed_latest"),
            models.Index(fields=["agreement", "fingerprint"], name="stockfeed_fingerprint"),
        ]
        constraints = [
            models.UniqueConstraint(fields=["transmission", "agreement"], name="stockfeed_file_once"),
            models.CheckConstraint(
                condition=models.Q(document__isnull=False) | models.Q(transmission__isnull=False),
                name="stockfeed_has_source",
            ),
        ]

    def __str__(self) -> str:
        return f"{'Stock advice' if self.document_id else 'Stock file'} {self.number or 'without a number'}"

    @property
    def subject(self) -> str:
        """The feed's name in events: its document's or its file's."""
        return f"document:{self.document_id}" if self.document_id else f"transmission:{self.transmission_id}"

    @property
    def cause(self) -> str:
        """The cause of the case in which it is held."""
        return f"stock:{self.pk}"


class StockFeedLine(models.Model):
    """What a feed says of one item in one warehouse, in our unit; a movement's quantity is what came, or went below zero.

    ``before`` and ``after`` are what stood and what stands by it, as it was weighed last.
    """

    class Outcome(models.TextChoices):
        NEW = "new", gettext_lazy("New")
        CHANGED = "changed", gettext_lazy("Changed")
        SAME = "same", gettext_lazy("As before")
        OLDER = "older", gettext_lazy("Older than what stands")
        UNKNOWN = "unknown", gettext_lazy("Not in the stores")
        UNREAD = "unread", gettext_lazy("Not understood")

    feed = models.ForeignKey(StockFeed, models.CASCADE, related_name="lines")
    agreement = models.ForeignKey(Agreement, models.PROTECT, related_name="+", db_index=False)
    line = models.PositiveIntegerField(help_text=gettext_lazy("Its place in the feed, from 1."))
    item = models.ForeignKey(StoreItem, models.PROTECT, null=True, related_name="+", db_index=False)
    named = models.CharField(
        max_length=100, blank=True, help_text=gettext_lazy("As the supplier names the item.")
    )
    warehouse = models.CharField(max_length=80, blank=True)
    quantity = models.DecimalField(max_digits=15, decimal_places=4, null=True)
    factor = models.DecimalField(
        max_digits=12,
        decimal_places=4,
        default=1,
        help_text=gettext_lazy("How many of ours his unit holds, as it was read."),
    )
    as_of = models.DateTimeField()
    place = models.CharField(max_length=60)
    is_movement = models.BooleanField(default=False)
    expected_on = models.DateField(null=True)
    expected_quantity = models.DecimalField(max_digits=15, decimal_places=4, null=True)
    lead_days = models.PositiveSmallIntegerField(null=True)
    minimum = models.PositiveIntegerField(null=True)
    maximum = models.PositiveIntegerField(null=True)
    allocation = models.DecimalField(max_digits=15, decimal_places=4, null=True)
    available_from = models.DateField(null=True)
    discontinued_on = models.DateField(null=True)
    outcome = models.CharField(max_length=7, choices=Outcome, blank=True)
    before = models.DecimalField(max_digits=15, decimal_places=4, null=True)
    after = models.DecimalField(max_digits=15, decimal_places=4, null=True)
    problem = models.CharField(max_length=200, blank=True)

    class Meta:
        ordering = ["feed", "line", "pk"]
        indexes = [
            models.Index(
                fields=["item", "agreement", "warehouse", "-as_of", "-place"], name="stockfeedline_last"
            ),
            models.Index(
                fields=["agreement", "named"], name="stockfeedline_unknown", condition=models.Q(item=None)
            ),
        ]

    def __str__(self) -> str:
        return f"{self.named} in {self.feed}"

"""What was agreed with a partner: identities, documents, items, codes, numbers."""

from __future__ import annotations

from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator, RegexValidator
from django.db import models
from django.utils.translation import gettext, gettext_lazy

from partners.models.calendar import BusinessCalendar, check_time_zone
from partners.models.mapping import SETS, MappingProfile
from partners.models.partner import (
    QUALIFIERS,
    Mailbox,
    Mode,
    PartnerIdentifier,
    TradingPartner,
    interchange_id,
)

PARTY_ID_KINDS = {
    "1": "1 · D-U-N-S number",
    "9": "9 · D-U-N-S plus 4",
    "91": "91 · Assigned by the seller",
    "92": "92 · Assigned by the buyer",
    "UL": "UL · Global location number (GLN)",
    "ZZ": "ZZ · Mutually defined",
}  # those in use of element 66 (N103)


LONGEST_PROMISE_HOURS = 8784
LONGEST_PROMISE_DAYS = 366


class Agreement(models.Model):
    """One trading relationship: we, a partner, a mailbox, and the terms that hold for every document."""

    class CharacterSet(models.TextChoices):
        ASCII = "ascii", gettext_lazy("Basic (ASCII)")
        LATIN = "latin-1", gettext_lazy("Western European (Latin-1)")
        UNICODE = "utf-8", gettext_lazy("Unicode (UTF-8)")

    class UnknownCode(models.TextChoices):
        CASE = "case", gettext_lazy("Accept with errors and open a case")
        REJECT = "reject", gettext_lazy("Reject the document")

    class AfterSending(models.TextChoices):
        ASK = "ask", gettext_lazy("Prepare the change and ask")
        SEND = "send", gettext_lazy("Send the change by itself")

    class InterchangeAnswer(models.TextChoices):
        NEVER = "never", gettext_lazy("Never")
        ASKED = "asked", gettext_lazy("When the partner asks for it (ISA14)")
        ALWAYS = "always", gettext_lazy("Always")

    class UnitPrice(models.TextChoices):
        COST = "cost", gettext_lazy("What we pay: the item's unit cost, else the line's cost price")
        SHOPPER = "shopper", gettext_lazy("What the shopper pays for one, without tax")
        NONE = "none", gettext_lazy("None")

    class FunctionalAnswer(models.TextChoices):
        NONE = "none", gettext_lazy("None")
        FUNCTIONAL = "997", gettext_lazy("Functional acknowledgment (997)")
        IMPLEMENTATION = "999", gettext_lazy("Implementation acknowledgment (999)")

    name = models.CharField(max_length=80, unique=True)
    partner = models.ForeignKey(TradingPartner, models.PROTECT, related_name="agreements")
    mailbox = models.ForeignKey(Mailbox, models.PROTECT, related_name="agreements")
    mode = models.CharField(max_length=5, choices=Mode, default=Mode.WATCH)
    live_from = models.DateTimeField(
        null=True, blank=True, help_text=gettext_lazy("Set by the verb Go live.")
    )

    own_qualifier = models.CharField(
        gettext_lazy("our qualifier"), max_length=2, choices=list(QUALIFIERS.items()), default="ZZ"
    )
    own_id = models.CharField(gettext_lazy("our interchange ID"), max_length=15, validators=[interchange_id])
    own_group_id = models.CharField(
        gettext_lazy("our group ID"), max_length=15, blank=True, help_text=gettext_lazy("GS02 if it differs.")
    )
    identifier = models.ForeignKey(
        PartnerIdentifier,
        models.PROTECT,
        related_name="agreements",
        verbose_name=gettext_lazy("partner's interchange ID"),
    )
    partner_group_id = models.CharField(gettext_lazy("partner's group ID"), max_length=15, blank=True)

    version = models.CharField(
        max_length=12,
        default="004010",
        help_text=gettext_lazy(
            "GS08 of what we send, with the industry's suffix where one is agreed: 004010, 005010, 004010VICS."
        ),
    )
    character_set = models.CharField(max_length=7, choices=CharacterSet, default=CharacterSet.LATIN)
    element_separator = models.CharField(max_length=1, default="*")
    component_separator = models.CharField(max_length=1, default=">")
    segment_terminator = models.CharField(max_length=1, default="~")
    repetition_separator = models.CharField(
        max_length=1,
        blank=True,
        help_text=gettext_lazy("ISA11 from version 005010 on; empty: any that the data leaves free."),
    )
    line_breaks = models.BooleanField(
        gettext_lazy("a line for each segment"),
        default=False,
        help_text=gettext_lazy("A line feed after each terminator, for partners whose systems read lines."),
    )
    interchange_version = models.CharField(
        gettext_lazy("interchange version"),
        max_length=5,
        blank=True,
        validators=[RegexValidator(r"^\d{5}$", "Five digits, such as 00401.")],
        help_text=gettext_lazy("ISA12; empty: that of the version, 00401 for 004010."),
    )
    usage_indicator = models.CharField(
        gettext_lazy("test or production"),
        max_length=1,
        blank=True,
        choices=[("P", "Production (P)"), ("T", "Test (T)")],
        help_text=gettext_lazy("ISA15; empty: the mailbox's."),
    )
    party_id_kind = models.CharField(
        gettext_lazy("kind of party numbers"),
        max_length=2,
        blank=True,
        choices=list(PARTY_ID_KINDS.items()),
        help_text=gettext_lazy(
            "N103 where the number of a party has no kind of its own; empty: the guide's, 92."
        ),
    )
    separators_fixed = models.BooleanField(
        default=False,
        help_text=gettext_lazy(
            "The partner accepts only these separators: data that holds one becomes a case, instead of another separator being chosen for that interchange."
        ),
    )
    time_zone = models.CharField(
        max_length=50,
        blank=True,
        validators=[check_time_zone],
        help_text=gettext_lazy("Of dates in X12; empty: the store's."),
    )
    currency = models.CharField(max_length=3, default="USD")
    unknown_codes = models.CharField(max_length=6, choices=UnknownCode, default=UnknownCode.CASE)
    interchange_acknowledgment = models.CharField(
        gettext_lazy("we answer interchanges (TA1)"),
        max_length=6,
        choices=InterchangeAnswer,
        default=InterchangeAnswer.ASKED,
        help_text=gettext_lazy(
            "Says whether the envelope could be used, also of an interchange that was refused. Interchanges that only acknowledge are never answered."
        ),
    )
    functional_acknowledgment = models.CharField(
        gettext_lazy("we answer groups with"),
        max_length=4,
        choices=FunctionalAnswer,
        default=FunctionalAnswer.FUNCTIONAL,
        help_text=gettext_lazy(
            "None where the network answers for us. The 999 exists from version 005010 on: groups of 004010 are answered with 997 all the same. Acknowledgments are never answered."
        ),
    )
    calendar = models.ForeignKey(
        BusinessCalendar,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="agreements",
        verbose_name=gettext_lazy("business calendar"),
        help_text=gettext_lazy(
            "In whose open hours and days the promises below are counted; empty: hours and days as they pass."
        ),
    )
    functional_acknowledgment_hours = models.PositiveIntegerField(
        gettext_lazy("997 due within (hours)"),
        default=24,
        validators=[MaxValueValidator(LONGEST_PROMISE_HOURS)],
        help_text=gettext_lazy("0: not expected."),
    )
    purchase_order_acknowledgment_hours = models.PositiveIntegerField(
        gettext_lazy("855 due within (hours)"),
        default=48,
        validators=[MaxValueValidator(LONGEST_PROMISE_HOURS)],
        help_text=gettext_lazy("0: not expected."),
    )
    ship_notice_days = models.PositiveIntegerField(
        gettext_lazy("856 due within (days after the date)"),
        default=0,
        validators=[MaxValueValidator(LONGEST_PROMISE_DAYS)],
        help_text=gettext_lazy(
            "After the date that the partner promised, else the one that we asked for. 0: not counted so."
        ),
    )
    ship_notice_hours = models.PositiveIntegerField(
        gettext_lazy("856 due within (hours of the 855)"),
        default=0,
        validators=[MaxValueValidator(LONGEST_PROMISE_HOURS)],
        help_text=gettext_lazy(
            "Where no date was promised or asked for, or no days are given. 0: not expected then."
        ),
    )
    reminder_hours = models.PositiveIntegerField(
        gettext_lazy("remind before (hours)"),
        default=0,
        validators=[MaxValueValidator(LONGEST_PROMISE_HOURS)],
        help_text=gettext_lazy("So long before any of these is due. 0: no reminder."),
    )
    mails_reminders = models.BooleanField(
        gettext_lazy("remind the partner by mail"),
        default=False,
        help_text=gettext_lazy(
            "One mail before, and one once it is overdue, to the contact on the partner's page: technical for a 997, orders for an 855, shipping for an 856."
        ),
    )
    writes_staff_notes = models.BooleanField(
        gettext_lazy("write a line into the order's staff notes in the store"),
        default=False,
        help_text=gettext_lazy(
            "Once a purchase order is accepted or cancelled. What staff wrote there is kept."
        ),
    )
    takes_unlisted_items = models.BooleanField(
        gettext_lazy("takes items that are not listed"),
        default=False,
        help_text=gettext_lazy(
            "What a routing rule sends here and the items do not list goes out with our SKU alone, by the piece. Otherwise it is a case."
        ),
    )
    unit_price = models.CharField(max_length=7, choices=UnitPrice, default=UnitPrice.COST)
    tells_message = models.BooleanField(gettext_lazy("the shopper's message"), default=True)
    tells_phone = models.BooleanField(gettext_lazy("the phone number of the ship-to"), default=True)
    tells_email = models.BooleanField(gettext_lazy("the e-mail address of the ship-to"), default=True)
    tells_gift_wrapping = models.BooleanField(
        gettext_lazy("gift wrapping and its message"),
        default=False,
        help_text=gettext_lazy("As remarks of the line."),
    )
    tells_customer_number = models.BooleanField(
        gettext_lazy("the store's number of the customer"),
        default=False,
        help_text=gettext_lazy("As a reference (REF), kind IT."),
    )
    tells_discounts = models.BooleanField(
        gettext_lazy("what the shopper got off"),
        default=False,
        help_text=gettext_lazy("Of the lines told, as one allowance (SAC)."),
    )
    tells_taxes = models.BooleanField(
        gettext_lazy("the shopper's sales tax"),
        default=False,
        help_text=gettext_lazy("Of the lines told, as one tax (TXI)."),
    )
    ship_within_days = models.PositiveSmallIntegerField(
        gettext_lazy("wanted shipped within (days)"),
        null=True,
        blank=True,
        help_text=gettext_lazy("Counted from the day on which the purchase order is made; empty: not told."),
    )
    deliver_within_days = models.PositiveSmallIntegerField(
        gettext_lazy("wanted delivered within (days)"),
        null=True,
        blank=True,
        help_text=gettext_lazy("Likewise."),
    )
    cancel_after_days = models.PositiveSmallIntegerField(
        gettext_lazy("cancelled after (days)"),
        null=True,
        blank=True,
        help_text=gettext_lazy("What is not shipped by then is cancelled; likewise."),
    )
    changes_after_sending = models.CharField(
        max_length=4,
        choices=AfterSending,
        default=AfterSending.ASK,
        db_default=AfterSending.ASK,
        help_text=gettext_lazy(
            "What becomes of an order that was edited or cancelled after it was sent. A partner is sent purchase order changes (860) only where they are among the documents below; of any other there is a case."
        ),
    )
    duplicate_window_days = models.PositiveIntegerField(default=90, validators=[MinValueValidator(1)])

    class Meta:
        ordering = ["name"]
        permissions = [("go_live", "Can let an agreement, mailbox or store go live or back to watch")]

    def __str__(self) -> str:
        return self.name

    @property
    def usage(self) -> str:
        """Return ISA15 of what goes both ways under it: P or T; its own, else the mailbox's."""
        return self.usage_indicator or self.mailbox.usage_indicator

    def clean(self) -> None:
        """Refuse an identifier of another partner."""
        if self.identifier_id and self.partner_id and self.identifier.partner_id != self.partner_id:
            raise ValidationError(
                {
                    "identifier": gettext("%(identifier)s belongs to %(partner)s.")
                    % {"identifier": self.identifier, "partner": self.identifier.partner}
                }
            )


class AgreementDocument(models.Model):
    """One kind of document that goes one way under an agreement, and the profile that maps it."""

    class Direction(models.TextChoices):
        IN = "in", gettext_lazy("Received")
        OUT = "out", gettext_lazy("Sent")

    agreement = models.ForeignKey(Agreement, models.CASCADE, related_name="documents")
    transaction_set = models.CharField(max_length=3, choices=SETS)
    direction = models.CharField(max_length=3, choices=Direction)
    profile = models.ForeignKey(
        MappingProfile,
        models.PROTECT,
        null=True,
        blank=True,
        editable=False,
        related_name="used_by",
        help_text=gettext_lazy("Empty: the shipped guide as it is."),
    )
    is_active = models.BooleanField(gettext_lazy("active"), default=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["agreement", "transaction_set", "direction"], name="agreementdocument_unique"
            )
        ]

    def __str__(self) -> str:
        return f"{self.get_transaction_set_display()}, {self.get_direction_display().lower()}"


class ControlNumber(models.Model):
    """The last control number given out for one sender, receiver and kind; ``epoch`` counts the wraps."""

    class Kind(models.TextChoices):
        INTERCHANGE = "interchange", gettext_lazy("Interchange (ISA13)")
        GROUP = "group", gettext_lazy("Functional group (GS06)")

    sender = models.CharField(max_length=18)
    receiver = models.CharField(max_length=18)
    kind = models.CharField(max_length=11, choices=Kind)
    epoch = models.PositiveIntegerField(default=0)
    value = models.PositiveBigIntegerField(default=0)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["sender", "receiver", "kind"], name="controlnumber_unique"),
            models.CheckConstraint(
                condition=models.Q(value__lte=999_999_999), name="controlnumber_nine_digits"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.sender} → {self.receiver} {self.kind}: {self.value:09d}"

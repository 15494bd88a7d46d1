"""What was agreed with a partner: identities, documents, items, codes, numbers."""

from __future__ import annotations

import zoneinfo

from django.core.exceptions import ValidationError
from django.core.validators import MinValueValidator
from django.db import models

from partners.models.mapping import SETS, MappingProfile
from partners.models.partner import (
    QUALIFIERS,
    Mailbox,
    Mode,
    PartnerIdentifier,
    TradingPartner,
    interchange_id,
)


def check_time_zone(name: str) -> None:
    """Refuse a name that the time zone database does not know."""
    if name and name not in zoneinfo.available_timezones():
        raise ValidationError(f"{name} is no time zone; write it as in America/Chicago.")


class Agreement(models.Model):
    """One trading relationship: we, a partner, a mailbox, and the terms that hold for every document."""

    class CharacterSet(models.TextChoices):
        ASCII = "ascii", "Basic (ASCII)"
        LATIN = "latin-1", "Western European (Latin-1)"
        UNICODE = "utf-8", "Unicode (UTF-8)"

    class UnknownCode(models.TextChoices):
        CASE = "case", "Accept with errors and open a case"
        REJECT = "reject", "Reject the document"

    class InterchangeAnswer(models.TextChoices):
        NEVER = "never", "Never"
        ASKED = "asked", "When the partner asks for it (ISA14)"
        ALWAYS = "always", "Always"

    class FunctionalAnswer(models.TextChoices):
        NONE = "none", "None"
        FUNCTIONAL = "997", "Functional acknowledgment (997)"
        IMPLEMENTATION = "999", "Implementation acknowledgment (999)"

    name = models.CharField(max_length=80, unique=True)
    partner = models.ForeignKey(TradingPartner, models.PROTECT, related_name="agreements")
    mailbox = models.ForeignKey(Mailbox, models.PROTECT, related_name="agreements")
    mode = models.CharField(max_length=5, choices=Mode, default=Mode.WATCH)
    live_from = models.DateTimeField(null=True, blank=True, help_text="Set by the verb Go live.")

    own_qualifier = models.CharField(
        "our qualifier", max_length=2, choices=list(QUALIFIERS.items()), default="ZZ"
    )
    own_id = models.CharField("our interchange ID", max_length=15, validators=[interchange_id])
    own_group_id = models.CharField(
        "our group ID", max_length=15, blank=True, help_text="GS02 if it differs."
    )
    identifier = models.ForeignKey(
        PartnerIdentifier, models.PROTECT, related_name="agreements", verbose_name="partner's interchange ID"
    )
    partner_group_id = models.CharField("partner's group ID", max_length=15, blank=True)

    version = models.CharField(max_length=12, default="004010", help_text="GS08 of what we send.")
    character_set = models.CharField(max_length=7, choices=CharacterSet, default=CharacterSet.LATIN)
    element_separator = models.CharField(max_length=1, default="*")
    component_separator = models.CharField(max_length=1, default=">")
    segment_terminator = models.CharField(max_length=1, default="~")
    separators_fixed = models.BooleanField(
        default=False,
        help_text="The partner accepts only these separators: data that holds one becomes a case, "
        "instead of another separator being chosen for that interchange.",
    )
    time_zone = models.CharField(
        max_length=50,
        blank=True,
        validators=[check_time_zone],
        help_text="Of dates in X12; empty: the store's.",
    )
    currency = models.CharField(max_length=3, default="USD")
    unknown_codes = models.CharField(max_length=6, choices=UnknownCode, default=UnknownCode.CASE)
    interchange_acknowledgment = models.CharField(
        "we answer interchanges (TA1)",
        max_length=6,
        choices=InterchangeAnswer,
        default=InterchangeAnswer.ASKED,
        help_text="Says whether the envelope could be used, also of an interchange that was refused. Interchanges that "
        "only acknowledge are never answered.",
    )
    functional_acknowledgment = models.CharField(
        "we answer groups with",
        max_length=4,
        choices=FunctionalAnswer,
        default=FunctionalAnswer.FUNCTIONAL,
        help_text="None where the network answers for us. The 999 exists from version 005010 on: groups of 004010 are "
        "answered with 997 all the same. Acknowledgments are never answered.",
    )
    functional_acknowledgment_hours = models.PositiveIntegerField("997 due within (hours)", default=24)
    purchase_order_acknowledgment_hours = models.PositiveIntegerField("855 due within (hours)", default=48)
    writes_staff_notes = models.BooleanField(
        "write a line into the order's staff notes in the store",
        default=False,
        help_text="Once a purchase order is accepted or cancelled. What staff wrote there is kept.",
    )
    duplicate_window_days = models.PositiveIntegerField(default=90, validators=[MinValueValidator(1)])

    class Meta:
        ordering = ["name"]
        permissions = [("go_live", "Can let an agreement, mailbox or store go live or back to watch")]

    def __str__(self) -> str:
        return self.name

    def clean(self) -> None:
        """Refuse an identifier of another partner."""
        if self.identifier_id and self.partner_id and self.identifier.partner_id != self.partner_id:
            raise ValidationError({"identifier": f"{self.identifier} belongs to {self.identifier.partner}."})


class AgreementDocument(models.Model):
    """One kind of document that goes one way under an agreement, and the profile that maps it."""

    class Direction(models.TextChoices):
        IN = "in", "Received"
        OUT = "out", "Sent"

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
        help_text="Empty: the shipped guide as it is.",
    )
    is_active = models.BooleanField("active", default=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["agreement", "transaction_set", "direction"], name="agreementdocument_unique"
            )
        ]

    def __str__(self) -> str:
        return f"{self.get_transaction_set_display()}, {self.get_direction_display().lower()}"


class ItemCrossReference(models.Model):
    """A SKU of the store, as the partner knows it. The agreement that lists a SKU supplies it."""

    agreement = models.ForeignKey(Agreement, models.CASCADE, related_name="items")
    sku = models.CharField("SKU", max_length=100)
    vendor_item = models.CharField("vendor's item", max_length=48, blank=True)
    upc = models.CharField("UPC", max_length=14, blank=True)
    unit = models.CharField(max_length=20, default="each")
    unit_cost = models.DecimalField(
        max_digits=14, decimal_places=4, null=True, blank=True, validators=[MinValueValidator(0)],
        help_text="What we pay for one unit; empty: the order line's cost price, or no price.",
    )  # fmt: skip

    class Meta:
        ordering = ["sku"]
        constraints = [
            models.UniqueConstraint(
                fields=["agreement", "sku"],
                name="itemcrossreference_unique",
                violation_error_message="This agreement already lists that SKU.",
            )
        ]
        indexes = [models.Index(fields=["sku"], name="itemcrossreference_sku")]  # flows.route looks up by SKU

    def __str__(self) -> str:
        return f"{self.sku} → {self.vendor_item or 'same'}"


class CodeList(models.Model):
    """The partner's own words for one of the guide's code lists, merged over the guide's entries."""

    agreement = models.ForeignKey(Agreement, models.CASCADE, related_name="code_lists")
    name = models.CharField(max_length=40, help_text="As the guide names it: units, types, line_status …")

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
        verbose_name_plural = "code list entries"
        constraints = [models.UniqueConstraint(fields=["code_list", "ours"], name="codelistentry_unique")]

    def __str__(self) -> str:
        return f"{self.ours} = {self.theirs}"


class ControlNumber(models.Model):
    """The last control number given out for one sender, receiver and kind; ``epoch`` counts the wraps."""

    class Kind(models.TextChoices):
        INTERCHANGE = "interchange", "Interchange (ISA13)"
        GROUP = "group", "Functional group (GS06)"

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

"""What invented orders stand on: a store, a mailbox, partners with their agreements; everything in watch."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal

from django.utils import timezone

from integration.models import InvoiceSeries, Store
from partners.models import (
    Agreement,
    AgreementDocument,
    ItemCrossReference,
    Mailbox,
    PartnerIdentifier,
    Partnership,
    TradingPartner,
)
from portal.seeding.lives import COMMON_ITEM, ITEMS, PARTNERS

NAME = "Seeded"
"""What store and mailbox are called, so that they are known again."""
DOCUMENTS = (("850", "out"), ("855", "in"), ("856", "in"), ("810", "in"))


@dataclass(frozen=True)
class Partner:
    """One partner with its one agreement."""

    pk: int
    name: str
    agreement: int
    interchange_id: str


@dataclass(frozen=True)
class Ground:
    """The ids that rows name."""

    store: int
    mailbox: int
    series: int
    partners: list[Partner]


def lay_ground() -> Ground:
    """Make what is missing of it, and return it."""
    store, _ = Store.objects.get_or_create(
        name=NAME,
        defaults={
            "store_hash": "seeded",
            "token": "none",
            "time_zone": "America/New_York",
            "live_from": timezone.now() - timedelta(days=4000),
        },
    )
    mailbox, _ = Mailbox.objects.get_or_create(
        name=NAME, defaults={"transport": "directory", "inbound_path": "in", "outbound_path": "out"}
    )
    series, _ = InvoiceSeries.objects.get_or_create(name=NAME)
    partners = [_partner(name, store, mailbox) for name, _ in PARTNERS]
    return Ground(store.pk, mailbox.pk, series.pk, partners)


def _partner(name: str, store: Store, mailbox: Mailbox) -> Partner:
    partner, _ = TradingPartner.objects.get_or_create(name=name)
    interchange_id = "".join(letter for letter in name.upper() if letter.isalpha())[:15]
    identifier, _ = PartnerIdentifier.objects.get_or_create(
        partner=partner, qualifier="ZZ", value=interchange_id
    )
    Partnership.objects.get_or_create(
        mailbox=mailbox, identifier=identifier, defaults={"state": Partnership.State.ACTIVE}
    )
    agreement, is_new = Agreement.objects.get_or_create(
        name=f"{name}, drop shipment",
        defaults={"partner": partner, "mailbox": mailbox, "own_id": "GRIDPORT", "identifier": identifier},
    )
    if is_new:
        store.agreements.add(agreement)
        for transaction_set, direction in DOCUMENTS:
            AgreementDocument.objects.create(
                agreement=agreement, transaction_set=transaction_set, direction=direction
            )
        ItemCrossReference.objects.bulk_create(
            ItemCrossReference(
                agreement=agreement, sku=sku, vendor_item=f"V-{sku}", unit_cost=Decimal("4.50")
            )
            for sku in (COMMON_ITEM, *ITEMS)
        )
    return Partner(partner.pk, name, agreement.pk, interchange_id)

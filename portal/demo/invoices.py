"""The demo's invoices: a finance system on a mailbox of its own, and an order that it gets as 810, JSON and UBL."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from integration.models import InvoiceRule, InvoiceSeries
from partners.models import (
    Agreement,
    AgreementDocument,
    Mailbox,
    Mode,
    PartnerIdentifier,
    Partnership,
    TradingPartner,
)
from portal.demo.processes import DemoError
from portal.demo.sample import OWN_ID
from portal.demo.story import NetworkView

LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)


def add_finance() -> None:
    """Write a finance system that gets every shipped order as an 810, as JSON and as UBL, all of one number."""
    network = Mailbox.objects.get(name="Trading Grid mailbox")
    keys = list(network.host_keys.all())
    finance = network
    finance.pk, finance.name = None, "Finance"
    finance.inbound_path, finance.outbound_path = "finance/outbox", "finance/inbox"
    finance._state.adding = True
    finance.save()
    for each in keys:
        finance.host_keys.create(key=each.key)
    partner = TradingPartner.objects.create(name="Ledger Office")
    identifier = PartnerIdentifier.objects.create(partner=partner, qualifier="ZZ", value="LEDGEROFFICE")
    Partnership.objects.create(mailbox=finance, identifier=identifier, state=Partnership.State.ACTIVE)
    agreement = Agreement.objects.create(
        name="Ledger Office, invoices",
        partner=partner,
        mailbox=finance,
        mode=Mode.LIVE,
        own_qualifier=OWN_ID[0],
        own_id=OWN_ID[1],
        identifier=identifier,
    )
    AgreementDocument.objects.create(agreement=agreement, transaction_set="810", direction="out")
    series = InvoiceSeries.objects.create(name="Invoices", pattern="INV-{number:06}")
    shared = {"when": InvoiceRule.When.SHIPPED, "series": series, "orders_from": LONG_AGO}
    InvoiceRule.objects.create(name="810 to finance", agreement=agreement, **shared)
    for name, file_format in (("JSON to finance", "JSON"), ("UBL to finance", "UBL")):
        InvoiceRule.objects.create(name=name, mailbox=finance, file_format=file_format, **shared)


def booked(network: NetworkView, order: int, kind: str) -> list[dict[str, Any]]:
    """Return what the finance system has of an order, ``invoice`` or ``credit``, by its own ledger."""
    rows = network.finance()
    return [each for each in rows if (each.get("order"), each.get("kind")) == (str(order), kind)]


def check_books(network: NetworkView, order: int, kind: str, total: Decimal) -> None:
    """Raise ``DemoError`` unless finance has an order once in each format, to the cent, and under one number."""
    rows = booked(network, order, kind)
    formats = sorted(each["format"] for each in rows)
    numbers = {each["number"] for each in rows}
    right = all(
        each["event"] == "booked" and each["adds_up"] and Decimal(each["total"]) == total for each in rows
    )
    if formats != ["810", "JSON", "UBL"] or len(numbers) != 1 or not right:
        raise DemoError(f"The books of finance hold {rows}, and the store says {total}.")

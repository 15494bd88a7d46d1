"""Rules, series and a finance system for tests of invoices."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from integration.models import InvoiceRule, InvoiceSeries, Order
from partners.models import (
    Agreement,
    AgreementDocument,
    Mailbox,
    Mode,
    Partnership,
)
from tests import factories
from tests.world import World

LONG_AGO = "2020-01-01T00:00Z"


def series(name: str = "Invoices", pattern: str = "INV-{number:06}") -> InvoiceSeries:
    found, _ = InvoiceSeries.objects.get_or_create(name=name, defaults={"pattern": pattern})
    return found


def rule(when: str = "shipped", **fields: Any) -> InvoiceRule:
    """Return a rule for every store; where nothing else is said, JSON onto a mailbox."""
    given = {"series": series(), "orders_from": LONG_AGO, **fields}
    if "agreement" not in given and "mailbox" not in given:
        given["mailbox"] = factories.mailbox(mode=Mode.LIVE)
    if given.get("mailbox") is not None:
        given.setdefault("file_format", "JSON")
    name = fields.get("name") or f"{when} {given.get('file_format', '810')} {InvoiceRule.objects.count()}"
    made = InvoiceRule(when=when, **{**given, "name": name})
    made.full_clean()
    made.save()
    return made


def finance_mailbox(world: World) -> Mailbox:
    """Return the mailbox of the finance system of ``world``, live."""
    found = Mailbox.objects.filter(name="Finance").first()
    return found or factories.mailbox(
        "Finance",
        mode=Mode.LIVE,
        inbound_path=str(world.network.finance.outbox),
        outbound_path=str(world.network.finance.inbox),
    )


def finance_agreement(world: World, **fields: Any) -> Agreement:
    """Return a live agreement with the finance system on 810 out."""
    whose = factories.partner("Ledger Office")
    identifier = whose.identifiers.get()
    box = finance_mailbox(world)
    Partnership.objects.create(mailbox=box, identifier=identifier, state=Partnership.State.ACTIVE)
    made = Agreement.objects.create(
        name="Ledger Office, invoices",
        partner=whose,
        mailbox=box,
        mode=Mode.LIVE,
        own_id="GRIDPORT",
        identifier=identifier,
        **fields,
    )
    AgreementDocument.objects.create(agreement=made, transaction_set="810", direction="out")
    return made


def priced(world: World, number: int, **changes: Any) -> None:
    """Write amounts to an order of the store, those that are told as they are."""
    order = world.store.state.orders[number].order
    order.update({name: f"{Decimal(value):.4f}" for name, value in changes.items()})


def read(number: int) -> Order:
    return Order.objects.get(number=number)

"""No gap in a series and no second invoice, wherever workers are killed while orders are invoiced."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from django.db.models import F

from integration.flows import invoice_order, write_invoice
from integration.models import Invoice, InvoiceRule, InvoiceSeries
from partners.models import Mailbox, Mode
from tests.chaos.forking import scaled
from tests.chaos.installation import Installation

pytestmark = pytest.mark.chaos

KILLS = 3 * scaled(10)
PLACES = ("invoice.read", "invoice.committed", "invoice_order.done")


@pytest.fixture
def series(installation: Installation, request: pytest.FixtureRequest) -> Iterator[InvoiceSeries]:
    """A series by which this test alone invoices completed orders, as JSON and UBL to a finance system."""
    network = installation.network
    network.finance.ledger.clear()
    box, _ = Mailbox.objects.get_or_create(
        name="Finance",
        defaults={
            "mode": Mode.LIVE,
            "transport": "directory",
            "inbound_path": str(network.finance.outbox),
            "outbound_path": str(network.finance.inbox),
            "poll_seconds": 3600,
        },
    )
    name = request.node.name[:40]
    made = InvoiceSeries.objects.create(name=name, pattern="INV-{number:04}")
    for file_format in ("JSON", "UBL"):
        InvoiceRule.objects.create(
            name=f"{name} {file_format}",
            when="completed",
            series=made,
            mailbox=box,
            file_format=file_format,
            orders_from="2020-01-01T00:00Z",
        )
    yield made
    InvoiceRule.objects.update(is_active=False)


def completed(installation: Installation, orders: int) -> list[int]:
    """Have orders be completed in the store, with nothing left to do but to look whether they are invoiced."""
    numbers = installation.place(orders)
    installation.finish()
    for number in numbers:
        installation.tell_store("clock", {"advance": 2})
        installation.tell_store(f"orders/{number}", {"status_id": 10})
    installation.tell_store("clock", {"advance": 2})
    installation.ask("poll_store")
    installation.bring_to("invoice_order")
    return numbers


def test_deaths_while_orders_are_invoiced_leave_no_gap_and_make_no_second_invoice(
    installation: Installation, series: InvoiceSeries
) -> None:
    numbers = completed(installation, KILLS)
    for place in (PLACES * KILLS)[:KILLS]:
        installation.kill_at(place, "orders")
        installation.go_on()
    installation.finish()
    wanted = [f"INV-{number:04}" for number in range(1, KILLS + 1)]
    for file_format in ("JSON", "UBL"):
        rows = [each for each in installation.network.finance.ledger if each["format"] == file_format]
        assert [each["event"] for each in rows] == ["booked"] * KILLS
        assert sorted(each["number"] for each in rows) == wanted
        assert sorted(each["order"] for each in rows) == [str(number) for number in numbers]
        assert all(each["adds_up"] for each in rows)
    assert sorted(series.invoices.values_list("number", flat=True)) == wanted
    assert InvoiceSeries.objects.get(pk=series.pk).next_number == KILLS + 1
    assert installation.kills.keys() == set(PLACES)


def test_a_number_that_is_taken_before_the_invoice_is_stored_leaves_gaps(
    installation: Installation, series: InvoiceSeries, monkeypatch: pytest.MonkeyPatch
) -> None:
    read, number = invoice_order.read_sold, write_invoice._number
    given: list[int] = []

    def read_and_take(*wanted: object) -> object:
        rows = InvoiceSeries.objects.filter(pk=series.pk)
        given.append(rows.get().next_number)
        rows.update(next_number=F("next_number") + 1)
        return read(*wanted)  # type: ignore[arg-type]

    def number_taken(invoice: Invoice, now: object) -> None:
        rows = InvoiceSeries.objects.filter(pk=invoice.series_id)
        following = rows.get().next_number
        rows.update(next_number=given[-1])
        number(invoice, now)  # type: ignore[arg-type]
        rows.update(next_number=following)

    monkeypatch.setattr(invoice_order, "read_sold", read_and_take)
    monkeypatch.setattr(write_invoice, "_number", number_taken)
    completed(installation, 2)
    installation.kill_at("invoice.read", "orders")
    installation.go_on()
    installation.finish()
    assert sorted(series.invoices.values_list("number", flat=True)) == ["INV-0002", "INV-0003"]

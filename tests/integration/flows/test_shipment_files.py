"""A partner's own packing list or PDF on the mailbox, put with the shipment whose number its name holds."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from archive.models import Interchange, Transmission
from integration.flows import shipment_files
from integration.flows.gaps.received import files_taken
from integration.flows.reread import has_unread
from integration.flows.shipment_files import files_of, put_with_shipment
from integration.models import ExceptionCase, Shipment, ShipmentFile
from tests import factories
from tests.world import World, world

__all__ = ["world"]

PAPER = b"%PDF-1.4\n% a packing list of our own invention\n"
TRACKING = "1Z5R89000000000001"


def arrive(world: World, **files: bytes) -> None:
    """Have files lie on the mailbox until they are taken."""
    for name, data in files.items():
        (world.network.outbox / name.replace("__", ".")).write_bytes(data)
    world.poll()
    world.wait(5)
    world.poll()


def kept() -> list[tuple[str, str, str, str]]:
    rows = ShipmentFile.objects.select_related("transmission", "purchase_order")
    return [(each.transmission.name, each.named, each.number, each.purchase_order.number) for each in rows]


def unread() -> list[str]:
    rows = ExceptionCase.objects.filter(closed_at=None, kind=ExceptionCase.Kind.UNREADABLE)
    return [each.sentence for each in rows.order_by("pk")]


def test_files_are_put_with_the_shipment_that_their_names_mean(world: World) -> None:
    world.place(1001)
    world.run(3)
    # Before the ship notice: the purchase order is known, the parcel is not.
    arrive(
        world,
        **{
            "slip_1001-1__pdf": PAPER,
            f"{TRACKING.lower()}__pdf": PAPER + b"%",
            "unknown-7777__pdf": PAPER + b"%%",
        },
    )
    assert kept() == [("slip_1001-1.pdf", "purchase_order", "1001-1", "1001-1")]
    assert len(unread()) == 2
    assert all("It is a PDF, and its name holds no number" in each for each in unread())
    world.network.ship(["1001-1"])
    world.run(2)
    assert kept()[1:] == [(f"{TRACKING.lower()}.pdf", "tracking", TRACKING, "1001-1")]
    assert [each.startswith("unknown-7777.pdf") for each in unread()] == [True]
    # Behind it: by the shipment's number, and a list that is no PDF.
    arrive(world, **{"Packing SH000001__csv": b"AC-001;2\n", "SH000001__csv": b"AC-001;2\n"})
    assert kept()[2:] == [("Packing SH000001.csv", "shipment", "SH000001", "1001-1")]
    assert [each.partition(" on ")[0] for each in unread()] == ["unknown-7777.pdf", "SH000001.csv"]
    shipment = Shipment.objects.get()
    assert [each.content_type for each in files_of(shipment)] == [
        "application/pdf",
        "application/pdf",
        "text/plain; charset=utf-8",
    ]
    # Each was taken once, none is read as X12 or missed by the look for gaps.
    assert sorted(Transmission.objects.filter(name__iendswith="pdf").values_list("name", flat=True)) == [
        f"{TRACKING.lower()}.pdf",
        "slip_1001-1.pdf",
        "unknown-7777.pdf",
    ]
    assert not Interchange.objects.filter(transmission__shipment_files__isnull=False).exists()
    assert not any(has_unread(each.transmission) for each in ShipmentFile.objects.all())
    assert files_taken(timezone.now() + timedelta(days=1)).gaps == ()
    world.poll()
    assert len(kept()) == 3
    # The shipment told anew, in another parcel, has again what hangs on its number.
    world.network.ship(["1001-1"], "whole", "replace", "SH000001")
    world.run(2)
    anew = Shipment.objects.get(withdrawn_by=None)
    assert anew.pk != shipment.pk
    assert anew.tracking_number not in ("", TRACKING)
    assert [each.named for each in files_of(anew)] == ["purchase_order", "shipment"]


def test_only_numbers_of_one_partner_on_the_same_mailbox_count(db: None) -> None:
    of = factories.purchase_order()
    shipment = factories.shipment(of, TRACKING)
    elsewhere = factories.received_file(factories.mailbox(), PAPER, f"{of.number}.pdf")
    assert not put_with_shipment(elsewhere, PAPER)
    both = factories.received_file(of.agreement.mailbox, PAPER, f"list-{shipment.number}-{of.number}.pdf")
    assert put_with_shipment(both, PAPER)
    assert kept() == [(both.name, "purchase_order", of.number, of.number)]
    other = factories.purchase_order(
        under=factories.agreement(on=of.agreement.mailbox, skus=["FS-1", "FS-2"])
    )
    Shipment.objects.filter(pk=factories.shipment(other).pk).update(number=shipment.number)
    unclear = factories.received_file(of.agreement.mailbox, PAPER, f"{shipment.number}.pdf")
    assert not put_with_shipment(unclear, PAPER)
    assert ShipmentFile.objects.count() == 1


def test_one_parcel_of_two_purchase_orders_is_put_with_both(db: None) -> None:
    terms = factories.agreement(skus=["FS-1", "FS-2"])
    both = [factories.purchase_order(under=terms) for _ in range(2)]
    for each in both:
        factories.shipment(each, TRACKING)
    arrived = factories.received_file(terms.mailbox, PAPER, f"{TRACKING}.pdf")
    assert put_with_shipment(arrived, PAPER)
    assert put_with_shipment(arrived, PAPER)
    assert [number for *_, number in kept()] == [each.number for each in both]


def test_a_file_that_is_too_large_is_put_with_nothing(db: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shipment_files, "LARGEST", len(PAPER) - 1)
    of = factories.purchase_order()
    arrived = factories.received_file(of.agreement.mailbox, PAPER, f"{of.number}.pdf")
    assert not put_with_shipment(arrived, PAPER)
    assert "more than 0 MB" in shipment_files.why_not(arrived, PAPER)
    assert shipment_files.why_not(arrived, b"ISA") == ""

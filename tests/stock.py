"""A supplier whose stock is told: his items in a store, his advices (846) and files, and what stands of them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from itertools import count

from archive.models import Document, Transmission
from integration.flows.match import match
from integration.flows.translate import translate
from integration.models import StockFeed, StockTerms, StoreItem, SupplierStock
from integration.work import Step, Unclaimed
from integration.x12.syntax import Segment, segment
from partners.models import Agreement, AgreementDocument, ItemCrossReference
from tests import factories

_places = count(1)
MONDAY = datetime(2026, 11, 23, 6, 30, tzinfo=UTC)


def supplier(items: int = 20, *, pack: int = 1, name: str = "") -> Agreement:
    """Return an agreement that receives the 846, with a store of ``items`` items; each of his units holds ``pack``."""
    store = factories.store()
    made = factories.agreement(name)
    store.agreements.add(made)
    AgreementDocument.objects.create(agreement=made, transaction_set="846", direction="in")
    for place in range(1, items + 1):
        item(made, f"FS-{place:03d}")
    ItemCrossReference.objects.bulk_create(
        ItemCrossReference(
            agreement=made, sku=f"FS-{place:03d}", vendor_item=f"V-{place:03d}", upc=f"0123456{place:05d}",
            partner_unit="case" if pack > 1 else "", pack_factor=pack,
        )
        for place in range(1, items + 1)
    )  # fmt: skip
    return made


def item(of: Agreement, sku: str, **fields: object) -> StoreItem:
    """Return an item of the agreement's store."""
    number = next(_places)
    return StoreItem.objects.create(store=of.stores.get(), product=number, variant=number, sku=sku, **fields)


def terms(of: Agreement, **fields: object) -> StockTerms:
    """Set the stock terms of an agreement."""
    return StockTerms.objects.update_or_create(agreement=of, defaults=fields)[0]


def plain_line(place: int, quantity: int | str, unit: str = "EA") -> list[Segment]:
    """Return the segments of one item by the supplier's number, with what is available."""
    return [
        segment("LIN", str(place), "VN", f"V-{place:03d}"),
        segment("QTY", "33", str(quantity), unit),
    ]


def body(
    lines: Iterable[Sequence[Segment]],
    number: str,
    day: str,
    clock: str = "",
    purpose: str = "00",
    warehouse: str = "",
) -> list[Segment]:
    """Return the segments of an advice between ST and SE; ``day`` is CCYYMMDD, ``clock`` HHMM."""
    told = [list(each) for each in lines]
    head = [segment("BIA", purpose, "SI", number, day, clock)]
    if warehouse:
        head.append(segment("N1", "WH", "", "92", warehouse))
    return [*head, *(each for line in told for each in line), segment("CTT", str(len(told)))]


def advice(
    quantities: Mapping[int, int | str],
    number: str = "A1",
    day: str = "20261123",
    clock: str = "0630",
    purpose: str = "00",
    unit: str = "EA",
    warehouse: str = "",
) -> list[Segment]:
    """Return an advice on items by their place."""
    lines = [plain_line(place, quantity, unit) for place, quantity in quantities.items()]
    return body(lines, number, day, clock, purpose, warehouse)


def take(of: Agreement, told: Sequence[Segment], made_at: datetime = MONDAY, number: int = 0) -> Document:
    """Have an advice come and be matched; return its document."""
    data = factories.interchange_bytes(
        "846",
        told,
        sender=(of.identifier.qualifier, of.identifier.value),
        receiver=(of.own_qualifier, of.own_id),
        made_at=made_at,
        number=number,
    )
    document = factories.read(factories.received_file(of.mailbox, data, f"stock-{next(_places)}.x12"))
    match(str(document.pk), Unclaimed())
    return document


def feed(of: Agreement, told: Sequence[Segment], made_at: datetime = MONDAY, number: int = 0) -> StockFeed:
    """Have an advice come and be taken; return the feed."""
    return StockFeed.objects.get(document=take(of, told, made_at, number))


def take_file(of: Agreement, name: str, data: bytes) -> tuple[Transmission, list[Step]]:
    """Have a plain file come and be read."""
    arrived = factories.received_file(of.mailbox, data, name)
    return arrived, translate(str(arrived.pk), Unclaimed())


def standing(of: Agreement) -> dict[str, Decimal | None]:
    """Return what stands of the supplier's items, by SKU, and by SKU and warehouse where he names one."""
    return {
        f"{sku}@{warehouse}" if warehouse else sku: quantity
        for sku, warehouse, quantity in SupplierStock.objects.filter(agreement=of)
        .order_by("item__sku", "warehouse")
        .values_list("item__sku", "warehouse", "quantity")
    }


def skus(quantities: Mapping[int, int]) -> dict[str, Decimal]:
    """Return quantities by place as ``standing`` tells them."""
    return {f"FS-{place:03d}": Decimal(quantity) for place, quantity in quantities.items()}

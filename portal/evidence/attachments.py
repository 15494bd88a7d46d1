"""Files beside documents: what partners sent along with shipments and as stock lists, and what proves a return."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.db.models import Q, QuerySet

from archive.house import house_language
from archive.models import Direction, Transmission
from integration.matching.evidence import KINDS
from integration.models import ReturnFile, ShipmentFile, StockFeed
from partners.models import TradingPartner


@dataclass(frozen=True)
class Attachment:
    """One such file: what it is called (a label), what it is in words, and when it came or was added.

    ``payload`` holds its bytes; ``transmission`` brought it, None where staff added it. Both are primary keys. Decisions about it
    are filed under ``about``.
    """

    name: str
    words: str
    at: datetime
    payload: int
    transmission: int | None = None
    about: str = ""
    is_picture: bool = False


@house_language()
def of_shipments(rows: QuerySet[ShipmentFile]) -> list[Attachment]:
    """Return the partner's own files of these ``rows``, such as packing lists."""
    return [
        Attachment(
            name=each.transmission.name,
            words=f"Came along with {each.get_named_display()} {each.number}"
            + ("" if each.named == ShipmentFile.Named.PURCHASE_ORDER else f", purchase order {each.purchase_order.number}"),
            at=each.transmission.recorded_at,
            payload=each.transmission.payload_id,
            transmission=each.transmission_id,
        )
        for each in rows.select_related("transmission", "purchase_order").order_by("transmission", "pk")
    ]  # fmt: skip


@house_language()
def of_returns(rows: QuerySet[ReturnFile]) -> list[Attachment]:
    """Return the photos and forms of these ``rows``: sent, not sent, and withdrawn."""
    return [
        Attachment(
            name=each.name,
            words=f"{each.get_kind_display()} of return {each.case.number}: {each.shows} ({_became(each)})",
            at=each.added_at,
            payload=each.payload_id,
            about=each.case.subject,
            is_picture=KINDS[each.kind].is_picture,
        )
        for each in rows.select_related("case").order_by("case", "number")
    ]


def of_partner(partner: TradingPartner, begin: datetime, end: datetime) -> list[Attachment]:
    """Return every file of and for a partner from ``begin`` on and before ``end``: beside shipments, of returns, stock lists, and
    those of his that could not be read."""
    came = Q(transmission__recorded_at__gte=begin, transmission__recorded_at__lt=end)
    shipped = ShipmentFile.objects.filter(came, purchase_order__agreement__partner=partner)
    returned = ReturnFile.objects.filter(case__partner=partner, added_at__gte=begin, added_at__lt=end)
    told = StockFeed.objects.filter(came, agreement__partner=partner, document=None)
    found = [*of_shipments(shipped), *of_returns(returned), *_of_stock(told)]
    unread = Transmission.objects.filter(
        direction=Direction.IN,
        cases__partner=partner,
        interchanges=None,
        recorded_at__gte=begin,
        recorded_at__lt=end,
    ).exclude(pk__in=[each.transmission for each in found if each.transmission is not None])
    found += [
        Attachment(each.name, "Kept, and not read", each.recorded_at, each.payload_id, each.pk)
        for each in unread.distinct().order_by("pk")
    ]
    return sorted(found, key=lambda each: each.at)


def _of_stock(rows: QuerySet[StockFeed]) -> list[Attachment]:
    return [
        Attachment(
            name=each.transmission.name,
            words=f"Stock file, {each.agreement}",
            at=each.transmission.recorded_at,
            payload=each.transmission.payload_id,
            transmission=each.transmission_id,
        )
        for each in rows.select_related("transmission", "agreement").order_by("pk")
        if each.transmission is not None
    ]


def _became(file: ReturnFile) -> str:
    if file.withdrawn_at is not None:
        return "withdrawn"
    return "not sent" if file.document_id is None else "sent to the partner"

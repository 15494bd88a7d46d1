"""Files of a partner's own beside his ship notices: put with the shipment whose number their name holds.

Such a file is stored as every other is, its bytes first; what it holds decides what it is given out as, and nothing in
it is read. One that names nothing of ours is a case, and is put with its shipment once a notice of that number comes.
"""

from __future__ import annotations

from archive.models import Transmission
from archive.record import record_event
from integration.flows.cases import close_cause
from integration.flows.persons import tie_file
from integration.matching.file_names import PDF, content_type, numbers_in
from integration.models import ExceptionCase, PurchaseOrder, Shipment, ShipmentFile
from integration.work import Step
from partners.models import Mailbox

LARGEST = 10_000_000
"""Bytes of a file that is put with a shipment: a larger one is a case."""
Named = ShipmentFile.Named


def put_with_shipment(transmission: Transmission, data: bytes) -> bool:
    """Put a file that is no X12 with what its name means, in the caller's transaction; say whether it means anything."""
    kind = content_type(data, transmission.name) if len(data) <= LARGEST else ""
    meant = _meant(transmission.mailbox, transmission.name) if kind else []
    for named, number, purchase_order in meant:
        _, is_new = ShipmentFile.objects.get_or_create(
            transmission=transmission,
            purchase_order=purchase_order,
            defaults={"named": named, "number": number, "content_type": kind},
        )
        if is_new:
            tie_file(transmission.payload, purchase_order.order)
            sentence = f"{transmission.name} came along: it is kept with {Named(named).label} {number}."
            record_event(f"transmission:{transmission.pk}", "put_with_shipment", sentence)
            record_event(purchase_order.order.subject, "put_with_shipment", sentence)
    if meant:
        for case in transmission.cases.filter(kind=ExceptionCase.Kind.UNREADABLE, closed_at=None):
            close_cause(case.cause, "What its name means is known now.")
    return bool(meant)


def why_not(transmission: Transmission, data: bytes) -> str:
    """Return what is said of a PDF that is put with nothing; "" for any other file."""
    if content_type(data, transmission.name) != PDF:
        return ""
    if len(data) > LARGEST:
        return (
            f"It is a PDF of more than {LARGEST // 1_000_000} MB: it was kept, and is put with no shipment."
        )
    return (
        "It is a PDF, and its name holds no number of a shipment, purchase order or parcel that we know. It was kept, and is"
        " put with its shipment once a ship notice of such a number comes."
    )


def steps_of_waiting_files(purchase_order: PurchaseOrder) -> list[Step]:
    """Return a step for each file that came before the notice of the shipment that its name means."""
    known = {
        number
        for row in purchase_order.shipments.filter(withdrawn_by=None)
        for number in (row.number, row.tracking_number)
        if number
    }
    waiting = Transmission.objects.filter(
        mailbox=purchase_order.agreement.mailbox_id,
        cases__kind=ExceptionCase.Kind.UNREADABLE,
        cases__closed_at=None,
        interchanges=None,
        shipment_files=None,
    )
    return [
        Step("translate", str(each.pk), f"transmission:{each.pk}")
        for each in waiting.distinct().order_by("pk")
        if known.intersection(numbers_in(each.name))
    ]


def files_of(shipment: Shipment) -> list[ShipmentFile]:
    """Return the partner's own files of ``shipment``, the first to come first."""
    rows = ShipmentFile.objects.filter(purchase_order=shipment.purchase_order_id).select_related(
        "transmission__payload"
    )
    own = {
        Named.PURCHASE_ORDER: "",
        Named.SHIPMENT: shipment.number,
        Named.TRACKING: shipment.tracking_number,
    }
    return [each for each in rows if own[Named(each.named)] in ("", each.number)]


def _meant(mailbox: Mailbox, name: str) -> list[tuple[str, str, PurchaseOrder]]:
    """Return what the longest number in ``name`` is that means something of partners on ``mailbox``: of one of them alone."""
    told = numbers_in(name)
    on_mailbox = PurchaseOrder.objects.filter(agreement__mailbox=mailbox).select_related("order", "agreement")
    shipments = Shipment.objects.filter(purchase_order__agreement__mailbox=mailbox)
    found = [
        *((Named.PURCHASE_ORDER, each.number, each.pk) for each in on_mailbox.filter(number__in=told)),
        *(
            (Named.TRACKING, each.tracking_number, each.purchase_order_id)
            for each in shipments.filter(tracking_number__in=told)
        ),
        *(
            (Named.SHIPMENT, each.number, each.purchase_order_id)
            for each in shipments.filter(number__in=told)
        ),
    ]
    if not found:
        return []
    longest = max(len(number) for _, number, _ in found)
    best = [each for each in found if len(each[1]) == longest]
    by_key = on_mailbox.in_bulk([pk for _, _, pk in best])
    if len({each.agreement.partner_id for each in by_key.values()}) > 1:
        return []
    meant: dict[int, tuple[str, str]] = {}
    for named, number, pk in best:
        # A number of two kinds is taken for the first of them.
        meant.setdefault(pk, (named, number))
    return [(named, number, by_key[pk]) for pk, (named, number) in meant.items()]

"""Files of the archive of any age, and what people decide about them; for tests."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from itertools import count

from django.contrib.auth.models import User
from django.db import connections, transaction

from archive import store
from archive.correlation import new_correlation_id
from archive.models import (
    Direction,
    DisposalItem,
    DisposalRun,
    Document,
    DocumentState,
    Interchange,
    Payload,
    RetentionRevision,
    Transmission,
)
from archive.projections import project
from integration.flows.destroy import destroy
from integration.flows.disposals import decide_disposal, plan_disposal, propose_disposal
from integration.flows.persons import person_of
from integration.flows.retention import Terms, add_rule
from integration.models import Order, OrderDocument, PurchaseOrder, ReturnFile, ShipmentFile
from integration.work import Unclaimed
from partners.models import Mailbox, TradingPartner
from tests import factories
from tests.returned import return_of

_numbers = count(1)
WHY = "As agreed."
_DATED = ("archive_payload", "archive_transmission", "archive_interchange", "archive_document")


def years_later(at: datetime, years: int) -> datetime:
    """Return the same day so many years later, as PostgreSQL reckons: of 29 February, the 28th where there is none."""
    try:
        return at.replace(year=at.year + years)
    except ValueError:
        return at.replace(year=at.year + years, day=28)


def archived(
    on: Mailbox,
    partner: TradingPartner,
    kinds: Sequence[str],
    *,
    order: Order | None = None,
    pieces: bool = False,
    padding: int = 0,
) -> tuple[Payload, list[Document]]:
    """Return a received file with a document of each kind, in one interchange or (``pieces``) in one each.

    ``padding`` bytes follow that belong to no document.
    """
    number = next(_numbers)
    data = f"ISA*{number}~".encode() + b"~" * padding
    file = Transmission.objects.create(
        direction=Direction.IN, mailbox=on, name=f"in{number}.edi", payload=store.put(data),
        correlation_id=new_correlation_id(),
    )  # fmt: skip
    made: list[Document] = []
    for position, kind in enumerate(kinds):
        if pieces or position == 0:
            interchange = Interchange.objects.create(
                direction=Direction.IN, mailbox=on, transmission=file, position=position,
                payload=store.put(data) if pieces else file.payload,
                sender_qualifier="ZZ", sender_id="LARCH", receiver_qualifier="ZZ", receiver_id="GRIDPORT",
                control_number=f"{number:09d}", version="00401", usage_indicator="P", correlation_id="",
            )  # fmt: skip
        made.append(
            Document.objects.create(
                interchange=interchange, partner=partner, direction=Direction.IN, transaction_set=kind,
                version="004010", group_control_number="1", control_number=f"{position:04d}", position=position,
                offset=0, length=1,
            )
        )  # fmt: skip
    if order is not None:
        OrderDocument.objects.bulk_create(
            OrderDocument(order=order, document=each, role=OrderDocument.Role.INVOICE) for each in made
        )
    return file.payload, made


def dated(at: datetime, *documents: Document, payload: Payload | None = None) -> None:
    """Date documents, and the payloads and envelopes that they came in, back: as the owner, past the guard."""
    interchanges = {each.interchange_id for each in documents}
    files = {each.interchange.transmission_id for each in documents} - {None}
    payloads = {each.interchange.payload_id for each in documents}
    files |= (
        set(Transmission.objects.filter(payload=payload).values_list("pk", flat=True)) if payload else set()
    )
    payloads |= set(Transmission.objects.filter(pk__in=files).values_list("payload", flat=True))
    payloads |= {payload.pk} if payload else set()
    rows = (payloads, files, interchanges, {each.pk for each in documents})
    with connections["owner"].cursor() as owner:
        for table, keys in zip(_DATED, rows, strict=True):
            owner.execute(f"ALTER TABLE {table} DISABLE TRIGGER guard_rows")
            owner.execute(f"UPDATE {table} SET recorded_at = %s WHERE id = ANY(%s)", [at, list(keys)])  # noqa: S608
            owner.execute(f"ALTER TABLE {table} ENABLE ALWAYS TRIGGER guard_rows")


def packing_list(of: PurchaseOrder, on: Mailbox) -> Payload:
    """Return a file of a partner's own that is put with ``of``."""
    arrived = factories.received_file(on, b"%PDF-1.4 a packing list", f"{of.number}.pdf")
    ShipmentFile.objects.create(
        transmission=arrived, purchase_order=of, named="purchase_order", number=of.number, content_type="PDF"
    )
    return arrived.payload


def photo(of: PurchaseOrder) -> Payload:
    """Return a photo of a closed return of ``of`` that went to nobody."""
    with transaction.atomic():
        person = person_of(of.order)
        payload = store.put(b"a scratched lamp", subject=person)
    ReturnFile.objects.create(
        case=return_of(of, stage="closed"),
        number=1,
        payload=payload,
        kind="JPEG",
        shows="Scratches",
        added_by="lea",
    )
    return payload


def rule(by: User, name: str = "", years: int = 1, **terms: object) -> RetentionRevision:
    """Return a rule for every document, unless ``terms`` say for which."""
    return add_rule(by, name or f"Rule {next(_numbers)}", Terms(years, "Tax law", **terms), WHY)  # type: ignore[arg-type]


def proposed(by: User) -> DisposalRun:
    """Return everything that is due, proposed."""
    return propose_disposal(by, WHY, plan_disposal().digest, f"key{next(_numbers)}")


def approved(first: User, second: User) -> list[DisposalItem]:
    """Return everything that is due, about to be destroyed as two people decided."""
    run = proposed(first)
    decide_disposal(second, run, WHY, approved=True)
    return list(run.items.order_by("pk"))


def destroyed(first: User, second: User) -> list[DisposalItem]:
    """Destroy everything that is due."""
    items = approved(first, second)
    for item in items:
        destroy(str(item.pk), Unclaimed())
    return items


def old_order_document(years_ago: datetime) -> Document:
    """Return a purchase order that was sent long ago, with its order; needs a database of its own."""
    document = factories.sent()
    project(document)
    assert DocumentState.objects.filter(document=document).exists()
    dated(years_ago, document)
    return Document.objects.get(pk=document.pk)

"""Rows for tests, made as the flows make them: each function gives one thing with what it stands on.

Everything is invented. Nothing here is a fixture: call what you need inside a test that has a database.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from itertools import count
from typing import Any

from django.contrib.auth.models import User
from django.db import transaction
from django.utils import timezone

from archive import changes, keys
from archive import store as archive_store
from archive.disposal import what_is_left
from archive.exchange import record_arrival, record_attempt, record_outcome
from archive.models import (
    AuditEntry,
    Direction,
    DisposalItem,
    DisposalRun,
    Document,
    Hold,
    Interchange,
    SealCheck,
    Transmission,
    TransmissionOutcome,
)
from archive.projections import project, write_content
from integration.documents import Invoice as CanonicalInvoice
from integration.documents import InvoiceLine, to_json
from integration.flows.cases import open_case
from integration.flows.compose import canonical_purchase_order
from integration.flows.expectations import expect_answers
from integration.flows.generate import generate
from integration.flows.holds import Covered, take_hold
from integration.flows.mails import put_mail
from integration.flows.match import match
from integration.flows.references import write_references
from integration.flows.retention import Terms, add_rule
from integration.flows.shipping import add_shipments
from integration.flows.steps import STEPS
from integration.flows.translate import translate
from integration.matching.ship_notices import MAIN, PackageSet
from integration.models import (
    BulkItem,
    BulkJob,
    CustomerLink,
    Erasure,
    ExceptionCase,
    Invoice,
    InvoiceRule,
    InvoiceSeries,
    MailServer,
    Order,
    OutgoingMail,
    Pause,
    PurchaseOrder,
    PurchaseOrderLine,
    Reconciliation,
    RestoreDrill,
    RoutingRule,
    Shipment,
    StockFeed,
    StockLevel,
    StockWrite,
    Store,
    StoreItem,
    SupplierInvoice,
    SupplierStock,
    Warehouse,
    Work,
)
from integration.work import Step, Unclaimed, put
from integration.x12.envelope import (
    GroupToWrite,
    InterchangeHeader,
    SetToWrite,
    read_interchange,
    write_interchange,
)
from integration.x12.syntax import Segment, Separators, segment
from integration.x12.validate import check_group
from partners.guides_in_use import guide_for
from partners.models import (
    Agreement,
    AgreementDocument,
    BusinessCalendar,
    CodeList,
    ItemCrossReference,
    Mailbox,
    MappingProfile,
    Mode,
    PartnerIdentifier,
    Partnership,
    TradingPartner,
)
from portal.groups import AUDITOR, OPERATOR, PARTNER_ADMINISTRATOR, RECORDS_MANAGER, ensure_groups
from portal.models import ApiToken, Export
from tests.noticing import notice_rule, webhook
from tests.receiving import delivery, destination
from tests.returned import return_of

_numbers = count(1)
_CONTROL_NUMBERS_FROM = 300_000_000
"""Control numbers that a test does not choose begin here. Those that it does choose are lower: which ones were given before
depends on what else ran, and the same number on other bytes is a case."""

SEATS = {"view": (AUDITOR,), "decide": (PARTNER_ADMINISTRATOR, OPERATOR)}
USUAL_SEPARATORS = Separators()
GROUPS = {
    "180": "AN", "810": "IN", "812": "CD", "824": "AG", "846": "IB", "850": "PO", "855": "PR", "856": "SH", "860": "PC",
    "865": "CA", "864": "TX", "997": "FA", "999": "FA",
}  # fmt: skip


def user(name: str = "", group: str = "", *, superuser: bool = False, password: str | None = None) -> User:
    """Return a member of staff in ``group``; without a password nobody can log in as.

    ``group`` is a role, or one of the two words that most tests need: *view* looks at everything, *decide* does all
    that roles allow. Without one they may log in, and nothing else.
    """
    groups = ensure_groups()
    made: User = User.objects.create_user(
        name or f"user{next(_numbers)}", password=password, is_staff=True, is_superuser=superuser
    )
    if group:
        made.groups.set(groups[role] for role in SEATS.get(group, (group,)))
    return made


def partner(name: str = "") -> TradingPartner:
    """Return a partner with one interchange ID."""
    number = next(_numbers)
    made = TradingPartner.objects.create(name=name or f"Larch Supply {number}")
    PartnerIdentifier.objects.create(partner=made, qualifier="ZZ", value=f"LARCH{number}")
    return made


def mailbox(name: str = "", **fields: Any) -> Mailbox:
    """Return a network mailbox on a folder, in watch."""
    given = {"transport": "directory", "inbound_path": "in", "outbound_path": "out", **fields}
    return Mailbox.objects.create(name=name or f"Mailbox {next(_numbers)}", **given)


def agreement(
    name: str = "",
    *,
    of: TradingPartner | None = None,
    on: Mailbox | None = None,
    mode: str = Mode.WATCH,
    skus: Sequence[str] = (),
) -> Agreement:
    """Return an agreement on 850 out and 855 in, with an active partnership; ``skus`` become its items."""
    whose = of or partner()
    box = on or mailbox()
    identifier = whose.identifiers.get()
    Partnership.objects.get_or_create(
        mailbox=box, identifier=identifier, defaults={"state": Partnership.State.ACTIVE}
    )
    made = Agreement.objects.create(
        name=name or f"{whose.name}, drop shipment",
        partner=whose,
        mailbox=box,
        mode=mode,
        own_id="GRIDPORT",
        identifier=identifier,
    )
    for transaction_set, direction in (("850", "out"), ("855", "in")):
        AgreementDocument.objects.create(agreement=made, transaction_set=transaction_set, direction=direction)
    for sku in skus:
        ItemCrossReference.objects.create(
            agreement=made, sku=sku, vendor_item=f"V-{sku}", unit_cost=Decimal("4.50")
        )
    return made


def store(name: str = "", **fields: Any) -> Store:
    """Return a store in watch, live from long ago."""
    number = next(_numbers)
    given = {
        "store_hash": f"hash{number}",
        "token": "secret-token",
        "live_from": timezone.now() - timedelta(days=400),
        **fields,
    }
    return Store.objects.create(name=name or f"Fern & Stone {number}", **given)


def order_line(number: int, sku: str, quantity: int = 2, name: str = "", **fields: Any) -> dict[str, Any]:
    """Return one line as an order's content holds it."""
    return {
        "id": number,
        "order_address_id": 1,
        "order_pickup_method_id": 0,
        "product_id": number,
        "variant_id": 0,
        "sku": sku,
        "upc": "",
        "name": name or f"Item {sku}",
        "type": "physical",
        "quantity": quantity,
        "quantity_shipped": 0,
        "quantity_refunded": 0,
        "base_cost_price": "4.50",
        "price_ex_tax": "9.00",
        "price_inc_tax": "9.90",
        "parent_order_product_id": 0,
        "is_bundled_product": False,
        **fields,
    }


def address(**fields: Any) -> dict[str, Any]:
    """Return a shipping address as an order's content holds it."""
    return {
        "id": 1,
        "first_name": "Ada",
        "last_name": "Quist",
        "company": "",
        "street_1": "4 Rope Walk",
        "street_2": "",
        "city": "Millbrook",
        "state": "New York",
        "zip": "12545",
        "country": "United States",
        "country_iso2": "US",
        "phone": "555-0100",
        "email": "ada@example.com",
        "shipping_method": "Ground",
        **fields,
    }


def order(
    number: int = 0,
    *,
    of: Store | None = None,
    lines: Sequence[dict[str, Any]] | None = None,
    customer: str = "Ada Quist",
    **fields: Any,
) -> Order:
    """Return an order of two lines, settling."""
    placed = timezone.now() - timedelta(hours=3)
    content = {
        "customer_name": customer,
        "is_deleted": False,
        "customer_message": "",
        "currency": "USD",
        "billing_address": {},
        "lines": list(lines) if lines is not None else [order_line(1, "FS-1", 2), order_line(2, "FS-2", 5)],
        "addresses": [address()],
    }
    given = {
        "store": of or store(),
        "status_id": 11,
        "placed_at": placed,
        "modified_at": placed,
        "customer_name": customer,
        "total": Decimal("69.3000"),
        "currency": "USD",
        "content": content,
        "digest": "0" * 64,
        "read_at": timezone.now(),
        **fields,
    }
    made = Order.objects.create(number=number or 10_000 + next(_numbers), **given)
    write_references(made)
    return made


def purchase_order(of: Order | None = None, under: Agreement | None = None, **fields: Any) -> PurchaseOrder:
    """Return the purchase order for every line of an order, routed."""
    parent = of or order()
    terms = under or agreement(skus=[line["sku"] for line in parent.content["lines"]])
    place = parent.purchase_orders.count() + 1
    given = {"ship_to": "1", "number": f"{parent.number}-{place}", **fields}
    made = PurchaseOrder.objects.create(order=parent, agreement=terms, **given)
    PurchaseOrderLine.objects.bulk_create(
        PurchaseOrderLine(
            purchase_order=made,
            line_number=at,
            store_line=line["id"],
            sku=line["sku"],
            vendor_item=f"V-{line['sku']}",
            description=line["name"],
            quantity=line["quantity"],
            unit="each",
            unit_price=Decimal("4.50"),
        )
        for at, line in enumerate(parent.content["lines"], start=1)
    )
    write_references(parent)
    return made


def _go_live(made: PurchaseOrder) -> None:
    """Put store, agreement and mailbox of a purchase order live, without the verb."""
    for row in (made.order.store, made.agreement, made.agreement.mailbox):
        type(row).objects.filter(pk=row.pk).update(mode=Mode.LIVE)
        row.refresh_from_db()


def composed(made: PurchaseOrder) -> None:
    """Let everything be live and compose ``made``: it is about to be written."""
    _go_live(made)
    content = to_json(canonical_purchase_order(made, timezone.now()))
    PurchaseOrder.objects.filter(pk=made.pk).update(state=PurchaseOrder.State.COMPOSED, content=content)
    Order.objects.filter(pk=made.order_id).update(state=Order.State.ROUTED)


def sent(made: PurchaseOrder | None = None, *, delivered: bool = True) -> Document:
    """Return the 850 of a purchase order, written by the real flow; delivered unless said otherwise."""
    made = made or purchase_order()
    composed(made)
    generate(str(made.pk), Unclaimed())
    document = Document.objects.get(orders__purchase_order=made, transaction_set="850")
    if delivered:
        attempted(document)
    made.refresh_from_db()
    return Document.objects.get(pk=document.pk)


def attempted(
    document: Document, result: str = TransmissionOutcome.Result.DELIVERED, detail: str = ""
) -> Transmission:
    """Return an attempt to send a document, with what became of it; nothing is sent anywhere."""
    attempt = record_attempt(document.interchange)
    record_outcome(attempt, result, detail)
    project(document)
    if result == TransmissionOutcome.Result.DELIVERED:
        with transaction.atomic():
            expect_answers(Document.objects.select_related("agreement__partner").get(pk=document.pk))
    return attempt


def interchange_bytes(
    transaction_set: str,
    body: Sequence[Segment],
    *,
    sender: tuple[str, str] = ("ZZ", "LARCH"),
    receiver: tuple[str, str] = ("ZZ", "GRIDPORT"),
    number: int = 0,
    separators: Separators = USUAL_SEPARATORS,
    made_at: datetime = datetime(2026, 11, 24, 9, 30, tzinfo=UTC),
    usage: str = "P",
) -> bytes:
    """Return one interchange of one set, as a partner would send it; it says that it was made at ``made_at``."""
    when = made_at
    assert number < _CONTROL_NUMBERS_FROM
    control = number or _CONTROL_NUMBERS_FROM + next(_numbers)
    header = InterchangeHeader(
        sender_qualifier=sender[0],
        sender_id=sender[1],
        receiver_qualifier=receiver[0],
        receiver_id=receiver[1],
        date=when.date(),
        time=when.time(),
        control_number=control,
        usage_indicator=usage,
    )
    group = GroupToWrite(
        functional_id=GROUPS.get(transaction_set, "PR"),
        sender=sender[1],
        receiver=receiver[1],
        date=when.date(),
        time=time(9, 30),
        control_number=control,
        sets=[SetToWrite(transaction_set, 1, body)],
        version="004010",
    )
    return write_interchange(header, [group], separators, "utf-8")


def acceptance(of: PurchaseOrder, *, promised: date = date(2026, 12, 1)) -> list[Segment]:
    """Return the body of an 855 that accepts every line as ordered."""
    body = [segment("BAK", "00", "AD", of.number, "20261124")]
    for line in of.lines.all():
        quantity = f"{line.quantity.normalize():f}"
        body += [
            segment("PO1", str(line.line_number), quantity, "EA", "4.5", "", "VN", line.vendor_item),
            segment("ACK", "IA", quantity, "EA", "068", promised.strftime("%Y%m%d")),
        ]
    return [*body, segment("CTT", str(of.lines.count()))]


def shortage(of: PurchaseOrder, answered: int = 1) -> list[Segment]:
    """Return the body of an 855 that accepts fewer of the first line and the others as ordered."""
    body = acceptance(of)
    first = of.lines.first()
    assert first is not None
    short = [
        segment("PO1", str(first.line_number), f"{first.quantity.normalize():f}", "EA", "4.5", "", "VN", first.vendor_item),
        segment("ACK", "IQ", str(answered), "EA"),
    ]  # fmt: skip
    return [segment("BAK", "00", "AC", of.number, "20261124"), *short, *body[3:]]


def bill(of: PurchaseOrder, number: str = "", *, price: str = "4.5", more: int = 0) -> list[Segment]:
    """Return the body of an 810 that bills every line as ordered, at ``price``, and ``more`` of the first."""
    lines = [(line, line.quantity + (more if place == 0 else 0)) for place, line in enumerate(of.lines.all())]
    total = sum((quantity * Decimal(price) for _, quantity in lines), Decimal(0))
    return [
        segment("BIG", "20261125", number or f"INV-{next(_numbers)}", "", of.number, "", "", "DI"),
        *(
            segment("IT1", str(line.line_number), f"{quantity:f}".rstrip("0").rstrip("."), "EA", price, "", "VN", line.vendor_item)
            for line, quantity in lines
        ),
        segment("TDS", f"{total * 100:.0f}"),
        segment("CTT", str(len(lines))),
    ]  # fmt: skip


def supplier_invoice(of: PurchaseOrder, body: Sequence[Segment] = ()) -> SupplierInvoice:
    """Return a supplier's invoice for a purchase order that was sent, received and matched by the real flows."""
    AgreementDocument.objects.get_or_create(agreement=of.agreement, transaction_set="810", direction="in")
    arrived = received(of.agreement, "810", body or bill(of))
    match(str(arrived.pk), Unclaimed())
    return SupplierInvoice.objects.get(document=arrived)


def stock_feed(under: Agreement, number: str = "", quantity: int = 12) -> StockFeed:
    """Return a stock advice on one item of a store of the agreement, taken by the real flow."""
    AgreementDocument.objects.get_or_create(agreement=under, transaction_set="846", direction="in")
    place = next(_numbers)
    of_store = under.stores.first() or store()
    of_store.agreements.add(under)
    StoreItem.objects.create(store=of_store, product=place, variant=place, sku=f"STOCK-{place}")
    body = [
        segment("BIA", "04", "SI", number or f"ST-{place}", "20261124", "0930"),
        segment("LIN", "1", "SK", f"STOCK-{place}"),
        segment("QTY", "33", str(quantity), "EA"),
        segment("CTT", "1"),
    ]
    arrived = received(under, "846", body)
    match(str(arrived.pk), Unclaimed())
    return StockFeed.objects.get(document=arrived)


def functional_acknowledgment(of: Document, code: str = "A") -> list[Segment]:
    """Return the body of a 997 that answers a document of ours."""
    return [
        segment("AK1", GROUPS[of.transaction_set], str(int(of.group_control_number))),
        segment("AK2", of.transaction_set, of.control_number),
        segment("AK5", code),
        segment("AK9", code, "1", "1", "0" if code == "R" else "1"),
    ]


def received(under: Agreement, transaction_set: str, body: Sequence[Segment], name: str = "") -> Document:
    """Return a document that came through the agreement's mailbox, read by the real flow and not yet matched."""
    data = answer_bytes(under, transaction_set, body)
    return read(received_file(under.mailbox, data, name or f"answer-{next(_numbers)}.edi"))


def answer_bytes(under: Agreement, transaction_set: str, body: Sequence[Segment]) -> bytes:
    """Return a file as the partner of an agreement would send it; of two made later has the higher control number."""
    identifier = under.identifier
    return interchange_bytes(
        transaction_set,
        body,
        sender=(identifier.qualifier, identifier.value),
        receiver=(under.own_qualifier, under.own_id),
        usage=under.usage,
    )


def read(arrived: Transmission) -> Document:
    """Read a file as the real flow does; return the one document in it."""
    translate(str(arrived.pk), Unclaimed())
    return Document.objects.get(interchange__transmission=arrived)


def received_file(on: Mailbox, data: bytes, name: str = "file.txt") -> Transmission:
    """Return a file as it was taken from a mailbox, whatever it holds; nothing is read in it."""
    made = record_arrival(on, name, data)
    record_outcome(made, TransmissionOutcome.Result.REMOVED)
    return made


def document(
    under: Agreement | None = None,
    transaction_set: str = "855",
    body: Sequence[Segment] | None = None,
    *,
    direction: str = Direction.IN,
    number: str = "",
) -> Document:
    """Return one document on its own, with bytes, statuses and references; it is linked to no order.

    ``body`` defaults to the shortest 850, 855 or 997 that names the purchase order ``number``.
    """
    terms = under or agreement()
    identities = [
        (terms.identifier.qualifier, terms.identifier.value),
        (terms.own_qualifier, terms.own_id),
    ]
    sender, receiver = identities if direction == Direction.IN else identities[::-1]
    segments = body if body is not None else _body(transaction_set, number or f"PO-{next(_numbers)}")
    data = interchange_bytes(transaction_set, segments, sender=sender, receiver=receiver, usage=terms.usage)
    reading = read_interchange(data)
    name = f"{transaction_set}-{reading.control_number}.edi"
    arrived = received_file(terms.mailbox, data, name) if direction == Direction.IN else None
    interchange = Interchange.objects.create(
        direction=direction,
        mailbox=terms.mailbox,
        agreement=terms,
        payload=arrived.payload if arrived else archive_store.put(data),
        transmission=arrived,
        name=name,
        sender_qualifier=reading.sender_qualifier,
        sender_id=reading.sender_id,
        receiver_qualifier=reading.receiver_qualifier,
        receiver_id=reading.receiver_id,
        control_number=reading.control_number,
        version=reading.version,
        usage_indicator=reading.usage_indicator,
        correlation_id="0" * 32,
    )
    group = reading.groups[0]
    used = guide_for(terms, transaction_set, direction, group.version)
    located = group.sets[0]
    made = Document.objects.create(
        interchange=interchange,
        agreement=terms,
        partner=terms.partner,
        direction=direction,
        transaction_set=transaction_set,
        version=group.version,
        group_control_number=group.control_number,
        control_number=located.control_number,
        position=0,
        offset=located.offset,
        length=located.length,
        guide=used.name if used else "",
    )
    write_content(made, located, check_group(group)[0], hashlib.sha256(data).hexdigest())
    return made


def shipment(of: PurchaseOrder, tracking: str = "") -> Shipment:
    """Return what a ship notice sends of the first line of a purchase order, written and not judged."""
    AgreementDocument.objects.get_or_create(agreement=of.agreement, transaction_set="856", direction="in")
    number, line = f"LS{next(_numbers)}", of.lines.all()[0]
    document = received(of.agreement, "856", ship_notice(of, number, tracking))
    parcel = PackageSet(tracking or MAIN, tracking, "UPSN", "UPS Ground", {line.line_number: line.quantity})
    add_shipments(of, document, 0, number, [parcel])
    return Shipment.objects.get(document=document)


def ship_notice(of: PurchaseOrder, number: str, tracking: str = "") -> list[Segment]:
    """Return the body of an 856 that sends the first line of a purchase order, in one carton."""
    line = of.lines.all()[0]
    return [
        segment("BSN", "00", number, "20261126", "1015", "0001"),
        segment("HL", "1", "", "S"),
        segment("TD5", "O", "2", "UPSN", "U", "UPS Ground"),
        segment("DTM", "011", "20261126"),
        segment("N1", "SF", "Larch Hall"),
        segment("N4", "Duluth", "MN", "55802"),
        segment("HL", "2", "1", "O"),
        segment("PRF", of.number),
        segment("HL", "3", "2", "P"),
        segment("MAN", "GM", "000123450000000017"),
        *([segment("MAN", "CP", tracking)] if tracking else []),
        segment("HL", "4", "3", "I"),
        segment("LIN", str(line.line_number), "VN", line.vendor_item),
        segment("SN1", "", f"{line.quantity.normalize():f}", "EA"),
        segment("CTT", "4"),
    ]


def _body(transaction_set: str, number: str) -> list[Segment]:
    if transaction_set == "997":
        return [
            segment("AK1", "PO", "1"),
            segment("AK2", "850", "0001"),
            segment("AK5", "A"),
            segment("AK9", "A", "1", "1", "1"),
        ]
    line = segment("PO1", "1", "2", "EA", "4.5", "", "VN", "V-1")
    if transaction_set == "850":
        return [segment("BEG", "00", "DS", number, "", "20261124"), line, segment("CTT", "1")]
    return [
        segment("BAK", "00", "AD", number, "20261124"),
        line,
        segment("ACK", "IA", "2", "EA"),
        segment("CTT", "1"),
    ]


def case(sentence: str = "", **fields: Any) -> ExceptionCase:
    """Return an open case."""
    number = next(_numbers)
    kind = fields.pop("kind", ExceptionCase.Kind.NO_PARTNER)
    cause = fields.pop("cause", f"test:{number}")
    return open_case(kind, cause, sentence or f"No partner lists SKU FS-{number}.", **fields)


def bulk_job(documents: Sequence[Document], by: User) -> BulkJob:
    """Return a job that has begun to send documents again; nothing of it is done."""
    made = BulkJob.objects.create(
        key=f"job {next(_numbers)}",
        state=BulkJob.State.RUNNING,
        scope="Documents, chosen one by one",
        reason="Mended.",
        user=by,
        started_by=by.get_username(),
    )
    BulkItem.objects.bulk_create(BulkItem(job=made, document=document) for document in documents)
    return made


def everything() -> PurchaseOrder:
    """Make at least one row of everything that the portal shows, by the real flows; return the purchase order."""
    made = purchase_order()
    document = sent(made)
    received(made.agreement, "997", functional_acknowledgment(document))
    received(made.agreement, "855", acceptance(made))
    shipment(made, "1Z5R89000000000001")
    supplier_invoice(made)
    store_item(made)
    stock_feed(made.agreement)
    case(order=made.order, partner=made.agreement.partner)
    work("match", document.pk)
    business_calendar()
    mail(made)
    CodeList.objects.create(agreement=made.agreement, name="units").entries.create(ours="each", theirs="EA")
    desk = user()
    bulk_job([document], desk)
    export_of(api_token(desk))
    governed(document)
    mapping_profile().overrides.create(
        position=1,
        operation="constant",
        address="TD5.1",
        value="B",
        was="~O",
        note="As agreed.",
        author="dora",
    )
    hall = warehouse()
    RoutingRule.objects.create(
        name=f"Lamps {hall.pk}",
        agreement=made.agreement,
        skus=["LAMP-*"],
        fulfilment="warehouse",
        warehouse=hall,
    )
    link = customer_link()
    Order.objects.filter(pk=made.order_id).update(customer_link=link, customer_number="GRV-7781")
    invoice(made.order)
    return_of(made)
    AuditEntry.objects.create(actor="dora", verb="settle case", subject=f"order:{made.order_id}")
    Reconciliation.objects.create(started_at=timezone.now(), finished_at=timezone.now())
    SealCheck.objects.create(share=0, finished_at=timezone.now())
    erasure(made.order)
    RestoreDrill.objects.create(
        file="gridport.backup",
        backup_made_at=timezone.now(),
        seconds=Decimal("41.5"),
        passed=True,
        detail="Everything was there.",
    )
    notice_rule(webhook=webhook())
    delivery(destination())
    Pause.objects.create(
        subject=f"partner:{made.agreement.partner_id}", reason="They move.", paused_by="dora"
    )
    return made


def api_token(of: User) -> ApiToken:
    """Return a token in the name of somebody; nobody can ask with it."""
    number = next(_numbers)
    return ApiToken.objects.create(
        name="Warehouse",
        user=of,
        prefix=f"{number:08x}",
        digest=f"{number:064x}",
        resources=["orders", "documents"],
        expires_at=timezone.now() + timedelta(days=90),
        created_by=of.get_username(),
    )


def export_of(token: ApiToken) -> Export:
    """Return an export that was asked for with ``token`` and is being written."""
    return Export.objects.create(
        token=token,
        resource="documents",
        filters={"direction": "in"},
        format="csv",
        state=Export.State.RUNNING,
        rows_done=400,
        rows_expected=1200,
        horizon=1,
        epoch=changes.current_epoch(),
        sight="",
        complete_until=timezone.now(),
        **keys.wrapped_by_store(keys.new_key()),
    )


def erasure(of: Order) -> Erasure:
    """Return a proposal to forget the customer of an order, which takes nothing."""
    made = Erasure.objects.create(
        reason="Asked for in writing.",
        plan={"payloads": [], "goes": ["Name and addresses."], "stays": ["The record."]},
        proposed_by=user(superuser=True),
    )
    made.orders.add(of)
    return made


def governed(document: Document) -> Hold:
    """Make a retention rule, a hold on ``document``, and a disposal that somebody proposes; return the hold."""
    keeper, number = user(group=RECORDS_MANAGER), next(_numbers)
    revision = add_rule(keeper, f"Trade {number}", Terms(10, "Commercial code"), "The auditor asked.")
    run = DisposalRun.objects.create(
        key=f"disposal{number}", scope="What is due", digest="0" * 64, user=keeper, actor=keeper.username,
        reason="Once a year.",
    )  # fmt: skip
    DisposalItem.objects.create(
        run=run,
        payload=document.interchange.payload,
        revision=revision,
        kept_until=timezone.now(),
        words=str(document),
        left=what_is_left([document.interchange.payload_id])[document.interchange.payload_id],
    )
    return take_hold(keeper, f"Larch {number} against us", Covered(documents=[document.pk]), "Counsel asked.")


def store_item(of: PurchaseOrder, sku: str = "FS-1", shows: int = 7, **fields: Any) -> StoreItem:
    """Return an item of a purchase order's store: its supplier told of it, and what is to be shown of it was written."""
    number, now = next(_numbers), timezone.now()
    item = StoreItem.objects.create(
        store=of.order.store, product=number, variant=number, sku=f"{sku}-{number}", name="Field lamp",
        tracking=StoreItem.Tracking.PRODUCT, read_at=now, **fields,
    )  # fmt: skip
    SupplierStock.objects.create(agreement=of.agreement, item=item, quantity=shows + 2, as_of=now)
    level = StockLevel.objects.create(
        item=item, location=1, shows=shows, wanted=shows, granted=shows, on_hand=shows, reckoned_at=now,
        words=[f"They counted {shows + 2}.", f"The store may show {shows}."], written_at=now,
    )  # fmt: skip
    StockWrite.objects.create(
        level=level, kind=StockWrite.Kind.ABSOLUTE, quantity=shows, granted=shows, shows=shows, batch=str(number),
        state=StockWrite.State.DONE, sent_at=now, finished_at=now,
    )  # fmt: skip
    return item


def invoice(of: Order, **fields: Any) -> Invoice:
    """Return a composed invoice of an order, with a rule that sends it to a mailbox in watch."""
    number = next(_numbers)
    series = InvoiceSeries.objects.create(name=f"Series {number}")
    rule = InvoiceRule.objects.create(
        name=f"Finance {number}", series=series, mailbox=mailbox(), file_format="JSON"
    )
    part = {"key": "line:1", "label": "2 × Lamp", "amount": "20.00", "field": "total_ex_tax"}
    proof = {
        "components": [part], "sum": "20.00", "rounding": "0.00", "total": "20.00", "total_field": "total_inc_tax",
        "difference": "0.00", "problems": [], "with_tax": False, "quantities": {"1": "2"},
    }  # fmt: skip
    line = InvoiceLine(
        line_number="1",
        quantity=Decimal(2),
        unit="each",
        unit_price=Decimal(10),
        sku="LAMP",
        description="Lamp",
    )
    content = CanonicalInvoice(
        type="debit_invoice",
        currency="USD",
        customer_order_number=str(of.number),
        lines=(line,),
        total=Decimal("20.00"),
    )
    given = {"currency": "USD", "total": Decimal(20), "proof": proof, "content": to_json(content), **fields}
    made = Invoice.objects.create(order=of, series=series, about=Invoice.WHOLE, **given)
    made.copies.create(rule=rule)
    return made


def mail(of: PurchaseOrder) -> OutgoingMail:
    """Return a mail to the partner of a purchase order, and a server that is switched off."""
    MailServer.objects.get_or_create(
        pk=1, defaults={"host": "mail.example.net", "from_address": "orders@fern.example"}
    )
    row, _ = put_mail(
        f"test:{next(_numbers)}", ["ada@larch.example"], f"Order {of.number}", "Please answer.\n",
        partner=of.agreement.partner, order=of.order,
    )  # fmt: skip
    return row


def business_calendar(name: str = "", zone: str = "America/Chicago") -> BusinessCalendar:
    """Return a calendar of an office: Monday to Friday from 8 to 17."""
    days = ("monday", "tuesday", "wednesday", "thursday", "friday")
    hours = {f"{day}_{end}": time(hour) for day in days for end, hour in (("from", 8), ("until", 17))}
    return BusinessCalendar.objects.create(
        name=name or f"Office hours {next(_numbers)}", time_zone=zone, **hours
    )


def warehouse(name: str = "", **fields: Any) -> Warehouse:
    """Return a place of ours that suppliers ship to."""
    given = {"street_1": "12 Quay", "city": "Duluth", "state": "Minnesota", "zip": "55802", **fields}
    return Warehouse.objects.create(name=name or f"Hall {next(_numbers)}", **given)


def customer_link(of: Store | None = None, on: Mailbox | None = None, **fields: Any) -> CustomerLink:
    """Return a link of a business customer, Grove Retail, whose agreement is live and sends the 855."""
    number = next(_numbers)
    box = on or mailbox()
    whose = TradingPartner.objects.create(name=f"Grove Retail {number}")
    identifier = PartnerIdentifier.objects.create(
        partner=whose, qualifier="ZZ", value="GROVERETAIL" if on else f"GROVE{number}"
    )
    Partnership.objects.create(mailbox=box, identifier=identifier, state=Partnership.State.ACTIVE)
    terms = Agreement.objects.create(
        name=f"{whose}, business customer", partner=whose, mailbox=box, mode=Mode.LIVE, own_id="GRIDPORT",
        identifier=identifier,
    )  # fmt: skip
    AgreementDocument.objects.create(agreement=terms, transaction_set="855", direction="out")
    given = {"customer_ids": [41, 77], **fields}
    return CustomerLink.objects.create(name=f"{whose}", store=of, agreement=terms, **given)


def mapping_profile(
    name: str = "", transaction_set: str = "850", version: str = "004010", **fields: Any
) -> MappingProfile:
    """Return a mapping profile without rows."""
    return MappingProfile.objects.create(
        name=name or f"Larch orders {next(_numbers)}",
        transaction_set=transaction_set,
        version=version,
        **fields,
    )


def work(step: str, subject: object, error: str = "", *, stopped: bool = False) -> Work:
    """Return a row of work that waits; with ``error`` it has failed, and ``stopped`` it waits for a person."""
    put(STEPS[step].lane, Step(step, str(subject), f"{step}:{subject}"))
    row = Work.objects.get(step=step, subject=subject)
    Work.objects.filter(pk=row.pk).update(
        error=error, attempts=3 if error else 0, parked_at=timezone.now() if stopped else None
    )
    row.refresh_from_db()
    return row

"""What the page of an order shows, gathered with a fixed number of queries."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from django.utils.safestring import SafeString

from archive.models import AcknowledgmentState, Delivery, Document
from integration.flows.routing import warehouse_of
from integration.models import (
    ORDER_STATUSES,
    ExceptionCase,
    LineEntry,
    Order,
    OrderDocument,
    PurchaseOrder,
    PurchaseOrderLine,
    StoreEffect,
    Warehouse,
)
from portal.admin.documents_table import DocumentRow, document_rows, state_of
from portal.admin.show import (
    BAD,
    GOOD,
    QUIET,
    WAITING,
    WARNING,
    badge,
    day,
    effect_badge,
    money,
    purchase_order_badge,
    quantity,
)
from portal.admin.timeline import Moment, timeline
from portal.admin.unknown import unknown_effect


@dataclass(frozen=True)
class Position:
    """What the ledger says of one purchase order line; None where it says nothing."""

    ordered: Decimal | None = None
    acknowledged: Decimal | None = None
    promised_on: date | None = None
    unit_price: Decimal | None = None


@dataclass(frozen=True)
class LineRow:
    """One line of the order beside what came of it. ``line`` is None where nobody was asked for it."""

    sku: str
    name: str
    in_store: int
    refunded: int
    line: PurchaseOrderLine | None
    position: Position
    result: SafeString
    differences: list[str] = field(default_factory=list)
    why: str = ""

    @property
    def ordered(self) -> str:
        """What was sent to the partner, with its unit."""
        if self.line is None or self.position.ordered is None:
            return ""
        return f"{quantity(self.position.ordered)} {self.line.unit}"

    @property
    def acknowledged(self) -> str:
        """What the partner said last."""
        return quantity(self.position.acknowledged)

    @property
    def promised(self) -> str:
        """The day the partner promised last."""
        return day(self.position.promised_on)

    @property
    def is_short(self) -> bool:
        """Whether less was acknowledged than was ordered."""
        said, asked = self.position.acknowledged, self.position.ordered
        return said is not None and asked is not None and said < asked


@dataclass(frozen=True)
class Expectation:
    """What has to come next, from whom, until when."""

    words: str
    due_at: datetime
    is_late: bool


def order_context(order: Order, now: datetime) -> dict[str, Any]:
    """Return everything that the template ``portal/order.html`` shows of ``order``."""
    purchase_orders = list(
        order.purchase_orders.select_related("agreement__partner").prefetch_related("lines").order_by("pk")
    )
    links = _links(order)
    sent = {each.pk: _sent(each, links) for each in purchase_orders}
    cases = list(order.cases.select_related("partner", "owner").order_by("closed_at", "-opened_at"))
    return {
        "order": order,
        "total": money(order.total, order.currency),
        "store_status": ORDER_STATUSES.get(order.status_id, f"status {order.status_id}"),
        "addresses": [_address(each) for each in order.content.get("addresses", ())],
        "warehouses": _warehouses(purchase_orders),
        "message": order.content.get("customer_message", ""),
        "reason": _reason(order, cases),
        "lines": _lines(order, purchase_orders, cases, sent),
        "purchase_orders": [
            {
                "row": each,
                "badge": purchase_order_badge(each, state_of(sent[each.pk])),
                "document": sent[each.pk],
            }
            for each in purchase_orders
        ],
        "documents": _documents(links),
        "effects": [_effect(each) for each in order.effects.all()],
        "open_cases": [each for each in cases if each.closed_at is None],
        "closed_cases": [each for each in cases if each.closed_at is not None],
        "expected": _expected(purchase_orders, sent, now),
        "timeline": _timeline(order, links, cases),
    }


def _links(order: Order) -> list[OrderDocument]:
    found = order.documents.select_related(
        "document__interchange", "document__partner", "document__agreement", "document__state"
    )
    return list(found.order_by("document_id"))


def _documents(links: Iterable[OrderDocument]) -> list[DocumentRow]:
    return document_rows({link.document_id: link.document for link in links}.values())


def _address(address: dict[str, Any]) -> dict[str, Any]:
    person = " ".join(part for part in (address.get("first_name"), address.get("last_name")) if part)
    place = " ".join(part for part in (address.get("state"), address.get("zip")) if part)
    city = ", ".join(part for part in (address.get("city"), place) if part)
    parts = [
        address.get("company"),
        person,
        address.get("street_1"),
        address.get("street_2"),
        city,
        address.get("country"),
    ]
    return {"lines": [part for part in parts if part], "shipping_method": address.get("shipping_method", "")}


def _warehouses(purchase_orders: Iterable[PurchaseOrder]) -> list[Warehouse]:
    """Return the warehouses of ours that partners ship to for this order."""
    standing = [each for each in purchase_orders if each.state != PurchaseOrder.State.DROPPED]
    wanted = {pk for each in standing if (pk := warehouse_of(each.ship_to)) is not None}
    return list(Warehouse.objects.filter(pk__in=wanted)) if wanted else []


def positions(lines: Iterable[PurchaseOrderLine]) -> dict[int, Position]:
    """Return what the ledger says of each line, by its primary key.

    Entries that were reversed, and those that reverse, count for nothing. Movements are summed; of statements
    the latest holds (``LineEntry``).
    """
    standing: dict[int, list[LineEntry]] = defaultdict(list)
    for entry in LineEntry.standing().filter(line__in=list(lines)).order_by("stated_at", "pk"):
        standing[entry.line_id].append(entry)
    return {line: _position(found) for line, found in standing.items()}


def _position(entries: list[LineEntry]) -> Position:
    ordered = [entry.quantity for entry in entries if entry.kind == LineEntry.Kind.ORDERED]
    said = [entry for entry in entries if entry.kind == LineEntry.Kind.ACKNOWLEDGED]
    last = said[-1] if said else None
    return Position(
        ordered=sum(ordered, Decimal(0)) if ordered else None,
        acknowledged=last.quantity if last else None,
        promised_on=last.promised_on if last else None,
        unit_price=last.unit_price if last else None,
    )


def _reason(order: Order, cases: Iterable[ExceptionCase]) -> str:
    """Return why the order stands where it does, unless an open case says it already."""
    told = any(
        case.closed_at is None and case.sentence.startswith(order.state_reason.rstrip("…")) for case in cases
    )
    return "" if told else order.state_reason


def _lines(
    order: Order,
    purchase_orders: list[PurchaseOrder],
    cases: list[ExceptionCase],
    sent: dict[int, Document | None],
) -> list[LineRow]:
    asked: dict[int, PurchaseOrderLine] = {}
    for purchase_order in purchase_orders:
        if purchase_order.state == PurchaseOrder.State.DROPPED:
            continue
        for ordered in purchase_order.lines.all():
            ordered.purchase_order = purchase_order
            asked[ordered.store_line] = ordered
    found = positions(asked.values())
    differences = _differences(cases)
    rows = []
    for each in order.content.get("lines", ()):
        line = asked.get(each["id"])
        position = found.get(line.pk, Position()) if line else Position()
        said = differences.get((line.purchase_order_id, line.line_number), []) if line else []
        document = sent[line.purchase_order_id] if line else None
        result = _result(each, line, position, said, document)
        rows.append(
            LineRow(
                each["sku"],
                each["name"],
                each["quantity"],
                each["quantity_refunded"],
                line,
                position,
                result,
                said,
                _why(order.routing.get(str(each["id"]), {})),
            )
        )
    return rows


def _why(kept: dict[str, Any]) -> str:
    """Return why a line went where it did, or to nobody, as it was kept when the order was routed."""
    if kept.get("left_out"):
        return str(kept["left_out"])
    because = " ".join(kept.get("because", ()))
    if kept.get("rule"):
        return f"Rule {kept['rule']}: {because}"
    return because if kept.get("passed") else ""


def _differences(cases: Iterable[ExceptionCase]) -> dict[tuple[int, int], list[str]]:
    """Return what the partner answered otherwise, from the open cases' evidence, by purchase order and line."""
    found: dict[tuple[int, int], list[str]] = defaultdict(list)
    for case in cases:
        if case.closed_at is not None or case.kind != ExceptionCase.Kind.ACKNOWLEDGMENT_DIFFERS:
            continue
        for row in case.evidence:
            if case.purchase_order_id and isinstance(row.get("line"), int):
                words = f"{row.get('what')}: asked {row.get('asked')}, answered {row.get('answered')}"
                found[(case.purchase_order_id, row["line"])].append(words[:1].upper() + words[1:])
    return found


def _result(
    store_line: dict[str, Any],
    line: PurchaseOrderLine | None,
    position: Position,
    differences: list[str],
    document: Document | None,
) -> SafeString:
    if line is None:
        if store_line.get("type") != "physical":
            return badge("Not shipped", QUIET)
        return badge("Not with a partner", QUIET)
    if line.purchase_order.state == PurchaseOrder.State.CANCELLED:
        return badge("Cancelled", QUIET)
    if differences or line.purchase_order.state == PurchaseOrder.State.DISPUTED:
        return badge("Answered differently", WARNING)
    state = state_of(document)
    if position.acknowledged is None and state and state.acknowledgment == AcknowledgmentState.REJECTED:
        return badge("Rejected", BAD)
    if position.ordered is None:
        return badge("Not sent yet", WAITING)
    if position.acknowledged is None:
        return badge("Waiting for an answer", WAITING)
    if position.acknowledged < position.ordered:
        return badge("Acknowledged in part", WARNING)
    return badge("Accepted", GOOD)


def _effect(effect: StoreEffect) -> dict[str, Any]:
    intended = effect.intended
    if effect.kind == StoreEffect.Kind.STATUS:
        words = (
            f"Set the order's status to {ORDER_STATUSES.get(intended.get('status_id'), 'an unknown status')}"
        )
    elif effect.kind == StoreEffect.Kind.NOTE:
        words = f"Add “{intended.get('line', '')}” to the order's staff notes"
    else:
        words = f"Write “{intended.get('value', '')}” to the order's metafield {intended.get('key', '')}"
    return {
        "row": effect,
        "words": words,
        "badge": effect_badge(effect),
        "problem": effect.answer.get("error", ""),
        "unknown": unknown_effect(effect),
    }


def _sent(purchase_order: PurchaseOrder, links: Iterable[OrderDocument]) -> Document | None:
    """Return the document that holds for the purchase order: the one sent last."""
    sent = [
        link.document
        for link in links
        if link.purchase_order_id == purchase_order.pk and link.role == OrderDocument.Role.PURCHASE_ORDER
    ]
    return max(sent, key=lambda document: document.pk, default=None)


def _expected(
    purchase_orders: Iterable[PurchaseOrder], sent: dict[int, Document | None], now: datetime
) -> list[Expectation]:
    expected = []
    for purchase_order in purchase_orders:
        document = sent[purchase_order.pk]
        state = state_of(document)
        if document is None or state is None or state.delivery != Delivery.DELIVERED:
            continue
        agreement = purchase_order.agreement
        waits = []
        if state.acknowledgment in (AcknowledgmentState.WAITING, AcknowledgmentState.OVERDUE):
            waits.append(("functional acknowledgment (997)", agreement.functional_acknowledgment_hours))
        rejected = state.acknowledgment == AcknowledgmentState.REJECTED
        if purchase_order.state == PurchaseOrder.State.GENERATED and not rejected:
            waits.append(
                ("purchase order acknowledgment (855)", agreement.purchase_order_acknowledgment_hours)
            )
        for what, hours in waits:
            due = document.recorded_at + timedelta(hours=hours)
            words = f"{agreement.partner}'s {what} for {purchase_order.number}"
            expected.append(Expectation(words, due, due < now))
    return expected


def _timeline(order: Order, links: Iterable[OrderDocument], cases: Iterable[ExceptionCase]) -> list[Moment]:
    documents = dict.fromkeys(f"document:{link.document_id}" for link in links)
    return timeline(order.subject, [*documents, *(case.subject for case in cases)])

"""A partner's scorecard for a period, gathered from what was promised, ordered, shipped and billed.

What belongs to a period, and what is left out, ``integration.flows.scorecard_rows`` says; ``integration.matching.scorecard``
counts. No agreement promises a time for invoices. So an 810 is never late: told is how many open days it took from the last
goods that had left before it.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any

from django.db.models.functions import Least

from archive.reach import EVERYTHING, Reach
from integration.flows.scorecard_rows import (
    PROMISED,
    Kind,
    SentWhen,
    Terms,
    What,
    arrival,
    chunks,
    opened_cases,
    promises,
    sent_orders,
    terms_of,
)
from integration.matching.ledger import Entry
from integration.matching.periods import Period
from integration.matching.scorecard import (
    Facts,
    OpenedCase,
    OrderLine,
    Outcome,
    Paper,
    Promise,
    Scorecard,
    SentOrder,
)
from integration.matching.scorecard import scorecard as counted
from integration.models import (
    ExceptionCase,
    LineEntry,
    OrderDocument,
    PurchaseOrder,
    PurchaseOrderLine,
    Shipment,
    SupplierInvoice,
    SupplierInvoicePart,
)
from integration.reach import within
from partners.business_time import day_of_due, open_days, open_time
from partners.models import TradingPartner

_UNJUDGED = (
    SupplierInvoice.State.WAITING,
    SupplierInvoice.State.REPEATED,
    SupplierInvoice.State.WITHDRAWN,
)


def scorecard(partner: TradingPartner, period: Period, reach: Reach = EVERYTHING) -> Scorecard:
    """Return the scorecard of ``partner`` for ``period``, of what lies within ``reach`` alone."""
    terms = terms_of(partner)
    sent = sent_orders(partner, period, reach)
    shipped = _shipments(sent, reach)
    facts = Facts(
        kinds=_kinds(terms.values()),
        promises=[_promise(row, terms) for row in _promise_rows(partner, period, reach)],
        orders=[order for pks in chunks(sent) for order in _read(pks, sent, shipped)],
        notices=_notices(shipped),
        bills=_bills(sent, shipped, reach),
        cases=_cases(partner, period, reach),
    )
    return counted(period.first, period.last, facts)


@dataclass(frozen=True)
class _Shipped:
    """What one ship notice says of one purchase order; ``stands``: it was not taken back."""

    document: int
    day: date
    stands: bool


def _kinds(terms: Iterable[Terms]) -> list[str]:
    """Return what the agreements promise, in the order of ``PROMISED``; of returns is told once there are some."""
    agreements = [each.agreement for each in terms]
    promised = {
        What.FUNCTIONAL_ACKNOWLEDGMENT: any(each.functional_acknowledgment_hours for each in agreements),
        What.PURCHASE_ORDER_ACKNOWLEDGMENT: any(
            each.purchase_order_acknowledgment_hours for each in agreements
        ),
        What.SHIP_NOTICE: any(each.ship_notice_days or each.ship_notice_hours for each in agreements),
    }
    return [str(what) for what in PROMISED if promised.get(what)]


def _promise_rows(partner: TradingPartner, period: Period, reach: Reach) -> Iterator[tuple[Any, ...]]:
    rows: Any = promises(partner, period, reach).order_by("what", "due_at", "pk")
    found: Iterator[tuple[Any, ...]] = rows.values_list(
        "what", "agreement_id", "purchase_order__order__store__time_zone", "counted_from", "due_at", "came_at", "outcome"
    ).iterator()  # fmt: skip
    return found


def _promise(row: tuple[Any, ...], terms: dict[int, Terms]) -> Promise:
    what, agreement, store_zone, counted_from, due_at, came_at, outcome = row
    its = terms[agreement]
    zone = its.zone_at(store_zone)
    has_come = Outcome(outcome) in (Outcome.ON_TIME, Outcome.LATE)
    took = open_time(counted_from, came_at, its.calendar, zone) if has_come else None
    return Promise(what, day_of_due(due_at, zone), Outcome(outcome), took)


def _read(
    pks: Sequence[int], sent: dict[int, SentWhen], shipped: dict[int, list[_Shipped]]
) -> Iterator[SentOrder]:
    """Yield what is known of some purchase orders."""
    lines, stated = _lines(pks)
    for pk, document in (
        OrderDocument.objects.filter(
            role=OrderDocument.Role.PURCHASE_ORDER_ACKNOWLEDGMENT, purchase_order__in=pks
        )
        .order_by("-document_id")
        .values_list("purchase_order_id", "document_id")
    ):
        # An answer that says nothing of any line is one all the same.
        stated[pk].append((datetime.max.replace(tzinfo=UTC), document))
    differing = ExceptionCase.objects.filter(kind=Kind.ACKNOWLEDGMENT_DIFFERS, purchase_order__in=pks)
    disputed = set(differing.values_list("purchase_order_id", flat=True))
    agreed = PurchaseOrder.objects.filter(pk__in=pks).exclude(agreed=None).values_list("pk", "agreed")
    disputed.update(pk for pk, told in agreed if _offers_another(told))
    for pk in pks:
        its = sent[pk]
        days = [each.day for each in shipped.get(pk, ()) if each.stands]
        yield SentOrder(
            lines=lines[pk],
            answer=min(stated[pk])[1] if stated[pk] else None,
            is_disputed=pk in disputed,
            lead_days=open_days(its.day, min(days), its.terms.calendar) if days else None,
        )


def _lines(
    pks: Sequence[int],
) -> tuple[dict[int, list[OrderLine]], dict[int, list[tuple[datetime, int]]]]:
    """Return the lines of purchase orders, and when which 855 spoke of them, both by purchase order."""
    entries: dict[int, list[Entry]] = defaultdict(list)
    stated: dict[int, list[tuple[datetime, int]]] = defaultdict(list)
    rows = LineEntry.standing().filter(line__purchase_order__in=pks)
    for line, purchase_order, kind, quantity, at, document, price, transaction_set in rows.values_list(
        "line_id", "line__purchase_order_id", "kind", "quantity", "stated_at", "document_id", "unit_price",
        "document__transaction_set",
    ).iterator():  # fmt: skip
        entries[line].append(Entry(kind, quantity, at, document or 0, price))
        if transaction_set == "855":
            stated[purchase_order].append((at, document))
    lines: dict[int, list[OrderLine]] = defaultdict(list)
    for pk, purchase_order, quantity, price in PurchaseOrderLine.objects.filter(
        purchase_order__in=pks
    ).values_list("pk", "purchase_order_id", "quantity", "unit_price"):
        lines[purchase_order].append(OrderLine(quantity, price, entries[pk]))
    return lines, stated


def _shipments(sent: dict[int, SentWhen], reach: Reach) -> dict[int, list[_Shipped]]:
    """Return what ship notices say of purchase orders; the day is the one they name, else the one on which they came."""
    found: dict[int, list[_Shipped]] = defaultdict(list)
    for pks in chunks(sent):
        rows = Shipment.objects.filter(within(Shipment, reach), purchase_order__in=pks)
        for pk, document, shipped_on, created_at, withdrawn_by in rows.order_by("pk").values_list(
            "purchase_order_id", "document_id", "shipped_on", "created_at", "withdrawn_by"
        ):
            day = shipped_on or created_at.astimezone(sent[pk].zone).date()
            found[pk].append(_Shipped(document, day, withdrawn_by is None))
    return found


def _notices(shipped: dict[int, list[_Shipped]]) -> list[Paper]:
    documents = sorted({each.document for told in shipped.values() for each in told})
    differing = _with_case(Kind.SHIPMENT_DIFFERS, documents)
    return [Paper(document not in differing) for document in documents]


def _bills(sent: dict[int, SentWhen], shipped: dict[int, list[_Shipped]], reach: Reach) -> list[Paper]:
    """Return the invoices for purchase orders that were judged; credit memos are none."""
    found: dict[int, tuple[bool, int | None]] = {}
    for pks in chunks(sent):
        parts = SupplierInvoicePart.objects.filter(purchase_order__in=pks, invoice__is_credit=False)
        judged = parts.exclude(invoice__state__in=_UNJUDGED).filter(
            invoice__in=SupplierInvoice.objects.filter(within(SupplierInvoice, reach)).values("pk")
        )
        arrived = Least("invoice__created_at", arrival("invoice__document"))
        for pk, document, state, at in (
            judged.annotate(arrived_at=arrived)
            .order_by("pk")
            .values_list("purchase_order_id", "invoice__document_id", "invoice__state", "arrived_at")
        ):
            its = sent[pk]
            day = at.astimezone(its.zone).date()
            left = [each.day for each in shipped.get(pk, ()) if each.stands and each.day <= day]
            took = open_days(max(left), day, its.terms.calendar) if left else None
            found.setdefault(document, (state == SupplierInvoice.State.MATCHED, took))
    differing = _with_case(Kind.INVOICE_DIFFERS, found)
    return [
        Paper(is_matched and document not in differing, took)
        for document, (is_matched, took) in found.items()
    ]


def _with_case(kind: str, documents: Iterable[int]) -> set[int]:
    """Return those of ``documents`` that were ever a case of ``kind``."""
    found: set[int] = set()
    for pks in chunks(documents):
        rows = ExceptionCase.objects.filter(kind=kind, document__in=pks)
        found.update(pk for pk in rows.values_list("document_id", flat=True) if pk is not None)
    return found


def _cases(partner: TradingPartner, period: Period, reach: Reach) -> list[OpenedCase]:
    rows = opened_cases(partner, period, reach).order_by("pk")
    return [
        OpenedCase(kind, closed_at is None, money, currency)
        for kind, closed_at, money, currency in rows.values_list("kind", "closed_at", "money", "currency")
    ]


def _offers_another(agreed: list[dict[str, Any]] | None) -> bool:
    return any(each.get("substitute") for each in agreed or ())

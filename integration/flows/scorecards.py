"""A partner's scorecard for a period, gathered from what was promised, ordered, shipped and billed.

What belongs to a period, and what is left out, ``integration.flows.scorecard_rows`` says; ``integration.matching.scorecard``
counts. No agreement promises a time for invoices. So an 810 is never late: told is how many open days it took from the last
goods that had left before it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date, datetime
from decimal import Decimal
from functools import lru_cache
from typing import Any

from django.db.models import BooleanField, CharField, F, Func, Value
from django.db.models.functions import Least

from archive.models import Document
from archive.reach import EVERYTHING, Reach
from integration.flows.scorecard_rows import (
    PROMISED,
    Kind,
    SentWhen,
    Terms,
    What,
    among,
    arrival,
    at,
    opened_cases,
    promises,
    sent_orders,
    terms_of,
    ticks,
)
from integration.matching.ledger import STATEMENTS, Entry
from integration.matching.periods import Period
from integration.matching.scorecard import (
    COUNTED,
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
_Line = tuple[int, Decimal, Decimal | None]
"""A line's primary key, its quantity and its price."""
_Shipped = tuple[int, date, bool]
"""What one ship notice says of one purchase order: its document, the day, and that it was not taken back."""

# What is kept of thousands of rows is kept in tuples of tuples: those of plain values the garbage collector forgets about,
# while it would look at so many lists again and again, which took a fifth of the whole time.

_OUTCOMES = {each.value: each for each in Outcome}
_OTHER_ITEM = Value('$[*] ? (@.substitute != "" && @.substitute != null)')
"""That an answer which was agreed on offers another item for some line."""


def scorecard(partner: TradingPartner, period: Period, reach: Reach = EVERYTHING) -> Scorecard:
    """Return the scorecard of ``partner`` for ``period``, of what lies within ``reach`` alone."""
    terms = terms_of(partner)
    sent = sent_orders(partner, period, reach)
    shipped = _shipments(sent, reach)
    facts = Facts(
        kinds=_kinds(terms.values()),
        promises=(_promise(row, terms) for row in _promise_rows(partner, period, terms, reach)),
        orders=_orders(sent, shipped),
        notices=_notices(shipped),
        bills=_bills(sent, shipped, reach),
        cases=_cases(partner, period, reach),
    )
    return counted(period.first, period.last, facts)


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


def _promise_rows(
    partner: TradingPartner, period: Period, terms: dict[int, Terms], reach: Reach
) -> Iterator[tuple[Any, ...]]:
    has_own = all(each.zone is not None for each in terms.values())
    store_zone = Value(None, CharField()) if has_own else F("purchase_order__order__store__time_zone")
    rows: Any = promises(partner, period, reach).order_by("what")
    found: Iterator[tuple[Any, ...]] = rows.values_list(
        "what", "agreement_id", store_zone, ticks("counted_from"), ticks("due_at"), ticks("came_at"), "outcome"
    )  # fmt: skip
    return found


def _promise(row: tuple[Any, ...], terms: dict[int, Terms]) -> Promise:
    what, agreement, store_zone, counted_from, due_at, came_at, outcome = row
    its = terms[agreement]
    zone = its.zone_at(store_zone)
    told = _OUTCOMES[outcome]
    has_come = told is Outcome.ON_TIME or told is Outcome.LATE
    took = open_time(at(counted_from), at(came_at), its.calendar, zone) if has_come else None
    return Promise(what, day_of_due(at(due_at), zone), told, took)


def _orders(sent: dict[int, SentWhen], shipped: dict[int, tuple[_Shipped, ...]]) -> Iterator[SentOrder]:
    """Yield what is known of purchase orders."""
    lines = _lines(sent)
    entries = _entries(pk for each in lines.values() for pk, *_ in each)
    answers = _answers(sent, lines, entries)
    disputed = _disputed(sent)
    for pk, its in sent.items():
        days = [day for _, day, stands in shipped.get(pk, ()) if stands]
        yield SentOrder(
            lines=[
                OrderLine(quantity, price, [Entry(*row) for row in entries.get(line, ())])
                for line, quantity, price in lines.get(pk, ())
            ],
            answer=answers.get(pk),
            is_disputed=pk in disputed,
            lead_days=open_days(its.day, min(days), its.terms.calendar) if days else None,
        )


def _lines(pks: Iterable[int]) -> dict[int, tuple[_Line, ...]]:
    """Return the lines of purchase orders: their primary keys, quantities and prices."""
    found: dict[int, tuple[_Line, ...]] = {}
    rows = PurchaseOrderLine.objects.filter(among("purchase_order", pks)).order_by("purchase_order", "pk")
    for purchase_order, pk, quantity, price in rows.values_list(
        "purchase_order_id", "pk", "quantity", "unit_price"
    ):
        found[purchase_order] = (*found.get(purchase_order, ()), (pk, quantity, price))
    return found


def _entries(lines: Iterable[int]) -> dict[int, tuple[tuple[Any, ...], ...]]:
    """Return the entries of lines that are counted, each as the first values of an ``Entry``."""
    found: dict[int, tuple[tuple[Any, ...], ...]] = {}
    rows = LineEntry.standing().filter(among("line", lines), kind__in=COUNTED).order_by()
    for line, kind, quantity, stated_at, document, price in rows.values_list(
        "line_id", "kind", "quantity", ticks("stated_at"), "document_id", "unit_price"
    ):
        entry = (kind, quantity, at(stated_at), document or 0, price)
        found[line] = (*found.get(line, ()), entry)
    return found


def _answers(
    pks: Iterable[int],
    lines: dict[int, tuple[_Line, ...]],
    entries: dict[int, tuple[tuple[Any, ...], ...]],
) -> dict[int, int]:
    """Return the first 855 to each purchase order that has one."""
    said = [
        (pk, stated_at, document)
        for pk in pks
        for line, *_ in lines.get(pk, ())
        for kind, _, stated_at, document, _ in entries.get(line, ())
        if kind in STATEMENTS
    ]
    documents = Document.objects.filter(among("pk", {each[2] for each in said}), transaction_set="855")
    of_set = set(documents.order_by().values_list("pk", flat=True))
    found: dict[int, tuple[datetime, int]] = {}
    for pk, stated_at, document in said:
        if document in of_set:
            found[pk] = min(found.get(pk, (stated_at, document)), (stated_at, document))
    answers = {pk: document for pk, (_, document) in found.items()}
    ties = OrderDocument.objects.filter(
        among("purchase_order", pks), role=OrderDocument.Role.PURCHASE_ORDER_ACKNOWLEDGMENT
    )
    for pk, document in ties.order_by("document_id").values_list("purchase_order_id", "document_id"):
        answers.setdefault(pk or 0, document)  # an answer that says nothing of any line is one all the same
    return answers


def _disputed(pks: Iterable[int]) -> set[int]:
    """Return those of the purchase orders an answer to which differed, or offered another item."""
    differing = ExceptionCase.objects.filter(
        among("purchase_order", pks), kind=Kind.ACKNOWLEDGMENT_DIFFERS
    ).values_list("purchase_order_id", flat=True)
    another = PurchaseOrder.objects.filter(
        among("pk", pks),
        Func("agreed", _OTHER_ITEM, function="jsonb_path_exists", output_field=BooleanField()),
    )
    return {*filter(None, differing), *another.values_list("pk", flat=True)}


def _shipments(sent: dict[int, SentWhen], reach: Reach) -> dict[int, tuple[_Shipped, ...]]:
    """Return what ship notices say of purchase orders; the day is the one they name, else the one on which they came."""
    found: dict[int, tuple[_Shipped, ...]] = {}
    rows = Shipment.objects.filter(among("purchase_order", sent), within(Shipment, reach))
    for pk, document, shipped_on, created_at, withdrawn_by in rows.order_by("pk").values_list(
        "purchase_order_id", "document_id", "shipped_on", ticks("created_at"), "withdrawn_by"
    ):
        day = shipped_on or at(created_at).astimezone(sent[pk].zone).date()
        found[pk] = (*found.get(pk, ()), (document, day, withdrawn_by is None))
    return found


def _notices(shipped: dict[int, tuple[_Shipped, ...]]) -> list[Paper]:
    documents = sorted({document for told in shipped.values() for document, *_ in told})
    differing = _with_case(Kind.SHIPMENT_DIFFERS, documents)
    return [_paper(document not in differing) for document in documents]


def _bills(sent: dict[int, SentWhen], shipped: dict[int, tuple[_Shipped, ...]], reach: Reach) -> list[Paper]:
    """Return the invoices for purchase orders that were judged; credit memos are none."""
    found: dict[int, tuple[bool, int | None]] = {}
    parts = SupplierInvoicePart.objects.filter(among("purchase_order", sent), invoice__is_credit=False)
    judged = parts.exclude(invoice__state__in=_UNJUDGED)
    if reach.is_limited:
        judged = judged.filter(
            invoice__in=SupplierInvoice.objects.filter(within(SupplierInvoice, reach)).values("pk")
        )
    arrived = Least("invoice__created_at", arrival("invoice__document"))
    for pk, document, state, told in judged.order_by("pk").values_list(
        "purchase_order_id", "invoice__document_id", "invoice__state", ticks(arrived)
    ):
        its = sent[pk]
        day = at(told).astimezone(its.zone).date()
        left = [each for _, each, stands in shipped.get(pk, ()) if stands and each <= day]
        took = open_days(max(left), day, its.terms.calendar) if left else None
        found.setdefault(document, (state == SupplierInvoice.State.MATCHED, took))
    differing = _with_case(Kind.INVOICE_DIFFERS, found)
    return [
        _paper(is_matched and document not in differing, took)
        for document, (is_matched, took) in found.items()
    ]


@lru_cache(maxsize=1000)
def _paper(is_clean: bool, days: int | None = None) -> Paper:
    """Return a paper; most are like another one."""
    return Paper(is_clean, days)


def _with_case(kind: str, documents: Iterable[int]) -> set[int]:
    """Return those of ``documents`` that were ever a case of ``kind``."""
    rows = ExceptionCase.objects.filter(among("document", documents), kind=kind)
    return set(filter(None, rows.values_list("document_id", flat=True)))


def _cases(partner: TradingPartner, period: Period, reach: Reach) -> list[OpenedCase]:
    rows = opened_cases(partner, period, reach).order_by("pk")
    return [
        OpenedCase(kind, closed_at is None, money, currency)
        for kind, closed_at, money, currency in rows.values_list("kind", "closed_at", "money", "currency")
    ]

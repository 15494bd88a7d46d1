"""Look at an order in the store, and invoice what is due of it: composed, proved, numbered and written.

Level-triggered: what is due follows from the store, the shipments and our own rows as they are now, and an invoice that is
there is not made again. Row, number, bytes and identity are committed together, so a death between any two places leaves
neither a gap in the series nor a second invoice.
"""

from __future__ import annotations

import datetime
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any

from django.db.models import Q

from integration.documents import to_json
from integration.failpoints import failpoint
from integration.flows.cases import close_case
from integration.flows.import_orders import import_step
from integration.flows.invoicing import (
    COMPLETED,
    PARTIALLY_REFUNDED,
    REFUNDED,
    SHIPPED,
    invoice_cause,
    rules_of,
)
from integration.flows.shipping import shipped_whole
from integration.flows.sold import Read, read_sold, refund_of, sold_of
from integration.flows.stores import client_for
from integration.flows.write_invoice import ask, hold, send_invoice
from integration.matching.invoicing.composing import Composed, Header, Part, compose_invoice
from integration.matching.invoicing.credits import compose_credit
from integration.matching.invoicing.sold import ZERO, Refund, Sold
from integration.models import (
    ExceptionCase,
    Invoice,
    InvoiceCopy,
    InvoiceRule,
    InvoiceSeries,
    Order,
    PurchaseOrder,
    Shipment,
)
from integration.work import Claim, Step

When, State, Kind = InvoiceRule.When, Invoice.State, Invoice.Kind
UNPROVED = ExceptionCase.Kind.INVOICE_UNPROVED
UNNUMBERED = ""


@dataclass(frozen=True)
class _Due:
    """One invoice that is due; ``part`` where it is not the whole order."""

    about: str
    part: Part | None = None
    shipment: Shipment | None = None


def invoice_order(subject: str, claim: Claim) -> list[Step]:
    """Read the order once more, and make and send what is due of invoices and credit memos."""
    order = Order.objects.select_related("store").get(pk=subject)
    if not rules_of(order):
        return []
    with client_for(order.store) as client:
        read = read_sold(client, order.number)
    failpoint("invoice.read")
    if read.order.date_modified != order.modified_at or read.order.status_id != order.status_id:
        # Whoever reads it asks for this step again, with what the store holds now.
        return [import_step(order.store_id, order.number)]
    sold = sold_of(order.store, read)
    steps: list[Step] = []
    with claim.transaction():
        # As by whoever posts shipments: the purchase orders, then the order.
        list(PurchaseOrder.objects.select_for_update().filter(order=order).order_by("pk").values_list("pk"))
        order = Order.objects.select_for_update(of=("self",)).select_related("store").get(pk=order.pk)
        by_series: dict[InvoiceSeries, list[InvoiceRule]] = defaultdict(list)
        for rule in rules_of(order):
            by_series[rule.series].append(rule)
        for series, rules in by_series.items():
            steps += _invoice_series(order, series, rules, read, sold)
    failpoint("invoice.committed")
    return list(dict.fromkeys(steps))


def _invoice_series(
    order: Order, series: InvoiceSeries, rules: list[InvoiceRule], read: Read, sold: Sold
) -> list[Step]:
    steps: list[Step] = []
    for due in _due(order, series, rules[0].when, read, sold):
        invoice = _row(order, series, due.about, rules, shipment=due.shipment)
        if invoice.state != State.GENERATED:
            composed = compose_invoice(sold, _header(due.shipment), due.part)
            _keep(invoice, composed, sold, dict(due.part.now) if due.part else {})
        steps += _sent(invoice)
    for refund in (refund_of(each) for each in read.refunds):
        steps += _credit(order, series, rules, sold, refund)
    return steps


def _sent(invoice: Invoice) -> list[Step]:
    return send_invoice(invoice) if invoice.content is not None else []


def _due(order: Order, series: InvoiceSeries, when: str, read: Read, sold: Sold) -> Iterator[_Due]:
    """Yield what is to be invoiced by now, what was invoiced already with it."""
    status = read.order.status_id
    # A refund takes the status that said how far the order was; its date of shipping stays.
    over = status in (REFUNDED, PARTIALLY_REFUNDED) and read.order.date_shipped is not None
    completed = status == COMPLETED or over
    shipped = completed or status == SHIPPED
    if when != When.SHIPMENT:
        if completed if when == When.COMPLETED else shipped or shipped_whole(order):
            yield _Due(Invoice.WHOLE)
        return
    shipments = list(order.shipments.filter(withdrawn_by=None).prefetch_related("lines__line").order_by("pk"))
    reached = _shipped(shipments)
    for shipment in shipments:
        about = f"shipment:{shipment.pk}"
        part = _part(order, series, sold, about, reached, _shipped([shipment]))
        if part is not None:
            yield _Due(about, part, shipment)
    if shipped:
        everything = {line.id: line.quantity for line in sold.lines}
        part = _part(order, series, sold, Invoice.REST, everything, everything)
        if part is not None:
            yield _Due(Invoice.REST, part)


def _shipped(shipments: Iterable[Shipment]) -> dict[int, Decimal]:
    """Return how many of each line of the order the shipments hold."""
    found: dict[int, Decimal] = defaultdict(Decimal)
    for shipment in shipments:
        for each in shipment.lines.all():
            found[each.line.store_line] += each.quantity
    return found


def _part(
    order: Order,
    series: InvoiceSeries,
    sold: Sold,
    about: str,
    reached: Mapping[int, Decimal],
    own: Mapping[int, Decimal],
) -> Part | None:
    """Return what is left to invoice of ``own``, where the order has got to ``reached`` in all; both by line id.

    None where nothing is. What was invoiced for a shipment that the partner took back later counts: the one in its place is
    not invoiced again. Of what was shipped beyond the order nothing is invoiced.
    """
    before: dict[int, Decimal] = defaultdict(Decimal)
    amounts: dict[str, Decimal] = defaultdict(Decimal)
    of_series = order.invoices.filter(series=series, kind=Kind.INVOICE)
    mine = of_series.filter(about=about).first()
    earlier = Q(state=State.COMPOSED, shipment__withdrawn_by=None)
    if mine is not None:
        earlier &= Q(pk__lt=mine.pk)
    for invoice in of_series.filter(Q(state=State.GENERATED) | earlier).exclude(about=about):
        for line, quantity in invoice.proof["quantities"].items():
            before[int(line)] += Decimal(quantity)
        for each in invoice.proof["components"]:
            amounts[each["key"]] += Decimal(each["amount"])
    now = {
        line.id: max(
            ZERO,
            min(own.get(line.id, ZERO), min(reached.get(line.id, ZERO), line.quantity) - before[line.id]),
        )
        for line in sold.lines
    }
    is_known = mine is not None and mine.state == State.GENERATED
    return Part(now, before, amounts) if any(now.values()) or is_known else None


def _header(shipment: Shipment | None) -> Header:
    """Return the header without number and date, which it gets when it is numbered."""
    day = datetime.date.min
    if shipment is None:
        return Header(UNNUMBERED, day)
    return Header(
        UNNUMBERED,
        day,
        shipment.shipped_on,
        shipment.scac,
        shipment.carrier_name,
        shipment.tracking_number,
    )


def _row(order: Order, series: InvoiceSeries, about: str, rules: list[InvoiceRule], **more: Any) -> Invoice:
    """Return the row of one invoice, made with its copies where it is not there yet; the order is held."""
    defaults = {"currency": order.currency, "total": ZERO, **more}
    invoice, created = Invoice.objects.get_or_create(
        order=order, series=series, about=about, defaults=defaults
    )
    invoice.order = order
    if created or invoice.state != State.GENERATED:
        for rule in rules:
            InvoiceCopy.objects.get_or_create(invoice=invoice, rule=rule)
        invoice.copies.filter(document=None).exclude(rule__in=rules).delete()
    return invoice


def _credit(
    order: Order, series: InvoiceSeries, rules: list[InvoiceRule], sold: Sold, refund: Refund
) -> list[Step]:
    """Credit ``refund`` once the whole order is invoiced: what was never asked for is not given back on paper."""
    if not refund.total or (refund.declined and not refund.paid):
        return []
    invoices = list(
        order.invoices.filter(series=series, kind=Kind.INVOICE, state=State.GENERATED).order_by("pk")
    )
    if not invoices or sum((each.total for each in invoices), ZERO) < sold.total.with_tax:
        return []
    original = _original(invoices, refund)
    about = f"refund:{refund.id}"
    credit_series = rules[0].credit_series or series
    invoice = _row(order, credit_series, about, rules, kind=Kind.CREDIT_MEMO, refund=refund.id)
    if invoice.state != State.GENERATED:
        _keep(invoice, compose_credit(sold, refund, _header(None), original.number), sold, {})
    return _sent(invoice)


def _original(invoices: list[Invoice], refund: Refund) -> Invoice:
    """Return the invoice that ``refund`` credits: the first that holds one of its lines, else the last."""
    lines = {str(each.id) for each in refund.items if each.kind == "PRODUCT"}
    return next((each for each in invoices if lines & set(each.proof["quantities"])), invoices[-1])


def _keep(invoice: Invoice, composed: Composed, sold: Sold, quantities: Mapping[int, Decimal]) -> None:
    """Keep what was composed, or why it could not be: then a case shows what adds up to what."""
    proof, document = composed.proof, composed.document
    invoiced = quantities or {line.id: line.quantity for line in sold.lines}
    invoice.proof = {
        **proof.to_json(),
        "quantities": {str(line): str(quantity) for line, quantity in invoiced.items() if quantity},
    }
    invoice.total, invoice.currency = proof.total, sold.currency
    # The number and the date come with the number's transaction.
    bare = replace(document, invoice_number=None, invoice_date=None) if document is not None else None
    invoice.content = to_json(bare) if bare is not None else None
    invoice.state = State.COMPOSED
    invoice.save(update_fields=["proof", "total", "currency", "content", "state"])
    if document is not None:
        # One about a document that cannot be written stays until it is.
        unproved = ExceptionCase.objects.filter(cause=invoice_cause(invoice), kind=UNPROVED, closed_at=None)
        for case in unproved:
            close_case(case, ExceptionCase.Decision.RELEASED, "It adds up now.")
        return
    sentence = _why(invoice, composed)
    hold(invoice, sentence)
    ask(
        UNPROVED,
        invoice,
        sentence,
        money=abs(proof.difference),
        evidence=_evidence(invoice.proof),
    )


def _why(invoice: Invoice, composed: Composed) -> str:
    order, proof = invoice.order, composed.proof
    said = list(proof.problems)
    if proof.difference:
        together = proof.sum + proof.rounding
        said.insert(
            0, f"its parts come to {together}, the store says {proof.total}: {proof.difference} apart."
        )
    about, verb = f"Order {order.number}", "invoice"
    if invoice.kind == Kind.CREDIT_MEMO:
        about, verb = f"Refund {invoice.refund} of order {order.number}", "credit"
    done = {"invoice": "invoiced", "credit": "credited"}[verb]
    return (
        f"{about} is not {done}, since it does not add up: {' '.join(said)} Correct it in the store and try again, or settle"
        f" this case and {verb} it yourself."
    )


def _evidence(proof: Mapping[str, Any]) -> list[dict[str, str]]:
    """Return what adds up to what, as rows for the case."""
    rows = [
        {"part": each["label"], "amount": each["amount"], "store's field": each["field"]}
        for each in proof["components"]
    ]
    rows += [
        {"part": "Together", "amount": proof["sum"], "store's field": ""},
        {"part": "The store says", "amount": proof["total"], "store's field": proof["total_field"]},
        {"part": "Difference", "amount": proof["difference"], "store's field": ""},
    ]
    return rows + [{"part": problem, "amount": "", "store's field": ""} for problem in proof["problems"]]

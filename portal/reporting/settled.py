"""Reporting tables of invoices both ways, and of returns and what became of them."""

from __future__ import annotations

from integration.models import Invoice, ReturnCase, SupplierInvoice
from portal.reporting.columns import (
    changed,
    day,
    key,
    link,
    moment,
    named,
    number,
    partner,
    slug,
    store,
    text,
    truth,
    values_of,
    whole,
)
from portal.reporting.declaring import View

INVOICES = View(
    "invoices",
    "One invoice or credit memo of ours.",
    """integration_invoice inv
       JOIN integration_order o ON o.id = inv.order_id
       JOIN integration_store store ON store.id = o.store_id
       JOIN integration_invoiceseries series ON series.id = inv.series_id""",
    [
        key("inv"),
        text("number", "inv.number", "Its number; empty until it is issued."),
        slug("kind", "inv.kind", "What it is.", values_of(Invoice.Kind)),
        slug("state", "inv.state", "How far it is; generated: issued.", values_of(Invoice.State)),
        link("order_id", "inv.order_id", "orders"),
        whole("order_number", "o.number", "The order's number in the store."),
        *store(),
        *named("series", "series", "The series in which it is numbered."),
        text("about", "inv.about", "What of the order it is for: whole, rest, shipment:12 or refund:7."),
        link("shipment_id", "inv.shipment_id", "shipments", "Where it is for one shipment."),
        number("total", "inv.total", "Its total with tax, in currency."),
        text("currency", "inv.currency", "Currency of the total."),
        moment("created_at", "inv.created_at", "When it was composed."),
        moment("numbered_at", "inv.numbered_at", "When it was issued; NULL: not yet."),
        changed("inv"),
    ],
)

SUPPLIER_INVOICES = View(
    "supplier_invoices",
    "One invoice or credit memo (810) of a supplier, held against what was ordered, promised and shipped.",
    """integration_supplierinvoice bill
       JOIN partners_tradingpartner partner ON partner.id = bill.partner_id""",
    [
        key("bill"),
        text("number", "bill.number", "The supplier's number (BIG02)."),
        *partner(),
        link("document_id", "bill.document_id", "documents", "The 810."),
        text("kind", "bill.kind", "What kind the supplier calls it (BIG07, in our words); empty: not said."),
        truth("is_credit", "bill.is_credit", "True: a credit memo, which gives money back."),
        text("original", "bill.original", "The invoice that a credit memo names."),
        day("invoice_date", "bill.invoice_date", "Its date as given."),
        slug("state", "bill.state", "What came of it.", values_of(SupplierInvoice.State)),
        number("total", "bill.total", "As billed, without a sign, in currency."),
        number("money_at_stake", "bill.money_at_stake", "What of it differs, in currency."),
        number("approved", "bill.approved", "What is to be paid, or of a credit memo to come back, in currency; NULL: not decided."),
        text("currency", "bill.currency", "Currency of the amounts."),
        moment("made_at", "bill.made_at", "When the partner made it."),
        moment("created_at", "bill.created_at", "When we read it."),
        moment("waits_until", "bill.waits_until", "So long it waits for what is not shipped; NULL: it does not wait."),
        changed("bill"),
    ],
)  # fmt: skip

SUPPLIER_INVOICE_PARTS = View(
    "supplier_invoice_parts",
    "One purchase order that a supplier's invoice bills.",
    "integration_supplierinvoicepart part",
    [
        key("part"),
        link("supplier_invoice_id", "part.invoice_id", "supplier_invoices"),
        link("purchase_order_id", "part.purchase_order_id", "purchase_orders"),
        whole("differences", "jsonb_array_length(part.differences)", "How many things of it differ."),
    ],
)

RETURNS = View(
    "returns",
    "One return: goods of one purchase order that go back to its supplier.",
    """integration_returncase r
       JOIN integration_order o ON o.id = r.order_id
       JOIN integration_store store ON store.id = o.store_id
       JOIN integration_purchaseorder po ON po.id = r.purchase_order_id
       JOIN partners_tradingpartner partner ON partner.id = r.partner_id""",
    [
        key("r"),
        text("number", "r.number", "Our number of it, such as R-1001."),
        slug("stage", "r.stage", "How far it came.", values_of(ReturnCase.Stage)),
        slug("source", "r.source", "How we came to know.", values_of(ReturnCase.Source)),
        link("order_id", "r.order_id", "orders"),
        whole("order_number", "o.number", "The order's number in the store."),
        *store(),
        link("purchase_order_id", "r.purchase_order_id", "purchase_orders"),
        text("purchase_order_number", "po.number", "Number of the purchase order (BEG03)."),
        *partner(),
        whole("asked", "r.asked", "How often the partner was asked."),
        text("rma", "r.rma", "The partner's RMA number; empty: none yet."),
        day("authorized_until", "r.authorized_until", "The last day of the authorization."),
        text("scac", "r.scac", "Standard carrier alpha code of the way back."),
        text("tracking_number", "r.tracking_number", "Tracking number of the way back."),
        day("shipped_on", "r.shipped_on", "The day it was sent back."),
        day("received_on", "r.received_on", "The day the partner received it, as he says."),
        number("expected_credit", "r.expected_credit", "What the partner owes us for it, in currency."),
        number("credited", "r.credited", "What he gave back, in currency."),
        text("currency", "r.currency", "Currency of the amounts."),
        moment("opened_at", "r.opened_at", "When it was opened or proposed."),
        moment("closed_at", "r.closed_at", "When it ended; NULL: it is open."),
        changed("r"),
    ],
)

RETURN_LINES = View(
    "return_lines",
    "How much of one purchase order line goes back, why, and what became of it.",
    """integration_returnline part
       JOIN integration_returncase r ON r.id = part.case_id
       JOIN integration_purchaseorderline line ON line.id = part.line_id""",
    [
        key("part"),
        link("return_id", "part.case_id", "returns"),
        link("purchase_order_line_id", "part.line_id", "purchase_order_lines"),
        link("purchase_order_id", "line.purchase_order_id", "purchase_orders"),
        text("sku", "line.sku", "SKU of the store."),
        number("quantity", "part.quantity", "What is to go back, in unit."),
        number("authorized", "part.authorized", "What the partner authorizes; NULL: not answered."),
        number(
            "received",
            "part.received",
            "What came back, damaged or not, as the partner says; NULL: not told.",
        ),
        number("damaged", "part.damaged", "What of it came damaged or unusable; NULL: not told."),
        text("unit", "line.unit", "Our unit, in which the quantities are counted."),
        text("reason", "part.reason", "Why it goes back, by its word in our list of reasons."),
        text("wanted", "part.wanted", "What is to happen with it, by its word in our list."),
        text(
            "disposition", "part.disposition", "What the partner says is to happen, by its word in our list."
        ),
        text("response", "part.response", "Why he answers so, by its word in our list."),
        number("unit_price", "part.unit_price", "What we paid for one, in currency; NULL: not known."),
        text("currency", "r.currency", "Currency of the price."),
        changed("r", "Of the return."),
    ],
)

VIEWS = (INVOICES, SUPPLIER_INVOICES, SUPPLIER_INVOICE_PARTS, RETURNS, RETURN_LINES)

"""Reporting tables of what was exchanged: interchanges, documents, acknowledgments, and whose they are."""

from __future__ import annotations

from archive.models import AcknowledgmentState, Delivery, Direction, Validation
from integration.models import OrderDocument
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

INTERCHANGES = View(
    "interchanges",
    "One interchange (ISA to IEA), received or sent; a file of ours that is no X12 is one too.",
    """archive_interchange i
       JOIN partners_mailbox mailbox ON mailbox.id = i.mailbox_id
       JOIN archive_payload payload ON payload.id = i.payload_id
       LEFT JOIN partners_agreement agreement ON agreement.id = i.agreement_id
       LEFT JOIN partners_tradingpartner partner ON partner.id = agreement.partner_id
       CROSS JOIN LATERAL (SELECT count(*) AS count FROM archive_document d WHERE d.interchange_id = i.id) documents
       CROSS JOIN LATERAL (
            SELECT count(DISTINCT t.id) AS count,
                   min(o.recorded_at) FILTER (WHERE o.result = 'delivered') AS delivered_at
              FROM archive_transmission t LEFT JOIN archive_transmissionoutcome o ON o.transmission_id = t.id
             WHERE t.interchange_id = i.id) attempts""",
    [
        key("i"),
        slug("direction", "i.direction", "Seen from us.", values_of(Direction)),
        *named("mailbox", "mailbox", "The mailbox that it came from or goes to."),
        *named(
            "agreement",
            "agreement",
            "The agreement under which it is exchanged, where one fits. Key in agreements.",
        ),
        *partner(),
        text("control_number", "i.control_number", "Interchange control number (ISA13)."),
        text("sender_qualifier", "i.sender_qualifier", "Qualifier of the sender ID (ISA05)."),
        text("sender_id", "i.sender_id", "Sender ID (ISA06)."),
        text("receiver_qualifier", "i.receiver_qualifier", "Qualifier of the receiver ID (ISA07)."),
        text("receiver_id", "i.receiver_id", "Receiver ID (ISA08)."),
        text("version", "i.version", "Version of the envelope (ISA12)."),
        text("usage_indicator", "i.usage_indicator", "P: production, T: test (ISA15)."),
        text("file_name", "i.name", "Name of the file that we send; empty for what was received."),
        whole("bytes", "payload.size", "Bytes of the interchange, or of the file that it came in."),
        whole("documents", "documents.count", "How many documents it holds."),
        whole("attempts", "attempts.count", "How many times sending it was tried."),
        moment(
            "delivered_at",
            "attempts.delivered_at",
            "When it was delivered first; NULL for what was received.",
        ),
        moment("recorded_at", "i.recorded_at", "When it was stored here."),
        changed("i", "An interchange is never changed; attempts to send it come later."),
    ],
)

DOCUMENTS = View(
    "documents",
    "One document (transaction set), received or sent, with its three statuses.",
    """archive_document d
       JOIN archive_interchange i ON i.id = d.interchange_id
       LEFT JOIN archive_documentstate state ON state.document_id = d.id
       LEFT JOIN partners_tradingpartner partner ON partner.id = d.partner_id
       LEFT JOIN partners_agreement agreement ON agreement.id = d.agreement_id""",
    [
        key("d"),
        link("interchange_id", "d.interchange_id", "interchanges"),
        slug("direction", "d.direction", "Seen from us.", values_of(Direction)),
        text(
            "transaction_set",
            "d.transaction_set",
            "Transaction set (ST01): 850, 855, 997 …; of other files JSON, UBL, PDF …",
        ),
        text(
            "number",
            "coalesce(state.number, '')",
            "The document's own number, such as that of the purchase order or invoice.",
        ),
        *partner(),
        *named("agreement", "agreement", "The agreement under which it is exchanged. Key in agreements."),
        slug(
            "validation",
            "coalesce(state.validation, 'pending')",
            "Does it hold to the standard and its guide?",
            values_of(Validation),
        ),
        slug(
            "delivery",
            "coalesce(state.delivery, 'none')",
            "How far sending it came; none: it was received.",
            values_of(Delivery),
        ),
        slug(
            "acknowledgment",
            "coalesce(state.acknowledgment, 'not_expected')",
            "What the partner's functional acknowledgment (997, 999) said of it.",
            values_of(AcknowledgmentState),
        ),
        text("version", "d.version", "Version, with the industry's suffix (GS08)."),
        text("interchange_control_number", "i.control_number", "Interchange control number (ISA13)."),
        text("group_control_number", "d.group_control_number", "Group control number (GS06)."),
        text("control_number", "d.control_number", "Transaction set control number (ST02)."),
        text("usage_indicator", "i.usage_indicator", "P: production, T: test (ISA15)."),
        text("guide", "d.guide", "The guide or released mapping revision that wrote or read it."),
        moment("recorded_at", "d.recorded_at", "When it was stored here."),
        changed("state", "Of the statuses; NULL for the moment until there are any."),
    ],
    times=("recorded_at",),
)

DOCUMENT_ORDERS = View(
    "document_orders",
    "One document as it belongs to one order: a document may belong to several.",
    "integration_orderdocument link",
    [
        key("link"),
        link("document_id", "link.document_id", "documents"),
        link("order_id", "link.order_id", "orders"),
        link("purchase_order_id", "link.purchase_order_id", "purchase_orders", "NULL: of the order alone."),
        slug("role", "link.role", "What it is to the order.", values_of(OrderDocument.Role)),
        changed("link"),
    ],
)

FUNCTIONAL_ACKNOWLEDGMENTS = View(
    "functional_acknowledgments",
    "What one functional acknowledgment (997, 999), or an interchange acknowledgment that rejects, said of one document of ours.",
    "archive_acknowledgment a",
    [
        key("a"),
        link("document_id", "a.document_id", "documents", "The document of ours that it speaks of."),
        link("source_document_id", "a.source_id", "documents", "The acknowledgment."),
        text("code", "a.code", "AK501, or AK901 where the set was not named: A, E, P, R, M, W or X."),
        moment("recorded_at", "a.recorded_at", "When it was stored here."),
        changed("a"),
    ],
)

ACKNOWLEDGMENT_LINES = View(
    "acknowledgment_lines",
    "What one document (855, 865) said of one purchase order line: so much promised, backordered, refused or held. Of a line the"
    " latest document holds, whole, and older ones are history.",
    """integration_lineentry entry
       JOIN integration_purchaseorderline line ON line.id = entry.line_id
       JOIN integration_purchaseorder po ON po.id = line.purchase_order_id
       JOIN integration_order o ON o.id = po.order_id
       JOIN integration_store store ON store.id = o.store_id
       JOIN partners_agreement agreement ON agreement.id = po.agreement_id
       JOIN partners_tradingpartner partner ON partner.id = agreement.partner_id
      WHERE entry.kind IN ('acknowledged', 'backordered', 'rejected', 'held') AND entry.reverses_id IS NULL""",
    [
        key("entry"),
        link("purchase_order_line_id", "entry.line_id", "purchase_order_lines"),
        link("purchase_order_id", "po.id", "purchase_orders"),
        text("purchase_order_number", "po.number", "Number of the purchase order (BEG03)."),
        *partner(),
        *store(),
        link("document_id", "entry.document_id", "documents", "NULL: taken over from another system."),
        slug("answer", "entry.kind", "What is said.", "acknowledged, backordered, rejected, held"),
        number("quantity", "entry.quantity", "How much of the line, in unit."),
        text("unit", "line.unit", "Our unit, in which the quantity is counted."),
        number("unit_price", "entry.unit_price", "Price of one unit as it was answered; NULL: none was."),
        text("currency", "agreement.currency", "Currency of the price."),
        day("promised_on", "entry.promised_on", "The day that was promised; NULL: none was."),
        moment("stated_at", "entry.stated_at", "When the document says so: the latest holds."),
        moment("recorded_at", "entry.recorded_at", "When it was stored here."),
        truth(
            "is_standing",
            "NOT EXISTS (SELECT FROM integration_lineentry undo WHERE undo.reverses_id = entry.id)",
            "False: taken back, since the document was read anew or counts no more.",
        ),
        changed("entry", "An entry is never changed; it is taken back by another one."),
    ],
)

VIEWS = (INTERCHANGES, DOCUMENTS, DOCUMENT_ORDERS, FUNCTIONAL_ACKNOWLEDGMENTS, ACKNOWLEDGMENT_LINES)

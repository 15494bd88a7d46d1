"""Reporting tables of orders and of what partners are asked for them, with where each line stands."""

from __future__ import annotations

from integration.matching.ledger import MOVEMENTS, STATEMENTS
from integration.models import Order, PurchaseOrder, StoreEffect
from portal.reporting.columns import (
    CHANGED,
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
from portal.reporting.declaring import Column, View

ORDERS = View(
    "orders",
    "One order of a store, as last read from it, without whose it is.",
    """integration_order o
       JOIN integration_store store ON store.id = o.store_id
       LEFT JOIN integration_customerlink customer_link ON customer_link.id = o.customer_link_id
       LEFT JOIN partners_agreement agreement ON agreement.id = customer_link.agreement_id
       LEFT JOIN partners_tradingpartner customer_partner ON customer_partner.id = agreement.partner_id""",
    [
        key("o"),
        *store(),
        whole("number", "o.number", "The order's number in the store."),
        slug("state", "o.state", "How far it is with us.", values_of(Order.State)),
        Column(
            "store_status_id",
            "integer",
            "o.status_id",
            "Its status in the store, by BigCommerce's number: 11 is Awaiting Fulfillment.",
        ),
        moment("placed_at", "o.placed_at", "When it was placed."),
        moment("modified_at", "o.modified_at", "When the store changed it last, as read."),
        moment("read_at", "o.read_at", "When it was last read."),
        number("total", "o.total", "Its total as the store says, in currency."),
        text("currency", "o.currency", "Currency of the total."),
        *named(
            "customer_partner",
            "customer_partner",
            "Where it is a business customer's who is a trading partner. Key in partners.",
        ),
        whole(
            "purchase_orders",
            "(SELECT count(*) FROM integration_purchaseorder po WHERE po.order_id = o.id AND po.state <> 'dropped')",
            "How many purchase orders stand for it.",
        ),
        changed("o"),
    ],
    times=("placed_at",),
)

ORDER_LINES = View(
    "order_lines",
    "One line of an order as last read from the store.",
    """integration_order o
       JOIN integration_store store ON store.id = o.store_id
       CROSS JOIN LATERAL jsonb_array_elements(
            CASE jsonb_typeof(o.content -> 'lines') WHEN 'array' THEN o.content -> 'lines' ELSE '[]' END) AS line""",
    [
        link("order_id", "o.id", "orders"),
        whole("store_line", "(line ->> 'id')", "The line's id in the store (order_product_id)."),
        *store(),
        whole("order_number", "o.number", "The order's number in the store."),
        text("sku", "line ->> 'sku'", "SKU."),
        text("name", "line ->> 'name'", "Name of the product."),
        number("quantity", "(line ->> 'quantity')", "How many were ordered, in unit."),
        number("quantity_shipped", "(line ->> 'quantity_shipped')", "How many of them the store counts as shipped."),
        number("quantity_refunded", "(line ->> 'quantity_refunded')", "How many of them were refunded."),
        text("unit", "'each'", "Stores count pieces: each."),
        number("price_without_tax", "(line ->> 'price_ex_tax')", "Price of one without tax, in currency."),
        number("price_with_tax", "(line ->> 'price_inc_tax')", "Price of one with tax, in currency."),
        text("currency", "o.currency", "Currency of the prices."),
        moment("placed_at", "o.placed_at", "When the order was placed."),
        changed("o", "Of the order."),
    ],
    key=("order_id", "store_line"),
    times=("placed_at",),
)  # fmt: skip

_OF_PURCHASE_ORDER = """integration_purchaseorder po
       JOIN integration_order o ON o.id = po.order_id
       JOIN integration_store store ON store.id = o.store_id
       JOIN partners_agreement agreement ON agreement.id = po.agreement_id
       JOIN partners_tradingpartner partner ON partner.id = agreement.partner_id"""

PURCHASE_ORDERS = View(
    "purchase_orders",
    "One purchase order (850): what one partner is asked for one order and one ship-to.",
    f"""{_OF_PURCHASE_ORDER}
       CROSS JOIN LATERAL (SELECT count(*) AS count FROM integration_purchaseorderline l WHERE l.purchase_order_id = po.id) lines
       CROSS JOIN LATERAL (
            SELECT max(link.document_id) AS document_id FROM integration_orderdocument link
             WHERE link.purchase_order_id = po.id AND link.role = 'purchase_order') latest""",
    [
        key("po"),
        text("number", "po.number", "Number of the purchase order (BEG03)."),
        link("order_id", "po.order_id", "orders"),
        whole("order_number", "o.number", "The order's number in the store."),
        *store(),
        *partner(),
        *named("agreement", "agreement", "The agreement under which it is asked. Key in agreements."),
        slug("state", "po.state", "How far it is.", values_of(PurchaseOrder.State)),
        text("ship_to", "po.ship_to", "Id of the order's shipping address, or the warehouse: warehouse:1."),
        whole("sequence", "po.sequence", "0: as the order was routed. From 1: what a person ordered besides."),
        whole("lines", "lines.count", "How many lines it has."),
        text("currency", "agreement.currency", "Currency of its prices."),
        link("document_id", "latest.document_id", "documents", "The latest 850 that carries it; NULL: not written yet."),
        moment("created_at", "po.created_at", "When the order was routed to the partner."),
        changed("po", "Of the purchase order itself: see purchase_order_lines for quantities."),
    ],
    times=("created_at",),
)  # fmt: skip

_STANDING = "e.reverses_id IS NULL AND NOT EXISTS (SELECT FROM integration_lineentry undo WHERE undo.reverses_id = e.id)"
_SUM = "coalesce(sum(e.quantity) FILTER (WHERE e.kind = '{kind}'), 0) AS {kind}"
_MOVED = ", ".join(_SUM.format(kind=kind) for kind in MOVEMENTS)
_SAID = ", ".join(_SUM.format(kind=kind) for kind in STATEMENTS)
_STATED = ", ".join(f"'{kind}'" for kind in STATEMENTS)
_PLACE = "CASE WHEN i.control_number ~ '^[0-9]+$' THEN i.control_number::bigint ELSE 0 END"
# Two documents of the same minute and place are told apart by what they say, as integration.matching.ledger does.
_CONTENT = """array_agg(ROW(e.kind COLLATE "C", e.quantity, coalesce(e.unit_price::text, 'None') COLLATE "C",
                            coalesce(to_char(e.promised_on, 'YYYY-MM-DD'), 'None') COLLATE "C")
                        ORDER BY e.kind COLLATE "C", e.quantity, coalesce(e.unit_price::text, 'None') COLLATE "C",
                            coalesce(to_char(e.promised_on, 'YYYY-MM-DD'), 'None') COLLATE "C")"""

PURCHASE_ORDER_LINES = View(
    "purchase_order_lines",
    "One line of a purchase order and where it stands. Ordered, cancelled, shipped, invoiced, returned and credited are sums of what"
    " moved; acknowledged, backordered, rejected and held are what the partner's latest answer says.",
    f"""integration_purchaseorderline line
       JOIN integration_purchaseorder po ON po.id = line.purchase_order_id
       JOIN integration_order o ON o.id = po.order_id
       JOIN integration_store store ON store.id = o.store_id
       JOIN partners_agreement agreement ON agreement.id = po.agreement_id
       JOIN partners_tradingpartner partner ON partner.id = agreement.partner_id
       CROSS JOIN LATERAL (
            SELECT {_MOVED} FROM integration_lineentry e WHERE e.line_id = line.id AND {_STANDING}) moved
       LEFT JOIN LATERAL (
            SELECT {_SAID}, max(e.unit_price) AS unit_price, max(e.promised_on) AS promised_on,
                   e.document_id, e.stated_at
              FROM integration_lineentry e
              LEFT JOIN archive_document d ON d.id = e.document_id
              LEFT JOIN archive_interchange i ON i.id = d.interchange_id
             WHERE e.line_id = line.id AND e.kind IN ({_STATED}) AND {_STANDING}
             GROUP BY e.document_id, e.stated_at, i.control_number, d.position
             ORDER BY e.stated_at DESC, coalesce({_PLACE}, 0) DESC, coalesce(d.position, 0) DESC, {_CONTENT} DESC
             LIMIT 1) said ON true""",
    [
        key("line"),
        link("purchase_order_id", "po.id", "purchase_orders"),
        text("purchase_order_number", "po.number", "Number of the purchase order (BEG03)."),
        link("order_id", "po.order_id", "orders"),
        *store(),
        *partner(),
        slug("purchase_order_state", "po.state", "How far the purchase order is.", values_of(PurchaseOrder.State)),
        whole("line_number", "line.line_number", "Number of the line (PO101), from 1."),
        whole("store_line", "line.store_line", "The line's id in the store: see order_lines."),
        text("sku", "line.sku", "SKU of the store."),
        text("vendor_item", "line.vendor_item", "The partner's number of the item."),
        text("upc", "line.upc", "UPC."),
        text("description", "line.description", "Description of the item."),
        number("quantity", "line.quantity", "What the line was made for, in unit."),
        text("unit", "line.unit", "Our unit, in which every quantity of the row is counted."),
        text("partner_unit", "line.partner_unit", "The unit in which the partner counts; empty: ours."),
        number("pack_factor", "line.pack_factor", "How many of our units one of the partner's holds."),
        number("unit_price", "line.unit_price", "Price of one unit as we asked, in currency; NULL: none was told."),
        text("currency", "agreement.currency", "Currency of the prices."),
        number("ordered", "moved.ordered", "What was sent to the partner, changes upwards included."),
        number("cancelled", "moved.cancelled", "What of it was cancelled."),
        number("in_force", "moved.ordered - moved.cancelled", "What the partner is to deliver in all: ordered less cancelled."),
        number("shipped", "moved.shipped", "What the partner has shipped (856)."),
        number("open", "moved.ordered - moved.cancelled - moved.shipped", "What is still to come; below 0 where more came than is in force."),
        number("invoiced", "moved.invoiced", "What the partner has billed (810)."),
        number("returned", "moved.returned", "What went back to the partner."),
        number("credited", "moved.credited", "What the partner has credited."),
        number("acknowledged", "said.acknowledged", "What the partner promises; NULL: no answer yet."),
        number("backordered", "said.backordered", "What he has on backorder; NULL: no answer yet."),
        number("rejected", "said.rejected", "What he refuses; NULL: no answer yet."),
        number("held", "said.held", "What he has on hold; NULL: no answer yet."),
        number("acknowledged_unit_price", "said.unit_price", "Price of one unit as he answered, in currency; NULL: none was."),
        day("promised_on", "said.promised_on", "The day that he promises; NULL: none was."),
        moment("acknowledged_at", "said.stated_at", "When the answer that holds says so."),
        link("acknowledgment_document_id", "said.document_id", "documents", "The answer that holds."),
        moment("created_at", "po.created_at", "When the order was routed to the partner."),
        Column(
            "changed_xid",
            "xid8",
            "greatest(po.changed_xid, (SELECT e.changed_xid FROM integration_lineentry e WHERE e.line_id = line.id"
            " ORDER BY e.changed_xid DESC LIMIT 1))",
            f"{CHANGED} Of the purchase order, or of the newest entry of the line: asking for it looks through every line.",
        ),
    ],
    times=("created_at",),
)  # fmt: skip

_OF_SHIPMENT = """integration_shipment s
       JOIN integration_purchaseorder po ON po.id = s.purchase_order_id
       JOIN integration_order o ON o.id = s.order_id
       JOIN integration_store store ON store.id = o.store_id
       JOIN partners_agreement agreement ON agreement.id = po.agreement_id
       JOIN partners_tradingpartner partner ON partner.id = agreement.partner_id"""

SHIPMENTS = View(
    "shipments",
    "What one ship notice (856) sends of one purchase order under one tracking number.",
    f"{_OF_SHIPMENT} LEFT JOIN integration_storeeffect effect ON effect.id = s.effect_id",
    [
        key("s"),
        text("number", "s.number", "The partner's number of the shipment (BSN02)."),
        link("order_id", "s.order_id", "orders"),
        link("purchase_order_id", "s.purchase_order_id", "purchase_orders"),
        text("purchase_order_number", "po.number", "Number of the purchase order (BEG03)."),
        *store(),
        *partner(),
        link("document_id", "s.document_id", "documents", "The ship notice that says so."),
        text("tracking_number", "s.tracking_number", "Tracking number; empty: none was told."),
        text("scac", "s.scac", "Standard carrier alpha code (TD503)."),
        text("carrier_name", "s.carrier_name", "The carrier as customers know it."),
        day("shipped_on", "s.shipped_on", "The day it was shipped, as the notice says."),
        truth("is_standing", "s.withdrawn_by_id IS NULL", "False: a later notice replaced or cancelled it."),
        whole("store_shipment", "s.store_shipment", "Its id in the store; NULL: not there."),
        slug("store_state", "coalesce(effect.state, '')", "What became of writing it to the store; empty: nothing is to be written.", values_of(StoreEffect.State)),
        moment("created_at", "s.created_at", "When we read of it."),
        changed("s"),
    ],
)  # fmt: skip

SHIPMENT_LINES = View(
    "shipment_lines",
    "How much of one purchase order line a shipment holds.",
    """integration_shipmentline part
       JOIN integration_shipment s ON s.id = part.shipment_id
       JOIN integration_purchaseorderline line ON line.id = part.line_id""",
    [
        key("part"),
        link("shipment_id", "part.shipment_id", "shipments"),
        link("purchase_order_line_id", "part.line_id", "purchase_order_lines"),
        link("purchase_order_id", "line.purchase_order_id", "purchase_orders"),
        whole("line_number", "line.line_number", "Number of the line (PO101)."),
        text("sku", "line.sku", "SKU of the store."),
        number("quantity", "part.quantity", "How much of it the shipment holds, in unit."),
        text("unit", "line.unit", "Our unit, in which the quantity is counted."),
        truth(
            "is_standing",
            "s.withdrawn_by_id IS NULL",
            "False: a later notice replaced or cancelled the shipment.",
        ),
        changed("s", "Of the shipment."),
    ],
)

VIEWS = (ORDERS, ORDER_LINES, PURCHASE_ORDERS, PURCHASE_ORDER_LINES, SHIPMENTS, SHIPMENT_LINES)

"""The rows of one order and of what came of it, around the archive's."""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from integration.models import (
    ExceptionCase,
    Expectation,
    Invoice,
    LineEntry,
    Order,
    OrderDocument,
    OrderReference,
    OutgoingMail,
    PurchaseOrder,
    PurchaseOrderLine,
    ReturnCase,
    Shipment,
    ShipmentLine,
    StoreEffect,
    SupplierInvoice,
    SupplierInvoicePart,
    Work,
)
from portal.seeding.bulk import Table
from portal.seeding.exchanged import ExchangedTables, found_by, tracking_number
from portal.seeding.ground import Ground, Partner
from portal.seeding.lives import Life, Line, Planned
from portal.seeding.texts import total_cents

LONGEST_OPEN = timedelta(days=20)
"""Cases that are older are closed."""
_ROLES = {
    "850": "purchase_order", "997": "functional_acknowledgment", "855": "purchase_order_acknowledgment", "856": "ship_notice",
    "810": "supplier_invoice", "180": "return_answer",
}  # fmt: skip
_ENTRIES = {"850": "ordered", "855": "acknowledged", "856": "shipped", "810": "invoiced"}
_WAITS = {"850": ("997", timedelta(hours=24)), "855": ("856", timedelta(days=5))}


class OrderedTables:
    """The tables that an order writes to, and the order's documents through those of the archive."""

    def __init__(self, ground: Ground, exchanged: ExchangedTables, now: datetime) -> None:
        self.ground, self.exchanged, self.now = ground, exchanged, now
        self.orders = Table(
            Order, "store", "number", "state", "state_reason", "status_id", "placed_at", "modified_at", "customer_name",
            "total", "currency", "content", "digest", "read_at",
        )  # fmt: skip
        self.references = Table(OrderReference, "kind", "value", "normal", "rank", "order")
        self.purchase_orders = Table(
            PurchaseOrder, "order", "agreement", "ship_to", "number", "state", "digest", "created_at", "accepted_by",
        )  # fmt: skip
        self.lines = Table(
            PurchaseOrderLine, "purchase_order", "line_number", "store_line", "sku", "vendor_item", "upc", "description",
            "quantity", "unit", "partner_unit", "pack_factor", "unit_price",
        )  # fmt: skip
        self.entries = Table(
            LineEntry,
            "recorded_at",
            "line",
            "kind",
            "quantity",
            "unit_price",
            "document",
            "position",
            "reading",
            "stated_at",
        )
        self.links = Table(OrderDocument, "order", "purchase_order", "document", "role")
        self.expectations = Table(
            Expectation, "what", "subject", "agreement", "document", "purchase_order", "round", "counted_from", "due_at",
            "state", "met_by", "settled_at",
        )  # fmt: skip
        self.shipments = Table(
            Shipment, "order", "purchase_order", "document", "reading", "number", "package_set", "tracking_number", "scac",
            "carrier_name", "carrier_slug", "tracking_link", "shipped_on", "effect", "store_shipment", "created_at",
        )  # fmt: skip
        self.shipment_lines = Table(ShipmentLine, "shipment", "line", "quantity")
        self.effects = Table(
            StoreEffect, "order", "kind", "marker", "intended", "state", "answer", "created_at", "finished_at"
        )
        self.bills = Table(
            SupplierInvoice, "document", "partner", "reading", "number", "kind", "is_credit", "original", "taken_for",
            "invoice_date", "currency", "total", "made_at", "place", "state", "differences", "unknown", "created_at",
        )  # fmt: skip
        self.bill_parts = Table(SupplierInvoicePart, "invoice", "purchase_order", "differences", "waits")
        self.invoices = Table(
            Invoice, "order", "series", "kind", "about", "number", "currency", "total", "content", "proof", "state",
            "state_reason", "created_at", "numbered_at",
        )  # fmt: skip
        self.cases = Table(
            ExceptionCase, "kind", "cause", "sentence", "store", "order", "purchase_order", "partner", "document", "money",
            "currency", "evidence", "opened_at", "due_at", "decision", "decision_reason", "plan", "closed_at", "closed_by",
        )  # fmt: skip
        self.returns = Table(
            ReturnCase, "number", "order", "purchase_order", "partner", "stage", "source", "source_key", "reason",
            "opened_by", "asked", "opened_at", "rma", "scac", "tracking_number", "currency", "expected_credit", "credited",
            "closed_reason", "closed_by",
        )  # fmt: skip
        self.mails = Table(
            OutgoingMail, "marker", "to", "subject", "body", "message_id", "state", "attempts", "error", "partner", "order",
            "created_at", "waiting_since", "sent_at",
        )  # fmt: skip
        self.work = Table(
            Work, "lane", "step", "subject", "ordering_key", "correlation_id", "attempts", "deaths", "due_at", "created_at",
            "again", "parked_at", "error", "channel", "talks_to",
        )  # fmt: skip
        self.all = [value for value in vars(self).values() if isinstance(value, Table)]


class Story:
    """One order as its rows are written: begun when it is placed, a document at a time, ended with what came last."""

    def __init__(self, tables: OrderedTables, life: Life) -> None:
        self.tables, self.life = tables, life
        self.partner: Partner = tables.ground.partners[life.partner]
        self.written: dict[tuple[str, bool, int, str], tuple[int, Planned]] = {}
        self.order = tables.orders.last + 1
        self.purchase_order = 0
        self.first_line = 0
        self._begin()

    @property
    def total(self) -> Decimal:
        """What the order comes to."""
        return Decimal(total_cents(self.life)) / 100

    def _begin(self) -> None:
        tables, life = self.tables, self.life
        kinds = {each.kind for each in life.documents if not each.is_ours}
        state = "held" if life.is_held else ("accepted" if "855" in kinds and not life.is_short else "routed")
        status = 2 if "856" in kinds else (9 if state == "accepted" else 11)
        tables.orders.add(
            tables.ground.store, life.number, state, "", status, life.placed_at, life.placed_at, life.customer, self.total,
            "USD", self._content(), "0" * 64, life.placed_at,
        )  # fmt: skip
        named = [("order", str(life.number)), ("customer", life.customer), ("email", life.email)]
        named += [("purchase_order", life.purchase_order), ("partner", self.partner.name)]
        for line in life.lines:
            named += [("sku", line.sku), ("vendor_item", f"V-{line.sku}")]
        for row in found_by(named):
            tables.references.add(*row, self.order)
        self._tell("imported", f"Order {life.number} read from the store.", life.placed_at)
        if life.is_held:
            sentence = f"No partner supplies {life.lines[0].sku} of order {life.number}."
            self._case(
                "no_partner", f"sku:{life.lines[0].sku} order:{self.order}", sentence, None, life.placed_at
            )
            return
        # Documents are written later, by their time: what the purchase order was accepted by is named at the end.
        self.purchase_order = tables.purchase_orders.reserve()
        self.first_line = tables.lines.last + 1
        for at, line in enumerate(life.lines, start=1):
            tables.lines.add(
                self.purchase_order, at, at, line.sku, f"V-{line.sku}", "", f"Item {line.sku}", line.quantity, "each", "", 1,
                _price(line),
            )  # fmt: skip

    def _content(self) -> dict[str, Any]:
        life = self.life
        person = {
            "id": 1,
            "first_name": life.first_name,
            "last_name": life.last_name,
            "company": "",
            "email": life.email,
        }
        place = {
            "street_1": "4 Rope Walk",
            "city": "Millbrook",
            "state": "New York",
            "zip": "12545",
            "country": "United States",
        }
        lines = [
            {
                "id": at, "order_address_id": 1, "product_id": at, "variant_id": 0, "sku": line.sku, "upc": "",
                "name": f"Item {line.sku}", "type": "physical", "quantity": line.quantity, "quantity_shipped": 0,
                "quantity_refunded": 0, "price_ex_tax": f"{_price(line)}", "price_inc_tax": f"{_price(line)}",
                "parent_order_product_id": 0, "order_pickup_method_id": 0, "is_bundled_product": False,
                "base_cost_price": "4.50",
            }
            for at, line in enumerate(life.lines, start=1)
        ]  # fmt: skip
        return {
            "customer_name": life.customer, "is_deleted": False, "customer_message": "", "currency": "USD",
            "billing_address": {**person, **place}, "lines": lines,
            "addresses": [{**person, **place, "street_2": "", "country_iso2": "US", "phone": "", "shipping_method": "Ground"}],
        }  # fmt: skip

    def write(self, planned: Planned) -> None:
        """Write one document of the order, and what it says."""
        tables, life = self.tables, self.life
        answered = (
            self._known(planned.answers, not planned.is_ours, planned.place)
            if planned.kind == "997"
            else None
        )
        said = "not_expected"
        if planned.kind == "850":
            codes = [each.code for each in life.documents if each.kind == "997" and not each.is_ours]
            late = tables.now - planned.at > timedelta(hours=24)
            said = (
                {"A": "accepted", "R": "rejected"}[codes[0]] if codes else ("overdue" if late else "waiting")
            )
        document = tables.exchanged.write(life, planned, self._number(planned), answered or 0, said)
        self.written[planned.kind, planned.is_ours, planned.place, planned.answers] = (document, planned)
        purchase_order = self.purchase_order
        tables.links.add(self.order, purchase_order, document, _ROLES[planned.kind])
        if answered is not None:
            if planned.is_ours:
                tables.exchanged.answers.add(planned.at, answered, document)
            else:
                tables.exchanged.acknowledgments.add(planned.at, answered, document, planned.code, [])
                if planned.code == "R":
                    sentence = f"{self.partner.name} rejected purchase order {life.purchase_order}."
                    self._case("rejected", f"rejected:{answered}", sentence, answered, planned.at)
        if planned.kind in _ENTRIES and (planned.kind != "856" or planned.place == 0):
            self._post(planned, document)
        if planned.kind == "855":
            self._answered(planned, document)
        if planned.kind == "856":
            self._shipped(planned, document)
        if planned.kind == "810":
            self._billed(planned, document)

    def _known(self, kind: str, is_ours: bool, place: int) -> int | None:
        found = self.written.get((kind, is_ours, 0 if kind == "850" else place, "" if is_ours else "850"))
        return found[0] if found else None

    def _number(self, planned: Planned) -> str:
        if planned.kind == "856":
            return f"SH-{self.life.number}-{planned.place + 1}"
        if planned.kind == "180":
            return self.life.rma
        return f"BILL-{self.life.number}" if planned.kind == "810" else self.life.purchase_order

    def _post(self, planned: Planned, document: int) -> None:
        for at, line in enumerate(self.life.lines):
            short = self.life.is_short and at == 0 and planned.kind != "850"
            self.tables.entries.add(
                planned.at, self.first_line + at, _ENTRIES[planned.kind], line.quantity - short, _price(line), document, at,
                0, planned.at,
            )  # fmt: skip

    def _answered(self, planned: Planned, document: int) -> None:
        life, line = self.life, self.life.lines[0]
        if life.is_short:
            sentence = f"{self.partner.name} acknowledged {line.quantity - 1} of {line.quantity} {line.sku} of {life.purchase_order}."
            self._case(
                "acknowledgment_differs",
                f"answer:{self.purchase_order}",
                sentence,
                document,
                planned.at,
                _price(line),
            )
            return
        self._tell(
            "accepted", f"{self.partner.name} accepted purchase order {life.purchase_order}.", planned.at
        )
        self._effect("status", f"accepted:{self.order}", {"status_id": 9}, planned.at)

    def _shipped(self, planned: Planned, document: int) -> None:
        tables = self.tables
        tracking = tracking_number(self.life, planned)
        effect = self._effect("shipment", f"shipment:{document}", {"tracking_number": tracking}, planned.at)
        shipment = tables.shipments.add(
            self.order, self.purchase_order, document, 0, self._number(planned), tracking, tracking, "UPSN", "UPS", "ups",
            "", planned.at.date(), effect, document, planned.at,
        )  # fmt: skip
        for at, line in enumerate(self.life.lines):
            tables.shipment_lines.add(shipment, self.first_line + at, line.quantity)

    def _billed(self, planned: Planned, document: int) -> None:
        tables = self.tables
        bill = tables.bills.add(
            document, self.partner.pk, 0, self._number(planned), "", False, "", "", planned.at.date(), "USD",
            round(self.total, 2), planned.at, [], "disputed" if self.life.is_short else "matched", [], [], planned.at,
        )  # fmt: skip
        tables.bill_parts.add(bill, self.purchase_order, [], [])
        about = self.life.number
        tables.invoices.add(
            self.order, tables.ground.series, "invoice", "whole", f"INV-{about}", "USD", self.total, {}, {}, "generated", "",
            planned.at, planned.at,
        )  # fmt: skip
        if self.life.is_short:
            sentence = f"{self.partner.name} bills more of {self.life.purchase_order} than it acknowledged."
            self._case("invoice_differs", f"bills:{document}", sentence, document, planned.at, self.total)

    def _effect(self, kind: str, marker: str, intended: dict[str, Any], at: datetime) -> int:
        return self.tables.effects.add(self.order, kind, f"seeded:{marker}", intended, "done", {}, at, at)

    def _case(
        self,
        kind: str,
        cause: str,
        sentence: str,
        document: int | None,
        at: datetime,
        money: Decimal | None = None,
    ) -> None:
        tables = self.tables
        is_open = tables.now - at < LONGEST_OPEN
        ended = (
            ("", "", None, "")
            if is_open
            else ("settled", "Settled by telephone.", at + timedelta(days=1), "lead")
        )
        decision, reason, closed_at, closed_by = ended
        case = tables.cases.add(
            kind, cause, sentence, tables.ground.store, self.order, self.purchase_order or None, self.partner.pk, document,
            money, "USD" if money is not None else "", [], at, at + timedelta(days=2), decision, reason, {}, closed_at,
            closed_by,
        )  # fmt: skip
        self._tell("case_opened", f"Case opened: {sentence}", at)
        if closed_at is not None:
            tables.exchanged.events.add(
                closed_at, f"case:{case}", "case_closed", f"Closed: {reason}", None, "lead", "seeded"
            )

    def _tell(self, kind: str, sentence: str, at: datetime) -> None:
        self.tables.exchanged.events.add(at, f"order:{self.order}", kind, sentence, None, "", "seeded")

    def end(self) -> None:
        """Write what is known once the last document is."""
        tables, life = self.tables, self.life
        if life.is_held:
            return
        answer = self._known("855", False, 0)
        sent = self._known("850", True, 0)
        accepted = answer if answer and not life.is_short else None
        state = "accepted" if accepted else ("disputed" if answer else ("generated" if sent else "routed"))
        tables.purchase_orders.add_as(
            self.purchase_order, self.order, self.partner.agreement, "1", life.purchase_order, state, "0" * 64,
            life.placed_at, accepted,
        )  # fmt: skip
        for kind, what, hours in (("850", "997", 24), ("850", "855", 48), ("855", "856", 120)):
            self._expect(kind, what, timedelta(hours=hours))
        if life.rma and self._known("180", False, 0):
            self._returned(life)
        if life.number % 100 == 0 and sent:
            self._reminded(life)

    def _expect(self, kind: str, what: str, within: timedelta) -> None:
        found = self.written.get((kind, kind == "850", 0, "" if kind == "850" else "850"))
        if found is None:
            return
        document, planned = found
        met = self.written.get((what, False, 0, "850"))
        due = planned.at + within
        state = "met" if met else ("overdue" if due < self.tables.now else "waiting")
        if not met and self.tables.now - due > LONGEST_OPEN:
            state = "given_up"
        subject = f"document:{document}" if what == "997" else f"purchase_order:{self.purchase_order}"
        self.tables.expectations.add(
            what, subject, self.partner.agreement, document, self.purchase_order, 1, planned.at, due, state,
            met[0] if met else None, met[1].at if met else None,
        )  # fmt: skip

    def _returned(self, life: Life) -> None:
        last = life.documents[-1].at
        self.tables.returns.add(
            f"R-{life.number}", self.order, self.purchase_order, self.partner.pk, "authorized", "staff", "",
            "Does not fit.", "desk", 1, last, life.rma, "UPSN", f"1R{life.number:08}", "USD", round(self.total, 2), 0, "", "",
        )  # fmt: skip

    def _reminded(self, life: Life) -> None:
        at = life.documents[0].at
        marker = f"seeded:{life.number}"
        self.tables.mails.add(
            marker, ["orders@partner.example"], f"Purchase order {life.purchase_order}", "Please answer.",
            f"<{marker}@gridport.example>", "sent", 1, "", self.partner.pk, self.order, at, at, at,
        )  # fmt: skip
        self.tables.work.add(
            "match", "match", str(self._known("850", True, 0)), f"seeded:{life.number}", "seeded", 3, 0, at, at, False, at,
            "It could not be matched.", "", "",
        )  # fmt: skip


def _price(line: Line) -> Decimal:
    return Decimal(line.cents) / 100

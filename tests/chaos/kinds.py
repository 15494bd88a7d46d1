"""Kinds of document that are settled with the outside: what its ledger holds of each, and what ours does.

One more kind is one more class, named in ``KINDS``.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Protocol

from archive.models import Acknowledgment, Document
from integration.flows.positions import positions_of
from integration.models import ExceptionCase, LineEntry, PurchaseOrder, ShipmentLine, StoreEffect
from tests.chaos.trading import CANCELLED, Outside

Key = tuple[str, str]
Book = dict[Key, Any]
"""By purchase order and line, or order and what of it: figures."""

Kind = ExceptionCase.Kind
PROMISED = ("IA", "IQ", "IP", "DR", "IS")
STATES = (*(state for state in PurchaseOrder.State.values if state not in ("routed", "composed", "dropped")),)


class DocumentKind(Protocol):
    """One kind of document. An open case of a kind in ``asked_by`` says that a person is asked about a difference."""

    name: str
    asked_by: frozenset[str]

    def theirs(self, outside: Outside) -> Book:
        """Return what the other side's ledger holds."""

    def ours(self) -> Book:
        """Return what we hold."""


class PurchaseOrders:
    """850, 860 and what became of the 860: what the supplier means to deliver, and what of ours is in force."""

    name = "purchase orders and changes"
    asked_by = frozenset({Kind.CHANGE_ANSWERED})

    def theirs(self, outside: Outside) -> Book:
        """Return the quantity that each supplier means to deliver, by line."""
        return {
            (number, place): Decimal(quantity)
            for number, lines in outside.held.items()
            for place, quantity in lines.items()
        }

    def ours(self) -> Book:
        """Return the quantity in force."""
        return {key: position.in_force for key, position in _positions().items()}


class Answers:
    """855 and 865: what the supplier said last of a line, of which so much is promised, backordered, refused, held."""

    name = "purchase order acknowledgments"
    asked_by: frozenset[str] = frozenset()

    def theirs(self, outside: Outside) -> Book:
        """Return what was said last; of an 865 what is taken as it was asked."""
        book: Book = {}
        for entry in outside.network:
            if entry["event"] == "answer" and entry["code"] in ("855", "865"):
                for place, said in entry["said"].items():
                    if entry["code"] == "855" or said.keys() & {"IA", "ID"}:
                        book[entry["purchase_order"], place] = _figures(said)
        return book

    def ours(self) -> Book:
        """Return the position's statements; of a line that was never answered there is none."""
        return {
            key: tuple(
                figure or Decimal(0)
                for figure in (each.acknowledged, each.backordered, each.rejected, each.held)
            )
            for key, each in _positions().items()
            if each.acknowledged is not None
        }


class FunctionalAcknowledgments:
    """997: how many the supplier gave of each purchase order and its changes."""

    name = "functional acknowledgments"
    asked_by: frozenset[str] = frozenset()

    def theirs(self, outside: Outside) -> Book:
        """Return how many were sent; what the network made of them is not the supplier's."""
        sent = Counter(
            each["purchase_order"]
            for each in outside.network
            if each["event"] == "answer" and each["code"] == "997"
        )
        return {(number, "997"): count for number, count in sent.items()}

    def ours(self) -> Book:
        """Return how many are recorded."""
        named = Acknowledgment.objects.values_list("document__orders__purchase_order__number", flat=True)
        return {(str(number), "997"): count for number, count in Counter(named).items()}


@dataclass(frozen=True)
class Between:
    """A quantity of which the outside alone does not say how much it is; none is 0."""

    least: Decimal
    most: Decimal

    def __eq__(self, other: object) -> bool:
        found = Decimal(0) if other is None else other
        return isinstance(found, Decimal) and self.least <= found <= self.most

    __hash__ = None  # type: ignore[assignment]


class StoreOrders:
    """Orders of the store that suppliers were asked for: what the customer is to get, and what is in force for it."""

    name = "orders of the store"
    asked_by = frozenset({Kind.ORDER_CHANGED, Kind.CHANGE_ANSWERED, Kind.SHIPMENT_DIFFERS})

    def theirs(self, outside: Outside) -> Book:
        """Return the quantity of each line, less what was refunded; nothing of an order that was cancelled.

        What was shipped before it was refunded comes back, if at all, and stays in force; what was refunded before does
        not. The store does not say which came first.
        """
        sent = set(_sent().values_list("order__number", flat=True))
        book: Book = {}
        for number, told in outside.orders.items():
            if number not in sent or told["order"]["status_id"] == CANCELLED:
                continue
            shipped = _shipped(outside, number)
            for line in told["products"]:
                quantity = Decimal(line["quantity"])
                left = quantity - line["quantity_refunded"]
                most = max(left, min(quantity, Decimal(shipped[line["id"]])))
                if most:
                    book[str(number), str(line["id"])] = left if left == most else Between(left, most)
        return book

    def ours(self) -> Book:
        """Return the quantity in force, over all purchase orders that were sent; nothing of a line with none."""
        sums: defaultdict[Key, Decimal] = defaultdict(Decimal)
        for purchase_order in _sent():
            positions = positions_of(purchase_order)
            for line in purchase_order.lines.all():
                key = (str(purchase_order.order.number), str(line.store_line))
                sums[key] += positions[line.line_number].in_force
        return {key: quantity for key, quantity in sums.items() if quantity}


class ShipNotices:
    """856: what has left each supplier, by the last word on each shipment."""

    name = "ship notices"
    asked_by: frozenset[str] = frozenset()

    def theirs(self, outside: Outside) -> Book:
        """Return what has left, by line."""
        return _quantities(outside.shipped)

    def ours(self) -> Book:
        """Return what is posted as shipped."""
        return {key: each.shipped for key, each in _positions().items() if each.shipped}


class StoreShipments:
    """What the customer sees on his way, and what has left his suppliers."""

    name = "shipments in the store"
    asked_by = frozenset({Kind.SHIPMENT_DIFFERS})

    def theirs(self, outside: Outside) -> Book:
        """Return what the store holds as shipped, by tracking number and line."""
        held: Counter[Key] = Counter()
        for number, shipments in outside.shipments.items():
            for each in shipments:
                for item in each["items"]:
                    key = (str(number), f"{each['tracking_number']} {item['order_product_id']}")
                    held[key] += item["quantity"]
        return dict(held)

    def ours(self) -> Book:
        """Return what stands as shipped by the notices, of which each goes to the store or is asked about."""
        lines = ShipmentLine.objects.filter(shipment__withdrawn_by=None).select_related(
            "shipment__order", "line"
        )
        held: Counter[Key] = Counter()
        for each in lines:
            key = (str(each.shipment.order.number), f"{each.shipment.tracking_number} {each.line.store_line}")
            held[key] += int(each.quantity)
        return dict(held)


class Bills:
    """810: what suppliers billed, and what of it is posted; what is asked about stays posted."""

    name = "suppliers' invoices"
    asked_by: frozenset[str] = frozenset()

    def theirs(self, outside: Outside) -> Book:
        """Return what is billed and not credited again, by line."""
        return _quantities(outside.billed)

    def ours(self) -> Book:
        """Return what is posted as invoiced, less what is credited."""
        sums = {key: each.invoiced - each.credited for key, each in _positions().items()}
        return {key: quantity for key, quantity in sums.items() if quantity}


class StoreWrites:
    """What was written to orders of the store, and what we hold to have written."""

    name = "writes to the store"
    asked_by: frozenset[str] = frozenset()

    def theirs(self, outside: Outside) -> Book:
        """Return how often each order was written to, by what."""
        written: Counter[Key] = Counter()
        for entry in outside.asked:
            parts = entry["path"].split("/")
            if entry["method"] == "GET" or entry["status"] >= 300 or parts[2] != "orders":
                continue
            if "shipments" in parts:
                what = StoreEffect.Kind.REMOVAL if entry["method"] == "DELETE" else StoreEffect.Kind.SHIPMENT
            elif "metafields" in parts:
                what = StoreEffect.Kind.METAFIELD
            elif "staff_notes" in (entry["body"] or {}):
                what = StoreEffect.Kind.NOTE
            else:
                what = StoreEffect.Kind.STATUS
            written[parts[3], what.value] += 1
        return dict(written)

    def ours(self) -> Book:
        """Return how many writes are done; a status that the order had already is none."""
        done = StoreEffect.objects.filter(state=StoreEffect.State.DONE)
        written: Counter[Key] = Counter()
        for number, kind, answer in done.values_list("order__number", "kind", "answer"):
            if kind not in (StoreEffect.Kind.SHIPPED, StoreEffect.Kind.STATUS):
                written[str(number), kind] += 1
            elif "after" in answer:  # else the shipment had moved it, or what became of an earlier one
                written[str(number), StoreEffect.Kind.STATUS.value] += 1
        return dict(written)


KINDS: tuple[DocumentKind, ...] = (
    PurchaseOrders(),
    Answers(),
    FunctionalAcknowledgments(),
    StoreOrders(),
    StoreWrites(),
    ShipNotices(),
    StoreShipments(),
    Bills(),
)


def differences(kind: DocumentKind, outside: Outside) -> dict[Key, tuple[Any, Any]]:
    """Return where the other side and we differ, and no open case asks about it: what they hold, what we do."""
    theirs, ours = kind.theirs(outside), kind.ours()
    asked = ExceptionCase.objects.filter(closed_at=None, kind__in=kind.asked_by)
    named = {
        str(each)
        for pair in asked.values_list("purchase_order__number", "order__number")
        for each in pair
        if each is not None
    }
    return {
        key: (theirs.get(key), ours.get(key))
        for key in sorted(theirs.keys() | ours.keys())
        if theirs.get(key) != ours.get(key) and key[0] not in named
    }


def by_arrival() -> Book:
    """Return what a ledger would hold that lets the answer posted last count, whatever was said last."""
    book: Book = {}
    for entry in (
        LineEntry.standing().filter(kind="acknowledged").select_related("line__purchase_order").order_by("pk")
    ):
        book[entry.line.purchase_order.number, str(entry.line.line_number)] = entry.quantity
    return book


def twice(outside: Outside) -> list[str]:
    """Return what happened more than once, in words."""
    found = []
    sent: defaultdict[Key, list[str]] = defaultdict(list)
    for each in outside.network:
        if each["event"] in ("arrival", "change") and each["purchase_order"]:
            sent[each["purchase_order"], each["event"]].append(f"{each['name']} {each['st02']}")
    changes = Counter(
        Document.objects.filter(transaction_set="860").values_list(
            "orders__purchase_order__number", flat=True
        )
    )
    for (number, event), names in sent.items():
        if len(names) != (1 if event == "arrival" else changes[number]) or len(set(names)) != len(names):
            found.append(f"{number}: {event} of {names}")
    posted = LineEntry.standing().values_list("line", "document", "kind", "position")
    found += [f"posted {count} times: {what}" for what, count in Counter(posted).items() if count > 1]
    return found


def _shipped(outside: Outside, number: int) -> Counter[int]:
    """Return how much of each line of an order the store holds as shipped."""
    held: Counter[int] = Counter()
    for each in outside.shipments.get(number, ()):
        for item in each["items"]:
            held[item["order_product_id"]] += item["quantity"]
    return held


def _sent() -> Any:
    return PurchaseOrder.objects.filter(state__in=STATES).select_related("order").prefetch_related("lines")


def _positions() -> dict[Key, Any]:
    return {
        (purchase_order.number, str(place)): position
        for purchase_order in _sent()
        for place, position in positions_of(purchase_order).items()
    }


def _quantities(told: dict[str, dict[str, str]]) -> Book:
    return {
        (number, place): Decimal(quantity)
        for number, lines in told.items()
        for place, quantity in lines.items()
        if Decimal(quantity)
    }


def _figures(said: dict[str, str]) -> tuple[Decimal, ...]:
    def total(*statuses: str) -> Decimal:
        return sum((Decimal(said[each] or 0) for each in statuses if each in said), Decimal(0))

    return total(*PROMISED), total("IB"), total("IR"), total("IH")

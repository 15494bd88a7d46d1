"""Which partner supplies which line of an order."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from archive.record import record_event
from integration.flows.cases import close_cause, open_case
from integration.flows.import_orders import import_step, physical_lines
from integration.flows.references import write_references
from integration.models import ExceptionCase, Order, PurchaseOrder, PurchaseOrderLine, store_channel
from integration.work import Claim, Step, put
from partners.models import Agreement, ItemCrossReference, Mode


@dataclass
class Routing:
    """Lines grouped by agreement and ship-to, and what stands in the way."""

    groups: dict[tuple[int, str], list[tuple[dict[str, Any], ItemCrossReference]]] = field(
        default_factory=lambda: defaultdict(list)
    )
    problems: list[tuple[str, str, str]] = field(default_factory=list)


def route(subject: str, claim: Claim) -> list[Step]:
    """Make one purchase order for each agreement and ship-to of the order, or open the cases that forbid it.

    An order with a line that nobody supplies is held whole: nothing of it is sent until that is settled.
    """
    with claim.transaction():
        order = Order.objects.select_for_update().select_related("store").get(pk=subject)
        routing = _routing(order)
        _close_settled(order, {cause for _, cause, _ in routing.problems})
        if routing.problems:
            _hold(order, routing.problems)
            return []
        purchase_orders = _write_purchase_orders(order, routing)
        Order.objects.filter(pk=order.pk).update(state=Order.State.ROUTED, state_reason="")
        write_references(order)
        numbers = ", ".join(purchase_order.number for purchase_order in purchase_orders)
        record_event(order.subject, "routed", f"Routed: purchase order {numbers}.")
    side = store_channel(order.store_id)
    return [Step("compose", str(made.pk), order.ordering_key, talks_to=side) for made in purchase_orders]


def skus_listed(skus: Collection[str]) -> int:
    """Look again at the orders that are held because of who lists these SKUs; return how many there are.

    Called where an agreement's items change. The caller holds a transaction.
    """
    Kind = ExceptionCase.Kind
    wanted = set(skus) - {""}
    if not wanted:
        return 0
    waiting = ExceptionCase.objects.filter(closed_at=None, kind__in=[Kind.NO_PARTNER, Kind.SEVERAL_PARTNERS])
    # An import brings thousands of SKUs at once; of cases there are as many as orders are held.
    named = waiting.values_list("pk", "cause")
    cases = [pk for pk, cause in named if cause.removeprefix("item:").rpartition(" ")[0] in wanted]
    orders = Order.objects.filter(cases__in=cases).distinct().only("store_id", "number")
    for order in orders:
        put("orders", import_step(order.store_id, order.number))
    return len(orders)


def _item_cause(what: object, subject: str) -> str:
    """Return the cause of a case about who supplies a SKU in an order."""
    return f"item:{what} {subject}"


def _routing(order: Order) -> Routing:
    Kind = ExceptionCase.Kind
    routing = Routing()
    addresses = {address["id"] for address in order.content["addresses"]}
    lines = physical_lines(order)
    candidates = _candidates(order, {line["sku"] for line in lines})
    for line in lines:
        if line["order_address_id"] not in addresses:
            sentence = (
                f"Order {order.number} has no shipping address for “{line['name']}”. Add one in the store; the"
                " order is then looked at again by itself."
            )
            routing.problems.append((Kind.NO_ADDRESS, f"address:{order.subject}", sentence))
            continue
        found = candidates.get(line["sku"], [])
        if len(found) == 1:
            routing.groups[(found[0].agreement_id, str(line["order_address_id"]))].append((line, found[0]))
        else:
            routing.problems.append(_unroutable(order, line, found))
    return routing


def _candidates(order: Order, skus: set[str]) -> dict[str, list[ItemCrossReference]]:
    """Return who lists each SKU: live agreements first; those in watch only where no live one does."""
    rows = (
        ItemCrossReference.objects.filter(
            sku__in=skus - {""}, agreement__stores=order.store, agreement__partner__is_active=True
        )
        .select_related("agreement__partner")
        .order_by("agreement_id")
    )
    listed: dict[str, list[ItemCrossReference]] = defaultdict(list)
    for row in rows:
        listed[row.sku].append(row)
    return {
        sku: [row for row in found if row.agreement.mode == Mode.LIVE] or found
        for sku, found in listed.items()
    }


def _unroutable(order: Order, line: dict[str, Any], found: list[ItemCrossReference]) -> tuple[str, str, str]:
    what = f"SKU {line['sku']}" if line["sku"] else f"“{line['name']}”, which has no SKU"
    quantity = line["quantity"] - line["quantity_refunded"]
    if found:
        names = " and ".join(row.agreement.partner.name for row in found)
        sentence = (
            f"{names} both list {what} ({quantity} in order {order.number}). Leave it in one agreement's items;"
            " nothing of this order is sent before."
        )
        return ExceptionCase.Kind.SEVERAL_PARTNERS, _item_cause(line["sku"], order.subject), sentence
    sentence = (
        f"No partner lists {what} ({quantity} in order {order.number}). "
        + (
            "Add it to an agreement's items"
            if line["sku"]
            else "Give the product a SKU, or ship it yourselves"
        )
        + "; nothing of this order is sent before."
    )
    return ExceptionCase.Kind.NO_PARTNER, _item_cause(line["sku"] or line["id"], order.subject), sentence


def _hold(order: Order, problems: list[tuple[str, str, str]]) -> None:
    for kind, cause, sentence in dict(
        (cause, (kind, cause, sentence)) for kind, cause, sentence in problems
    ).values():
        open_case(
            kind, cause, sentence, order=order, store=order.store, money=order.total, currency=order.currency
        )
    reason = (
        problems[0][2] if len(problems) == 1 else f"{len(problems)} lines cannot be routed; see the cases."
    )
    Order.objects.filter(pk=order.pk).update(state=Order.State.HELD, state_reason=reason[:300])


def _close_settled(order: Order, still_open: set[str]) -> None:
    Kind = ExceptionCase.Kind
    routing_kinds = [Kind.NO_PARTNER, Kind.SEVERAL_PARTNERS, Kind.NO_ADDRESS]
    for case in order.cases.filter(closed_at=None, kind__in=routing_kinds).exclude(cause__in=still_open):
        close_cause(case.cause, "The line can be routed now.")


def _write_purchase_orders(order: Order, routing: Routing) -> list[PurchaseOrder]:
    State = PurchaseOrder.State
    standing = {
        (row.agreement_id, row.ship_to): row
        for row in order.purchase_orders.select_for_update().filter(sequence=0).exclude(state=State.DROPPED)
    }
    for key, row in standing.items():
        if key not in routing.groups and row.state in (State.ROUTED, State.COMPOSED):
            PurchaseOrder.objects.filter(pk=row.pk).update(state=State.DROPPED)
            record_event(order.subject, "dropped", f"{row} is no longer needed; it was not sent.")
    written = []
    for key, lines in routing.groups.items():
        row = standing.get(key) or _new_purchase_order(order, *key)
        if row.state in (State.ROUTED, State.COMPOSED):
            PurchaseOrder.objects.filter(pk=row.pk).update(state=State.ROUTED)
            _write_lines(row, lines)
            written.append(row)
    return written


def _new_purchase_order(order: Order, agreement_pk: int, ship_to: str) -> PurchaseOrder:
    return PurchaseOrder.objects.create(
        order=order,
        agreement=Agreement.objects.get(pk=agreement_pk),
        ship_to=ship_to,
        number=next_number(order),
    )


def next_number(order: Order) -> str:
    """Return the number of the next purchase order for ``order``."""
    return f"{order.store.purchase_order_prefix}{order.number}-{order.purchase_orders.count() + 1}"


def _write_lines(row: PurchaseOrder, lines: list[tuple[dict[str, Any], ItemCrossReference]]) -> None:
    row.lines.all().delete()
    PurchaseOrderLine.objects.bulk_create(
        PurchaseOrderLine(
            purchase_order=row,
            line_number=number,
            store_line=line["id"],
            sku=line["sku"],
            vendor_item=item.vendor_item,
            upc=item.upc or line["upc"][:14],
            description=line["name"][:300],
            quantity=line["quantity"] - line["quantity_refunded"],
            unit=item.unit,
            partner_unit=item.partner_unit,
            pack_factor=item.pack_factor,
            unit_price=_price(row, line, item),
        )
        for number, (line, item) in enumerate(lines, start=1)
    )


def _price(row: PurchaseOrder, line: dict[str, Any], item: ItemCrossReference) -> Decimal | None:
    """Return what we pay for one unit, in the agreement's currency. The shopper's price is never told to a supplier."""
    if item.unit_cost is not None:
        return item.unit_cost
    if row.order.currency != row.agreement.currency:
        return None  # 4,200 yen are not 4,200 dollars
    cost = Decimal(str(line["base_cost_price"] or 0))
    return cost if cost > 0 else None

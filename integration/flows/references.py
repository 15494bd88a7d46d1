"""What an order is found by: its numbers, its items, its partners, its customer."""

from __future__ import annotations

from typing import Any

from archive.search import Row, reference_rows
from integration.models import Order, OrderReference, PurchaseOrder, PurchaseOrderLine


def write_references(order: Order) -> None:
    """Bring the references of ``order`` up to what its row and its purchase orders say, in the caller's transaction."""
    wanted = set(reference_rows(_named(order)))
    known = {
        Row(each.kind, each.value, each.normal, each.rank): each.pk
        for each in OrderReference.objects.filter(order=order)
    }
    OrderReference.objects.filter(pk__in=[pk for row, pk in known.items() if row not in wanted]).delete()
    OrderReference.objects.bulk_create(
        (OrderReference(order=order, **row._asdict()) for row in sorted(wanted - set(known))), batch_size=1000
    )


def rebuild_references() -> int:
    """Write the references of every order anew; return how many orders there are."""
    OrderReference.objects.all().delete()
    count = 0
    for order in Order.objects.order_by("pk").iterator(chunk_size=200):
        write_references(order)
        count += 1
    return count


def _named(order: Order) -> list[tuple[str, str]]:
    """Return the order's references as pairs of kind and value."""
    content = order.content
    named: list[tuple[str, str]] = [("order", str(order.number)), ("customer", order.customer_name)]
    named.append(("purchase_order", order.customer_number))
    for person in (content.get("billing_address") or {}, *content["addresses"]):
        named.append(("customer", _name(person)))
        named.append(("customer", person.get("company") or ""))
        named.append(("email", person.get("email") or ""))
    for line in content["lines"]:
        named += [("sku", line["sku"]), ("upc", line["upc"])]
    purchase_orders = PurchaseOrder.objects.filter(order=order).order_by("pk")
    for number, partner in purchase_orders.values_list("number", "agreement__partner__name"):
        named += [("purchase_order", number), ("partner", partner)]
    lines = PurchaseOrderLine.objects.filter(purchase_order__order=order).order_by("pk")
    for vendor_item, upc in lines.values_list("vendor_item", "upc"):
        named += [("vendor_item", vendor_item), ("upc", upc)]
    return [(kind, value) for kind, value in named if value]


def _name(person: dict[str, Any]) -> str:
    return " ".join(part for part in (person.get("first_name"), person.get("last_name")) if part)

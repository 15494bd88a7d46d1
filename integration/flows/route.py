"""Which partner supplies which line of an order."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from decimal import Decimal
from typing import Any

from django.db import IntegrityError, connection, transaction

from archive.record import record_event
from integration.flows.cases import close_cause, open_case
from integration.flows.customers import acknowledge_steps
from integration.flows.import_orders import compose_step, import_step
from integration.flows.numbering import NoNumber, next_number
from integration.flows.references import write_references
from integration.flows.routing import Problem, Routing, plan_routing
from integration.models import ExceptionCase, Order, PurchaseOrder, PurchaseOrderLine, Store
from integration.work import Claim, Step, put
from partners.models import Agreement, ItemCrossReference

NOBODY = "Nothing of it goes to a partner; its lines say why."
_NUMBER = "number:"


def route(subject: str, claim: Claim) -> list[Step]:
    """Make one purchase order for each agreement and ship-to of the order, or open the cases that forbid it.

    An order with a line that nobody supplies is held whole: nothing of it is sent until that is settled.
    """
    with claim.transaction():
        hold_rules_still()
        order = Order.objects.select_for_update().select_related("store").get(pk=subject)
        routing = plan_routing(order)
        Order.objects.filter(pk=order.pk).update(routing=routing.as_json())
        _close_settled(order, {problem.cause for problem in routing.problems})
        if routing.problems:
            _hold(order, routing.problems)
            return []
        try:
            with transaction.atomic():  # without a number for each, none is made
                purchase_orders = _write_purchase_orders(order, routing)
        except NoNumber as problem:
            _hold(order, [_no_number(order, str(problem))])
            return []
        close_cause(f"{_NUMBER}{order.subject}", "Numbers can be given now.")
        if (
            not purchase_orders
            and not order.purchase_orders.exclude(state=PurchaseOrder.State.DROPPED).exists()
        ):
            Order.objects.filter(pk=order.pk).update(state=Order.State.NOT_OURS, state_reason=NOBODY)
            return []
        Order.objects.filter(pk=order.pk).update(state=Order.State.ROUTED, state_reason="")
        write_references(order)
        numbers = ", ".join(purchase_order.number for purchase_order in purchase_orders)
        record_event(order.subject, "routed", f"Routed: purchase order {numbers}.")
    return [*(compose_step(order, made) for made in purchase_orders), *acknowledge_steps(order)]


def skus_listed(skus: Collection[str]) -> int:
    """Look again at the orders that are held because of who lists these SKUs; return how many there are.

    Called where an agreement's items change. The caller holds a transaction.
    """
    Kind = ExceptionCase.Kind
    wanted = set(skus) - {""}
    if not wanted:
        return 0
    wait_for_routes()
    waiting = ExceptionCase.objects.filter(closed_at=None, kind__in=[Kind.NO_PARTNER, Kind.SEVERAL_PARTNERS])
    # An import brings thousands of SKUs at once; of cases there are as many as orders are held.
    named = waiting.values_list("pk", "cause")
    cases = [pk for pk, cause in named if cause.removeprefix("item:").rpartition(" ")[0] in wanted]
    orders = Order.objects.filter(cases__in=cases).distinct().only("store_id", "number")
    for order in orders:
        put("orders", import_step(order.store_id, order.number))
    return len(orders)


def look_again(store: Store | None) -> int:
    """Look again at every order that is held because of where its lines go; return how many there are.

    Called where rules change that hold for ``store``, or for all. What was sent stays as it was sent. The caller holds a
    transaction.
    """
    Kind = ExceptionCase.Kind
    wait_for_routes()
    waiting = ExceptionCase.objects.filter(closed_at=None, kind__in=[Kind.NO_PARTNER, Kind.SEVERAL_PARTNERS])
    numberless = ExceptionCase.objects.filter(closed_at=None, cause__startswith=_NUMBER)
    cases = (waiting | numberless).values("pk")
    orders = Order.objects.filter(cases__in=cases).distinct().only("store_id", "number")
    if store is not None:
        orders = orders.filter(store=store)
    for order in orders:
        put("orders", import_step(order.store_id, order.number))
    return len(orders)


def hold_rules_still() -> None:
    """Have whoever changes rules or items wait until this transaction ends: he overlooks no case that it opens."""
    _lock("pg_advisory_xact_lock_shared")


def wait_for_routes() -> None:
    """Wait until no order is being routed by what was; those that begin see what is, once this transaction ends."""
    _lock("pg_advisory_xact_lock")


def _lock(function: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {function}(hashtext('gridport.routing'))")


def _no_number(order: Order, why: str) -> Problem:
    sentence = f"A purchase order for order {order.number} gets no number: {why}"
    return Problem(ExceptionCase.Kind.NOT_WRITABLE, f"{_NUMBER}{order.subject}", sentence)


def _hold(order: Order, problems: Sequence[Problem]) -> None:
    for each in problems:
        open_case(
            each.kind, each.cause, each.sentence,
            order=order, store=order.store, money=order.total, currency=order.currency,
        )  # fmt: skip
    one = len(problems) == 1
    reason = problems[0].sentence if one else f"{len(problems)} lines cannot be routed; see the cases."
    Order.objects.filter(pk=order.pk).update(state=Order.State.HELD, state_reason=reason[:300])


def _close_settled(order: Order, still_open: set[str]) -> None:
    Kind = ExceptionCase.Kind
    routing_kinds = [Kind.NO_PARTNER, Kind.SEVERAL_PARTNERS, Kind.NO_ADDRESS]
    for case in order.cases.filter(closed_at=None, kind__in=routing_kinds).exclude(cause__in=still_open):
        close_cause(case.cause, "The line can be routed now.")


def _write_purchase_orders(order: Order, routing: Routing) -> list[PurchaseOrder]:
    State = PurchaseOrder.State
    groups = routing.groups
    standing = {
        (row.agreement_id, row.ship_to): row
        for row in order.purchase_orders.select_for_update().filter(sequence=0).exclude(state=State.DROPPED)
    }
    for key, row in standing.items():
        if key not in groups and row.state in (State.ROUTED, State.COMPOSED):
            PurchaseOrder.objects.filter(pk=row.pk).update(state=State.DROPPED)
            record_event(order.subject, "dropped", f"{row} is no longer needed; it was not sent.")
    written = []
    for key, lines in groups.items():
        row = standing.get(key) or _new_purchase_order(order, *key)
        if row.state in (State.ROUTED, State.COMPOSED):
            PurchaseOrder.objects.filter(pk=row.pk).update(state=State.ROUTED)
            _write_lines(row, lines)
            written.append(row)
    return written


def _new_purchase_order(order: Order, agreement_pk: int, ship_to: str) -> PurchaseOrder:
    agreement = Agreement.objects.get(pk=agreement_pk)
    while True:
        number = next_number(order)
        try:
            with transaction.atomic():
                return PurchaseOrder.objects.create(
                    order=order, agreement=agreement, ship_to=ship_to, number=number
                )
        except IntegrityError:
            # An order of another store took the number between our look and our write: the next look sees it.
            if not PurchaseOrder.objects.filter(number=number).exists():
                raise


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
    """Return the price of one unit, in the agreement's currency.

    What we pay; the shopper's price is told to a supplier only where the agreement says so.
    """
    asked = row.agreement.unit_price
    if asked == Agreement.UnitPrice.NONE:
        return None
    if asked == Agreement.UnitPrice.COST and item.unit_cost is not None:
        return item.unit_cost
    if row.order.currency != row.agreement.currency:
        return None  # 4,200 yen are not 4,200 dollars
    name = "price_ex_tax" if asked == Agreement.UnitPrice.SHOPPER else "base_cost_price"
    price = Decimal(str(line[name] or 0))
    return price if price > 0 else None

"""An order edited or cancelled in the store after its purchase orders were sent: changes, or cases that ask."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from django.db.models import Q, QuerySet

from archive.clock import database_now
from archive.record import record_event
from integration.documents import Party, from_json
from integration.documents import PurchaseOrder as CanonicalPurchaseOrder
from integration.flows.cases import close_cause, open_case
from integration.flows.changes import (
    LineChange,
    give_up_unwritable,
    start_change,
    takes_changes,
    waiting_steps,
)
from integration.flows.quantities_in_force import STANDING, told_quantities
from integration.flows.refunded import REFUNDED, still_ordered
from integration.flows.routing import plan_routing, warehouse_of
from integration.flows.terms import what_is_told
from integration.matching.changes import Edit, LineMove, SentLine, difference
from integration.matching.lines import plain
from integration.models import (
    ORDER_STATUSES,
    ExceptionCase,
    LineEntry,
    Order,
    PurchaseOrder,
    PurchaseOrderChange,
    PurchaseOrderLine,
)
from integration.work import Step
from partners.models import Agreement

State = PurchaseOrder.State
Kind = ExceptionCase.Kind
_BY_STORE = "The order was edited in the store."


@dataclass
class _Concerned:
    """What an edit means for one purchase order: quantities that are told in an 860, and the rest, which is not."""

    moves: list[LineMove] = field(default_factory=list)
    rest: list[dict[str, Any]] = field(default_factory=list)


def after_edit(order: Order, *, cancelled: bool) -> list[Step]:
    """Hold the order as it is now against what its partners were told; return the steps of the changes that follow.

    Nothing is asked of a person that he has settled already.
    """
    lines = lines_to_deliver(order)
    _renew_unsent(order, lines, cancelled=cancelled)
    sent = list(_sent(order).select_for_update(of=("self",)))
    for purchase_order in sent:
        give_up_unwritable(purchase_order)
    edit = edit_of(order, lines, sent, cancelled=cancelled)
    for purchase_order in sent:
        concerned = _concerned(purchase_order, edit, cancelled=cancelled)
        _tell_or_send(purchase_order, concerned, cancelled=cancelled)
    _tell_new(order, lines, edit)
    return waiting_steps(order.pk)


def _renew_unsent(order: Order, lines: Sequence[Mapping[str, Any]], *, cancelled: bool) -> None:
    """Have purchase orders that were not sent yet, beside others that were, ask for what the store holds now.

    Each waits to be composed anew. One of which nothing is left, or that would go elsewhere now, is dropped; its lines are
    then looked at as new ones. What was ordered besides, of a remainder, stays so much.
    """
    now = {} if cancelled else {each["id"]: each for each in lines}
    unsent = order.purchase_orders.select_for_update().filter(state__in=[State.ROUTED, State.COMPOSED])
    for row in unsent.order_by("pk"):
        goes_to = {
            str(now[line.store_line]["order_address_id"])
            for line in row.lines.all()
            if line.store_line in now
        }
        moved = warehouse_of(row.ship_to) is None and bool(goes_to - {row.ship_to})
        for line in row.lines.all():
            wanted = now.get(line.store_line)
            left = Decimal(wanted["quantity"] - wanted["quantity_refunded"] if wanted else 0)
            if left and not row.sequence:
                PurchaseOrderLine.objects.filter(pk=line.pk).update(quantity=left)
            elif not left:
                line.delete()
        if moved or not PurchaseOrderLine.objects.filter(purchase_order=row).exists():
            PurchaseOrder.objects.filter(pk=row.pk).update(state=State.DROPPED)
            record_event(order.subject, "dropped", f"{row} is no longer needed; it was not sent.")
        else:
            PurchaseOrder.objects.filter(pk=row.pk).update(state=State.ROUTED, digest="")


def lines_to_deliver(order: Order) -> list[Mapping[str, Any]]:
    """Return the order's lines that partners were asked for, and those that they would be asked for now.

    What was sent was routed by the rules of its time: a bundle that went whole is not taken apart by a rule made since.
    """
    asked = set(
        PurchaseOrderLine.objects.filter(purchase_order__order=order)
        .exclude(purchase_order__state=State.DROPPED)
        .values_list("store_line", flat=True)
    )
    return [
        each.line
        for each in plan_routing(order).lines
        if each.line["id"] in asked
        or (not each.left_out and each.line["parent_order_product_id"] not in asked)
    ]


def moves_of(purchase_order: PurchaseOrder, *, cancelled: bool) -> list[LineMove]:
    """Return what the partner of ``purchase_order`` would have to be told now."""
    order = purchase_order.order
    edit = edit_of(order, lines_to_deliver(order), list(_sent(order)), cancelled=cancelled)
    return [each for each in edit.moves if each.purchase_order == purchase_order.pk]


def edit_of(
    order: Order, lines: Sequence[Mapping[str, Any]], sent: Sequence[PurchaseOrder], *, cancelled: bool
) -> Edit:
    """Return the difference between what was told and what the store holds."""
    is_refunded = order.status_id == REFUNDED
    wanted = (
        {each["id"]: Decimal(0) for each in lines}
        if cancelled and not is_refunded
        else still_ordered(order, list(lines))
    )
    unsent = order.purchase_orders.filter(state__in=[State.ROUTED, State.COMPOSED])
    for store_line in unsent.values_list("lines__store_line", flat=True):
        wanted.pop(store_line, None)
    told = []
    for purchase_order in sent:
        quantities = told_quantities(purchase_order)
        told += [
            SentLine(purchase_order.pk, line.line_number, line.store_line, quantities[line.line_number])
            for line in purchase_order.lines.all()
        ]
    return difference(told, wanted)


def _sent(order: Order) -> QuerySet[PurchaseOrder]:
    """Return the purchase orders that stand with a partner, in the order in which they were made."""
    rows = order.purchase_orders.filter(state__in=STANDING)
    return rows.select_related("order__store", "agreement__partner").order_by("sequence", "pk")


def _concerned(purchase_order: PurchaseOrder, edit: Edit, *, cancelled: bool) -> _Concerned:
    found = _Concerned([each for each in edit.moves if each.purchase_order == purchase_order.pk])
    if cancelled or purchase_order.content is None:  # of one that was taken over only the lines are known
        return found
    sent = from_json("purchase_order", purchase_order.content)
    assert isinstance(sent, CanonicalPurchaseOrder)
    ship_to, message, gifts = _told_now(purchase_order)
    if ship_to != sent.ship_to:
        found.rest.append({"what": "ship-to", "told": _place(sent.ship_to), "in the store": _place(ship_to)})
    texts = [("message", sent.notes, message)]
    texts += [
        (f"gift wrapping of line {line.line_number}", line.notes, gifts[line.line_number or ""])
        for line in sent.lines
        if line.line_number in gifts
    ]
    for what, before, now in texts:
        said, says = (" ".join((text or "").split()) for text in (before, now))
        if said != says:
            found.rest.append({"what": what, "told": said or "none", "in the store": says or "none"})
    told = _told_by_hand(purchase_order)
    found.rest = [row for row in found.rest if row not in told]
    return found


def _told_now(purchase_order: PurchaseOrder) -> tuple[Party | None, str, dict[str, str]]:
    """Return the ship-to, the message, and the gift wrapping by line number that ``purchase_order`` would say now.

    There is no ship-to where the order lost it, and no gift wrapping of lines that it lost.
    """
    addresses = {str(each["id"]) for each in purchase_order.order.content["addresses"]}
    if warehouse_of(purchase_order.ship_to) is None and purchase_order.ship_to not in addresses:
        return None, "", {}
    lines = list(purchase_order.lines.all())
    told = what_is_told(purchase_order, lines, database_now().date())
    there = {each["id"] for each in purchase_order.order.content["lines"]}
    gifts = {
        str(line.line_number): told.notes.get(line.store_line, "")
        for line in lines
        if line.store_line in there
    }
    return told.ship_to, told.message, gifts


def _told_by_hand(purchase_order: PurchaseOrder) -> list[Any]:
    """Return what no 860 tells and somebody has dealt with: the rows of the last closed case that had such."""
    closed = ExceptionCase.objects.filter(
        kind=Kind.ORDER_CHANGED, purchase_order=purchase_order, closed_at__isnull=False
    ).exclude(decision=ExceptionCase.Decision.RELEASED)
    for evidence in closed.order_by("-pk").values_list("evidence", flat=True):
        rows = [row for row in evidence if "line" not in row]
        if rows:
            return rows
    return []


def _place(where: Party | None) -> str:
    if where is None:
        return "no address"
    parts = [where.name, *where.address_lines, where.city, where.postal_code]
    return ", ".join(part for part in parts if part)


def _tell_or_send(purchase_order: PurchaseOrder, found: _Concerned, *, cancelled: bool) -> None:
    cause = f"changed:{purchase_order.pk}"
    rows = [*_rows(purchase_order, found.moves), *found.rest]
    if not rows:
        close_cause(cause, "The order is as it was told again.")
        return
    if not found.rest and _was_refused(purchase_order, found.moves):
        close_cause(cause, "The partner does not take the change; another case asks what becomes of it.")
        return
    if not found.rest and _goes_by_itself(purchase_order, found.moves):
        changes = [LineChange(each.line_number, each.now) for each in found.moves]
        start_change(purchase_order, changes, reason=_BY_STORE)
        close_cause(cause, "The change is sent.")
        return
    if not _settled(purchase_order, rows):
        _ask(purchase_order, cause, rows, cancelled=cancelled)


def _goes_by_itself(purchase_order: PurchaseOrder, moves: Sequence[LineMove]) -> bool:
    agreement = purchase_order.agreement
    agreed = agreement.changes_after_sending == Agreement.AfterSending.SEND and takes_changes(agreement)
    return agreed and not _undoes_a_decision(purchase_order, moves)


def _was_refused(purchase_order: PurchaseOrder, moves: Sequence[LineMove]) -> bool:
    """Say whether the partner has answered this very change, and not taken it: of that another case asks."""
    last = purchase_order.changes.order_by("-sequence").first()
    if last is None or last.state not in (
        PurchaseOrderChange.State.REJECTED,
        PurchaseOrderChange.State.DISPUTED,
    ):
        return False
    asked = {row["line_number"]: Decimal(row["now"]) for row in last.lines}
    return all(asked.get(each.line_number) == each.now for each in moves)


def _undoes_a_decision(purchase_order: PurchaseOrder, moves: Sequence[LineMove]) -> bool:
    """Say whether more would be ordered of a line of which somebody had cancelled some after an answer."""
    more = [each.line_number for each in moves if each.now > each.was]
    return (
        LineEntry.standing()
        .filter(
            line__purchase_order=purchase_order,
            line__line_number__in=more,
            kind=LineEntry.Kind.CANCELLED,
        )
        .filter(Q(document__transaction_set="855") | Q(document__change__actor__gt=""))
        .exists()
    )


def _rows(purchase_order: PurchaseOrder, moves: Sequence[LineMove]) -> list[dict[str, Any]]:
    lines = {line.line_number: line for line in purchase_order.lines.all()}
    return [
        {
            "line": each.line_number,
            "sku": lines[each.line_number].sku,
            "what": "quantity" if each.now else "line gone",
            "told": f"{plain(each.was)} {lines[each.line_number].unit}",
            "in the store": f"{plain(each.now)} {lines[each.line_number].unit}",
        }
        for each in moves
    ]


def _settled(purchase_order: PurchaseOrder, rows: list[dict[str, Any]]) -> bool:
    last = (
        ExceptionCase.objects.filter(kind=Kind.ORDER_CHANGED, purchase_order=purchase_order)
        .order_by("-pk")
        .first()
    )
    return (
        last is not None
        and last.closed_at is not None
        and last.decision != ExceptionCase.Decision.RELEASED
        and all(row in last.evidence for row in rows)
    )


def _ask(purchase_order: PurchaseOrder, cause: str, rows: list[dict[str, Any]], *, cancelled: bool) -> None:
    order, partner = purchase_order.order, purchase_order.agreement.partner
    first = f"{rows[0]['what']}: {rows[0]['told']} was told, {rows[0]['in the store']} is in the store"
    place = f"line {rows[0]['line']}, " if "line" in rows[0] else ""
    more = f" ({len(rows) - 1} more)" if len(rows) > 1 else ""
    edited = f"is now {ORDER_STATUSES[order.status_id]}" if cancelled else "was edited"
    takes = takes_changes(purchase_order.agreement)
    next_word = (
        "Send the change, or tell them yourself."
        if takes
        else f"{partner} takes no changes (860): tell them yourself."
    )
    open_case(
        Kind.ORDER_CHANGED,
        cause,
        f"Order {order.number} {edited} after purchase order {purchase_order.number} had been sent: {place}{first}{more}."
        f" {next_word}",
        order=order,
        store=order.store,
        purchase_order=purchase_order,
        partner=partner,
        money=order.total,
        currency=order.currency,
        evidence=rows,
    )


def _tell_new(order: Order, lines: Sequence[Mapping[str, Any]], edit: Edit) -> None:
    cause = f"changed:{order.subject}"
    by_id = {each["id"]: each for each in lines}
    rows = [
        {
            "sku": by_id[store_line]["sku"],
            "what": "new line",
            "told": "nothing",
            "in the store": plain(quantity),
        }
        for store_line, quantity in edit.new
    ]
    if not rows:
        close_cause(cause, "No line is without a partner any more.")
        return
    last = order.cases.filter(kind=Kind.ORDER_CHANGED, purchase_order=None).order_by("-pk").first()
    if last is not None and last.closed_at is not None and last.evidence == rows:
        return
    named = ", ".join(f"{row['in the store']} of {row['sku'] or 'a line without SKU'}" for row in rows)
    open_case(
        Kind.ORDER_CHANGED,
        cause,
        f"Order {order.number} has lines that no partner was told of, since it was sent before: {named}. Order them from a"
        " partner yourself, then settle this case.",
        order=order,
        store=order.store,
        money=order.total,
        currency=order.currency,
        evidence=rows,
    )

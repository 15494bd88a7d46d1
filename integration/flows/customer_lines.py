"""What holds of an order for its customer: the store's lines, with what suppliers are to deliver by the ledger."""

from __future__ import annotations

from collections import defaultdict
from decimal import Decimal
from typing import Any

from integration.flows.agreed import agreed_with
from integration.flows.import_orders import CANCELLED
from integration.flows.positions import positions_of
from integration.flows.quantities_in_force import told_quantities
from integration.flows.refunded import given_back
from integration.flows.routing import parent_of
from integration.matching.customer_answer import OrderedLine, Outlook, Supply, ToldLine, outlook
from integration.matching.ledger import Position
from integration.matching.lines import LineStatement
from integration.matching.routing import sound_parents
from integration.models import ExceptionCase, Order, PurchaseOrder, PurchaseOrderLine

State = PurchaseOrder.State
Kind = ExceptionCase.Kind
_ASKED = (State.ROUTED, State.COMPOSED, State.GENERATED)
_GONE = (State.DROPPED, State.CANCELLED)
_UNDECIDED = (Kind.ORDER_CHANGED, Kind.NO_PARTNER, Kind.SEVERAL_PARTNERS, Kind.NO_ADDRESS)
"""Cases that ask who is to supply something."""
_ANSWERS_OPEN = (Kind.ACKNOWLEDGMENT_DIFFERS, Kind.CHANGE_ANSWERED, Kind.CHANGE_ASKED)


def outlook_of(order: Order, told: tuple[ToldLine, ...]) -> Outlook:
    """Return what the customer of ``order`` is to be told now, given what he was told last."""
    cancelled = order.status_id in CANCELLED
    edit_open = order.cases.filter(kind__in=_UNDECIDED, closed_at=None).exists()
    return outlook(ordered_lines(order), told, cancelled=cancelled, edit_open=edit_open)


def ordered_lines(order: Order) -> list[OrderedLine]:
    """Return the lines that the customer ordered, bundles whole, each with its supplies."""
    lines: list[dict[str, Any]] = order.content["lines"]
    supplies = _supplies(order)
    returned = given_back(order)
    part_of = sound_parents({line["id"]: parent_of(line) for line in lines})
    parts: dict[int, list[dict[str, Any]]] = defaultdict(list)
    for line in lines:
        if line["id"] in part_of:
            parts[part_of[line["id"]]].append(line)

    def ordered(line: dict[str, Any]) -> OrderedLine:
        return OrderedLine(
            key=line["id"],
            sku=line["sku"],
            quantity=Decimal(
                line["quantity"] - max(0, line["quantity_refunded"] - returned.get(line["id"], 0))
            ),
            unit_price=Decimal(str(line["price_ex_tax"] or 0)),
            description=line["name"],
            upc=line["upc"],
            supplied="left_out" not in order.routing.get(str(line["id"]), {}),
            supplies=tuple(supplies.get(line["id"], ())),
            parts=tuple(ordered(each) for each in parts.get(line["id"], ())),
        )

    return [ordered(line) for line in lines if line["id"] not in part_of]


def _supplies(order: Order) -> dict[int, list[Supply]]:
    """Return what was asked of suppliers and what they are to deliver, by the store's line."""
    found: dict[int, list[Supply]] = defaultdict(list)
    rows = order.purchase_orders.exclude(state__in=_GONE).prefetch_related("lines").order_by("sequence", "pk")
    for row in rows:
        told, positions, agreed = told_quantities(row), positions_of(row), agreed_with(row)
        # What a partner said after it was accepted holds once somebody has decided about it.
        by_ledger = not row.cases.filter(kind__in=_ANSWERS_OPEN, closed_at=None).exists()
        for line in row.lines.all():
            asked = told[line.line_number] if positions[line.line_number].ordered else line.quantity
            found[line.store_line].append(
                _supply(row, line, asked, positions[line.line_number] if by_ledger else None, agreed)
            )
    return found


def _supply(
    row: PurchaseOrder,
    line: PurchaseOrderLine,
    asked: Decimal,
    position: Position | None,
    agreed: dict[int, LineStatement],
) -> Supply:
    if row.state in _ASKED:
        return Supply(asked)
    if row.state == State.DISPUTED:
        return Supply(asked, disputed=True)
    said = agreed.get(line.line_number)
    zero = Decimal(0)
    if position is not None and position.acknowledged is not None:
        accepted, backordered, held = (
            position.acknowledged,
            position.backordered or zero,
            position.held or zero,
        )
        promised_on = position.promised_on or (said.promised_on if said else None)
    elif said is not None:
        accepted, backordered, held, promised_on = (
            said.quantity,
            said.backordered,
            said.held,
            said.promised_on,
        )
    else:
        # Accepted without a word about this line: as it was asked.
        accepted, backordered, held, promised_on = asked, zero, zero, None
    accepted = min(accepted, asked)
    backordered = min(backordered, asked - accepted)
    return Supply(
        asked,
        accepted,
        backordered,
        min(held, asked - accepted - backordered),
        promised_on if accepted else None,
        said.substitute if said else "",
        answered=True,
    )

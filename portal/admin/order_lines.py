"""The lines of an order beside what came of each, by the ledger: a line may be with several purchase orders."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from django.utils.safestring import SafeString
from django.utils.translation import gettext

from archive.models import AcknowledgmentState, Document
from integration.flows.positions import positions
from integration.matching.ledger import Position
from integration.models import ExceptionCase, Order, PurchaseOrder, PurchaseOrderLine
from portal.admin.documents_table import state_of
from portal.admin.show import BAD, GOOD, QUIET, WAITING, WARNING, badge, day, quantity

Differences = dict[tuple[int, int], list[str]]


@dataclass(frozen=True)
class PositionRow:
    """Where one purchase order line stands, as tables show it."""

    line: PurchaseOrderLine
    position: Position
    result: SafeString
    differences: list[str] = field(default_factory=list)

    @property
    def ordered(self) -> str:
        """What was sent to the partner, with its unit."""
        return f"{quantity(self.position.ordered)} {self.line.unit}" if self.position.ordered else ""

    @property
    def answered(self) -> str:
        """What the partner promised last."""
        return quantity(self.position.acknowledged)

    @property
    def answer_notes(self) -> list[str]:
        """What else he said of it: backorder, refusal, hold, another price, the day."""
        said = self.position
        notes = [
            f"{quantity(amount)} {words}"
            for amount, words in (
                (said.backordered, gettext("on backorder")),
                (said.rejected, "refused"),
                (said.held, gettext("on hold")),
            )
            if amount
        ]
        if said.unit_price is not None and said.unit_price != self.line.unit_price:
            notes.append(gettext("at %(quantity)s") % {"quantity": quantity(said.unit_price)})
        return (
            [*notes, gettext("for %(promised_on)s") % {"promised_on": day(said.promised_on)}]
            if said.promised_on
            else notes
        )

    @property
    def shipped(self) -> str:
        """What the partner has shipped; empty for nothing yet."""
        return quantity(self.position.shipped or None)

    @property
    def invoiced(self) -> str:
        """What the partner has billed; empty for nothing yet."""
        return quantity(self.position.invoiced or None)

    @property
    def moved_notes(self) -> list[str]:
        """What was cancelled, returned and credited."""
        moved = self.position
        return [
            f"{quantity(amount)} {words}"
            for amount, words in (
                (moved.cancelled, "cancelled"),
                (moved.returned, "returned"),
                (moved.credited, "credited"),
            )
            if amount
        ]

    @property
    def is_short(self) -> bool:
        """Whether less was acknowledged than is in force."""
        said = self.position.acknowledged
        return said is not None and said < self.position.in_force


@dataclass(frozen=True)
class LineRow:
    """One line of the order with the purchase order lines that it became; none where nobody was asked for it."""

    sku: str
    name: str
    in_store: int
    refunded: int
    asked: list[PositionRow]
    result: SafeString | None = None
    why: str = ""


def order_lines(
    order: Order,
    purchase_orders: Iterable[PurchaseOrder],
    cases: Iterable[ExceptionCase],
    sent: dict[int, Document | None],
) -> list[LineRow]:
    """Return the lines of ``order``; ``sent`` is the document that holds for each purchase order, by its key."""
    standing = [each for each in purchase_orders if each.state != PurchaseOrder.State.DROPPED]
    by_line: dict[int, list[PositionRow]] = defaultdict(list)
    for row in position_rows(standing, cases, sent):
        by_line[row.line.store_line].append(row)
    return [
        LineRow(
            each["sku"],
            each["name"],
            each["quantity"],
            each["quantity_refunded"],
            by_line[each["id"]],
            None if by_line[each["id"]] else _nobody_asked(each),
            _why(order.routing.get(str(each["id"]), {})),
        )
        for each in order.content.get("lines", ())
    ]


def _why(kept: dict[str, Any]) -> str:
    """Return why a line went where it did, or to nobody, as it was kept when the order was routed."""
    if kept.get("left_out"):
        return str(kept["left_out"])
    because = " ".join(kept.get("because", ()))
    if kept.get("rule"):
        return gettext("Rule %(kept)s: %(because)s") % {"kept": kept["rule"], "because": because}
    return because if kept.get("passed") else ""


def position_rows(
    purchase_orders: Iterable[PurchaseOrder],
    cases: Iterable[ExceptionCase],
    sent: dict[int, Document | None],
) -> list[PositionRow]:
    """Return where each line of ``purchase_orders`` stands."""
    lines = []
    for purchase_order in purchase_orders:
        for line in purchase_order.lines.all():
            line.purchase_order = purchase_order
            lines.append(line)
    found = positions(lines)
    differences = _differences(cases)
    rows = []
    for line in lines:
        said = differences.get((line.purchase_order_id, line.line_number), [])
        result = _result(line, found[line.pk], said, sent.get(line.purchase_order_id))
        rows.append(PositionRow(line, found[line.pk], result, said))
    return rows


def _nobody_asked(store_line: dict[str, Any]) -> SafeString:
    return badge(
        gettext("Not shipped") if store_line.get("type") != "physical" else gettext("Not with a partner"),
        QUIET,
    )


def _differences(cases: Iterable[ExceptionCase]) -> Differences:
    """Return what the partner answered otherwise, from the open cases' evidence, by purchase order and line."""
    found: Differences = defaultdict(list)
    for case in cases:
        if case.closed_at is not None or case.kind != ExceptionCase.Kind.ACKNOWLEDGMENT_DIFFERS:
            continue
        for row in case.evidence:
            if case.purchase_order_id and isinstance(row.get("line"), int):
                words = gettext("%(what)s: asked %(asked)s, answered %(answered)s") % {
                    "what": row.get("what"),
                    "asked": row.get("asked"),
                    "answered": row.get("answered"),
                }
                found[(case.purchase_order_id, row["line"])].append(words[:1].upper() + words[1:])
    return found


def _result(
    line: PurchaseOrderLine, stands: Position, differences: list[str], document: Document | None
) -> SafeString:
    state = line.purchase_order.state
    if state == PurchaseOrder.State.CANCELLED or (stands.ordered and not stands.in_force):
        return badge(gettext("Cancelled"), QUIET)
    unanswered = stands.acknowledged is None
    if differences or (unanswered and state == PurchaseOrder.State.DISPUTED):
        return badge(gettext("Answered differently"), WARNING)
    archived = state_of(document)
    if unanswered and archived and archived.acknowledgment == AcknowledgmentState.REJECTED:
        return badge(gettext("Rejected"), BAD)
    if not stands.ordered:
        return badge(gettext("Not sent yet"), WAITING)
    if unanswered:
        return badge(gettext("Waiting for an answer"), WAITING)
    if state == PurchaseOrder.State.DISPUTED and not stands.shipped:
        return badge(gettext("Answered as ordered"), WAITING)
    return _fulfilment(stands)


def _fulfilment(stands: Position) -> SafeString:
    """Return how far a line that was answered has come."""
    if stands.shipped >= stands.in_force:
        return badge(gettext("Shipped"), GOOD)
    if stands.shipped:
        return badge(gettext("Shipped in part"), WAITING)
    if (stands.acknowledged or Decimal(0)) < stands.in_force:
        return badge(gettext("Acknowledged in part"), WARNING)
    return badge(gettext("Accepted"), GOOD)

"""A purchase order changed after it was sent: the row of the change, what it says to people, and its end."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal

from archive.clock import database_now
from archive.models import Document
from archive.record import record_event
from integration.flows.cases import close_cause
from integration.flows.quantities_in_force import told_quantities
from integration.matching.lines import plain
from integration.models import LineEntry, OrderDocument, PurchaseOrder, PurchaseOrderChange
from integration.work import Step
from partners.models import Agreement, AgreementDocument

State = PurchaseOrderChange.State
SET = "860"
SUBJECT = "change:"
"""How the subject of the step ``generate`` begins where it is about a change."""


@dataclass(frozen=True)
class LineChange:
    """The quantity of one line that is to hold from now on, in our units; 0 cancels it."""

    line_number: int
    quantity: Decimal


def takes_changes(agreement: Agreement) -> bool:
    """Say whether the partner is sent purchase order changes (860)."""
    return agreement.documents.filter(
        transaction_set=SET, direction=AgreementDocument.Direction.OUT, is_active=True
    ).exists()


def change_words(purchase_order: PurchaseOrder, changes: Sequence[LineChange]) -> list[str]:
    """Return what ``changes`` mean, a sentence for each line and one for the whole where nothing is left."""
    told = told_quantities(purchase_order)
    lines = {line.line_number: line for line in purchase_order.lines.all()}
    sentences = []
    for each in changes:
        line = lines[each.line_number]
        now = f"{plain(each.quantity)} {line.unit}" if each.quantity else "cancelled"
        sentences.append(
            f"Line {line.line_number} ({line.sku}): {now} instead of {plain(told[line.line_number])} {line.unit}."
        )
    if _left_of(told, changes) == 0:
        sentences.append(f"Nothing of purchase order {purchase_order.number} is left: it is cancelled whole.")
    return sentences


def start_change(
    purchase_order: PurchaseOrder, changes: Sequence[LineChange], *, reason: str, actor: str = ""
) -> list[Step]:
    """Write a change that waits to be sent, in the caller's transaction, which holds ``purchase_order``.

    Returns the step that writes its 860; nothing, and writes nothing, where the partner was told that already.
    """
    made = _make(purchase_order, changes, State.COMPOSED, reason, actor)
    return [change_step(made)] if made is not None else []


def told_by_hand(
    purchase_order: PurchaseOrder, changes: Sequence[LineChange], *, reason: str, actor: str
) -> None:
    """Have a change count that a person told the partner.

    Its movements name the purchase order's own document, or the take-over of one that another system sent.
    """
    made = _make(purchase_order, changes, State.TOLD, reason, actor)
    if made is None:
        return
    sent = (
        purchase_order.documents.filter(role=OrderDocument.Role.PURCHASE_ORDER).order_by("document_id").last()
    )
    post_movements(made, sent.document if sent is not None else None)
    cancel_whole(made)


def change_step(change: PurchaseOrderChange) -> Step:
    """Return the step that writes the 860 of ``change``."""
    return Step("generate", f"{SUBJECT}{change.pk}", change.purchase_order.order.ordering_key)


def write_cause(change: PurchaseOrderChange) -> str:
    """Return the cause of the case that ``change`` cannot be written."""
    return f"write:{change.pk}:change"


def give_up_unwritable(purchase_order: PurchaseOrder) -> None:
    """Drop changes that cannot be written, and those behind them, once an edit has overtaken them."""
    waiting = purchase_order.changes.filter(state=State.COMPOSED).order_by("sequence")
    stuck = next(
        (each for each in waiting if close_cause(write_cause(each), "The order was edited again.")), None
    )
    if stuck is not None:
        waiting.filter(sequence__gte=stuck.sequence).update(state=State.DROPPED)


def waiting_steps(order_pk: int) -> list[Step]:
    """Return the steps of all changes of an order that wait to be written, oldest first."""
    waiting = PurchaseOrderChange.objects.filter(purchase_order__order=order_pk, state=State.COMPOSED)
    return [change_step(each) for each in waiting.select_related("purchase_order__order").order_by("pk")]


def post_movements(
    change: PurchaseOrderChange, document: Document | None, only: Iterable[int] | None = None
) -> None:
    """Write what ``change`` cancels and orders more into the ledger, naming ``document``; of the lines ``only``.

    Without a document they name the take-over that the purchase order came with.
    """
    lines = {line.line_number: line for line in change.purchase_order.lines.all()}
    wanted = None if only is None else set(only)
    # Of a movement that was reversed and holds after all, the place in the document says which time it is.
    before = LineEntry.objects.filter(line__in=lines.values(), reverses=None)
    times = before.filter(document=document)
    taken = before.exclude(take_over=None).first() if document is None else None
    now = database_now()
    entries = []
    for row in change.lines:
        number = row["line_number"]
        if wanted is not None and number not in wanted:
            continue
        moved = Decimal(row["now"]) - Decimal(row["was"])
        kind = LineEntry.Kind.ORDERED if moved > 0 else LineEntry.Kind.CANCELLED
        entries.append(
            LineEntry(
                line=lines[number],
                kind=kind,
                quantity=abs(moved),
                unit_price=lines[number].unit_price if moved > 0 else None,
                document=document,
                take_over=taken.take_over if taken is not None else None,
                position=times.filter(line=lines[number], kind=kind).count(),
                stated_at=now,
            )
        )
    LineEntry.objects.bulk_create(entries)


def cancel_whole(change: PurchaseOrderChange) -> None:
    """Let the purchase order count as cancelled where ``change`` leaves nothing of it."""
    if change.cancels:
        PurchaseOrder.objects.filter(pk=change.purchase_order_id).update(state=PurchaseOrder.State.CANCELLED)


def restore(change: PurchaseOrderChange) -> None:
    """Let the purchase order stand again where the partner does not take its cancellation."""
    if change.cancels and change.state_before:
        PurchaseOrder.objects.filter(pk=change.purchase_order_id, state=PurchaseOrder.State.CANCELLED).update(
            state=change.state_before
        )


def _make(
    purchase_order: PurchaseOrder, changes: Sequence[LineChange], state: str, reason: str, actor: str
) -> PurchaseOrderChange | None:
    told = told_quantities(purchase_order)
    real = [each for each in changes if told[each.line_number] != each.quantity]
    if not real:
        return None
    before = PurchaseOrder.objects.values_list("state", flat=True).get(pk=purchase_order.pk)
    made = PurchaseOrderChange.objects.create(
        purchase_order=purchase_order,
        sequence=purchase_order.changes.count() + 1,
        state=state,
        lines=[
            {
                "line_number": each.line_number,
                "was": plain(told[each.line_number]),
                "now": plain(each.quantity),
            }
            for each in real
        ],
        cancels=_left_of(told, real) == 0,
        state_before=before,
        reason=reason,
        actor=actor,
    )
    how = "Told to the partner by hand" if state == State.TOLD else "Made"
    record_event(
        purchase_order.order.subject,
        "change_made",
        f"{how}: change {made.sequence} of purchase order {purchase_order.number}. {reason}",
        actor=actor,
    )
    return made


def _left_of(told: dict[int, Decimal], changes: Iterable[LineChange]) -> Decimal:
    after = told | {each.line_number: each.quantity for each in changes}
    return sum(after.values(), Decimal(0))

"""A purchase order accepted, as it was asked or as somebody took it: the ledger, its state, and what follows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from django.db.models import QuerySet

from archive import store
from archive.clock import database_now
from archive.models import Document
from integration.documents import PurchaseOrderAcknowledgment, from_json
from integration.flows.agreed import statement_to_json
from integration.flows.effects import effect_step
from integration.flows.expectations import expect_ship_notice
from integration.flows.notes import note_steps
from integration.flows.positions import place_of
from integration.matching.lines import LineStatement
from integration.models import LineEntry, Order, OrderDocument, PurchaseOrder, StoreEffect
from integration.work import Step
from integration.x12.envelope import read_interchange
from partners.models import Agreement

State = PurchaseOrder.State
ANSWERABLE = (State.GENERATED, State.DISPUTED)
ANSWER_ROLE = OrderDocument.Role.PURCHASE_ORDER_ACKNOWLEDGMENT


def post_statements(
    document: Document, purchase_order: PurchaseOrder, statements: Sequence[LineStatement], made_at: datetime
) -> None:
    """Write what ``document``, made at ``made_at``, says of lines of ``purchase_order``; nothing where it is written.

    A statement is a fact whether it is accepted or not: the ledger holds what the partner said, the purchase order
    what came of it.
    """
    if LineEntry.standing().filter(document=document, line__purchase_order=purchase_order).exists():
        return
    lines = {line.line_number: line for line in purchase_order.lines.all()}
    reading = current_reading(document)
    before = LineEntry.objects.filter(document=document, reading=reading, reverses=None)
    # An answer that was matched elsewhere and back says the same a second time.
    times = before.filter(line__purchase_order=purchase_order).values("position").distinct().count()
    LineEntry.objects.bulk_create(
        LineEntry(
            line=lines[said.line_number],
            kind=kind,
            quantity=quantity,
            unit_price=said.unit_price,
            promised_on=said.promised_on,
            document=document,
            position=times,
            reading=reading,
            stated_at=made_at,
        )
        for said in statements
        for kind, quantity in _told(said)
    )


def _told(said: LineStatement) -> list[tuple[str, Decimal]]:
    Kind = LineEntry.Kind
    others = [(Kind.BACKORDERED, said.backordered), (Kind.REJECTED, said.rejected), (Kind.HELD, said.held)]
    return [(Kind.ACKNOWLEDGED, said.quantity), *((kind, quantity) for kind, quantity in others if quantity)]


def post_cancelled(
    purchase_order: PurchaseOrder, document: Document, rows: Sequence[Mapping[str, Any]]
) -> None:
    """Write that lines are cancelled because of ``document``; ``rows`` are ``line_number`` and ``quantity`` of a plan."""
    lines = {line.line_number: line for line in purchase_order.lines.all()}
    LineEntry.objects.bulk_create(
        LineEntry(
            line=lines[row["line_number"]],
            kind=LineEntry.Kind.CANCELLED,
            quantity=Decimal(row["quantity"]),
            document=document,
            reading=current_reading(document),
            stated_at=database_now(),
        )
        for row in rows
    )


def reverse(entries: QuerySet[LineEntry], document: Document) -> None:
    """Reverse each of ``entries``, because of ``document``."""
    LineEntry.objects.bulk_create(
        LineEntry(
            line_id=entry.line_id,
            kind=entry.kind,
            quantity=entry.quantity,
            unit_price=entry.unit_price,
            promised_on=entry.promised_on,
            document=document,
            position=entry.position,
            reading=entry.reading,
            stated_at=entry.stated_at,
            reverses=entry,
        )
        for entry in entries.order_by("pk")
    )


def accept(
    purchase_order: PurchaseOrder,
    document: Document,
    statements: Sequence[LineStatement],
    *,
    leaves_store: bool = False,
) -> bool:
    """Let ``purchase_order`` count as accepted as ``statements`` say, by ``document``; return whether it did not before.

    ``leaves_store``: nothing of it is written to the order in the store.
    """
    moved = PurchaseOrder.objects.filter(pk=purchase_order.pk, state__in=ANSWERABLE).update(
        state=State.ACCEPTED,
        accepted_by=document,
        agreed=[statement_to_json(said) for said in statements],
        leaves_store=leaves_store,
    )
    if moved:
        promised = [said.promised_on for said in statements if said.promised_on is not None]
        expect_ship_notice(purchase_order, document, min(promised, default=None))
    return bool(moved)


@dataclass(frozen=True)
class Answer:
    """One answer to a purchase order, and when the partner made it."""

    made: tuple[datetime, int, int]
    document: Document
    said: PurchaseOrderAcknowledgment


def answers_to(purchase_order: PurchaseOrder, also: Document | None = None) -> list[Answer]:
    """Return what was answered to ``purchase_order`` so far, in the order in which it was said, as if ``also`` did too."""
    links = purchase_order.documents.filter(role=ANSWER_ROLE).select_related(
        "document__interchange__payload", "document__translation", "document__agreement", "document__partner"
    )
    documents = {link.document_id: link.document for link in links}
    if also is not None:
        documents.setdefault(also.pk, also)
    found = []
    for document in documents.values():
        said = from_json("purchase_order_acknowledgment", document.translation.content or {})
        assert isinstance(said, PurchaseOrderAcknowledgment)
        found.append(Answer(said_in_order(document), document, said))
    return sorted(found, key=lambda each: (each.made, each.document.pk))


def current_reading(document: Document) -> int:
    """Return which reading of ``document`` holds: 0, or that of its last reprocessing."""
    return document.reprocessings.count()


def effects_of(purchase_order: PurchaseOrder) -> list[Step]:
    """Return the effects that follow: the same ones each time.

    The order's status once every purchase order of it is accepted, and the line in its notes, which comes last: a
    store that refuses it holds up nothing that matters more.
    """
    return [*_effects_on_order(purchase_order), *note_steps(purchase_order)]


def is_open(order: Order) -> bool:
    """Say whether a purchase order of ``order`` still waits for its end.

    One that was cancelled does not: its lines are with another supplier, or the order is held.
    """
    ended = [State.ACCEPTED, State.DROPPED, State.CANCELLED]
    return order.purchase_orders.exclude(state__in=ended).exists()


def _effects_on_order(purchase_order: PurchaseOrder) -> list[Step]:
    order = Order.objects.select_for_update().select_related("store").get(pk=purchase_order.order_id)
    if order.state == Order.State.HELD or is_open(order):
        return []
    Order.objects.filter(pk=order.pk, state=Order.State.ROUTED).update(state=Order.State.ACCEPTED)
    accepted = order.purchase_orders.filter(state=State.ACCEPTED)
    if accepted.filter(leaves_store=True).exists():
        return []
    numbers = sorted(accepted.values_list("number", flat=True))
    # The metafield first: where the status moves, everybody who looks at the order finds why.
    effects = [
        (StoreEffect.Kind.METAFIELD, {"key": "purchase_orders", "value": ", ".join(numbers) + ": accepted"}),
        (StoreEffect.Kind.STATUS, {"status_id": order.store.accepted_status}),
    ]
    steps = []
    for kind, intended in effects:
        effect, _ = StoreEffect.objects.get_or_create(
            marker=f"{order.store_id}:{order.number}:accepted:{kind}",
            defaults={"order": order, "kind": kind, "intended": intended},
        )
        steps.append(effect_step(effect))
    return steps


def stated_at(document: Document) -> datetime:
    """Return when the partner's interchange says it was made (ISA09, ISA10), to the minute, else when it arrived."""
    reading = read_interchange(store.open(document.interchange.payload, purpose="match"))
    zone = ZoneInfo(_zone(document.agreement))
    try:
        made = datetime.strptime(reading.date + reading.time, "%y%m%d%H%M").replace(tzinfo=zone)
    except ValueError:
        return document.recorded_at
    return made.astimezone(UTC)


def said_in_order(document: Document) -> tuple[datetime, int, int]:
    """Return what puts documents of a partner into the order in which he made them.

    X12 gives whole minutes: within one, the interchange's control number and the place in it decide.
    """
    return (stated_at(document), *place_of(document))


def _zone(agreement: Agreement | None) -> str:
    return (agreement.time_zone if agreement else "") or "UTC"

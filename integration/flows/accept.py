"""A purchase order accepted, as it was asked or as somebody took it: the ledger, its state, and what follows."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from archive import store
from archive.models import Document
from integration.flows.apply import effect_step
from integration.flows.expectations import expect_ship_notice
from integration.flows.notes import note_steps
from integration.matching.acknowledgment import LineStatement
from integration.models import LineEntry, Order, PurchaseOrder, StoreEffect
from integration.work import Step
from integration.x12.envelope import read_interchange
from partners.models import Agreement

State = PurchaseOrder.State
ANSWERABLE = (State.GENERATED, State.DISPUTED)


def post_statements(
    document: Document, purchase_order: PurchaseOrder, statements: Sequence[LineStatement], *, whole: bool
) -> bool:
    """Write what ``document`` promises and let the purchase order be accepted; return whether it was not before.

    Backordered quantities are statements too; they are written where the answer was not whole.
    """
    lines = {line.line_number: line for line in purchase_order.lines.all()}
    Kind = LineEntry.Kind
    said_at, reading = stated_at(document), current_reading(document)
    entries = []
    for said in statements:
        promised = (Kind.ACKNOWLEDGED, said.quantity)
        told = [promised] if whole else [promised, (Kind.BACKORDERED, said.backordered)]
        entries += [
            LineEntry(
                line=lines[said.line_number],
                kind=kind,
                quantity=quantity,
                unit_price=said.unit_price,
                promised_on=said.promised_on,
                document=document,
                reading=reading,
                stated_at=said_at,
            )
            for kind, quantity in told
        ]
    LineEntry.objects.bulk_create(entries)
    moved = PurchaseOrder.objects.filter(pk=purchase_order.pk, state__in=ANSWERABLE).update(
        state=State.ACCEPTED
    )
    if moved:
        expect_ship_notice(purchase_order, document)
    return bool(moved)


def current_reading(document: Document) -> int:
    """Return which reading of ``document`` holds: 0, or that of its last reprocessing."""
    return document.reprocessings.count()


def effects_of(purchase_order: PurchaseOrder) -> list[Step]:
    """Return the effects that follow: the same ones each time.

    The order's status once every purchase order of it is accepted, and the line in its notes, which comes last: a
    store that refuses it holds up nothing that matters more.
    """
    return [*_effects_on_order(purchase_order), *note_steps(purchase_order)]


def _effects_on_order(purchase_order: PurchaseOrder) -> list[Step]:
    order = Order.objects.select_for_update().select_related("store").get(pk=purchase_order.order_id)
    open_ones = order.purchase_orders.exclude(state__in=[State.ACCEPTED, State.DROPPED])
    if open_ones.exists():
        return []
    Order.objects.filter(pk=order.pk, state=Order.State.ROUTED).update(state=Order.State.ACCEPTED)
    numbers = sorted(order.purchase_orders.filter(state=State.ACCEPTED).values_list("number", flat=True))
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
    """Return when the partner's interchange says it was made (ISA09, ISA10), else when it arrived."""
    reading = read_interchange(store.open(document.interchange.payload, purpose="match"))
    zone = ZoneInfo(_zone(document.agreement))
    try:
        made = datetime.strptime(reading.date + reading.time, "%y%m%d%H%M").replace(tzinfo=zone)
    except ValueError:
        return document.recorded_at
    return made.astimezone(UTC)


def _zone(agreement: Agreement | None) -> str:
    return (agreement.time_zone if agreement else "") or "UTC"

"""Orders of a store, and what is to be written to it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import islice

from django.db.models import Exists

from archive.models import Direction, DocumentReference
from integration.bigcommerce.orders import OrderChange
from integration.flows.effects import SHIPPING_KINDS, effect_step
from integration.flows.gaps.parts import (
    SETTLED,
    Checked,
    Found,
    Tally,
    subjects_in_hand,
    work_for,
)
from integration.flows.import_orders import import_step
from integration.flows.stores import client_for
from integration.models import (
    ExceptionCase,
    Gap,
    Order,
    PurchaseOrder,
    Store,
    StoreEffect,
)
from partners.models import Mode

Check = Gap.Check
State = PurchaseOrder.State


def orders_of(store: Store, now: datetime) -> Checked:
    """Ask the store for every order since it went live: each one worked on has its purchase order, or a reason."""
    tally = Tally(Check.ORDER)
    with client_for(store) as client:
        changes = client.iter_changes_since(store.live_from)
        while page := list(islice(changes, 250)):
            _compare_orders(store, page, now, tally)
    return tally.checked()


def _compare_orders(store: Store, page: Sequence[OrderChange], now: datetime, tally: Tally) -> None:
    held = _Held.of(store, [each.id for each in page])
    for seen in page:
        row = held.rows.get(seen.id)
        waits = f"{store.pk}:{seen.id}" in held.importing or seen.date_modified > now - SETTLED
        if row is None:
            gap = None if waits else _unknown(store, seen, was_sent=str(seen.id) in held.sent)
        elif row.modified_at != seen.date_modified:
            gap = (
                None
                if waits
                else _mended(store, row, f"{row} was changed in {store} and was not read since.")
            )
        elif row.pk in held.routed:
            tally.good += 1
            continue
        elif waits or row.pk in held.asked or str(row.pk) in held.routing or _is_explained(row):
            gap = None
        else:
            gap = _mended(store, row, f"{row} has neither a purchase order nor a reason for having none.")
        if gap is None:
            tally.explained += 1
        else:
            tally.gaps.append(gap)


@dataclass(frozen=True)
class _Held:
    """What we hold about some orders of a store: rows by number, keys and numbers of those with more."""

    rows: dict[int, Order]
    importing: set[str]
    routing: set[str]
    routed: set[int]
    asked: set[int | None]
    sent: set[str]

    @classmethod
    def of(cls, store: Store, numbers: Sequence[int]) -> _Held:
        rows = {
            row.number: row for row in Order.objects.filter(store=store, number__in=numbers).defer("content")
        }
        purchase_orders = PurchaseOrder.objects.filter(order__in=rows.values()).exclude(state=State.DROPPED)
        cases = ExceptionCase.objects.filter(order__in=rows.values(), closed_at=None)
        unknown = [str(number) for number in numbers if number not in rows]
        sent = DocumentReference.objects.filter(
            kind="order",
            value__in=unknown,
            document__direction=Direction.OUT,
            document__agreement__stores=store,
        )
        return cls(
            rows,
            subjects_in_hand("import_order", [f"{store.pk}:{number}" for number in numbers]),
            subjects_in_hand("route", [str(row.pk) for row in rows.values()]),
            set(purchase_orders.values_list("order_id", flat=True)),
            set(cases.values_list("order_id", flat=True)),
            set(sent.values_list("value", flat=True)) if unknown else set(),
        )


def _unknown(store: Store, seen: OrderChange, *, was_sent: bool) -> Found | None:
    """Return the gap of an order that is not among our rows; None where it is none of ours."""
    cause, links = f"order:{store.pk}:{seen.id}", {"store": store}
    if was_sent:
        # Read anew it would be sent anew, under the same number.
        sentence = (
            f"Order {seen.id} of {store} is not on record any more, and documents were sent for it: Find shows them."
            " Nothing is read or sent again; restore it from a backup, or settle it by hand."
        )
        return Found(cause, sentence, links=links)
    if seen.status_id not in store.import_statuses or seen.id < (store.live_from_order or 0):
        return None
    sentence = f"Order {seen.id} is in {store} and nothing is known of it here."
    return Found(cause, sentence, "It is read now.", [import_step(store.pk, seen.id)], links=links)


def _mended(store: Store, row: Order, sentence: str) -> Found:
    links = {"store": store, "order": row}
    return Found(
        row.subject, sentence, "It is read again now.", [import_step(store.pk, row.number)], links=links
    )


def _is_explained(row: Order) -> bool:
    return row.state in (Order.State.NOT_OURS, Order.State.HELD) and bool(row.state_reason)


_OF_THEMSELVES = (StoreEffect.Kind.NOTE, StoreEffect.Kind.REFUND, *SHIPPING_KINDS)
"""What is written whether every purchase order of the order is accepted or not."""


def effects(now: datetime) -> Checked:
    """Everything that is to be written to a store is written, or about to be, or the store is in watch."""
    tally = Tally(Check.EFFECT)
    rows = StoreEffect.objects.select_related("order__store").annotate(
        in_hand=Exists(work_for("apply_effect", "pk"))
    )
    tally.good = rows.filter(state__in=[StoreEffect.State.DONE, StoreEffect.State.SKIPPED]).count()
    undone = rows.exclude(state__in=[StoreEffect.State.DONE, StoreEffect.State.SKIPPED])
    asked = set(ExceptionCase.objects.filter(closed_at=None, kind="store").values_list("order_id", flat=True))
    for row in undone.iterator():
        watches = row.order.store.mode != Mode.LIVE
        stands = row.order.state == Order.State.ACCEPTED or row.kind in _OF_THEMSELVES
        young = row.created_at > now - SETTLED
        if row.in_hand or young or watches or not stands or row.order_id in asked:
            tally.explained += 1
        else:
            sentence = f"{row}: it was to be written to {row.order.store}, and nothing was about to."
            found = Found(
                f"effect:{row.pk}",
                sentence,
                "It is written now.",
                [effect_step(row)],
                links={"order": row.order, "store": row.order.store},
            )
            tally.gaps.append(found)
    return tally.checked()

"""Orders: from the store to our rows. Polling by date of change is the source of truth."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import datetime, timedelta
from decimal import Decimal
from itertools import islice
from typing import Any

from archive.clock import database_now
from archive.record import record_event
from integration.bigcommerce.client import NotFound, StoreClient
from integration.bigcommerce.orders import OrderChange, StoreAddress, StoreOrder, StoreOrderLine
from integration.flows.backpressure import LONGER, room_behind
from integration.flows.cases import close_cause
from integration.flows.categories import ask_categories, keep_categories
from integration.flows.changes import waiting_steps
from integration.flows.customers import Customer, acknowledge_steps, ask_group, customer_of
from integration.flows.edited import after_edit
from integration.flows.invoicing import INVOICE, invoice_steps
from integration.flows.persons import person_of
from integration.flows.references import write_references
from integration.flows.return_proposals import ask_returns, propose_returns
from integration.flows.routing import nothing_to_route
from integration.flows.sold_items import write_sold_items
from integration.flows.stores import client_for
from integration.models import (
    ORDER_STATUSES,
    ExceptionCase,
    Order,
    PurchaseOrder,
    Store,
    StoreEffect,
    Work,
    order_key,
    store_channel,
)
from integration.personal import forgotten_order
from integration.work import Claim, Step

OVERLAP = timedelta(minutes=5)
"""How far each poll looks back: the store's dates have whole seconds and its pages move while they are read."""

_SEEN = ("number", "modified_at", "read_at")
CANCELLED = frozenset({4, 5, 6})  # Refunded, Cancelled, Declined


def import_step(store_pk: int, number: int, delay: timedelta = timedelta(0)) -> Step:
    """Return the step that looks at one order."""
    key = order_key(store_pk, number)
    return Step("import_order", f"{store_pk}:{number}", key, delay, store_channel(store_pk))


def compose_step(order: Order, purchase_order: PurchaseOrder) -> Step:
    """Return the step that makes the document of a purchase order of ``order``."""
    side = store_channel(order.store_id)
    return Step("compose", str(purchase_order.pk), order.ordering_key, talks_to=side)


def poll_step(store_pk: int, delay: timedelta = timedelta(0)) -> Step:
    """Return the step that asks a store for changed orders."""
    return Step("poll_store", str(store_pk), f"poll:{store_pk}", delay, store_channel(store_pk))


def poll_store(subject: str, claim: Claim) -> list[Step]:
    """Ask the store what changed; return a step for each order that our rows do not reflect yet.

    The cursor passes an order only once its row or its work is committed, so a death between asking and
    handing over loses nothing. While much work waits behind it, it takes up no more than fits, and leaves its cursor
    before the rest.
    """
    store = Store.objects.get(pk=subject)
    since = max(store.polled_until or store.live_from, store.live_from) - OVERLAP
    room = room_behind("orders", "", store_channel(store.pk))
    seen = _Seen([], store.polled_until or store.live_from, room)
    with client_for(store) as client:
        for page in _pages(client.iter_changes_since(since)):
            if not _pass_over(store, page, seen, _now(client)):
                break
    with claim.transaction():
        Store.objects.filter(pk=store.pk).update(polled_until=seen.safe)
    pause = timedelta(seconds=store.poll_seconds) * (LONGER if seen.room < 0 else 1)
    return [*seen.steps, poll_step(store.pk, pause)]


@dataclass
class _Seen:
    """What a poll has come to: ``safe`` is up to when everything is seen, ``room`` how many more orders it may take up.

    Below 0 says that there are more than it took up.
    """

    steps: list[Step]
    safe: datetime
    room: int


def _pages(found: Iterable[OrderChange]) -> Iterator[list[OrderChange]]:
    every = iter(found)
    while page := list(islice(every, 250)):
        yield page


def _now(client: StoreClient) -> datetime:
    """Return the store's time of its last answer: its dates of change are by the same clock."""
    return client.server_time or database_now()


def _pass_over(store: Store, page: Sequence[OrderChange], seen: _Seen, now: datetime) -> bool:
    """Add to what was ``seen`` what has to be read of ``page``; return False where that was more than there is room for.

    Dates of change have whole seconds, so a read within the second of a change may miss a later one of the same
    second. Such a read is done again; and a known order is left for the next poll until its second is over, which
    spares our own writes a second read.
    """
    numbers = [found.id for found in page]
    known = {
        order.number: order for order in Order.objects.filter(store=store, number__in=numbers).only(*_SEEN)
    }
    subjects = [f"{store.pk}:{number}" for number in numbers]
    in_hand = set(
        Work.objects.filter(step="import_order", subject__in=subjects).values_list("subject", flat=True)
    )
    for found in page:
        order = known.get(found.id)
        second_ends = found.date_modified + timedelta(seconds=1)
        if order is not None and order.modified_at == found.date_modified and order.read_at >= second_ends:
            seen.safe = seen.safe if seen.steps else max(seen.safe, found.date_modified)
            continue
        if order is not None and now < second_ends:
            continue
        if f"{store.pk}:{found.id}" not in in_hand:
            seen.room -= 1
            if seen.room < 0:
                return False
        elif not seen.steps:
            seen.safe = max(seen.safe, found.date_modified)
        seen.steps.append(import_step(store.pk, found.id))
    return True


def import_order(subject: str, claim: Claim) -> list[Step]:
    """Read one order and decide what is next for it: wait, route it, or leave it alone."""
    store_pk, number = (int(part) for part in subject.split(":"))
    store = Store.objects.get(pk=store_pk)
    known = Order.objects.filter(store=store, number=number).first()
    with client_for(store) as client:
        try:
            found = client.get_order(number)
        except NotFound:
            if known is not None:
                raise
            with claim.transaction():
                _tell_not_there(store, number)
            return []
        if known is not None and _is_echo(known, found):
            with claim.transaction():
                Order.objects.filter(pk=known.pk).update(
                    modified_at=found.date_modified, status_id=found.status_id, read_at=_now(client)
                )
                known.status_id = found.status_id
                return [*acknowledge_steps(known), *invoice_steps(known)]
        read_at = _now(client)
        lines = client.get_lines(number)
        addresses = client.get_shipping_addresses(number)
        told = ask_categories(client, store, {line.product_id for line in lines}, read_at)
        group = ask_group(client, store, found)
        wishes = ask_returns(client, known)
    content = order_content(found, lines, addresses)
    with claim.transaction():
        keep_categories(store, told, read_at)
        if known is not None:
            # As by whoever matches an answer: the purchase orders, then the order. In the other order the two would block
            # each other where an edit is told to partners.
            list(known.purchase_orders.select_for_update().order_by("pk").values_list("pk"))
        customer = customer_of(store, found, addresses, group)
        order, changed = _save(store, found, content, customer, read_at)
        steps = [*_decide(store, order, changed), *acknowledge_steps(order), *invoice_steps(order)]
        propose_returns(order, wishes)
        return steps


def _tell_not_there(store: Store, number: int) -> None:
    sentence = f"There was word of order {number}, and the store does not have it. Nothing is to be done."
    record_event(f"store:{store.pk}", "order_not_there", sentence)


def _is_echo(known: Order, found: StoreOrder) -> bool:
    """Say whether all that changed since the order was read is what we wrote ourselves, told back to us.

    Each of our writes is kept with the date that the order had right before it: we go back from the date that is
    found, write by write, to the one that was read. A change of somebody else breaks that chain, unless it was made
    in the instant between the look before a write and the write.
    """
    read = known.modified_at
    if known.read_at < read + timedelta(seconds=1):
        return False  # a later change may have the same date
    if known.cases.filter(closed_at=None, kind=ExceptionCase.Kind.CUSTOMER).exists():
        return False  # whose order it is has to be seen anew: a link may have been mended meanwhile
    done = StoreEffect.objects.filter(order=known, state=StoreEffect.State.DONE).order_by("finished_at")
    ours = [answer for answer in done.values_list("answer", flat=True) if "after" in answer]
    moment = found.date_modified.isoformat()
    statuses = [answer["status_id"] for answer in ours if answer["date_modified"] == moment]
    if moment == read.isoformat() or found.status_id not in statuses[-1:]:
        return False
    before = {
        answer["date_modified"]: answer["after"]
        for answer in ours
        if answer["after"] != answer["date_modified"]
    }
    while moment in before and moment != read.isoformat():
        moment = before.pop(moment)
    return moment == read.isoformat()


def _save(
    store: Store, found: StoreOrder, content: dict[str, Any], customer: Customer, read_at: datetime
) -> tuple[Order, bool]:
    known = Order.objects.select_for_update().filter(store=store, number=found.id).first()
    if known is not None and known.erased_at is not None:
        # The store may tell it still, and we do not keep it again.
        content, customer = forgotten_order(content), replace(customer, number="")
    digest = content_digest(content)
    changed = known is not None and known.digest not in ("", digest)
    fields = {
        "status_id": found.status_id,
        "placed_at": found.date_created,
        "modified_at": found.date_modified,
        "customer_name": content["customer_name"],
        "total": found.total_inc_tax,
        "currency": found.currency_code,
        "content": content,
        "digest": digest,
        "read_at": read_at,
    }
    if known is None or not known.acknowledgments.exists():  # who was told of it goes on being told
        fields |= {"customer_link": customer.link, "customer_number": customer.number}
    order, created = Order.objects.update_or_create(store=store, number=found.id, defaults=fields)
    person_of(order)
    write_references(order)
    write_sold_items(order)
    if created:
        record_event(order.subject, "order_read", f"Order {order.number} read from {store}.")
    elif known is not None and known.status_id != order.status_id:
        was, now = ORDER_STATUSES[known.status_id], ORDER_STATUSES[order.status_id]
        record_event(order.subject, "order_status", f"Status in the store: {was} → {now}.")
    return order, changed


def _decide(store: Store, order: Order, changed: bool) -> list[Step]:
    sent = order.purchase_orders.exclude(
        state__in=[PurchaseOrder.State.ROUTED, PurchaseOrder.State.COMPOSED, PurchaseOrder.State.DROPPED]
    ).exists()
    reason = why_not_ours(store, order)
    if sent:
        if changed or order.status_id in CANCELLED:
            steps = after_edit(order, cancelled=order.status_id in CANCELLED)
            return [*steps, *_left_to_send(order)]
        return [*waiting_steps(order.pk), *_left_to_send(order)]
    if reason:
        _leave_alone(order, reason)
        return []
    # Both by the store's clock, which may go wrong by as much as it likes.
    unsettled = order.modified_at + timedelta(minutes=store.settle_minutes) - order.read_at
    if unsettled > timedelta(0):
        _set_state(order, Order.State.SETTLING, f"Sent on once unchanged for {store.settle_minutes} minutes.")
        return [import_step(store.pk, order.number, unsettled)]
    return [Step("route", str(order.pk), order.ordering_key)]


def _left_to_send(order: Order) -> list[Step]:
    """Return the steps for purchase orders that waited while others of the order were sent, as in watch."""
    State = PurchaseOrder.State
    waiting = order.purchase_orders.filter(state__in=[State.ROUTED, State.COMPOSED])
    return [compose_step(order, each) for each in waiting.filter(digest__in=["", order.digest])]


def why_not_ours(store: Store, order: Order) -> str:
    """Return why ``order`` is not to be worked on, or ``""``."""
    if order.placed_at < store.live_from:
        return f"Placed before {store.live_from:%Y-%m-%d %H:%M} UTC, when {store} went live: history."
    if store.live_from_order is not None and order.number < store.live_from_order:
        return f"Before order {store.live_from_order}, the first that is worked on."
    if order.status_id not in store.import_statuses:
        wanted = ", ".join(ORDER_STATUSES[status] for status in store.import_statuses)
        return f"Its status is {ORDER_STATUSES[order.status_id]}; worked on are: {wanted}."
    if order.content["is_deleted"]:
        return "Archived in the store."
    lines = order.content["lines"]
    if not lines:
        return "It has no lines."
    return "It holds nothing that is shipped." if nothing_to_route(order) else ""


def _leave_alone(order: Order, reason: str) -> None:
    dropped = order.purchase_orders.exclude(state=PurchaseOrder.State.DROPPED).update(
        state=PurchaseOrder.State.DROPPED
    )
    if dropped:
        record_event(order.subject, "dropped", f"No longer to be sent, and nothing was sent: {reason}")
    # A completed order is not worked on, and invoiced all the same.
    for case in order.cases.filter(closed_at=None).exclude(cause__startswith=INVOICE):
        close_cause(case.cause, f"The order is not worked on: {reason}")
    _set_state(order, Order.State.NOT_OURS, reason)


def _set_state(order: Order, state: str, reason: str) -> None:
    changed = Order.objects.filter(pk=order.pk).exclude(state=state, state_reason=reason)
    if changed.update(state=state, state_reason=reason):
        record_event(order.subject, state, reason)


def order_content(
    found: StoreOrder, lines: Sequence[StoreOrderLine], addresses: Sequence[StoreAddress]
) -> dict[str, Any]:
    """Return everything read of an order as JSON: money and quantities as text but for whole quantities."""
    billing = found.billing_address
    name = " ".join(part for part in (billing.first_name, billing.last_name) if part) or billing.company
    content = {
        "customer_name": name,
        "customer_id": found.customer_id,
        "channel_id": found.channel_id,
        "is_deleted": found.is_deleted,
        "customer_message": found.customer_message,
        "currency": found.currency_code,
        "billing_address": asdict(billing),
        "lines": [asdict(line) for line in lines],
        "addresses": [asdict(address) for address in addresses],
    }
    parsed: dict[str, Any] = json.loads(json.dumps(content, default=_as_text))
    return parsed


def _as_text(value: Any) -> Any:
    if isinstance(value, Decimal):
        return str(value)
    if isinstance(value, datetime):
        return value.isoformat()
    raise TypeError(f"{type(value).__name__} is no JSON")


# What a line must keep for the purchase order made of it to stay right; prices of sale and shipped quantities
# may change without it.
_LINE_FIELDS = (
    "id", "sku", "name", "quantity", "quantity_refunded", "order_address_id", "type", "wrapping_name", "wrapping_message",
)  # fmt: skip


def content_digest(content: dict[str, Any]) -> str:
    """Return the SHA-256 of what a purchase order is made of."""
    made_of = {
        "lines": [{name: line.get(name, "") for name in _LINE_FIELDS} for line in content["lines"]],
        "addresses": content["addresses"],
        "message": content["customer_message"],
    }
    return hashlib.sha256(json.dumps(made_of, sort_keys=True).encode()).hexdigest()

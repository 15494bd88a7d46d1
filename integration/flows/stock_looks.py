"""A look at what a store holds, together with all that it sold until then."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta

from django.db.models import Q

from archive.clock import database_now
from integration.bigcommerce.client import NotFound, StoreClient
from integration.bigcommerce.inventory import StockAt
from integration.flows.import_orders import OVERLAP, import_step
from integration.flows.sold_items import Sales, read_sales
from integration.models import Order, StockRule, Store, StoreItem, Work
from integration.work import Step

_SECOND = timedelta(seconds=1)
MOST_READ = 50
"""Orders whose lines are asked for in one look; beyond that everything waits until they are read."""


@dataclass(frozen=True)
class Look:
    """What a location held, by variant, and what was sold until then. ``busy`` were sold just now: nothing is known of them.

    ``steps`` read the orders that make them so.
    """

    held: Mapping[int, StockAt]
    sales: Sales
    busy: frozenset[int]
    steps: Sequence[Step]

    def on_hand(self, variant: int) -> int:
        """Return what is held; what was never counted is nothing."""
        found = self.held.get(variant)
        return 0 if found is None else found.on_hand


def look(
    client: StoreClient,
    store: Store,
    rule: StockRule,
    location: int,
    variants: Collection[int],
    *,
    whole: bool,
) -> Look:
    """Read the location, then see which orders our rows do not reflect yet; ``whole``: all of it, page by page.

    Stock first, orders second: a sale between the two counts as sold while its unit is still among what was read, so
    too little is granted for a moment, never too much. A variant of an order that is not reflected, or that changed
    in the second of the look, is ``busy``.
    """
    if whole:
        found: Iterable[StockAt] = client.iter_stock_at(location)
    else:
        found = client.get_stock_of(location, sorted(variants))
    held = {each.variant: each for each in found if each.variant in variants}
    looked_at = client.server_time or database_now()
    unread = _unread(client, store)
    busy: frozenset[int]
    if len(unread) > MOST_READ:
        busy = frozenset(variants)
    else:
        busy = frozenset(_variants_of(client, unread)) | _just_sold(store, looked_at - 2 * _SECOND)
    # Summed after the look: an order that is read meanwhile lowers what is granted.
    sales = read_sales(store, rule, sorted(variants), database_now())
    return Look(held, sales, busy, [import_step(store.pk, number) for number in sorted(unread)])


def _unread(client: StoreClient, store: Store) -> set[int]:
    """Return the orders that changed and whose rows do not say so yet."""
    since = max(store.polled_until or store.live_from, store.live_from) - OVERLAP
    changes = {each.id: each.date_modified for each in client.iter_changes_since(since)}
    rows = Order.objects.filter(store=store, number__in=changes).values_list(
        "number", "modified_at", "read_at"
    )
    # Dates have whole seconds: a row that was read within the second of a change may lack a later one.
    known = {
        number: modified_at
        for number, modified_at, read_at in rows
        if read_at >= modified_at + _SECOND or read_at < modified_at
    }
    unread = {number for number, changed in changes.items() if known.get(number) != changed}
    # Behind the poll's cursor, and not read yet.
    waiting = Work.objects.filter(step="import_order", subject__startswith=f"{store.pk}:")
    due = waiting.filter(Q(due_at__lte=database_now()) | Q(lease_token__isnull=False))
    return unread | {int(subject.split(":")[1]) for subject in due.values_list("subject", flat=True)}


def _variants_of(client: StoreClient, numbers: Iterable[int]) -> set[int]:
    found: set[int] = set()
    for number in numbers:
        try:
            found |= {line.variant_id for line in client.get_lines(number)}
        except NotFound:
            continue
    return found


def _just_sold(store: Store, since: object) -> frozenset[int]:
    rows = StoreItem.objects.filter(store=store)
    sold = Order.objects.filter(store=store, modified_at__gte=since).values("sold_items__variant")
    return frozenset(rows.filter(variant__in=sold).values_list("variant", flat=True))

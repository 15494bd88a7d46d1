"""Stock to the store: what is granted, written once, and never more than suppliers have.

The store lowers its own stock when somebody buys. A number that was worked out before the last order and is then set
gives that unit back: it is sold twice. So what is kept of each level is not what the store shows but what we *grant*::

    granted = what the store shows + what it sold        (a sale moves one unit from the first to the second)
    wanted  = what it may show     + what it sold        (a sale moves one unit from the first to the second here too)

Sold is the same in both, and counts only what our rows of orders say. An order that we have not read yet is in neither:
the store has taken its unit already, and ``wanted - granted`` is the same with it and without it. That difference is written
*relative*: it commutes with every sale, whenever either arrives. So sales need no write at all; only a supplier's word
does, and what he did not know of when he counted (``integration.matching.stock_levels``) is taken off in ``wanted``.

*Absolute* is written where it cannot give a unit back:

* nothing, where nothing may be shown, at any time: no number is safer, and repeated it changes nothing;
* a number, where the store was just seen to show nothing or less: nobody can buy there, so nothing is sold between the look
  and the write. A place that never had a number takes no other, and reads as 0.

A relative write is not safe against repetition, and the store knows no key by which two would be one. So each is written
here before it is sent, and one whose end is unknown (an answer lost, a worker that died) is never sent again. After
``SETTLES``, when it has arrived or never will, the store is looked at (``integration.flows.stock_looks``): what it shows
and what it sold are what is granted, and the difference that is left is written. The same look begins an item that had
no grant of ours, and mends drift. An item that is being sold just then is looked at again a moment later; one that was written just now, once that
has settled: what is read right after a write may still be the old number, and would be granted twice.

Too little may be shown for a while, too much never: an order that is cancelled counts as given back by the store, as its
setting may say; where it is not, reconciliation finds the difference and the look mends it. The one exception is a store
that lowers its stock only when orders are shipped: there every order is followed by a write of ours, and what was bought
and not read yet is shown still. A call that is refused wrote none of its items: it is halved until the item that the store
will not take stands alone, is told, and is left until something else is wanted of it.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from uuid import uuid4

from django.db.models import F

from archive.clock import database_now
from integration.bigcommerce.client import Refused, StoreClient
from integration.bigcommerce.inventory import LARGEST, MOST_ITEMS, Adjustment
from integration.errors import IntegrationError, PermanentError, RetryableError
from integration.failpoints import failpoint
from integration.flows.cases import close_cause, open_case
from integration.flows.sold_items import rule_of
from integration.flows.stock_levels import stock_key, taken_at, unwritten
from integration.flows.stock_looks import look
from integration.flows.stores import client_for
from integration.flows.write_limits import write_limits
from integration.models import (
    ExceptionCase,
    StockLevel,
    StockRule,
    StockWrite,
    Store,
    StoreItem,
    Work,
    store_channel,
)
from integration.patience import SETTLES
from integration.work import Claim, Step
from partners.models import Mode

State, Kind = StockWrite.State, StockWrite.Kind
OPEN = (State.SENDING, State.UNKNOWN)
SOON = timedelta(seconds=3)
"""When an item that was just being sold is looked at again."""
WHOLE_FROM = 1000
"""Of so many items a location is read as a whole."""
_REASON = "Gridport: suppliers' stock advice"
_LOOK = "look"


def write_stock(subject: str, claim: Claim) -> list[Step]:
    """Bring what the store shows, and its limits, to what is wanted; to a store in watch nothing is written.

    The subject is the store's key, or ``7:look``: then the store is looked at first, and what is not as we left it is found
    and mended.
    """
    store_pk, _, how = subject.partition(":")
    store = Store.objects.get(pk=store_pk)
    if store.mode != Mode.LIVE:
        return []  # asked for again when its catalogue is read next
    writing = _Writing(store, rule_of(store), claim)
    with client_for(store) as client:
        if how == _LOOK:
            writing.find_drift(client)
        young = writing.settle()
        for location in writing.locations(young):
            writing.write(client, location, young)
        write_limits(client, store, claim)
    steps = writing.steps
    if young or writing.busy:
        return [*steps, _again(store, SETTLES if young or writing.unsettled else _pause(store))]
    return steps


def look_step(store_pk: int) -> Step:
    """Return the step that compares the store with what we left there, and mends it."""
    return Step("write_stock", f"{store_pk}:{_LOOK}", stock_key(store_pk), talks_to=store_channel(store_pk))


def _pause(store: Store) -> timedelta:
    """Return how long to wait for orders to be read; what was put aside is read when somebody lets it."""
    stopped = Work.objects.filter(step="import_order", subject__startswith=f"{store.pk}:")
    return SETTLES if stopped.exclude(parked_at=None).exists() else SOON


def _again(store: Store, delay: timedelta) -> Step:
    return Step("write_stock", str(store.pk), stock_key(store.pk), delay, store_channel(store.pk))


@dataclass(frozen=True)
class _Planned:
    """One number to be written; ``granted`` is what is granted then, None where that is to be looked for."""

    level: StockLevel
    kind: str
    quantity: int
    granted: int | None

    def adjustment(self) -> Adjustment:
        """Return it as the client sends it."""
        item = self.level.item
        by_product = item.tracking == StoreItem.Tracking.PRODUCT
        return Adjustment(item.product, item.variant, by_product, self.level.location, self.quantity)


class _Writing:
    """One go at a store; ``busy`` says that something was left for a moment later, ``unsettled`` that it was written just
    now, ``steps`` what makes it ready."""

    def __init__(self, store: Store, rule: StockRule, claim: Claim) -> None:
        self.store, self.rule, self.claim = store, rule, claim
        self.busy = self.unsettled = False
        self.steps: list[Step] = []

    def settle(self) -> set[int]:
        """Have what was sent and never answered be looked for; return the levels for which it is too early for that."""
        now = database_now()
        with self.claim.transaction():
            open_writes = StockWrite.objects.filter(level__item__store=self.store, state__in=OPEN)
            settled = open_writes.filter(sent_at__lte=now - SETTLES)
            StockLevel.objects.filter(pk__in=settled.values("level")).update(granted=None, on_hand=None)
            settled.update(state=State.LOOKED, finished_at=now)
            open_writes.update(state=State.UNKNOWN)
            # Where the store's first day was set anew, other orders count as sold.
            levels = StockLevel.objects.filter(item__store=self.store).exclude(granted=None)
            levels.exclude(since=self.store.live_from).update(granted=None, on_hand=None)
            return set(open_writes.values_list("level", flat=True))

    def locations(self, young: set[int]) -> list[int]:
        """Return the locations where something is to be written."""
        rows = unwritten(self.store).exclude(pk__in=young)
        return sorted(set(rows.order_by().values_list("location", flat=True)))

    def write(self, client: StoreClient, location: int, young: set[int]) -> None:
        """Write all that is to be written at a location."""
        rows = unwritten(self.store).filter(location=location).exclude(pk__in=young)
        levels = list(rows.select_related("item").order_by("pk"))
        emptied = [_Planned(row, Kind.ABSOLUTE, 0, None) for row in levels if not row.shows]
        granted = [
            _Planned(row, Kind.RELATIVE, row.wanted - row.granted, row.wanted)
            for row in levels
            if row.shows and row.granted is not None
        ]
        # What is to be less goes first: a supplier who has less does not wait for one who has more.
        less = [each for each in granted if each.quantity < 0]
        more = [each for each in granted if each.quantity > 0]
        for planned in (emptied, less, self._begun(client, location, levels), more):
            self._send(client, planned)

    def find_drift(self, client: StoreClient) -> int:
        """Look at all levels; those that are not as we left them have no grant any more. Return how many."""
        found = 0
        for location, rows in drift_at(client, self.store, self.rule).items():
            with self.claim.transaction():
                pks = [row.pk for row, _, _ in rows]
                found += StockLevel.objects.filter(pk__in=pks, location=location).update(
                    granted=None, on_hand=None
                )
        return found

    def _begun(self, client: StoreClient, location: int, levels: Sequence[StockLevel]) -> list[_Planned]:
        """Look at levels that have no grant, and return what is to be written of them."""
        since = database_now() - SETTLES
        unknown = [row for row in levels if row.shows and row.granted is None]
        # Of one that we emptied an old number makes less of it, which is mended later.
        rows = [
            row for row in unknown if row.written_at is None or row.written_at < since or row.on_hand == 0
        ]
        if len(rows) < len(unknown):
            self.busy = self.unsettled = True
        if not rows:
            return []
        variants = {row.item.variant for row in rows}
        seen = look(client, self.store, self.rule, location, variants, whole=len(variants) >= WHOLE_FROM)
        planned = []
        with self.claim.transaction():
            for row in rows:
                if row.item.variant in seen.busy:
                    self.busy = True
                    continue
                on_hand = seen.on_hand(row.item.variant)
                granted = on_hand + taken_at(self.rule, location, row.item.variant, seen.sales)
                StockLevel.objects.filter(pk=row.pk).update(
                    granted=granted, on_hand=on_hand, since=self.store.live_from
                )
                planned.append(_first(row, on_hand, granted))
        if self.busy:
            self.steps += seen.steps
        return [each for each in planned if each is not None]

    def _send(self, client: StoreClient, planned: Sequence[_Planned]) -> None:
        by_kind: dict[str, list[_Planned]] = defaultdict(list)
        for each in planned:
            by_kind[each.kind].append(each)
        for kind, rows in sorted(by_kind.items()):
            for first in range(0, len(rows), MOST_ITEMS):
                self._send_batch(client, kind, rows[first : first + MOST_ITEMS])

    def _send_batch(self, client: StoreClient, kind: str, rows: Sequence[_Planned]) -> None:
        batch = self._begin(kind, rows)
        call = client.set_stock if kind == Kind.ABSOLUTE else client.change_stock
        try:
            transaction = call([each.adjustment() for each in rows], _REASON)
        except Refused as error:
            self._refused(client, kind, rows, batch, error)
            return
        except IntegrationError as error:
            self._interrupted(batch, error)
            raise
        failpoint("stock.written")
        self._finish(rows, batch, transaction)

    def _begin(self, kind: str, rows: Iterable[_Planned]) -> str:
        """Write what is about to be sent; return the name of the batch."""
        batch, now = str(uuid4()), database_now()
        with self.claim.transaction():
            StockWrite.objects.bulk_create(
                StockWrite(
                    level=each.level,
                    kind=kind,
                    quantity=each.quantity,
                    granted=each.granted,
                    shows=each.level.shows,
                    batch=batch,
                    sent_at=now,
                )
                for each in rows
            )
        failpoint("stock.sending")
        return batch

    def _finish(self, rows: Sequence[_Planned], batch: str, transaction: str) -> None:
        now = database_now()
        with self.claim.transaction():
            StockWrite.objects.filter(batch=batch).update(
                state=State.DONE, answer=transaction[:500], finished_at=now
            )
            for each in rows:
                held = each.quantity if each.kind == Kind.ABSOLUTE else F("on_hand") + each.quantity
                StockLevel.objects.filter(pk=each.level.pk).update(
                    granted=each.granted,
                    on_hand=held,
                    since=self.store.live_from,
                    written_at=now,
                    refused=None,
                )
        for each in rows:
            if each.level.refused is not None:
                close_cause(_refused_cause(each.level), "The store took it.")

    def _interrupted(self, batch: str, error: IntegrationError) -> None:
        """Write how far a call came that ended with ``error``."""
        lost = isinstance(error, PermanentError) or (isinstance(error, RetryableError) and error.ambiguous)
        if isinstance(error, RetryableError) and lost:
            error.wait_at_least(SETTLES)
        with self.claim.transaction():
            StockWrite.objects.filter(batch=batch).update(
                state=State.UNKNOWN if lost else State.UNSENT, answer=str(error)[:500]
            )

    def _refused(
        self, client: StoreClient, kind: str, rows: Sequence[_Planned], batch: str, error: Refused
    ) -> None:
        with self.claim.transaction():
            StockWrite.objects.filter(batch=batch).update(
                state=State.REFUSED, answer=str(error)[:500], finished_at=database_now()
            )
            if len(rows) == 1:
                self._left(rows[0], error)
                return
        half = len(rows) // 2
        self._send_batch(client, kind, rows[:half])
        self._send_batch(client, kind, rows[half:])

    def _left(self, planned: _Planned, error: Refused) -> None:
        """Have one that is refused be looked at anew; one that was just looked at is left, and told."""
        level = planned.level
        if planned.kind == Kind.RELATIVE and level.granted is not None:
            # More was sold than we knew, as a rule: by what is left now it is another number.
            StockLevel.objects.filter(pk=level.pk).update(granted=None, on_hand=None)
            self.busy = True
            return
        StockLevel.objects.filter(pk=level.pk).update(refused=level.wanted)
        sentence = (
            f"{self.store} does not take the stock of {level.item} at location {level.location}: {error} It is left"
            " until something else is to be shown; see how the store tracks it."
        )
        open_case(ExceptionCase.Kind.STOCK_UNCLEAR, _refused_cause(level), sentence, store=self.store)


def _first(row: StockLevel, on_hand: int, granted: int) -> _Planned | None:
    """Return the first number of a level that was just looked at; None where it is right already."""
    left = min(on_hand + row.wanted - granted, LARGEST)
    if left == on_hand:
        return None
    if left <= 0:
        return _Planned(row, Kind.ABSOLUTE, 0, None)
    if on_hand <= 0:
        return _Planned(row, Kind.ABSOLUTE, left, row.wanted)
    return _Planned(row, Kind.RELATIVE, left - on_hand, row.wanted)


def _refused_cause(level: StockLevel) -> str:
    return f"stock:refused:{level.pk}"


def drift_at(
    client: StoreClient, store: Store, rule: StockRule
) -> dict[int, list[tuple[StockLevel, int, int]]]:
    """Return, by location, the levels that are not as we left them, with what is there and what should be.

    What is being written or sold just now, was written a moment ago, or waits to be written, is passed over.
    """
    levels = StockLevel.objects.filter(item__store=store, item__gone_at=None)
    levels = levels.exclude(writes__state__in=OPEN).exclude(on_hand=None)
    levels = levels.exclude(written_at__gte=database_now() - SETTLES).select_related("item")
    by_location: dict[int, list[StockLevel]] = defaultdict(list)
    for row in levels.order_by("pk"):
        by_location[row.location].append(row)
    found: dict[int, list[tuple[StockLevel, int, int]]] = {}
    for location, rows in by_location.items():
        variants = {row.item.variant for row in rows}
        seen = look(client, store, rule, location, variants, whole=len(variants) >= WHOLE_FROM)
        differ = []
        for row in rows:
            sold = taken_at(rule, location, row.item.variant, seen.sales)
            expected = 0 if row.granted is None else row.granted - sold
            if row.item.variant not in seen.busy and seen.on_hand(row.item.variant) != expected:
                differ.append((row, seen.on_hand(row.item.variant), expected))
        found[location] = differ
    return found

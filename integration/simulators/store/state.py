"""The store's memory: orders, metafields, armed faults, the rate limit, and the ledger of every request."""

from __future__ import annotations

import copy
import threading
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from integration.simulators.store import events, order_fields
from integration.simulators.store.clock import StoreClock
from integration.simulators.store.dates import v2_date, v3_date
from integration.simulators.store.faults import Fault
from integration.simulators.store.ledger import Entry
from integration.simulators.store.payloads import SampleOrder
from integration.simulators.store.rate_limit import RateLimit
from integration.simulators.store.statuses import STATUSES
from integration.simulators.store.stock import INCOMPLETE, Stock
from integration.simulators.store.webhooks import Webhooks

OWNER = "simulated-client"
"""The API account that every metafield and hook belongs to: the store has one token."""


@dataclass
class Refunding:
    """How refunds of the API go: what becomes of payments online, and how long one of an order keeps the next away.

    ``keeps_back`` is taken off every quote from then on, as a merchant's new rule, or tax, would have it.
    """

    declines: bool = False
    online: bool = False
    seconds: float = 0.0
    keeps_back: Decimal = Decimal(0)
    busy_until: dict[int, float] = field(default_factory=dict)


class NotThere(LookupError):
    """The store has no such thing; the text says what."""


class Taken(ValueError):
    """Another metafield of the order has this namespace and key."""


class StoreState:
    """Everything the store knows; methods hold ``lock``.

    ``orders`` are those that can be placed, by id; ``metafields``, ``shipments``, ``refunds`` and ``messages`` the API's objects
    by order, ``refunding`` how further refunds go;
    ``moves_when_shipped`` says whether shipments move its status; ``stock`` is what it holds, ``product_changes`` and
    ``variant_changes`` what was written of the catalog; ``faults`` are those still to strike; ``ledger`` the
    requests, oldest first. What happens to orders is announced to ``webhooks``.
    """

    def __init__(
        self, orders: dict[int, SampleOrder], placed: Iterable[int], clock: StoreClock, webhooks: Webhooks
    ) -> None:
        self.lock = threading.RLock()
        self.clock = clock
        self.webhooks = webhooks
        self.rate_limit = RateLimit(self.clock)
        self.orders = orders
        self.metafields: dict[int, list[dict[str, Any]]] = {}
        self.shipments: dict[int, list[dict[str, Any]]] = {}
        self.last_shipment = 0
        self.refunds: dict[int, list[dict[str, Any]]] = {}
        self.last_refund = 0
        self.refunding = Refunding()
        self.messages: dict[int, list[dict[str, Any]]] = {}
        self.last_message = 0
        self.moves_when_shipped = True
        self.stock = Stock()
        self.product_changes: dict[int, dict[str, Any]] = {}
        self.variant_changes: dict[int, dict[str, Any]] = {}
        self.faults: list[Fault] = []
        self.ledger: list[Entry] = []
        self._placed: set[int] = set()
        self._last_metafield = 0
        for number in placed:
            self.place(number)

    @property
    def quota(self) -> int:
        """Requests of one window of the rate limit; setting it begins a new window."""
        return self.rate_limit.quota

    @quota.setter
    def quota(self, requests: int) -> None:
        self.rate_limit.quota = requests

    def place(self, number: int) -> None:
        """Have an order appear, created and changed now. Raises ``NotThere``."""
        with self.lock:
            if number not in self.orders:
                raise NotThere(f"There is no order {number} to place.")
            now = v2_date(self.clock.seconds())
            self.orders[number].order.update(date_created=now, date_modified=now)
            self._placed.add(number)
            self._take_stock(number)
            self.webhooks.announce(events.ORDER_CREATED, events.order_data(number))

    def sample(self, number: int) -> SampleOrder:
        """Return a placed order with its lines and addresses, as the store holds it. Raises ``NotThere``."""
        with self.lock:
            if number not in self._placed:
                raise NotThere(f"There is no order {number} in the store.")
            return self.orders[number]

    def order(self, number: int) -> dict[str, Any]:
        """Return a copy of an order as the API gives it. Raises ``NotThere``."""
        with self.lock:
            order = copy.deepcopy(self.sample(number).order)
        status = STATUSES[order["status_id"]]
        return {**order, "status": status.name, "custom_status": status.label}

    def placed_orders(self) -> list[dict[str, Any]]:
        """Return the placed orders as the store holds them: to look at, not to hand out."""
        with self.lock:
            return [self.orders[number].order for number in self._placed]

    def change(self, number: int, changes: Mapping[str, Any], *, checked: bool = True) -> dict[str, Any]:
        """Write to an order and return it; ``checked`` refuses what the API does not let a client write.

        Raises ``NotThere`` and, where checked, ``Refusal``.
        """
        with self.lock:
            order = self.sample(number).order
            written = order_fields.checked(order, changes) if checked else changes
            before = {name: order[name] for name in ("status_id", "is_deleted")}
            order.update({"date_modified": v2_date(self.clock.seconds()), **written})
            self._take_stock(number)
            self._announce_change(number, before, order)
            return self.order(number)

    def add_metafield(self, number: int, fields: Mapping[str, Any]) -> dict[str, Any]:
        """Add a metafield with these fields and return it. Raises ``NotThere`` and ``Taken``."""
        with self.lock:
            self.sample(number)
            self._keep_apart(number, fields["namespace"], fields["key"])
            self._last_metafield += 1
            now = v3_date(self.clock.seconds())
            made = {
                "id": self._last_metafield,
                "key": fields["key"],
                "value": fields["value"],
                "namespace": fields["namespace"],
                "permission_set": fields["permission_set"],
                "description": fields.get("description", ""),
                "resource_type": "order",
                "resource_id": number,
                "date_created": now,
                "date_modified": now,
                "owner_client_id": OWNER,
            }
            self.metafields.setdefault(number, []).append(made)
            self._announce_metafield(events.METAFIELD_CREATED, number, made["id"])
            return dict(made)

    def metafield(self, number: int, key: int) -> dict[str, Any]:
        """Return a metafield as the store holds it. Raises ``NotThere``."""
        with self.lock:
            for each in self.metafields.get(number, []):
                if each["id"] == key:
                    return each
        raise NotThere(f"There is no metafield {key} of order {number}.")

    def change_metafield(self, number: int, key: int, fields: Mapping[str, Any]) -> dict[str, Any]:
        """Write these fields of a metafield and return it. Raises ``NotThere`` and ``Taken``."""
        with self.lock:
            found = self.metafield(number, key)
            changed = {**found, **fields, "date_modified": v3_date(self.clock.seconds())}
            self._keep_apart(number, changed["namespace"], changed["key"], but=key)
            found.update(changed)
            self._announce_metafield(events.METAFIELD_UPDATED, number, key)
            return changed

    def remove_metafield(self, number: int, key: int) -> None:
        """Remove a metafield. Raises ``NotThere``."""
        with self.lock:
            found = self.metafield(number, key)
            self.metafields[number].remove(found)
            self._announce_metafield(events.METAFIELD_DELETED, number, key)

    def take_fault(self, method: str, path: str) -> Fault | None:
        """Return the fault that is armed for this request and count it down; one that is used up goes."""
        with self.lock:
            fault = next((each for each in self.faults if each.fits(method, path)), None)
            if fault is not None:
                fault.times -= 1
                if not fault.times:
                    self.faults.remove(fault)
            return fault

    def note(self, entry: Entry) -> None:
        """Add to the ledger."""
        with self.lock:
            self.ledger.append(entry)

    def _take_stock(self, number: int) -> None:
        sample = self.orders[number]
        if sample.order["status_id"] != INCOMPLETE:
            self.stock.sell(number, sample.products)

    def _announce_change(self, number: int, before: Mapping[str, Any], order: Mapping[str, Any]) -> None:
        self.webhooks.announce(events.ORDER_UPDATED, events.order_data(number))
        if order["status_id"] != before["status_id"]:
            status = {"previous_status_id": before["status_id"], "new_status_id": order["status_id"]}
            self.webhooks.announce(events.ORDER_STATUS_UPDATED, events.order_data(number, status=status))
        if order["is_deleted"] and not before["is_deleted"]:
            self.webhooks.announce(events.ORDER_ARCHIVED, events.order_data(number))

    def _announce_metafield(self, scope: str, number: int, key: int) -> None:
        self.webhooks.announce(scope, events.metafield_data(number, key))

    def _keep_apart(self, number: int, namespace: str, key: str, *, but: int = 0) -> None:
        for each in self.metafields.get(number, []):
            if (each["namespace"], each["key"]) == (namespace, key) and each["id"] != but:
                raise Taken(f"Order {number} has a metafield {key!r} in {namespace!r}.")

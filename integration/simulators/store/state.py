"""The store's memory: orders, metafields, armed faults, and the ledger of every request."""

from __future__ import annotations

import copy
import threading
import time
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import format_datetime
from typing import Any

from integration.simulators.store.sample_orders import SampleOrder

STATUSES = (
    "Incomplete", "Pending", "Shipped", "Partially Shipped", "Refunded", "Cancelled", "Declined",
    "Awaiting Payment", "Awaiting Pickup", "Awaiting Shipment", "Completed", "Awaiting Fulfillment",
    "Manual Verification Required", "Disputed", "Partially Refunded",
)  # fmt: skip
# What PUT /v2/orders/{id} may write, as far as this simulator goes; the rest is refused as the store does.
WRITABLE = frozenset(
    {"status_id", "staff_notes", "customer_message", "external_order_id", "customer_id", "is_deleted"}
)
READ_ONLY = frozenset({"id", "date_created", "date_modified", "items_total", "total_inc_tax", "total_ex_tax"})


class Refusal(Exception):
    """An answer other than 200; ``body`` as the API words it."""

    def __init__(self, status: int, body: Any) -> None:
        super().__init__(status)
        self.status = status
        self.body = body


def v2_error(status: int, message: str, details: dict[str, Any] | None = None) -> Refusal:
    """Return a V2 error: a list of one message."""
    error: dict[str, Any] = {"status": status, "message": message}
    if details:
        error["details"] = details
    return Refusal(status, [error])


@dataclass
class Fault:
    """What the next ``times`` requests that match get instead of, or after, their answer."""

    method: str
    path: str
    times: int
    kind: str
    status: int = 500
    headers: bool = True
    delay: float = 0.0


@dataclass
class StoreState:
    """Everything the store knows. Methods hold the lock; dates have whole seconds and never go back."""

    orders: dict[int, SampleOrder]
    placed: list[int]
    lock: threading.RLock = field(default_factory=threading.RLock)
    metafields: dict[int, list[dict[str, Any]]] = field(default_factory=dict)
    faults: list[Fault] = field(default_factory=list)
    ledger: list[dict[str, Any]] = field(default_factory=list)
    quota: int = 100_000
    _modified: dict[int, int] = field(default_factory=dict)
    _clock: int = 0
    _metafield_id: int = 0
    _window: tuple[float, int] = (0.0, 0)

    def __post_init__(self) -> None:
        for number in self.placed:
            self.place(number)

    def now(self) -> int:
        """Return the store's time in whole seconds, never less than before."""
        self._clock = max(self._clock, int(time.time()))
        return self._clock

    def place(self, number: int) -> None:
        """Have an order appear, created and changed now."""
        with self.lock:
            sample = self.orders[number]
            if number not in self.placed:
                self.placed.append(number)
            self._modified[number] = self.now()
            sample.order["date_created"] = self.date(self._modified[number])

    @staticmethod
    def date(seconds: int) -> str:
        """Return a date as V2 writes it: RFC 2822, UTC."""
        return format_datetime(datetime.fromtimestamp(seconds, UTC))

    def order(self, number: int) -> dict[str, Any]:
        """Return an order as the API gives it; raise 404."""
        with self.lock:
            if number not in self._modified:
                raise v2_error(404, "The requested resource was not found.")
            order = copy.deepcopy(self.orders[number].order)
            order["date_modified"] = self.date(self._modified[number])
            order["status"] = order["custom_status"] = STATUSES[order["status_id"]]
            return order

    def sample(self, number: int) -> SampleOrder:
        """Return an order with its lines and addresses; raise 404."""
        self.order(number)
        return self.orders[number]

    def listed(self, query: dict[str, str]) -> list[dict[str, Any]]:
        """Return the orders of a list request, before paging."""
        with self.lock:
            numbers = sorted(self._modified)
            if "min_date_modified" in query:
                floor = datetime.fromisoformat(query["min_date_modified"].replace("Z", "+00:00")).timestamp()
                numbers = [number for number in numbers if self._modified[number] >= floor]
            if "min_id" in query:
                numbers = [number for number in numbers if number >= int(query["min_id"])]
            if "status_id" in query:
                wanted = int(query["status_id"])
                numbers = [each for each in numbers if self.orders[each].order["status_id"] == wanted]
            if query.get("sort", "").startswith("date_modified"):
                numbers.sort(key=lambda number: (self._modified[number], number))
            if query.get("sort", "").endswith(":desc"):
                numbers.reverse()
            return [self.order(number) for number in numbers]

    def change(self, number: int, changes: dict[str, Any], *, checked: bool = True) -> dict[str, Any]:
        """Write to an order; ``checked`` refuses what the API does not let a client write."""
        with self.lock:
            self.order(number)
            for name in changes if checked else ():
                if name in READ_ONLY:
                    raise v2_error(
                        400,
                        f"The field '{name}' cannot be written to. Please remove it from your request before trying"
                        " again.",
                    )
                if name not in WRITABLE:
                    raise v2_error(400, f"The field '{name}' is not supported by this resource.")
            if checked and changes.get("status_id", 0) not in range(len(STATUSES)):
                raise v2_error(400, "The field 'status_id' is invalid.")
            self.orders[number].order.update(changes)
            self._modified[number] = self.now()
            return self.order(number)

    def add_metafield(self, number: int, body: dict[str, Any]) -> dict[str, Any]:
        """Add a metafield; 409 where its namespace and key are taken."""
        with self.lock:
            self.order(number)
            held = self.metafields.setdefault(number, [])
            if any(each["namespace"] == body["namespace"] and each["key"] == body["key"] for each in held):
                title = "A metafield with this namespace and key already exists."
                raise Refusal(409, {"status": 409, "title": title, "type": "about:blank", "errors": {}})
            self._metafield_id += 1
            made = {"id": self._metafield_id, "resource_type": "order", "resource_id": number, **body}
            held.append(made)
            return made

    def change_metafield(self, number: int, metafield: int, body: dict[str, Any]) -> dict[str, Any]:
        """Change a metafield; 404 where there is none."""
        with self.lock:
            for each in self.metafields.get(number, []):
                if each["id"] == metafield:
                    each.update(body)
                    return each
        raise Refusal(404, {"status": 404, "title": "Not found", "type": "about:blank"})

    def take_fault(self, method: str, path: str) -> Fault | None:
        """Return the fault that is armed for this request, and count it down."""
        with self.lock:
            for fault in self.faults:
                if fault.times > 0 and fault.method in ("*", method) and path.startswith(fault.path):
                    fault.times -= 1
                    return fault
        return None

    def limit(self) -> tuple[int, int]:
        """Count one request of the 30 s window; return (requests left, milliseconds to the next window)."""
        with self.lock:
            ends, used = self._window
            now = time.monotonic()
            if now >= ends:
                ends, used = now + 30.0, 0
            self._window = (ends, used + 1)
            return self.quota - used - 1, int((ends - now) * 1000)

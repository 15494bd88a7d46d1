"""Which orders ``GET /v2/orders`` lists, and in what order."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from decimal import Decimal
from typing import Any

from integration.simulators.store.dates import moment
from integration.simulators.store.paging import PAGING
from integration.simulators.store.refusals import invalid, not_simulated, unknown
from integration.simulators.store.values import Reader, amount_text, flag_text, whole_text

Order = dict[str, Any]

# By parameter: how its value is read, and whether an order fits it. Archived orders are listed only where
# ``is_deleted`` asks for them: a parameter of older descriptions, not of the present one, and never tried live.
FILTERS: dict[str, tuple[Reader, Callable[[Order, Any], bool]]] = {
    "min_id": (whole_text, lambda order, asked: order["id"] >= asked),
    "max_id": (whole_text, lambda order, asked: order["id"] <= asked),
    "min_total": (amount_text, lambda order, asked: Decimal(order["total_inc_tax"]) >= asked),
    "max_total": (amount_text, lambda order, asked: Decimal(order["total_inc_tax"]) <= asked),
    "customer_id": (whole_text, lambda order, asked: order["customer_id"] == asked),
    "email": (str.casefold, lambda order, asked: order["billing_address"]["email"].casefold() == asked),
    "status_id": (whole_text, lambda order, asked: order["status_id"] == asked),
    "cart_id": (str, lambda order, asked: order["cart_id"] == asked),
    "payment_method": (str, lambda order, asked: order["payment_method"] == asked),
    "min_date_created": (moment, lambda order, asked: moment(order["date_created"]) >= asked),
    "max_date_created": (moment, lambda order, asked: moment(order["date_created"]) <= asked),
    "min_date_modified": (moment, lambda order, asked: moment(order["date_modified"]) >= asked),
    "max_date_modified": (moment, lambda order, asked: moment(order["date_modified"]) <= asked),
    "channel_id": (whole_text, lambda order, asked: order["channel_id"] == asked),
    "external_order_id": (str, lambda order, asked: order["external_order_id"] == asked),
    "is_deleted": (flag_text, lambda order, asked: order["is_deleted"] == asked),
}
SORTS: dict[str, Callable[[Order], Any]] = {
    "id": lambda order: order["id"],
    "customer_id": lambda order: order["customer_id"],
    "date_created": lambda order: moment(order["date_created"]),
    "date_modified": lambda order: moment(order["date_modified"]),
    "status_id": lambda order: order["status_id"],
    "channel_id": lambda order: order["channel_id"],
    "external_id": lambda order: order["external_id"] or "",
}
DIRECTIONS = {"asc": False, "desc": True}
NOT_SIMULATED = frozenset({"include", "consignment_structure"})


def listed(orders: Iterable[Order], query: Mapping[str, str]) -> list[Order]:
    """Return the orders of a list request before paging, by id unless asked otherwise. Raises ``Refusal``."""
    asked = {"is_deleted": "false", **query}
    found = sorted(orders, key=SORTS["id"])
    for name, value in asked.items():
        if name in NOT_SIMULATED:
            raise not_simulated("/v2/orders", name)
        if name in FILTERS:
            read, fits = FILTERS[name]
            try:
                wanted = read(value)
            except ValueError as error:
                raise invalid(name, str(error)) from error
            found = [order for order in found if fits(order, wanted)]
        elif name not in PAGING | {"sort"}:
            raise unknown(name)
    return _sorted(found, asked.get("sort", "id"))


def _sorted(orders: list[Order], sort: str) -> list[Order]:
    field, _, direction = sort.partition(":")
    if field not in SORTS or (direction or "asc") not in DIRECTIONS:
        raise invalid("sort", f"One of {', '.join(SORTS)} is expected, with :asc or :desc behind it.")
    return sorted(orders, key=SORTS[field], reverse=DIRECTIONS[direction or "asc"])

"""Stock at the store's locations: read in pages, set (absolute) and changed (relative) in batches.

Facts (published ``inventory.v3`` description and guide, answers in public issues): an item is named by its product where
stock is tracked by product, else by its variant, and otherwise refused (422); a location has to be named; 2,000 items a
call at most, 1,000 a page; a relative change needs an absolute number before it, and none that would bring the stock below
its safety stock is taken; a refused call changes nothing of its batch. A call answers with a number of the transaction
alone, and what is read right after it may still be the old number.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from integration.bigcommerce.connection import PAGE, StoreConnection
from integration.bigcommerce.fields import Fields

MOST_ITEMS = 2000
"""Items of one call; more are refused."""

STOCK_PAGE = 1000
LARGEST = 2_147_483_647
"""A larger number is not kept by the store, which does not say so."""


@dataclass(frozen=True, slots=True)
class Adjustment:
    """One item at one location; ``quantity`` is the number to hold, or how much more (below 0: less)."""

    product: int
    variant: int
    by_product: bool
    location: int
    quantity: int

    def body(self) -> dict[str, int]:
        """Return the item as the store takes it."""
        name = {"product_id": self.product} if self.by_product else {"variant_id": self.variant}
        return {"location_id": self.location, **name, "quantity": self.quantity}


@dataclass(frozen=True, slots=True)
class StockAt:
    """What a location holds of a variant: ``available`` is what may be bought, ``on_hand`` less the safety stock."""

    product: int
    variant: int
    on_hand: int
    available: int


class StockCalls:
    """The part of the client that is about stock."""

    _connection: StoreConnection

    def iter_stock_at(self, location: int) -> Iterator[StockAt]:
        """Yield all that a location holds. Raises ``NotFound``."""
        path = f"/v3/inventory/locations/{location}/items"
        what = f"read the stock at location {location}"
        return (parse_stock(data) for data in self._connection.v3_pages(path, {}, what, STOCK_PAGE))

    def get_stock_of(self, location: int, variants: Sequence[int]) -> list[StockAt]:
        """Return what a location holds of ``variants``; what was never counted there may be left out."""
        found: list[StockAt] = []
        path = f"/v3/inventory/locations/{location}/items"
        for first in range(0, len(variants), PAGE):
            asked = {"variant_id:in": ",".join(str(each) for each in variants[first : first + PAGE])}
            what = f"read the stock at location {location}"
            found += [parse_stock(data) for data in self._connection.v3_pages(path, asked, what, STOCK_PAGE)]
        return found

    def set_stock(self, adjustments: Sequence[Adjustment], reason: str) -> str:
        """Have the items hold these numbers; return the transaction. All or, where refused, none is written."""
        body = _body(adjustments, reason)
        path = "/v3/inventory/adjustments/absolute"
        return _transaction(self._connection.one("PUT", path, "set stock", body))

    def change_stock(self, adjustments: Sequence[Adjustment], reason: str) -> str:
        """Have the items hold so much more or less; return the transaction. Repeated, it is done twice."""
        body = _body(adjustments, reason)
        path = "/v3/inventory/adjustments/relative"
        return _transaction(self._connection.one("POST", path, "change stock", body))


def parse_stock(data: object) -> StockAt:
    """Return one of the items of a location. Raises ``BrokenAnswer`` naming the field that is broken."""
    item = Fields(data, "the stock of an item")
    identity = item.part("identity")
    variant = identity.whole("variant_id")
    item.where = f"the stock of variant {variant}"
    on_hand = item.whole("total_inventory_onhand", 0)
    return StockAt(identity.whole("product_id"), variant, on_hand, item.whole("available_to_sell", on_hand))


def _body(adjustments: Sequence[Adjustment], reason: str) -> dict[str, Any]:
    if not 0 < len(adjustments) <= MOST_ITEMS:
        raise ValueError(f"{len(adjustments)} items in one call; 1 to {MOST_ITEMS} are taken.")
    return {"reason": reason, "items": [each.body() for each in adjustments]}


def _transaction(answer: dict[str, Any]) -> str:
    return Fields(answer, "the stock transaction").text("transaction_id")

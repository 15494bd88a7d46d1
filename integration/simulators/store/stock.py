"""What the store holds: numbers by variant and location, what was bought of them, and every movement.

A product is tracked by itself, by its variants, or not at all. A number that was never set is shown as 0, is not lowered
by orders, and takes no relative change. Orders lower the stock at location 1 when they are placed, as the store's setting
says; cancelling gives nothing back. ``stale`` reads show what stood before the last write: the real store is no quicker.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from typing import Any

from integration.simulators.store.catalog import CATALOG, Item

DEFAULT_LOCATION = 1
INCOMPLETE = 0
TRACKING = ("none", "product", "variant")
Place = tuple[int, int]
"""A variant's id and a location's."""

ITEMS = {item.variant_id: item for item in CATALOG.values()}


@dataclass
class Held:
    """A number at a place; ``on_hand`` None was never set."""

    on_hand: int | None = None
    safety_stock: int = 0

    @property
    def shown(self) -> int:
        """What may be bought."""
        return (self.on_hand or 0) - self.safety_stock


@dataclass(frozen=True)
class Movement:
    """One change of a number: ``what`` is absolute, relative, sale or staff; ``on_hand`` is the number after it."""

    what: str
    variant: int
    location: int
    quantity: int
    on_hand: int | None


class Stock:
    """All numbers; whoever calls holds the store's lock."""

    def __init__(self) -> None:
        self.held: dict[Place, Held] = {}
        self.tracking = {item.product_id: _tracked(item) for item in CATALOG.values()}
        self.movements: list[Movement] = []
        self.stale = 0
        self._before: dict[Place, int | None] = {}
        self._taken: set[int] = set()
        self._transactions = 0

    def at(self, variant: int, location: int = DEFAULT_LOCATION) -> Held:
        """Return what a place holds."""
        return self.held.setdefault((variant, location), Held())

    def shown(self, sku: str, location: int = DEFAULT_LOCATION) -> int:
        """Return how many of a SKU may be bought."""
        return self.at(CATALOG[sku].variant_id, location).shown

    def read(self) -> dict[Place, Held]:
        """Return the numbers as a client reads them now; those of places never set are not there."""
        old = self._before if self.stale else {}
        self.stale = max(0, self.stale - 1)
        found = {
            place: Held(old.get(place, held.on_hand), held.safety_stock) for place, held in self.held.items()
        }
        return {place: held for place, held in found.items() if held.on_hand is not None}

    def write(self, what: str, numbers: Mapping[Place, int]) -> str:
        """Set these numbers, or change them by these where ``what`` is relative; return the transaction's name."""
        self._before = {place: self.at(*place).on_hand for place in numbers}
        for place, quantity in numbers.items():
            held = self.at(*place)
            held.on_hand = (held.on_hand or 0) + quantity if what == "relative" else quantity
            self._note(what, place, quantity)
        self._transactions += 1
        return f"00000000-0000-4000-b000-{self._transactions:012d}"

    def sell(self, number: int, lines: Iterable[Mapping[str, Any]]) -> None:
        """Take what an order holds, once."""
        if number in self._taken:
            return
        self._taken.add(number)
        for line in lines:
            place = (line.get("variant_id", 0), DEFAULT_LOCATION)
            held = self.held.get(place)
            if held is None or held.on_hand is None or self.tracking.get(line.get("product_id", 0)) == "none":
                continue
            held.on_hand -= line["quantity"]
            self._note("sale", place, -line["quantity"])

    def told(self) -> dict[str, Any]:
        """Return all numbers by SKU and location, and every movement."""
        levels = [
            {
                "sku": ITEMS[variant].sku,
                "location": location,
                "on_hand": held.on_hand,
                "available_to_sell": held.shown,
                "tracking": self.tracking[ITEMS[variant].product_id],
            }
            for (variant, location), held in sorted(self.held.items())
        ]
        movements = [{"sku": ITEMS[movement.variant].sku, **asdict(movement)} for movement in self.movements]
        return {"levels": levels, "movements": movements}

    def _note(self, what: str, place: Place, quantity: int) -> None:
        self.movements.append(Movement(what, *place, quantity, self.held[place].on_hand))


def _tracked(item: Item) -> str:
    if item.type == "digital" or item.sku.startswith("XX"):
        return "none"
    return "variant" if item.sku.startswith("BO") else "product"

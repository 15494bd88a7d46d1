"""What a supplier tells of his stock: an 846 or a plain file (CSV), in several tempers, and his own count of it.

=============== ==================================================================================
way             what is told
=============== ==================================================================================
whole           every item, as counted now
changes         the items that changed since he told last, counted anew (BIA01 04)
movements       what came and went since he told last, to be added (BIA01 25)
again           the last feed once more, just as it was, in another interchange
late            every item as he told it last, counted a day before that
yesterday       every item, one changed, under yesterday's date
empty           no item; of a plain file nothing at all
truncated       half of the items, and a count (CTT) of all of them; a plain file ends amid a line
one_off         one more of every item
slipped         every item has what the one before it has
wrong_unit      twelve times as many of every item
zeroed          nothing of any item
unknown         every item, and one besides that nobody knows
=============== ==================================================================================

The first column is what he means to do to whoever listens; what he holds in truth stands in the stock room.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from integration.simulators.network.purchase_orders import PurchaseOrder, Segments

STOCK_WAYS = {
    "whole": "every item, as counted now",
    "changes": "what changed since he told last, counted anew",
    "movements": "what came and went since he told last",
    "again": "the last feed once more",
    "late": "every item as told last, counted a day before that",
    "yesterday": "every item, one changed, under yesterday's date",
    "empty": "no item",
    "truncated": "half of the items, and a count of all of them",
    "one_off": "one more of every item",
    "slipped": "every item has what the one before it has",
    "wrong_unit": "twelve times as many of every item",
    "zeroed": "nothing of any item",
    "unknown": "an item besides that nobody knows",
}
STOCK_FORMS = ("846", "csv")
PURPOSES = {"changes": "04", "movements": "25"}
PACK = 12
STRANGER = "NOBODYS-ITEM"
DAY = timedelta(days=1)


@dataclass(frozen=True)
class StockTold:
    """One feed: quantities by the supplier's item number, when they were counted, and how many items it claims to have."""

    number: str
    purpose: str
    counted_at: datetime
    quantities: dict[str, int]
    claimed: int
    is_cut: bool = False

    def body(self, warehouse: str, unit: str) -> Segments:
        """Return the segments between ST and SE of an 846."""
        when = self.counted_at
        head: Segments = [["BIA", self.purpose, "SI", self.number, f"{when:%Y%m%d}", f"{when:%H%M%S}"]]
        if warehouse:
            head.append(["N1", "WH", "", "92", warehouse])
        for place, (item, quantity) in enumerate(self.quantities.items(), start=1):
            head += [["LIN", str(place), "VN", item], ["QTY", "33", str(quantity), unit]]
        return [*head, ["CTT", str(self.claimed)]]

    def table(self, warehouse: str) -> bytes:
        """Return it as a plain file: ``Item No;On hand;Hall;Counted``."""
        if not self.claimed:
            return b""
        counted = f"{self.counted_at:%Y-%m-%d %H:%M:%S}"
        rows = [f"{item};{quantity};{warehouse};{counted}" for item, quantity in self.quantities.items()]
        whole = "\r\n".join(["Item No;On hand;Hall;Counted", *rows, ""])
        return (whole[: whole.rindex(";")] if self.is_cut else whole).encode()


@dataclass
class StockRoom:
    """What one supplier holds by his own item numbers, and what he told of it."""

    held: dict[str, int] = field(default_factory=dict)
    told: dict[str, int] = field(default_factory=dict)
    last: StockTold | None = None
    feeds: int = 0

    def count(self, items: Mapping[str, int]) -> None:
        """Have the stock of some items be counted anew."""
        self.held.update(items)

    def tell(self, way: str, now: datetime) -> StockTold:
        """Return the next feed. Raises ``ValueError`` with a sentence where it makes no sense."""
        if way not in STOCK_WAYS:
            raise ValueError(f"Ways are {', '.join(STOCK_WAYS)}.")
        if way in ("again", "late") and self.last is None:
            raise ValueError("Nothing was told before.")
        if way == "again" and self.last is not None:
            return self.last
        self.feeds += 1
        counted_at = now
        if way == "late" and self.last is not None:
            counted_at = self.last.counted_at - DAY
        elif way == "yesterday":
            counted_at = now - DAY
        quantities = self._quantities(way)
        made = StockTold(
            f"ST{self.feeds:05d}",
            PURPOSES.get(way, "00"),
            counted_at,
            quantities,
            len(self.held) if way == "truncated" else len(quantities),
            is_cut=way == "truncated",
        )
        if way in ("whole", "changes", "movements", "unknown"):
            self.told, self.last = dict(self.held), made
        return made

    def _quantities(self, way: str) -> dict[str, int]:
        held, told = self.held, self.told
        changed = {item: count for item, count in held.items() if told.get(item) != count}
        match way:
            case "changes":
                return changed
            case "movements":
                return {item: count - told.get(item, 0) for item, count in changed.items()}
            case "late":
                return dict(told)
            case "yesterday":
                first = next(iter(held), "")
                return {item: count + (item == first) for item, count in held.items()}
            case "empty":
                return {}
            case "truncated":
                return dict(list(held.items())[: (len(held) + 1) // 2])
            case "one_off":
                return {item: count + 1 for item, count in held.items()}
            case "slipped":
                counts = list(held.values())
                return dict(zip(held, [*counts[-1:], *counts[:-1]], strict=True))
            case "wrong_unit":
                return {item: count * PACK for item, count in held.items()}
            case "zeroed":
                return dict.fromkeys(held, 0)
            case "unknown":
                return {**held, STRANGER: 3}
        return dict(held)


def addressed(supplier: tuple[str, str], buyer: tuple[str, str]) -> PurchaseOrder:
    """Return what an interchange from ``supplier`` to ``buyer`` is addressed by: he writes unasked."""
    return PurchaseOrder(
        sender=buyer, receiver=supplier, isa13="", gs_sender=buyer[1], gs_receiver=supplier[1], gs06="", st02="",
        number="", date="",
    )  # fmt: skip

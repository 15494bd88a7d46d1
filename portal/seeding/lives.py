"""The lives of invented orders: who orders what when, and which documents follow. No database here.

Uneven as life is: one partner has four orders of ten, one item is in every third order, one order has 300 documents;
and the first orders hold what searches stumble over (``TRAPS``). The same seed gives the same lives.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from random import Random

SPAN = timedelta(days=400)
PARTNERS = (
    ("Northwind Mills", 40), ("Larch Supply", 14), ("Tidewater Goods", 10), ("Juniper & Sons", 8), ("Alder Works", 7),
    ("Brightwater", 6), ("Calder Home", 5), ("Dovecote", 4), ("Elm Street Trading", 3), ("Fennel Foods", 3),
)  # fmt: skip
COMMON_ITEM = "FS-1000"
ITEMS = tuple(
    f"{letters}-{number}" for letters in ("AC", "BT", "CR", "DN", "EL") for number in range(100, 180)
)
FIRST_NAMES = (
    "Ada", "Bruno", "Clara", "Dario", "Edith", "Felix", "Greta", "Hugo", "Ines", "Jonas", "Katya", "Leon", "Mira", "Nils",
    "Olga", "Pavel", "Quinn", "Rosa", "Stefan", "Tilda", "Umar", "Vera", "Wanda", "Yusuf", "Zoe",
)  # fmt: skip
LAST_NAMES = (
    "Quist", "Amsel", "Berg", "Castell", "Dorn", "Ekwall", "Farrow", "Garnet", "Holm", "Ibarra", "Joyner", "Kestrel",
    "Lund", "Marsh", "Novak", "Orchard", "Pike", "Quill", "Rowan", "Sorrel", "Thorne", "Underhill", "Vance", "Wren", "Yarrow",
)  # fmt: skip


@dataclass(frozen=True)
class Line:
    """One line as ordered."""

    sku: str
    quantity: int
    cents: int


@dataclass(frozen=True)
class Planned:
    """One document that is to be exchanged: its transaction set, whose it is, when; ``place`` tells equals apart."""

    at: datetime
    kind: str
    is_ours: bool
    answers: str = ""
    place: int = 0
    code: str = "A"


@dataclass
class Life:
    """One order, and what becomes of it until now."""

    number: int
    purchase_order: str
    placed_at: datetime
    partner: int
    first_name: str
    last_name: str
    email: str
    lines: list[Line]
    documents: list[Planned] = field(default_factory=list)
    is_short: bool = False
    is_held: bool = False
    rma: str = ""

    @property
    def customer(self) -> str:
        """Who ordered."""
        return f"{self.first_name} {self.last_name}".strip()


TRAPS: dict[int, dict[str, str]] = {
    1042: {"first": "Imogen", "last": "Tallis", "email": "imogen.tallis@example.com", "purchase_order": "PO-450042"},
    **{10420 + place: {} for place in range(10)},
    1777: {},
    5001: {"purchase_order": "1777"},
    2001: {"first": "Ruth", "last": "Amsel", "email": "family@amsel.example"},
    2002: {"first": "Ivo", "last": "Amsel", "email": "family@amsel.example"},
    2003: {"purchase_order": "000012345"},
    2004: {"first": "Siobhán", "last": "O'Brien", "email": "siobhan@obrien.example"},
    2005: {"first": "Олена", "last": "Шевчук", "email": "olena@shevchuk.example"},
    2006: {"answered": "before"},
    2007: {"acknowledged": "twice"},
    2008: {"documents": "300"},
    2009: {"rma": "RMA-2009"},
}  # fmt: skip
"""By order number what is odd about it: numbers that begin alike, a purchase order that is called as another order, two
customers with one address, zeros in front, an apostrophe, Cyrillic, an answer before its order, an acknowledgment that
came twice, an order with 300 documents, a return."""
FEWEST = 1000
"""Documents below which the traps would be most of the archive."""


def lives(documents: int, until: datetime, seed: int = 8) -> Iterator[Life]:
    """Yield orders by the time they were placed, until their documents are ``documents`` in all."""
    dice = Random(seed)  # noqa: S311 - repeatable on purpose, no secrets made of it
    odd = iter(TRAPS)
    number, made = 1000, 0
    while made < documents:
        of_trap = next(odd, None)
        if of_trap is None:
            number += 1
            while number in TRAPS or number == 450_042:
                number += 1
        placed = min(until - SPAN + SPAN * (made / documents), until - timedelta(minutes=20))
        life = _life(dice, of_trap or number, placed)
        life.documents = [each for each in _documents(dice, life) if each.at <= until][: documents - made]
        made += len(life.documents)
        yield life


def _life(dice: Random, number: int, placed: datetime) -> Life:
    odd = TRAPS.get(number, {})
    first, last = dice.choice(FIRST_NAMES), dice.choice(LAST_NAMES)
    skus = [COMMON_ITEM] if dice.random() < 1 / 3 else []
    skus += dice.sample(ITEMS, dice.choice((1, 1, 2, 3)) if not skus else dice.choice((0, 1, 2)))
    first, last = odd.get("first", first), odd.get("last", last)
    return Life(
        number=number,
        purchase_order=odd.get("purchase_order", f"{number}-1"),
        placed_at=placed,
        partner=dice.choices(range(len(PARTNERS)), [weight for _, weight in PARTNERS])[0],
        first_name=first,
        last_name=last,
        email=odd.get("email", f"{first}.{last}.{number}@example.com".lower()),
        lines=[Line(sku, dice.randint(1, 24), dice.randint(150, 9900)) for sku in skus],
        is_short=number not in TRAPS and dice.random() < 0.03,
        is_held=number not in TRAPS and dice.random() < 0.01,
        rma=odd.get("rma", "" if number in TRAPS or dice.random() > 0.006 else f"RMA-{number}"),
    )


def _documents(dice: Random, life: Life) -> list[Planned]:
    """Return the documents of ``life``, in their order."""
    if life.is_held:
        return []
    odd = TRAPS.get(life.number, {})
    sent = life.placed_at + timedelta(minutes=dice.randint(10, 19))
    code = "R" if not odd and dice.random() < 0.01 else "A"
    found = [Planned(sent, "850", is_ours=True)]
    if odd or dice.random() > 0.02:
        found.append(Planned(sent + _hours(dice, 1, 6), "997", False, "850", code=code))
    if odd.get("acknowledged"):
        found.append(Planned(sent + timedelta(hours=7), "997", False, "850", 1))
    if code == "R":
        return found
    answered = sent - timedelta(minutes=5) if odd.get("answered") else sent + _hours(dice, 8, 40)
    found += _received(answered, "855")
    if odd.get("documents"):
        for place in range((int(odd["documents"]) - len(found)) // 2):
            found += _received(answered + timedelta(hours=3 + place), "856", place)
    elif odd or dice.random() < 0.93:
        shipped = answered + _hours(dice, 24, 90)
        found += _received(shipped, "856")
        if odd or dice.random() < 0.95:
            found += _received(shipped + _hours(dice, 4, 60), "810")
    if life.rma:
        found += _received(answered + _hours(dice, 170, 400), "180")
    return sorted(found, key=lambda each: each.at)


def _received(at: datetime, kind: str, place: int = 0) -> list[Planned]:
    """Return what a partner sends, and our functional acknowledgment of it."""
    answer = Planned(at + timedelta(minutes=2), "997", True, kind, place)
    return [Planned(at, kind, False, "850", place), answer]


def _hours(dice: Random, least: int, most: int) -> timedelta:
    return timedelta(minutes=dice.randint(60 * least, 60 * most))

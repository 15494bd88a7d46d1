"""What a store may show of an item, and the limits of its orders, from what suppliers said last.

Of each supplier, at one location::

    his count, all his warehouses there together
    times the share that this store may sell, whole units
    no more than what he allots to us
    + what came back in good state after he counted
    - the safety buffer
    - what was sold of his and he did not know yet when he counted

His word counts as nothing when it is too old, and before the day from which he sells. Several suppliers count together,
or the best of them, or the first that has any. From that is taken what is sold and ordered from nobody yet: it goes to one of
them, nobody knows which. Quantities are whole numbers of 0 or more.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from decimal import ROUND_FLOOR, Decimal
from typing import Any
from zoneinfo import ZoneInfo

from integration.matching.lines import day_words

SUM, BEST, PRIORITY = "sum", "best", "priority"
LARGEST = 2_147_483_647
"""More than this the store does not keep."""
LONGEST_MESSAGE = 255


@dataclass(frozen=True)
class Terms:
    """How a supplier is believed; ``share`` is in percent, ``stale_after`` in hours (0: never)."""

    priority: int = 100
    share: Decimal = Decimal(100)
    buffer: int = 0
    stale_after: int = 0
    sets_limits: bool = True


@dataclass(frozen=True)
class Statement:
    """What a supplier said last of one item in one warehouse; ``supplier`` is his key, ``name`` for people."""

    supplier: int
    name: str
    terms: Terms
    as_of: datetime
    quantity: Decimal | None = None
    warehouse: str = ""
    allocation: Decimal | None = None
    available_from: date | None = None
    discontinued_on: date | None = None
    expected_on: date | None = None
    lead_days: int | None = None
    minimum: int | None = None
    maximum: int | None = None


@dataclass(frozen=True)
class Sold:
    """Units that count against the statements: ``unknown`` to each supplier when he counted, ``returned`` to him since,
    and ``unordered``, sold and ordered from nobody yet."""

    unknown: dict[int, Decimal]
    returned: dict[int, Decimal]
    unordered: Decimal = Decimal(0)


@dataclass(frozen=True)
class Level:
    """What may be shown, how that comes about, and when it changes though nobody says anything."""

    shows: int
    words: tuple[str, ...]
    due_at: datetime | None = None


@dataclass(frozen=True)
class Limits:
    """Fields of the product and of the variant to be set, with the words why, and when they change by themselves."""

    product: dict[str, Any]
    variant: dict[str, Any]
    words: tuple[str, ...]
    due_at: datetime | None = None


NOTHING_SOLD = Sold({}, {})


def reckon(
    statements: Sequence[Statement], sold: Sold, strategy: str, now: datetime, zone: ZoneInfo
) -> Level | None:
    """Return what one location may show; None where no supplier said a quantity. ``zone`` says what day it is."""
    by_supplier: dict[int, list[Statement]] = defaultdict(list)
    for each in statements:
        if each.quantity is not None:
            by_supplier[each.supplier].append(each)
    if not by_supplier:
        return None
    words: list[str] = []
    dues: list[datetime] = []
    usable: list[tuple[int, Decimal, str]] = []
    for supplier, said in sorted(by_supplier.items(), key=lambda pair: (pair[1][0].terms.priority, pair[0])):
        units = _usable(said, sold, supplier, now, zone, words, dues)
        usable.append((supplier, units, said[0].name))
    total = _together(usable, strategy, words)
    if sold.unordered:
        words.append(f"{_number(sold.unordered)} sold and ordered from nobody yet: taken off.")
    shows = min(int(max(total - sold.unordered, Decimal(0))), LARGEST)
    words.append(f"The store may show {shows}.")
    return Level(shows, tuple(words), min(dues, default=None))


def _usable(
    said: Sequence[Statement],
    sold: Sold,
    supplier: int,
    now: datetime,
    zone: ZoneInfo,
    words: list[str],
    dues: list[datetime],
) -> Decimal:
    """Return what of one supplier's stock may be shown, 0 or more."""
    terms, name = said[0].terms, said[0].name
    counted = sum((_believed(each, now, zone, words, dues) for each in said), Decimal(0))
    units = _floor(counted * terms.share / 100)
    if terms.share != 100:
        words.append(f"{name}: {_number(terms.share)} percent of {_number(counted)} is {_number(units)}.")
    allotted = [each.allocation for each in said if each.allocation is not None]
    if allotted and sum(allotted) < units:
        units = _floor(sum(allotted, Decimal(0)))
        words.append(f"{name} allots no more than {_number(units)} to us.")
    for amount, sign, sentence in (
        (sold.returned.get(supplier, Decimal(0)), 1, "came back in good state since"),
        (Decimal(terms.buffer) if units else Decimal(0), -1, "are the safety buffer"),
        (sold.unknown.get(supplier, Decimal(0)), -1, "sold that he did not know of when he counted"),
    ):
        if amount:
            units += sign * amount
            words.append(f"{name}: {_number(amount)} {sentence}.")
    return max(units, Decimal(0))


def _believed(
    each: Statement, now: datetime, zone: ZoneInfo, words: list[str], dues: list[datetime]
) -> Decimal:
    """Return the count of one warehouse as far as it holds now."""
    assert each.quantity is not None
    where = f" in warehouse {each.warehouse}" if each.warehouse else ""
    said = f"{each.name} counted {_number(each.quantity)}{where} on {day_words(each.as_of)} {each.as_of:%H:%M} UTC"
    if each.terms.stale_after:
        ends = each.as_of + timedelta(hours=each.terms.stale_after)
        if now >= ends:
            words.append(f"{said}: too old, it counts as nothing after {each.terms.stale_after} hours.")
            return Decimal(0)
        dues.append(ends)
    if each.available_from is not None:
        begins = start_of(each.available_from, zone)
        if now < begins:
            dues.append(begins)
            words.append(f"{said}: for sale from {each.available_from}, and not before.")
            return Decimal(0)
    words.append(f"{said}.")
    return max(each.quantity, Decimal(0))


def _together(usable: Sequence[tuple[int, Decimal, str]], strategy: str, words: list[str]) -> Decimal:
    if len(usable) == 1:
        return usable[0][1]
    if strategy == BEST:
        _, units, name = max(usable, key=lambda each: each[1])
        words.append(f"The supplier that has most counts: {name} with {_number(units)}.")
        return units
    if strategy == PRIORITY:
        _, units, name = next((each for each in usable if each[1] > 0), usable[0])
        words.append(f"The first supplier that has any counts: {name} with {_number(units)}.")
        return units
    total = sum((units for _, units, _ in usable), Decimal(0))
    parts = " + ".join(_number(units) for _, units, _ in usable)
    words.append(f"All suppliers together: {parts} = {_number(total)}.")
    return total


def limits(statements: Sequence[Statement], shows: int, now: datetime, zone: ZoneInfo) -> Limits:
    """Return the limits that the suppliers' word asks for, where ``shows`` is all that may be shown of the item.

    A field that nobody asks for is not there: it is to stand as it stood before. Of several suppliers the strictest
    quantity holds, since nobody knows which of them an order will go to.
    """
    said = [each for each in statements if each.terms.sets_limits]
    product: dict[str, Any] = {}
    variant: dict[str, Any] = {}
    words: list[str] = []
    dues: list[datetime] = []
    _quantities(said, product, words)
    _dates(said, shows, product, words, dues, now, zone)
    gone = [each for each in said if each.discontinued_on is not None]
    begins = [start_of(each.discontinued_on, zone) for each in gone if each.discontinued_on is not None]
    dues += [each for each in begins if each > now]
    if said and len([each for each in begins if each <= now]) == len(said) and shows == 0:
        variant = {
            "purchasing_disabled": True,
            "purchasing_disabled_message": "This item is no longer made.",
        }
        words.append("Not made any more, and nothing is left: it cannot be bought.")
    return Limits(product, variant, tuple(words), min(dues, default=None))


def _quantities(said: Sequence[Statement], product: dict[str, Any], words: list[str]) -> None:
    smallest = max((each.minimum for each in said if each.minimum), default=0)
    largest = min((each.maximum for each in said if each.maximum), default=0)
    if largest and largest < smallest:
        words.append(
            f"The largest quantity of an order, {largest}, is below the smallest, {smallest}: left out."
        )
        largest = 0
    if smallest > 1:
        product["order_quantity_minimum"] = smallest
        words.append(f"Orders of {smallest} at least.")
    if largest:
        product["order_quantity_maximum"] = largest
        words.append(f"Orders of {largest} at most.")


def _dates(
    said: Sequence[Statement],
    shows: int,
    product: dict[str, Any],
    words: list[str],
    dues: list[datetime],
    now: datetime,
    zone: ZoneInfo,
) -> None:
    """Add what shoppers are told of days: pre-order, when more comes, how long it takes."""
    starts = [
        (start_of(each.available_from, zone), each.available_from)
        for each in said
        if each.available_from is not None and start_of(each.available_from, zone) > now
    ]
    if starts and len(starts) == len(said):
        begins, day = min(starts)
        dues.append(begins)
        product |= {
            "availability": "preorder",
            "preorder_release_date": begins.astimezone(UTC).isoformat(),
            "preorder_message": f"Available from {day}"[:LONGEST_MESSAGE],
        }
        words.append(f"For sale from {day}: shown as pre-order until then.")
        return
    comes = [
        each.expected_on
        for each in said
        if each.expected_on is not None and start_of(each.expected_on, zone) > now
    ]
    leads = [each.lead_days for each in said if each.lead_days is not None]
    if shows == 0 and comes:
        day = min(comes)
        dues.append(start_of(day, zone))
        product["availability_description"] = f"Expected again on {day}"
        words.append(f"Nothing is left, and more is expected on {day}.")
    elif shows and leads:
        days = max(leads)
        product["availability_description"] = f"Ships in {days} {'day' if days == 1 else 'days'}"
        words.append(f"Takes {days} {'day' if days == 1 else 'days'}.")


def strictest(several: Sequence[Limits]) -> Limits:
    """Return the product's limits where its variants ask for different ones: the largest minimum, the smallest maximum.

    What else they ask for holds where all of them ask for the same.
    """
    if len(several) == 1:
        return several[0]
    product: dict[str, Any] = {}
    for name in {name for each in several for name in each.product}:
        values = [each.product[name] for each in several if name in each.product]
        if name == "order_quantity_minimum":
            product[name] = max(values)
        elif name == "order_quantity_maximum":
            product[name] = min(values)
        elif len(values) == len(several) and all(value == values[0] for value in values):
            product[name] = values[0]
    if 0 < product.get("order_quantity_maximum", 0) < product.get("order_quantity_minimum", 0):
        del product["order_quantity_maximum"]
    words = tuple(dict.fromkeys(word for each in several for word in each.words))
    return Limits(
        product, {}, words, min((each.due_at for each in several if each.due_at is not None), default=None)
    )


def start_of(day: date, zone: ZoneInfo) -> datetime:
    """Return when ``day`` begins in ``zone``."""
    return datetime.combine(day, time(), zone)


def _floor(amount: Decimal) -> Decimal:
    return amount.to_integral_value(ROUND_FLOOR)


def _number(amount: Decimal) -> str:
    return format(amount.normalize(), "f")

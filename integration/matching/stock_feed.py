"""What a stock advice says of each item in each warehouse, in our unit, and why a feed had better be looked at first.

Both kinds of feed, the 846 and the plain file, come to rows of ``ItemSaid``. A quantity of zero is a statement; None is
none. The guard judges counts that somebody else has counted: nothing here knows what stood before.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time
from decimal import Decimal
from zoneinfo import ZoneInfo

from integration.documents import StockAdvice, StockLine, StockQuantity
from partners.mapping.conversion import Terms, in_our_unit

READY = ("available", "available_quantity")
ON_ITS_WAY = ("on_order", "projected", "in_process")
NOT_OURS_TO_SELL = ("committed", "on_hold", "damaged", "unusable")
"""Kinds of quantity that are taken off what is on hand, where the supplier does not say what is available."""
PIECES = frozenset({"", "each", "piece", "unit"})
_DAYS = {
    "days": Decimal(1),
    "calendar_days": Decimal(1),
    "work_days": Decimal(7) / 5,
    "weeks": Decimal(7),
    "months": Decimal(31),
}
"""How many days one of a lead time's units is at most."""
LARGEST = Decimal(10) ** 11
LONGEST_LEAD = 32_767
LARGEST_COUNT = 2_147_483_647


@dataclass(frozen=True, slots=True)
class ItemSaid:
    """What a feed says of one item in one warehouse. ``numbers`` are sku, vendor's item and UPC, "" where there is none.

    ``unit`` "" is the one in which the agreement has the item counted. ``problem`` is a sentence where the line cannot be
    taken: its other fields say nothing then.
    """

    line: int
    numbers: tuple[str, str, str] = ("", "", "")
    warehouse: str = ""
    quantity: Decimal | None = None
    unit: str = ""
    as_of: datetime | None = None
    expected_on: date | None = None
    expected_quantity: Decimal | None = None
    lead_days: int | None = None
    minimum: Decimal | None = None
    maximum: Decimal | None = None
    allocation: Decimal | None = None
    available_from: date | None = None
    discontinued_on: date | None = None
    problem: str = ""

    @property
    def named(self) -> str:
        """The item as the supplier names it."""
        return next((each for each in (self.numbers[1], self.numbers[0], self.numbers[2]) if each), "")[:100]


def items_said(advice: StockAdvice, first: int = 1) -> Iterator[ItemSaid]:
    """Yield what ``advice`` says of each item and warehouse, in the order of its lines, counted from ``first``."""
    around = _place(advice.warehouse)
    for number, line in enumerate(advice.lines, start=first):
        said = _line_said(advice, line, number, around)
        if not line.stores:
            yield said
        for each in line.stores:
            place = (each.location or "")[:80]
            yield replace(said, warehouse=place, quantity=each.quantity, unit=line.store_unit or "")


def _line_said(advice: StockAdvice, line: StockLine, number: int, around: str) -> ItemSaid:
    kinds: dict[str, StockQuantity] = {}
    for each in line.quantities:
        kinds.setdefault(each.kind or "", each)
    numbers = (line.buyer_item or line.sku or "", line.vendor_item or "", line.upc or line.ean or "")
    units = {each.unit for each in line.quantities if each.unit}
    said = ItemSaid(number, numbers, _place(line.warehouse) or around)
    if len(units) > 1:
        return replace(said, problem=f"It is counted in several units: {', '.join(sorted(units))}.")
    ready = _ready(kinds)
    receipt = _receipt(line)
    available = next((kinds[kind].available_on for kind in READY if kind in kinds), None)
    starts = available or line.available_on or advice.available_on
    expected_on, expected = receipt or (line.expected_on, None)
    if ready is not None and ready <= 0 and expected_on is None:
        # Nothing is there, and the item is available from a day on: then more comes.
        expected_on, starts = starts, None
    return replace(
        said,
        quantity=ready,
        unit=next(iter(units), ""),
        expected_on=expected_on,
        expected_quantity=expected,
        lead_days=_lead_days(line),
        minimum=_amount(kinds, "minimum_order"),
        maximum=_amount(kinds, "maximum_order"),
        allocation=_amount(kinds, "reserved"),
        available_from=starts,
        discontinued_on=line.discontinued_on,
    )


def _place(party: object) -> str:
    return (getattr(party, "id", None) or getattr(party, "name", None) or "")[:80]


def _amount(kinds: dict[str, StockQuantity], kind: str) -> Decimal | None:
    return kinds[kind].quantity if kind in kinds else None


def _ready(kinds: dict[str, StockQuantity]) -> Decimal | None:
    """Return what can be sold: as he says, else what is on hand less what is not for sale."""
    for kind in READY:
        if (said := _amount(kinds, kind)) is not None:
            return said
    on_hand = _amount(kinds, "on_hand")
    if on_hand is None:
        return None
    taken = sum((_amount(kinds, kind) or Decimal(0) for kind in NOT_OURS_TO_SELL), Decimal(0))
    return on_hand - taken


def _receipt(line: StockLine) -> tuple[date, Decimal | None] | None:
    """Return the earliest day on which more comes, and how much, where a quantity says so."""
    found = [
        (day, each.quantity)
        for each in line.quantities
        if each.kind in ON_ITS_WAY and (day := each.expected_on or each.available_on) is not None
    ]
    found += [
        (receipt.date, receipt.quantity)
        for each in line.quantities
        for receipt in each.receipts
        if receipt.date is not None
    ]
    return min(found, key=lambda each: each[0], default=None)


def _lead_days(line: StockLine) -> int | None:
    unit = _DAYS.get(line.lead_time_unit or "")
    if unit is None or line.lead_time is None or not 0 <= line.lead_time < LONGEST_LEAD:
        return None
    return min(math.ceil(line.lead_time * unit), LONGEST_LEAD)


def counted(said: ItemSaid, terms: Terms | None, *, movement: bool = False) -> ItemSaid:
    """Return ``said`` in our unit by the item's terms; with a ``problem`` where nobody knows what its unit is of ours.

    Without terms what is counted by the piece is. Nothing is rounded but the limits of an order, which are whole: the
    smallest up, the largest down.
    """
    if said.problem:
        return said
    wanted = terms or Terms(sku="")
    if terms is None and said.unit not in PIECES:
        return _problem(
            said, f"It is counted in {said.unit}, and no item of the agreement says how many that is."
        )
    unit = "" if terms is None else said.unit
    amounts = {
        name: None if value is None else in_our_unit(value, unit, wanted)
        for name in ("quantity", "expected_quantity", "minimum", "maximum", "allocation")
        for value in (getattr(said, name),)
    }
    wrong = [name for name, each in amounts.items() if each is None and getattr(said, name) is not None]
    if wrong:
        packed = f"one {wanted.theirs} holds {wanted.pack_factor.normalize():f} {wanted.unit}"
        return _problem(said, f"It is counted in {said.unit or wanted.theirs}, and {packed}.")
    if any(abs(each) >= LARGEST for each in amounts.values() if each is not None):
        return _problem(said, "It is more than any stock.")
    if not movement and (amounts["quantity"] or 0) < 0:
        amounts["quantity"] = Decimal(0)
    least, most = amounts["minimum"], amounts["maximum"]
    return replace(
        said,
        quantity=amounts["quantity"],
        expected_quantity=amounts["expected_quantity"],
        allocation=amounts["allocation"],
        minimum=None if least is None else Decimal(max(0, min(math.ceil(least), LARGEST_COUNT))),
        maximum=None if most is None else Decimal(max(0, min(math.floor(most), LARGEST_COUNT))),
    )


def _problem(said: ItemSaid, sentence: str) -> ItemSaid:
    return ItemSaid(said.line, said.numbers, said.warehouse, problem=sentence[:200])


def counted_at(
    stated_on: date | None, stated_at: time | None, made_at: datetime, zone: ZoneInfo, arrived_at: datetime
) -> tuple[date, datetime]:
    """Return the day that a feed bears, and the moment for which it holds; nothing was counted after it arrived.

    Without a time, a feed of the day on which it was made holds for the moment of its making, one of an earlier day for
    the end of that day.
    """
    made_on = made_at.astimezone(zone).date()
    day = stated_on or made_on
    if stated_at is not None:
        moment = datetime.combine(day, stated_at, zone)
    elif day == made_on:
        moment = made_at
    else:
        moment = datetime.combine(day, time.max, zone).replace(microsecond=0)
    return day, min(moment.astimezone(UTC), max(made_at, arrived_at).astimezone(UTC))


@dataclass(frozen=True, slots=True)
class GuardLimits:
    """When a feed is held, of an agreement: shares in percent, counted from so many items on."""

    most_changed: Decimal
    most_zeroed: Decimal
    guarded_from: int


@dataclass(frozen=True, slots=True)
class Weighed:
    """What a feed would do, in numbers of items.

    ``known``: had a stock before, and the feed counts them or could have; ``in_stock``: more than nothing of it. ``changed``
    and ``emptied`` of them. ``shifted``: how many of those changed did so by one ``shift``; ``packed``: times or divided by
    the pack factor; ``scaled``: by one ``scale``; ``slipped``: have what stood in the line above or below. ``standing`` and
    ``named``: how many items stand of its warehouses, and how many a whole feed names of any.
    """

    lines: int
    known: int = 0
    in_stock: int = 0
    changed: int = 0
    emptied: int = 0
    shifted: int = 0
    shift: Decimal = Decimal(0)
    packed: int = 0
    multiplied: bool = True
    scaled: int = 0
    scale: Decimal = Decimal(1)
    slipped: int = 0
    moved: int = 0
    standing: int = 0
    named: int = 0
    unread: int = 0


UNIFORM = Decimal("0.8")
"""What so large a share of the changed items have in common is no trade."""
MOST_UNREAD = Decimal("0.05")


def suspicions(weighed: Weighed, limits: GuardLimits, *, is_whole: bool) -> list[str]:
    """Return why the feed had better be looked at before it counts, the most telling first; sentences with numbers."""
    if not weighed.lines:
        return ["It names no item at all."]
    found: list[str] = []
    if weighed.lines >= limits.guarded_from and weighed.unread > weighed.lines * MOST_UNREAD:
        found.append(f"{_of(weighed.unread, weighed.lines)} lines could not be understood.")
    if is_whole:
        found += _lacking(weighed, limits)
    found += _uniform(weighed, limits)
    if weighed.known >= limits.guarded_from and _is_more(weighed.changed, weighed.known, limits.most_changed):
        share = f"at most {_plain(limits.most_changed)} % may change at once"
        found.append(f"It changes {_of(weighed.changed, weighed.known)} items known; {share}.")
    if weighed.in_stock >= limits.guarded_from and _is_more(
        weighed.emptied, weighed.in_stock, limits.most_zeroed
    ):
        share = f"at most {_plain(limits.most_zeroed)} % may be emptied at once"
        found.append(f"It sets {_of(weighed.emptied, weighed.in_stock)} items in stock to nothing; {share}.")
    return found


def _lacking(weighed: Weighed, limits: GuardLimits) -> list[str]:
    lacking = weighed.standing - weighed.named
    if weighed.standing < limits.guarded_from or not _is_more(lacking, weighed.standing, limits.most_zeroed):
        return []
    return [
        f"It names {weighed.named:,} items as the whole stock where {weighed.standing:,} stand:"
        f" {lacking:,} are missing, as from a file that was cut off."
    ]


def _uniform(weighed: Weighed, limits: GuardLimits) -> list[str]:
    """Return what the changed items have in common that no trade explains."""
    if weighed.changed < max(limits.guarded_from, 2):
        return []
    enough = max(weighed.changed * UNIFORM, Decimal(limits.guarded_from))
    if weighed.packed >= enough:
        way = "times" if weighed.multiplied else "divided by"
        return [
            f"{_of(weighed.packed, weighed.changed)} changed items have what stood before {way} their pack factor: it seems"
            " to count in another unit."
        ]
    if weighed.scaled >= enough:
        way = (
            f"{_plain(weighed.scale)} times"
            if weighed.scale >= 1
            else f"one {_plain(1 / weighed.scale)}th of"
        )
        return [
            f"{_of(weighed.scaled, weighed.changed)} changed items have exactly {way} what stood before: it seems to count in"
            " another unit."
        ]
    if weighed.moved >= limits.guarded_from and weighed.slipped >= weighed.moved * UNIFORM:
        return [
            f"{_of(weighed.slipped, weighed.changed)} changed items have what stood for the item in the line beside: its"
            " quantities seem to have slipped by one line."
        ]
    if weighed.shifted >= enough and weighed.shifted >= weighed.known * UNIFORM:
        more = "more" if weighed.shift > 0 else "less"
        return [
            f"{_of(weighed.shifted, weighed.known)} items known have exactly {_plain(abs(weighed.shift))} {more} than before:"
            " it seems to count one off."
        ]
    return []


def stale_words(stated_on: date, made_on: date, earlier: str) -> str:
    """Return what is suspicious of a feed that bears the day of another one, was made on a later day, and says other things."""
    return f"It was made on {_day(made_on)} and bears the date {_day(stated_on)} again, like {earlier}, with other content."


def _day(value: date) -> str:
    return f"{value.day} {value:%b %Y}"


def _of(part: int, whole: int) -> str:
    return f"{part:,} of {whole:,}"


def _is_more(part: int, whole: int, percent: Decimal) -> bool:
    return part * 100 > whole * percent


def _plain(value: Decimal) -> str:
    text = f"{value.quantize(Decimal('0.0001')):f}"
    return text.rstrip("0").rstrip(".") if "." in text else text

"""Ship notices (856) held against what was ordered: what each sends of a purchase order, in which packages, and what of
that only a person can settle.

A notice tells the same shipment in any of several nestings; its canonical form is flat, so that none of them matters
here. Packages that travel under one tracking number are one *package set*: one shipment in the store.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal

from integration.documents.parts import Party, Shipping
from integration.documents.ship_notice import Package, ShipNotice, ShippedItem
from integration.matching.acknowledgment import Difference
from integration.matching.lines import AskedLine, number_of, pair, plain
from integration.matching.tolerances import Limit

MAIN = "main"
"""The package set of what travels without a tracking number."""
CANCELLING = "cancel"
"""BSN01 (element 353) of a notice that takes back an earlier one of its number."""
REPLACING = frozenset({"replace", "change"})
"""BSN01 of a notice that stands for an earlier one of its number."""
NOTHING = Limit()
_SHIPPED = "shipped"


@dataclass(frozen=True, slots=True)
class PackageSet:
    """What travels under one tracking number; ``quantities`` by line number, in our unit."""

    key: str
    tracking_number: str
    scac: str
    carrier_words: str
    quantities: Mapping[int, Decimal]


@dataclass(frozen=True, slots=True)
class Sent:
    """What a notice says of one purchase order; ``strangers`` are items that mean none of its lines."""

    sets: tuple[PackageSet, ...]
    strangers: tuple[ShippedItem, ...]

    @property
    def quantities(self) -> dict[int, Decimal]:
        """Return how much of each line is sent, by line number."""
        found: dict[int, Decimal] = {}
        for each in self.sets:
            for line, quantity in each.quantities.items():
                found[line] = found.get(line, Decimal(0)) + quantity
        return found


@dataclass(frozen=True, slots=True)
class PackedItem:
    """One item of a notice as it is packed: with which package set it travels, and which line of ours it means.

    ``package`` is None where it lies in none, ``line`` where it means no line of the purchase order.
    """

    package_set: str
    package: Package | None
    line: int | None
    item: ShippedItem


@dataclass(frozen=True, slots=True)
class ShipmentLimits:
    """What of ship notices counts by itself. By default: only what was ordered, answered and in time.

    ``over``: more than is in force. ``days_late``: days after the last day of shipping. ``before_answer``: before the
    855 has come.
    """

    over: Limit = NOTHING
    days_late: int = 0
    before_answer: bool = False


@dataclass(frozen=True, slots=True)
class Circumstances:
    """What is known of a purchase order when a notice for it is judged.

    ``cancelled`` says who cancelled it, "" where nobody did. ``awaits_answer``: an 855 is expected and has not come.
    ``last_day``: what is not shipped by then is not wanted any more. ``shipped_before``: by line number, by notices that
    the partner made before this one.
    """

    cancelled: str = ""
    awaits_answer: bool = False
    ship_to: Party | None = None
    last_day: date | None = None
    shipped_before: Mapping[int, Decimal] = field(default_factory=dict)
    limits: ShipmentLimits = field(default_factory=ShipmentLimits)


def sent_for(notice: ShipNotice, purchase_order: str, asked: Sequence[AskedLine]) -> Sent:
    """Return what ``notice``, in our units, sends for the purchase order of that number."""
    packed = packed_for(notice, purchase_order, asked)
    sets: dict[str, tuple[Package | None, dict[int, Decimal]]] = {}
    for each in packed:
        if each.line is not None and each.item.quantity:
            _, quantities = sets.setdefault(each.package_set, (each.package, {}))
            quantities[each.line] = quantities.get(each.line, Decimal(0)) + each.item.quantity
    return Sent(
        tuple(_package_set(notice, key, *found) for key, found in sorted(sets.items())),
        tuple(each.item for each in packed if each.line is None and each.item.quantity),
    )


def packed_for(notice: ShipNotice, purchase_order: str, asked: Sequence[AskedLine]) -> list[PackedItem]:
    """Return every item that ``notice`` tells of the purchase order of that number, in the order of the notice."""
    items = _items_of(notice, purchase_order)
    line_of = {
        id(item): number
        for number, lines in pair(asked, items, in_parts=True).lines.items()
        for item in lines
    }
    found = []
    for item in items:
        package = notice.packages[item.package] if item.package is not None else None
        found.append(PackedItem(_tracking(notice, package) or MAIN, package, line_of.get(id(item)), item))
    return found


def tracking_of(package: Package) -> str:
    """Return the carrier's number of ``package``, "" where it has none of its own."""
    own = (package.tracking_number, *package.carrier_package_ids, package.pro_number)
    return next((each.strip() for each in own if each and each.strip()), "")


def differences(
    notice: ShipNotice, sent: Sent, asked: Sequence[AskedLine], known: Circumstances
) -> tuple[Difference, ...]:
    """Return what of ``sent`` only a person can settle; ``asked`` holds what is in force by what we have told."""
    found = [
        *_of_the_order(notice, known),
        *(
            Difference(None, "", "an item that was not ordered", "nothing", _item_words(each), _SHIPPED)
            for each in sent.strangers
        ),
    ]
    quantities = sent.quantities
    for line in asked:
        now = quantities.get(line.line_number)
        if now is not None:
            found += _of_the_line(line, now, known)
    return tuple(found)


def exceeds(sent: Sent, asked: Sequence[AskedLine], shipped_before: Mapping[int, Decimal]) -> bool:
    """Say whether more of a line is shipped with ``sent`` than was ordered."""
    wanted = {line.line_number: line.quantity for line in asked}
    return any(
        shipped_before.get(line, Decimal(0)) + quantity > wanted[line]
        for line, quantity in sent.quantities.items()
    )


def in_force(purposes: Sequence[str | None]) -> int | None:
    """Return which of the notices of one number holds, given their purposes in the order in which they were made.

    The last one does; None where it takes the shipment back. Which of two is later does not depend on which came first.
    """
    if not purposes or purposes[-1] == CANCELLING:
        return None
    return len(purposes) - 1


def repeats_unasked(purposes: Sequence[str | None]) -> bool:
    """Say whether the notice in force stands for an earlier one of its number without saying that it replaces it."""
    held = in_force(purposes)
    return (
        held is not None and held > 0 and purposes[held] not in REPLACING and purposes[held - 1] != CANCELLING
    )


def bundle_quantities(items: Mapping[int, int], lines: Iterable[tuple[int, int, int, int]]) -> dict[int, int]:
    """Return how many of each bundle are complete once ``items`` are shipped, by the id of the bundle's own line.

    ``lines`` are those of the order in the store: id, quantity, shipped before, and the id of the bundle that a line is
    in (0: none). A bundle whose own line is among ``items`` is left to the notice.
    """
    told = {key: (quantity, shipped, parent) for key, quantity, shipped, parent in lines}
    parts: dict[int, list[int]] = {}
    for key, (_, _, parent) in told.items():
        if parent in told:
            parts.setdefault(parent, []).append(key)
    found = {}
    for parent, keys in parts.items():
        quantity, shipped, _ = told[parent]
        if parent in items or not any(key in items for key in keys) or not quantity:
            continue
        complete = min(
            quantity * (told[key][1] + items.get(key, 0)) // told[key][0] if told[key][0] else quantity
            for key in keys
        )
        if complete > shipped:
            found[parent] = complete - shipped
    return found


def _items_of(notice: ShipNotice, purchase_order: str) -> list[ShippedItem]:
    named = {
        place for place, each in enumerate(notice.orders) if each.purchase_order_number == purchase_order
    }
    alone = len(notice.orders) == 1 and bool(named)
    return [each for each in notice.items if each.order in named or (alone and each.order is None)]


def _tracking(notice: ShipNotice, package: Package | None) -> str:
    """Return the number by which a customer follows the goods: the parcel's, else that of the whole shipment."""
    own = tracking_of(package) if package is not None else ""
    whole = (notice.tracking_number, *notice.pro_numbers)
    return own or next((each.strip() for each in whole if each and each.strip()), "")


def _package_set(
    notice: ShipNotice, key: str, package: Package | None, quantities: Mapping[int, Decimal]
) -> PackageSet:
    way = (package.shipping if package is not None else None) or notice.shipping or Shipping()
    whole = notice.shipping or Shipping()
    return PackageSet(
        key=key,
        tracking_number="" if key == MAIN else key,
        scac=(way.carrier_scac or whole.carrier_scac or "").strip().upper(),
        carrier_words=(way.routing or whole.routing or "").strip(),
        quantities=quantities,
    )


def _of_the_order(notice: ShipNotice, known: Circumstances) -> list[Difference]:
    found = []
    if known.cancelled:
        found.append(
            Difference(
                None, "", "a cancelled order", f"nothing, cancelled by {known.cancelled}", "goods", _SHIPPED
            )
        )
    if known.awaits_answer and not known.limits.before_answer:
        asked = "an acknowledgment (855) first"
        found.append(Difference(None, "", "not acknowledged", asked, "without one", _SHIPPED))
    if known.ship_to is not None and notice.ship_to is not None and _elsewhere(known.ship_to, notice.ship_to):
        places = _place_words(known.ship_to), _place_words(notice.ship_to)
        found.append(Difference(None, "", "ship-to", *places, f"{_SHIPPED} to"))
    day = notice.shipped_on or notice.notified_on
    last = known.last_day
    if last is not None and day is not None and day > last + timedelta(days=known.limits.days_late):
        asked = f"by {last.isoformat()}"
        found.append(Difference(None, "", "date", asked, f"on {day.isoformat()}", _SHIPPED))
    return found


def _of_the_line(line: AskedLine, now: Decimal, known: Circumstances) -> list[Difference]:
    found = []
    so_far = known.shipped_before.get(line.line_number, Decimal(0)) + now
    over = so_far - line.quantity
    if over > 0 and not known.limits.over.holds(over, line.quantity):
        told = f"{plain(so_far)} in all" if so_far != now else plain(so_far)
        found.append(Difference(line.line_number, line.sku, "quantity", plain(line.quantity), told, _SHIPPED))
    if now % 1:
        told = f"{plain(now)} {line.unit}"
        found.append(Difference(line.line_number, line.sku, "quantity", "whole pieces", told, _SHIPPED))
    return found


def _elsewhere(asked: Party, told: Party) -> bool:
    """Say whether two places are certainly not the same: what is not told by both proves nothing."""
    if asked.id and told.id and asked.id_kind == told.id_kind:
        return asked.id != told.id
    countries = [_letters(each.country) for each in (asked, told)]
    if (
        all(len(each) == 2 for each in countries) and len(set(countries)) == 2
    ):  # USA is no other place than US
        return True
    codes = [_letters(each.postal_code)[:5] for each in (asked, told)]
    return all(codes) and codes[0] != codes[1]


def _letters(text: str | None) -> str:
    return re.sub(r"[^A-Z0-9]", "", (text or "").upper())


def _place_words(party: Party) -> str:
    parts = [party.name, *party.address_lines, party.city, party.postal_code, party.country]
    return ", ".join(each for each in parts if each) or party.id or "nowhere"


def _item_words(item: ShippedItem) -> str:
    return f"{plain(item.quantity)} of {number_of(item)}"

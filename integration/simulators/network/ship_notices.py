"""What a supplier says when goods leave him: the body of his 856, in several structures and tempers.

=============== =================================================================== =========
way             what leaves, and how it is told                                     structure
=============== =================================================================== =========
whole           everything in one parcel                                            S O P I
parcels         each line in a parcel of its own, with a tracking number each       S O P I
no_packages     everything, its tracking number told of the whole shipment          S O I
packed_first    the parcel stands above the orders that are in it                   S P O I
pallets         parcels on a pallet                                                 S O T P I
untracked       everything, by a carrier without tracking numbers                   S O I
half            half of each line, one at least                                     S O P I
over            one more of the first line than was asked                           S O P I
stranger        an item besides that nobody asked for                               S O P I
elsewhere       everything, to another place                                        S O P I
=============== =================================================================== =========

Lines, quantities and units are those of the 850 and of the changes that the supplier took.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import ROUND_FLOOR, Decimal

from integration.simulators.network.purchase_orders import PurchaseOrder, Segments, element

WAYS = {
    "whole": "everything in one parcel",
    "parcels": "each line in a parcel of its own",
    "no_packages": "everything, with one tracking number for the shipment",
    "packed_first": "a parcel with all orders in it",
    "pallets": "parcels on a pallet",
    "untracked": "everything, without a tracking number",
    "half": "half of each line",
    "over": "one more of the first line than was asked",
    "stranger": "an item besides that nobody asked for",
    "elsewhere": "everything, to another place",
}
PURPOSES = {"original": "00", "cancel": "01", "replace": "05"}
CODES = {"no_packages": "0004", "untracked": "0004", "packed_first": "0003"}
ITEM_IDS = range(6, 25, 2)


@dataclass
class Parcel:
    """What is in one box: quantities by purchase order number and line."""

    tracking: str
    contents: dict[str, dict[str, Decimal]] = field(default_factory=dict)


@dataclass(frozen=True)
class ShipNotice:
    """One notice: its body, and what it says, as the ledger keeps it."""

    body: Segments
    parcels: Sequence[Parcel]
    number: str


def ship_notice(
    orders: Sequence[tuple[PurchaseOrder, Mapping[str, str]]],
    way: str,
    purpose: str,
    number: str,
    first: int,
    now: tuple[str, str],
) -> ShipNotice:
    """Return the notice of ``orders``, each with the quantities that are still to go, by line.

    ``first`` numbers the tracking numbers; ``now`` is CCYYMMDD and HHMM.
    """
    parcels = _packed(orders, way, first)
    if purpose == "cancel":
        parcels = []
    tree = _Tree()
    heading = tree.add("S")
    tree.body += [["TD5", "O", "2", "UPSN", "U", "UPS Ground"]]
    if way in ("no_packages",) and parcels:
        tree.body.append(["REF", "2I", parcels[0].tracking])
    tree.body.append(["DTM", "011", now[0]])
    tree.body += _place(orders[0][0], way)
    by_number = {order.number: order for order, _ in orders}
    if purpose == "cancel":
        for order, _ in orders:
            tree.add("O", heading)
            tree.body.append(["PRF", order.number])
    elif way == "packed_first":
        _packages_first(tree, heading, parcels, by_number)
    else:
        _orders_first(tree, heading, parcels, by_number, way)
    bsn = ["BSN", PURPOSES[purpose], number, *now, CODES.get(way, "0001")]
    return ShipNotice([bsn, *tree.body, ["CTT", str(tree.count)]], parcels, number)


@dataclass
class _Tree:
    """The body so far; ``add`` begins a level."""

    body: Segments = field(default_factory=list)
    count: int = 0

    def add(self, level: str, parent: int = 0) -> int:
        self.count += 1
        self.body.append(["HL", str(self.count), str(parent or ""), level])
        return self.count


def _packed(orders: Sequence[tuple[PurchaseOrder, Mapping[str, str]]], way: str, first: int) -> list[Parcel]:
    parcels: list[Parcel] = []
    for place, (order, held) in enumerate(orders):
        for line in order.lines:
            number = element(line, 1)
            quantity = Decimal(held.get(number, "0"))
            if way == "half":
                quantity = (
                    max(Decimal(1), (quantity / 2).to_integral_value(ROUND_FLOOR)) if quantity else quantity
                )
            if way == "over" and not place and line is order.lines[0]:
                quantity += 1
            if quantity <= 0:
                continue
            if not parcels or way in ("parcels", "pallets"):
                tracking = "" if way == "untracked" else f"1Z5R89{first + len(parcels):012d}"
                parcels.append(Parcel(tracking))
            parcels[-1].contents.setdefault(order.number, {})[number] = quantity
    return parcels


def _orders_first(
    tree: _Tree, heading: int, parcels: Sequence[Parcel], orders: Mapping[str, PurchaseOrder], way: str
) -> None:
    for order in orders.values():
        own = [each for each in parcels if order.number in each.contents]
        if not own:
            continue
        above = tree.add("O", heading)
        tree.body.append(["PRF", order.number, "", "", order.date])
        if way == "pallets":
            above = tree.add("T", above)
            tree.body.append(["MAN", "GM", f"00012345{above:012d}"])
        for parcel in own:
            level = above if way in ("no_packages", "untracked") else _package(tree, above, parcel)
            _items(tree, level, order, parcel.contents[order.number], parcel is own[-1] and way == "stranger")


def _packages_first(
    tree: _Tree, heading: int, parcels: Sequence[Parcel], orders: Mapping[str, PurchaseOrder]
) -> None:
    for parcel in parcels:
        package = _package(tree, heading, parcel)
        for number, lines in parcel.contents.items():
            level = tree.add("O", package)
            tree.body.append(["PRF", number])
            _items(tree, level, orders[number], lines, False)


def _package(tree: _Tree, above: int, parcel: Parcel) -> int:
    level = tree.add("P", above)
    tree.body += [["TD1", "CTN", "1"], ["MAN", "CP", parcel.tracking]]
    return level


def _items(
    tree: _Tree, above: int, order: PurchaseOrder, quantities: Mapping[str, Decimal], stranger: bool
) -> None:
    for line in order.lines:
        number = element(line, 1)
        if number not in quantities:
            continue
        ids = [part for place in ITEM_IDS if element(line, place + 1) for part in line[place : place + 2]]
        tree.add("I", above)
        tree.body += [["LIN", number, *ids], ["SN1", "", f"{quantities[number]:f}", element(line, 3)]]
    if stranger:
        tree.add("I", above)
        tree.body += [["LIN", "99", "VN", "GIFT-PEN"], ["SN1", "", "1", "EA"]]


def _place(order: PurchaseOrder, way: str) -> Segments:
    if way == "elsewhere":
        return [
            ["N1", "ST", "Harbour Depot"],
            ["N3", "3 Wharf Lane"],
            ["N4", "Galveston", "TX", "77550", "US"],
        ]
    return [list(each) for each in order.place]

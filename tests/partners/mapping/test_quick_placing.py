"""Graphs written by the quick tree are as the long way writes them, plain and odd; faults in the tree are noticed."""

from __future__ import annotations

import datetime
from collections.abc import Callable, Iterator
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from integration.documents import Package, Pallet, ShipNotice, ShippedItem, ShippedOrder
from integration.x12.plain import PlainSegments, as_rows, plain_segments
from integration.x12.syntax import Composite, Segment, placed_segments
from partners.mapping import quick_placing, quick_writing
from partners.mapping.quick_placing import Branch, _Tree
from partners.mapping.writer import write
from tests.partners.mapping.test_quick_way import same_written
from tests.partners.mapping.test_ship_notice_law import STRUCTURES, guide_in

LISTS = {
    "items": ("order", "package", "pallet"),
    "packages": ("order", "pallet", "sscc"),
    "pallets": ("order", "sscc"),
    "orders": ("purchase_order_number",),
}
# What no link or key should be, and what may stand there: what is equal to a number is none.
VALUES = (
    None,
    0,
    1,
    2,
    -1,
    True,
    1.0,
    "0",
    "",
    "GP-1",
    "GP-1 ",
    "300123456700000018",
    "00300123456700000018",
    "x" * 99,
)


def item(name: str, **links: Any) -> ShippedItem:
    return ShippedItem(vendor_item=name, quantity=Decimal(2), unit="each", **links)


def plain() -> ShipNotice:
    """Two orders; two cartons of the first, one on the other's pallet; items of a carton are not told in one go."""
    return ShipNotice(
        purpose="original",
        number="SH-7",
        notified_on=datetime.date(2026, 3, 2),
        notified_at=datetime.time(9, 41),
        orders=(ShippedOrder(purchase_order_number="GP-1"), ShippedOrder(purchase_order_number="GP-2")),
        packages=(Package(sscc="300123456700000018"), Package(sscc="300123456700000025"), Package()),
        items=(
            item("LAMP", order=0, package=1),
            item("BULB", order=1, package=2),
            item("SHADE", order=0, package=0),
            item("CORD", order=0, package=1),
            item("LOOSE", order=1),
        ),
    )


def with_pallets() -> ShipNotice:
    notice = plain()
    packages = tuple(replace(each, pallet=at % 2) for at, each in enumerate(notice.packages))
    return replace(notice, packages=packages, pallets=(Pallet(sscc="300123456700000032"), Pallet()))


def odd(notice: ShipNotice) -> Iterator[ShipNotice]:
    """The notice with each link and key of each entry changed, with each entry left out, and with each told twice."""
    for name, fields in LISTS.items():
        entries: Any = getattr(notice, name)
        for at, entry in enumerate(entries):
            before, behind = entries[:at], entries[at + 1 :]
            for field in fields:
                for value in VALUES:
                    yield replace(notice, **{name: (*before, replace(entry, **{field: value}), *behind)})
            yield replace(notice, **{name: (*before, *behind)})
            yield replace(notice, **{name: (*entries, entry)})
        yield replace(notice, **{name: ()})


def all_same(*structures: str, step: int = 1) -> int:
    """Writes every ``step``-th of the odd notices both ways; returns how many."""
    notices = [each for notice in (plain(), with_pallets()) for each in (notice, *list(odd(notice))[::step])]
    for structure in structures:
        guide = guide_in(structure)
        for each in notices:
            same_written(each, guide)
    return len(notices)


@pytest.mark.parametrize("structure", STRUCTURES)
def test_odd_graphs_are_written_the_same_both_ways(structure: str) -> None:
    assert all_same(structure, step=5 if structure in ("SOPI", "SOTPI") else 19) > 40


@pytest.mark.parametrize(("structure", "notice"), [("SOPI", plain()), ("SOTPI", plain())])
def test_a_plain_graph_goes_the_quick_way(
    structure: str, notice: ShipNotice, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refused(*_: Any) -> None:
        raise AssertionError

    monkeypatch.setattr(quick_writing, "Placing", refused)
    written = write(notice, guide_in(structure))
    assert written.report == ()
    assert [each.elements for each in written.segments if each.tag == "HL"] == [
        ("1", "", "S", "1"), ("2", "1", "O", "1"), ("3", "2", "P", "1"), ("4", "3", "I", "0"), ("5", "3", "I", "0"),
        ("6", "2", "P", "1"), ("7", "6", "I", "0"), ("8", "1", "O", "1"), ("9", "8", "P", "1"), ("10", "9", "I", "0"),
        ("11", "8", "I", "0"),
    ]  # fmt: skip


def _nothing(*_: Any) -> None:
    return None


def _swapped(self: _Tree, root: Branch, links: tuple[Any, ...]) -> list[Any]:
    order, package, *others = links
    return _AROUND(self, root, (package, order, *others) if package in (0, 1) else links)


def _unchecked(self: _Tree, code: str, named: Any) -> dict[str, int]:
    return {target: value for target, value in named if value is not None}


_AROUND = _Tree._around
FAULTS: dict[str, tuple[Any, str, Any]] = {
    "links are taken for each other": (_Tree, "_around", _swapped),
    "links may say things twice": (_Tree, "_checked", _unchecked),
    "what holds something tells nothing": (_Tree, "_holder_links", lambda self: {}),
    "two entries may have one key": (_Tree, "_check_keys", _nothing),
    "whatever is equal to a number is one": (quick_placing, "_INDEX_TYPES", frozenset({int, type(None), bool, float})),
}  # fmt: skip


@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_in_the_tree_is_noticed(fault: str, monkeypatch: pytest.MonkeyPatch) -> None:
    owner, name, wrong = FAULTS[fault]
    monkeypatch.setattr(owner, name, wrong)
    with pytest.raises((AssertionError, IndexError, TypeError)):
        all_same("SOPI", "SOTPI", "STPI")


SAME: dict[str, Callable[[Any], object]] = {
    "a list": list,
    "its length": len,
    "one of them": lambda each: each[1],
    "the last": lambda each: each[-1].position,
    "some of them": lambda each: list(each[1:]),
    "positions": lambda each: [one.position for one in each],
    "rows": as_rows,
}


@pytest.mark.parametrize("what", SAME)
def test_segments_made_when_asked_for_are_those_made_at_once(what: str) -> None:
    rows = [("BEG", "00", "NE"), ("REF", "CO", "7"), ("CTT", "1")]
    placed: Any = tuple(placed_segments(rows, 2))
    assert SAME[what](plain_segments(rows, 2)) == SAME[what](placed)


def test_segments_made_when_asked_for_equal_others_by_what_they_hold() -> None:
    rows = [("BEG", "00"), ("CTT", "1")]
    made = plain_segments(rows, 2)
    assert made == (Segment("BEG", ["00"]), Segment("CTT", ["1"]))
    assert (Segment("BEG", ["00"]),) != made
    assert hash(made) == hash(plain_segments(list(rows), 2))
    assert made != 7
    assert list(PlainSegments("", 0, frozenset())) == []


@pytest.mark.parametrize(
    "text",
    ["\x1c", "a\x1db", Composite("EA", "2"), "\x1e"],
    ids=["segment", "element", "composite", "repeat"],
)
def test_what_holds_what_stands_between_texts_is_not_plain(text: str) -> None:
    assert plain_segments([("BEG", "00", text)]) is None
    assert plain_segments([("BEG", "00", "a")]) == [Segment("BEG", ["00", "a"])]

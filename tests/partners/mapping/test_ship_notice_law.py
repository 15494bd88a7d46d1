"""The law for ship notices: whatever the structure, a notice is read back as it was, or the writer reports why not."""

from __future__ import annotations

import dataclasses
import os
import random
from collections import Counter
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given

from integration.documents import Package, Pallet, ShipNotice, ShippedItem, ShippedOrder, catalogue, leaves
from integration.x12.structure import walk
from integration.x12.syntax import Segment
from partners.mapping.compiler import load_shipped_guide, shipped_text
from partners.mapping.normal import norm
from partners.mapping.overrides import Override, apply_overrides
from partners.mapping.reader import read, read_set
from partners.mapping.rules import Guide
from partners.mapping.writer import write
from tests.partners.mapping.mapped_documents import generic, through_bytes
from tests.partners.mapping.shipped_graphs import same_graph, ship_notices
from tests.partners.mapping.test_mapping_law import profile
from tests.partners.mapping.test_mapping_samples import public_sets

WHOLE = os.environ.get("GRIDPORT_CHAOS") == "1"
STRUCTURES = ("SOTPI", "SOPI", "SOIP", "STPOI", "SPOI", "SOI", "STPI", "SPI", "SI")
VERSIONS = ("004010", "005010")


def guide_in(structure: str, version: str = "004010") -> Guide:
    return apply_overrides(shipped_text("856", version), [Override("source", "structure", structure)])


@pytest.mark.parametrize("version", VERSIONS)
def test_a_structure_with_every_level_carries_every_notice(version: str) -> None:
    guide = guide_in("SOTPI", version)
    seen: Counter[str] = Counter()
    covered: set[str] = set()

    @profile(300 if WHOLE else 40)
    @given(ship_notices(version=version))
    def law(notice: ShipNotice) -> None:
        written = write(notice, guide)
        if written.errors:
            # Only what stands twice and has no key cannot be told.
            assert {each.sentence.partition("fill that")[1] for each in written.errors} == {"fill that"}
            seen["refused"] += 1
            return
        assert written.report == ()
        result = through_bytes(guide, written.segments)
        assert isinstance(result.document, ShipNotice)
        assert same_graph(result.document, norm(notice, guide))  # type: ignore[arg-type]
        assert {each.kind for each in result.report} <= {"untranslated"}
        seen["accepted"] += 1
        covered.update(generic(path) for path, _ in leaves(notice))

    law()
    assert seen["refused"] <= (30 if WHOLE else 8)
    missing = {each.path for each in catalogue("ship_notice")} - covered
    assert missing == set()


@pytest.mark.parametrize("structure", STRUCTURES)
def test_in_any_structure_a_notice_is_read_back_or_the_writer_says_what_is_lost(structure: str) -> None:
    guide = guide_in(structure)
    seen: Counter[str] = Counter()

    @profile(300 if WHOLE else 15)
    @given(ship_notices(hostility=1, version="004010"))
    def law(notice: ShipNotice) -> None:
        written = write(notice, guide)
        if written.report:
            assert all(each.sentence.endswith(".") for each in written.report)
            seen["reported"] += 1
            read_set(written.segments, guide)
            return
        result = read_set(written.segments, guide).document
        assert isinstance(result, ShipNotice)
        assert same_graph(result, norm(notice, guide))  # type: ignore[arg-type]
        seen["accepted"] += 1

    law()
    assert seen["accepted"] + seen["reported"] == (300 if WHOLE else 15)


def two_orders_in_one_carton() -> ShipNotice:
    return ShipNotice(
        purpose="original",
        number="SH-7",
        notified_on=None,
        orders=(ShippedOrder(purchase_order_number="GP-1"), ShippedOrder(purchase_order_number="GP-2")),
        packages=(Package(sscc="300123456700000018"), Package(sscc="300123456700000025")),
        items=(
            ShippedItem(vendor_item="LAMP", quantity=Decimal(2), unit="each", order=0, package=0),
            ShippedItem(vendor_item="BULB", quantity=Decimal(6), unit="each", order=1, package=0),
            ShippedItem(vendor_item="LAMP", quantity=Decimal(1), unit="each", order=1, package=1),
        ),
    )


@pytest.mark.parametrize("structure", ["SOTPI", "SOPI", "SOIP", "STPOI", "SPOI", "STPI", "SPI"])
def test_one_carton_with_two_orders_is_the_same_notice_in_every_structure(structure: str) -> None:
    notice = dataclasses.replace(two_orders_in_one_carton(), **dict.fromkeys(()))
    guide = guide_in(structure)
    written = write(notice, guide)
    # Date and time of the notice are mandatory; nothing else is amiss.
    assert [each.address for each in written.errors] == ["BSN.3", "BSN.4"]
    found = read_set(written.segments, load_shipped_guide("856", "004010"))
    assert isinstance(found.document, ShipNotice)
    assert same_graph(found.document, notice)
    assert [each.sentence for each in found.report] == []


LEVELS = {
    "SOPI": [("1", "", "S", "1"), ("2", "1", "O", "1"), ("3", "2", "P", "1"), ("4", "3", "I", "0"), ("5", "1", "O", "1"),
             ("6", "5", "P", "1"), ("7", "6", "I", "0"), ("8", "5", "P", "1"), ("9", "8", "I", "0")],
    "SPOI": [("1", "", "S", "1"), ("2", "1", "P", "1"), ("3", "2", "O", "1"), ("4", "3", "I", "0"), ("5", "2", "O", "1"),
             ("6", "5", "I", "0"), ("7", "1", "P", "1"), ("8", "7", "O", "1"), ("9", "8", "I", "0")],
    "SI": [("1", "", "S", "1"), ("2", "1", "I", "0"), ("3", "1", "I", "0"), ("4", "1", "I", "0")],
}  # fmt: skip


@pytest.mark.parametrize("structure", LEVELS)
def test_levels_are_numbered_through_the_set(structure: str) -> None:
    segments = write(two_orders_in_one_carton(), guide_in(structure)).segments
    assert [each.elements for each in segments if each.tag == "HL"] == LEVELS[structure]


@pytest.mark.parametrize(
    ("change", "structure", "sentences"),
    [
        (
            {"packages": (Package(), Package(sscc="1"))},
            "SOPI",
            ["HL packages[0]: it stands in 2 places, and only its sscc says that it is one; fill that."],
        ),
        (
            {"packages": (Package(sscc="300123456700000018"), Package(sscc="00300123456700000018"))},
            "SOPI",
            ["HL packages[1]/sscc: it has the same sscc as packages[0]; make them one, or correct it."],
        ),
        (
            {"packages": (Package(sscc="1", order=1), Package(sscc="2", pallet=3))},
            "SOPI",
            [
                "HL packages[1]/pallet: 3 names none of the 0 entries of pallets.",
                "HL packages[0]/order: it holds something, whose own order counts; leave this one out.",
            ],
        ),
        (
            {"pallets": (Pallet(sscc="9"),), "items": (ShippedItem(vendor_item="A", quantity=Decimal(1), unit="each", package=0, pallet=0),)},
            "SOTPI",
            ["HL items[0]/pallet: its package says that already; leave this one out."],
        ),
        (
            {"packages": (Package(sscc="1", order=0),), "items": ()},
            "SPOI",
            [
                "HL packages[0]/order: structure SPOI can say it only of what has items; leave it out or choose another"
                " structure."
            ],
        ),
        (
            {"orders": (ShippedOrder(), ShippedOrder(purchase_order_number="GP-2"))},
            "SPI",
            ["HL orders[0]: structure SPI names it by its purchase_order_number alone; fill that."],
        ),
    ],
)  # fmt: skip
def test_a_graph_that_no_tree_can_say_is_refused(
    change: dict[str, object], structure: str, sentences: list[str]
) -> None:
    notice = dataclasses.replace(two_orders_in_one_carton(), **change)  # type: ignore[arg-type]
    found = write(notice, guide_in(structure)).errors
    assert [each.sentence for each in found if each.address == "HL"] == sentences


def test_what_a_structure_has_no_level_for_is_told_entry_by_entry() -> None:
    report = write(two_orders_in_one_carton(), guide_in("SOI")).report
    told = [each.path for each in report if each.kind == "not_carried"]
    assert told == [
        "packages[0]", "packages[1]", "packages[0]/sscc", "packages[1]/sscc",
        "items[0]/package", "items[1]/package", "items[2]/package",
    ]  # fmt: skip


def test_public_notices_are_read_written_and_read_again_the_same(shared: Path) -> None:
    seen: Counter[str] = Counter()
    refused: list[str] = []
    for name, code, segments, separators in public_sets(shared / "x12" / "samples"):
        if code not in ("856", "856_5010"):
            continue
        guide = guide_in("SOTPI", "005010" if code.endswith("5010") else "004010")
        first = read_set(segments, guide, separators=separators)
        assert isinstance(first.document, ShipNotice)
        assert not [each for each in first.report if each.kind in ("error", "conflict")]
        written = write(first.document, guide)
        if written.report:
            refused += [f"{name} {each.sentence}" for each in written.report]
            continue
        again = read_set(written.segments, guide).document
        assert isinstance(again, ShipNotice)
        assert same_graph(again, first.document), name
        seen["orders"] += len(again.orders)
        seen["packages"] += len(again.packages)
        seen["items"] += len(again.items)
        seen["notices"] += 1
    assert seen == {"notices": 9, "orders": 16, "packages": 23, "items": 89}
    assert refused == [
        "x12parser___856-Example4.txt HL[S]/N1[ST]/N4.2 ship_to/state: 'LOCSTATE' has 8 characters, at most 2 fit;"
        " shorten it."
    ]


def hl(*elements: str) -> Segment:
    return Segment("HL", elements)


def read_levels(*segments: Segment) -> tuple[ShipNotice, list[str]]:
    whole = [
        Segment("ST", ("856", "0001")),
        Segment("BSN", ("00", "S", "20260302", "0930")),
        *segments,
        Segment("SE", ("9", "0001")),
    ]
    placed = [Segment(each.tag, each.elements, at) for at, each in enumerate(whole, start=1)]
    result = read_set(placed, load_shipped_guide("856", "004010"))
    assert isinstance(result.document, ShipNotice)
    return result.document, [each.sentence for each in result.report]


def test_levels_without_a_parent_are_nested_by_what_they_are() -> None:
    notice, report = read_levels(
        hl("1", "", "S"), hl("2", "", "O"), Segment("PRF", ("A",)), hl("3", "", "I"), Segment("LIN", ("", "VN", "X")),
        Segment("SN1", ("", "1", "EA")), hl("4", "9", "O"), Segment("PRF", ("B",)), hl("5", "4", "I"),
        Segment("LIN", ("", "VN", "Y")), Segment("SN1", ("", "1", "EA")),
    )  # fmt: skip
    assert [(each.vendor_item, each.order) for each in notice.items] == [("X", 0), ("Y", 1)]
    assert [each.purchase_order_number for each in notice.orders] == ["A", "B"]
    assert report == [
        "HL[O].2: HL02 is missing; it was nested by its level.",
        "HL[I].2: HL02 is missing; it was nested by its level.",
        "HL[O].2: HL02 '9' names no level before it; it was nested by its level.",
    ]


def test_an_unknown_level_is_unread_and_what_is_in_it_keeps_its_place() -> None:
    notice, report = read_levels(
        hl("1", "", "S"), hl("2", "1", "O"), Segment("PRF", ("A",)), hl("3", "2", "K"), Segment("LIN", ("", "VN", "KIT")),
        hl("4", "3", "I"), Segment("LIN", ("", "VN", "X")), Segment("SN1", ("", "1", "EA")),
    )  # fmt: skip
    assert [(each.vendor_item, each.order) for each in notice.items] == [("X", 0)]
    assert report == [
        "HL: '3*2*K' was not read, the guide has no level 'K'.",
        "HL/LIN: '*VN*KIT' was not read, the guide has no level 'K'.",
    ]


def test_a_carton_told_twice_and_differently_is_a_conflict() -> None:
    carton = Segment("MAN", ("GM", "00300123456700000018"))
    notice, report = read_levels(
        hl("1", "", "S"), hl("2", "1", "O"), Segment("PRF", ("A",)), hl("3", "2", "P"), Segment("PO4", ("6",)), carton,
        hl("4", "3", "I"), Segment("LIN", ("", "VN", "X")), Segment("SN1", ("", "1", "EA")), hl("5", "1", "O"),
        Segment("PRF", ("B",)), hl("6", "5", "P"), Segment("PO4", ("7",)), carton, hl("7", "6", "I"),
        Segment("LIN", ("", "VN", "Y")), Segment("SN1", ("", "1", "EA")),
    )  # fmt: skip
    assert [each.inner_packs for each in notice.packages] == [6]
    assert [each.package for each in notice.items] == [0, 0]
    assert report == [
        "HL packages[0]/inner_packs: what is said here of inner_packs disagrees with what was said before, which is kept."
    ]


def test_an_item_in_two_cartons_below_it_is_a_conflict() -> None:
    notice, report = read_levels(
        hl("1", "", "S"), hl("2", "1", "I"), Segment("LIN", ("", "VN", "X")), Segment("SN1", ("", "5", "EA")),
        hl("3", "2", "P"), Segment("MAN", ("GM", "1")), hl("4", "2", "P"), Segment("MAN", ("GM", "2")),
    )  # fmt: skip
    assert [each.package for each in notice.items] == [0]
    assert report == ["HL[I] items[0]/package: it is said twice, and differently; the first is kept."]


def test_a_structure_that_is_not_known_is_told_and_read_by_its_levels() -> None:
    guide = load_shipped_guide("856", "004010")
    segments = [
        Segment("ST", ("856", "1"), 1),
        Segment("BSN", ("00", "S", "20260302", "0930", "0777"), 2),
        Segment("HL", ("1", "", "S"), 3),
        Segment("SE", ("4", "1"), 4),
    ]
    assert [each.sentence for each in read_set(segments, guide).report] == [
        "BSN.5: '0777' stands there, the structures known are , 0001, 0002, 0003, 0004; it was read by its levels."
    ]


def test_damaged_notices_are_read_and_written_again_without_an_exception() -> None:
    rng = random.Random(856)
    guide = load_shipped_guide("856", "004010")
    segments = list(write(two_orders_in_one_carton(), guide_in("SOPI")).segments)
    seen = Counter[bool]()
    for _ in range(2000 if WHOLE else 300):
        damaged = list(segments)
        for _ in range(rng.randint(1, 6)):
            at = rng.randrange(len(damaged))
            kind = rng.randrange(4)
            if kind == 0 and len(damaged) > 2:
                del damaged[at]
            elif kind == 1:
                damaged.insert(rng.randrange(len(damaged)), damaged[at])
            elif kind == 2:
                elements = list(damaged[at].elements) or [""]
                elements[rng.randrange(len(elements))] = rng.choice(("", "1", "4", "P", "O", "I", "99", "GM"))
                damaged[at] = Segment(damaged[at].tag, elements)
            else:
                rng.shuffle(damaged)
        placed = [Segment(each.tag, each.elements, number) for number, each in enumerate(damaged, start=2)]
        document = read(walk(placed, guide.table).root, guide).document
        if document is not None:
            again = write(document, guide)
            seen[not again.errors] += 1
    assert sum(seen.values()) > 250


def item(name: str) -> tuple[Segment, Segment]:
    return Segment("LIN", ("", "VN", name)), Segment("SN1", ("", "1", "EA"))


def carton(number: str) -> Segment:
    return Segment("MAN", ("GM", number))


def po(number: str) -> Segment:
    return Segment("PRF", (number,))


@pytest.mark.parametrize(
    ("segments", "sentences"),
    [
        (
            (hl("1", "", "S"), hl("2", "1", "O"), po("A"), hl("2", "1", "O"), po("B"), hl("3", "2", "I"), *item("X")),
            ["HL[O].1: HL01 '2' stands twice; what names it is put into the last one."],
        ),
        (
            (hl("", "", "S"), hl("", "", "O"), po("A")),
            ["HL[O].2: HL02 is missing; it was nested by its level."],
        ),
        ((hl("1", "", "S", "1", "MORE"),), ["HL[S].5: 'MORE' was not read."]),
        (
            (hl("1", "", "S"), hl("2", "1", "P"), carton("1"), hl("3", "2", "P"), carton("2"), hl("4", "3", "I"), *item("X")),
            ["HL[P] packages[1]: that it stands in packages[0] has no place in the document, and was left out."],
        ),
        (
            (hl("1", "", "S"), hl("2", "1", "P"), carton("1"), hl("3", "2", "T"), carton("2"), hl("4", "3", "I"), *item("X")),
            ["HL[I] items[0]: that it stands in pallets[0] has no place in the document, and was left out."],
        ),
        (
            (hl("1", "", "S"), hl("2", "1", "P"), carton("1"), hl("3", "2", "O"), po("A")),
            ["HL[O] orders[0]: that it stands in packages[0] has no place in the document, and was left out."],
        ),
        (
            (hl("1", "", "S"), hl("2", "1", "O"), po("A"), hl("3", "2", "P"), carton("1"), hl("4", "3", "I"), *item("X"),
             hl("5", "1", "O"), po("B"), hl("6", "5", "P"), carton("1")),
            ["HL[P] packages[0]: that it stands in orders[1] has no place in the document, and was left out."],
        ),
        (
            (hl("1", "", "S"), hl("2", "1", "O"), po("A"), hl("3", "2", "I"), *item("X"), po("B")),
            ["HL[I] items[0]/order: it is said twice, and differently; the first is kept."],
        ),
        (
            (hl("1", "", "S"), hl("2", "1", "T"), carton("7"), hl("3", "2", "P"), carton("1"), hl("4", "3", "I"), *item("X"),
             hl("5", "1", "T"), carton("8"), hl("6", "5", "P"), carton("1"), hl("7", "6", "I"), *item("Y")),
            ["HL[P] packages[0]/pallet: it is said twice, and differently; the first is kept."],
        ),
        # Below an item its carton, as structure 0002 has it: nothing is lost.
        ((hl("1", "", "S"), hl("2", "1", "O"), po("A"), hl("3", "2", "I"), *item("X"), hl("4", "3", "P"), carton("1")), []),
    ],
)  # fmt: skip
def test_what_levels_say_and_the_document_cannot_is_told(
    segments: tuple[Segment, ...], sentences: list[str]
) -> None:
    assert read_levels(*segments)[1] == sentences


def test_the_last_open_level_of_its_kind_decides_where_a_stray_one_goes() -> None:
    notice, _ = read_levels(
        hl("1", "", "S"), hl("2", "1", "O"), po("A"), hl("3", "2", "P"), carton("1"), hl("4", "3", "P"), carton("2"),
        hl("5", "", "P"), carton("3"), hl("6", "5", "I"), *item("X"),
    )  # fmt: skip
    assert [(each.order, each.package) for each in notice.items] == [(0, 2)]


@pytest.mark.parametrize("structure", ["STPI", "SPI"])
def test_the_order_of_an_empty_carton_is_not_said_where_only_items_tell_theirs(structure: str) -> None:
    notice = dataclasses.replace(two_orders_in_one_carton(), packages=(Package(sscc="1", order=0),), items=())
    told = [each.path for each in write(notice, guide_in(structure)).report if each.kind == "not_carried"]
    assert told == ["orders[0]", "orders[1]", "packages[0]/order"]


def test_a_link_one_behind_the_last_entry_names_nothing() -> None:
    notice = dataclasses.replace(
        two_orders_in_one_carton(), packages=(Package(sscc="1", pallet=0),), items=()
    )
    told = [each.sentence for each in write(notice, guide_in("SOTPI")).errors if each.address == "HL"]
    assert told == ["HL packages[0]/pallet: 0 names none of the 0 entries of pallets."]


def test_orders_told_in_their_items_are_carried_and_one_without_its_number_is_told_once() -> None:
    notice = two_orders_in_one_carton()
    assert not [each for each in write(notice, guide_in("SPI")).report if each.kind == "not_carried"]
    nameless = dataclasses.replace(notice, orders=(notice.orders[0], ShippedOrder()))
    told = [each.path for each in write(nameless, guide_in("SPI")).errors if each.address == "HL"]
    assert told == ["orders[1]"]


def test_a_second_outermost_level_is_unread() -> None:
    _, report = read_levels(hl("1", "", "S"), hl("2", "1", "S"), Segment("REF", ("BM", "9")))
    assert report == [
        "HL: '2*1*S' was not read, a notice has one outermost level; ask for a notice each.",
        "HL/REF: 'BM*9' was not read, a notice has one outermost level; ask for a notice each.",
    ]

from __future__ import annotations

import pytest

from integration.x12.structure import Loop, walk
from integration.x12.syntax import Segment
from integration.x12.tables import (
    LoopTable,
    SegmentUse,
    SetTable,
    SyntaxNote,
    find_group_tables,
    find_table,
    knows_version,
)
from tests.integration.x12.x12_documents import facts_of

SETS = ["180", "810", "812", "824", "846", "850", "855", "856", "860", "864", "865", "997"]
ALL = [("004010", code) for code in SETS] + [("005010", code) for code in [*SETS, "999"]]


def table(code: str, version: str = "004010") -> SetTable:
    found = find_table(code, version)
    assert found is not None
    return found


def all_loops(loop: LoopTable) -> list[LoopTable]:
    inner = [each for member in loop.members if isinstance(member, LoopTable) for each in all_loops(member)]
    return [loop, *inner]


@pytest.mark.parametrize(
    ("version", "code", "group", "name", "segments", "loops", "uses"),
    [
        ("004010", "180", "AN", "Return document", 32, 11, 57),
        ("004010", "810", "IN", "Invoice", 49, 16, 90),
        ("004010", "812", "CD", "Credit or debit adjustment", 25, 8, 36),
        ("004010", "824", "AG", "Application advice", 19, 6, 22),
        ("004010", "846", "IB", "Stock advice", 33, 14, 65),
        ("004010", "850", "PO", "Purchase order", 62, 32, 196),
        ("004010", "855", "PR", "Purchase order acknowledgment", 50, 20, 147),
        ("004010", "856", "SH", "Ship notice", 50, 8, 58),
        ("004010", "860", "PC", "Purchase order change", 62, 30, 189),
        ("004010", "864", "TX", "Text message", 12, 4, 18),
        ("004010", "865", "CA", "Purchase order change acknowledgment", 57, 25, 163),
        ("004010", "997", "FA", "Functional acknowledgment", 8, 3, 8),
        ("005010", "180", "AN", "Return document", 32, 11, 57),
        ("005010", "810", "IN", "Invoice", 49, 18, 94),
        ("005010", "812", "CD", "Credit or debit adjustment", 25, 10, 39),
        ("005010", "824", "AG", "Application advice", 20, 6, 23),
        ("005010", "846", "IB", "Stock advice", 33, 14, 65),
        ("005010", "850", "PO", "Purchase order", 63, 33, 207),
        ("005010", "855", "PR", "Purchase order acknowledgment", 51, 20, 155),
        ("005010", "856", "SH", "Ship notice", 51, 9, 59),
        ("005010", "860", "PC", "Purchase order change", 63, 31, 201),
        ("005010", "864", "TX", "Text message", 12, 4, 18),
        ("005010", "865", "CA", "Purchase order change acknowledgment", 58, 28, 178),
        ("005010", "997", "FA", "Functional acknowledgment", 8, 3, 8),
        ("005010", "999", "FA", "Implementation acknowledgment", 9, 4, 10),
    ],
)
def test_a_set_has_its_whole_structure(
    version: str, code: str, group: str, name: str, segments: int, loops: int, uses: int
) -> None:
    found = table(code, version)
    assert (found.code, found.version, found.group, found.name) == (code, version, group, name)
    every = all_loops(found.root)
    counted = [member for loop in every for member in loop.members if isinstance(member, SegmentUse)]
    assert (len(found.segments), len(every), len(counted)) == (segments, loops, uses)
    members = found.root.members
    first, last = members[0], members[-1]
    assert isinstance(first, SegmentUse)
    assert isinstance(last, SegmentUse)
    assert (first.tag, first.required, last.tag, last.required) == ("ST", True, "SE", True)


def each_segment_once(loop: LoopTable) -> list[tuple[str, str]]:
    """Every place of the loop and of those inside it, in order, as (name of the loop, tag)."""
    found: list[tuple[str, str]] = []
    for member in loop.members:
        if isinstance(member, SegmentUse):
            found.append((loop.name, member.tag))
        else:
            found.extend(each_segment_once(member))
    return found


def read_places(loop: Loop) -> list[tuple[str, str]]:
    found: list[tuple[str, str]] = []
    for child in loop.children:
        if isinstance(child, Loop):
            found.extend(read_places(child))
        else:
            found.append((loop.table.name, child.tag))
    return found


@pytest.mark.parametrize(("version", "code"), ALL)
def test_a_document_with_every_segment_in_order_is_read_to_just_those_places(version: str, code: str) -> None:
    found = table(code, version)
    places = each_segment_once(found.root)
    walked = walk([Segment(tag, (), at) for at, (_, tag) in enumerate(places, start=1)], found)
    assert (walked.findings, walked.unread) == ([], [])
    assert read_places(walked.root) == places


@pytest.mark.parametrize(("version", "code"), ALL)
def test_the_structure_is_the_one_of_the_facts(version: str, code: str) -> None:
    def uses(loop: LoopTable, path: str) -> list[tuple[str, str, str, str]]:
        found = []
        for member in loop.members:
            need, most = "M" if member.required else "O", str(member.max_use or "*")
            if isinstance(member, SegmentUse):
                found.append((path, member.tag, need, most))
            else:
                inner = uses(member, f"{path}/{member.name}".lstrip("/"))
                found.extend([(*inner[0][:2], need, most), *inner[1:]])
        return found

    facts = [
        (
            row["loop"],
            row["segment"],
            row["req"],
            row["loop_max"] if row["loop"].split("/")[-1] == row["segment"] else row["max_use"],
        )
        for row in facts_of("loops", version)
        if row["set"] == code
    ]
    assert uses(table(code, version).root, "") == facts


@pytest.mark.parametrize("version", ["004010", "005010"])
def test_elements_and_notes_are_those_of_the_facts(version: str) -> None:
    notes = {row["segment"]: row["notes"].split() for row in facts_of("syntax-notes", version)}
    placed: dict[str, list[list[str]]] = {}
    for row in facts_of("segments", version):
        if "-" not in row["pos"]:
            columns = ("element", "type", "req", "min", "max", "repeat")
            placed.setdefault(row["segment"], []).append([row[column] for column in columns])
    described = {
        tag: each
        for one, code in ALL
        for tag, each in table(code, one).segments.items()
        if one == version and each.described
    }
    assert len(described) == {"004010": 108, "005010": 112}[version]
    for tag, each in described.items():
        ours = [
            [
                one.data_element,
                one.kind,
                "M" if one.required else "",
                str(one.min or ""),
                str(one.max or ""),
                str(one.repeat),
            ]
            for one in each.elements
        ]
        theirs = [
            [number, kind, "M" if need == "M" else "", least, most, repeat or "1"]
            for number, kind, need, least, most, repeat in placed[tag]
        ]
        assert (tag, ours) == (tag, theirs)
        assert [str(note) for note in each.notes] == notes[tag]


@pytest.mark.parametrize(("version", "code"), ALL)
def test_each_loop_begins_with_its_own_trigger_once(version: str, code: str) -> None:
    for loop in all_loops(table(code, version).root)[1:]:
        trigger = loop.members[0]
        assert isinstance(trigger, SegmentUse)
        assert (trigger.tag, trigger.required, trigger.max_use) == (loop.name, True, 1)


def test_the_order_acknowledgment_loop_hangs_in_the_line() -> None:
    line = next(each for each in all_loops(table("855").root) if each.name == "PO1")
    inner = [each for each in line.members if isinstance(each, LoopTable)]
    assert [each.name for each in inner] == ["PID", "SAC", "ACK", "QTY", "PKG", "SCH", "N9", "N1", "SLN"]
    assert (line.required, line.max_use, inner[2].max_use) == (False, 100000, 104)


def test_a_segment_knows_its_elements_codes_and_notes() -> None:
    ack = table("855").segments["ACK"]
    assert (ack.name, len(ack.elements)) == ("line item acknowledgment", 29)
    status, quantity = ack.elements[0], ack.elements[1]
    assert (status.number, status.data_element, status.name) == (1, "668", "line item status")
    assert (status.kind, status.required, status.min, status.max) == ("ID", True, 2, 2)
    assert status.codes is not None
    assert len(status.codes) == 26
    assert {"IA", "IB", "IR", "SP"} <= status.codes
    assert (quantity.kind, quantity.required, quantity.min, quantity.max, quantity.codes) == (
        "R",
        False,
        1,
        15,
        None,
    )
    assert [str(note) for note in ack.notes][:3] == ["P0203", "C0405", "P0708"]
    assert ack.notes[-1] == SyntaxNote("C", (28, 27, 29))


def test_a_composite_has_its_components() -> None:
    unit = table("850").segments["CTP"].elements[4]
    assert (unit.kind, unit.data_element, len(unit.components)) == ("C", "C001", 15)
    assert (unit.components[0].data_element, unit.components[0].required) == ("355", True)
    further = table("850").segments["REF"].elements[3]
    assert [str(note) for note in further.notes] == ["P0304", "P0506"]


@pytest.mark.parametrize(
    ("version", "code", "expected"),
    [
        ("004010", "850", "ADV CB1 IT8 NX2 SI SPI"),
        ("005010", "850", "ADV CB1 EFI IN2 IT8 NX2 SI SPI"),
        ("004010", "856", "GF LEP LFH LH4 LHE LHR LHT V1 YNQ"),
        ("004010", "865", "ADV IT8 NX2 PD PDD SI SPI"),
        ("004010", "812", ""),
        ("005010", "999", ""),
    ],
)
def test_segments_that_we_do_not_describe_are_there_without_elements(
    version: str, code: str, expected: str
) -> None:
    segments = table(code, version).segments
    assert sorted(tag for tag, each in segments.items() if not each.described) == expected.split()


def test_the_versions_differ_where_the_standard_changed() -> None:
    old, new = table("850"), table("850", "005010")
    assert [each.segments["ST"].elements[-1].data_element for each in (old, new)] == ["329", "1705"]
    assert [each.segments["REF"].elements[1].max for each in (old, new)] == [30, 50]
    assert [each.segments["PER"].elements[3].max for each in (old, new)] == [80, 256]
    assert ("MSG" in old.segments, "MSG" in new.segments) == (True, False)
    copies = [table("997", version).segments["AK4"].elements[0] for version in ("004010", "005010")]
    assert [[part.data_element for part in each.components] for each in copies] == [
        ["722", "1528"],
        ["722", "1528", "1686"],
    ]


def test_the_ship_notice_has_one_flat_loop_of_levels() -> None:
    for version in ("004010", "005010"):
        levels = [each for each in table("856", version).root.members if isinstance(each, LoopTable)]
        assert [(each.name, each.required, each.max_use) for each in levels][:1] == [("HL", True, 200000)]
        assert [each.name for each in all_loops(levels[0])].count("HL") == 1


def test_few_elements_may_be_repeated_and_only_from_005010_on() -> None:
    repeated = {
        (version, tag, element.number, element.repeat)
        for version, code in ALL
        for tag, each in table(code, version).segments.items()
        for element in each.elements
        if element.repeat != 1
    }
    assert repeated == {("005010", "CTX", 1, 10), ("005010", "DMG", 5, 10)}


@pytest.mark.parametrize(("version", "code"), ALL)
def test_every_table_is_sound(version: str, code: str) -> None:
    for each in table(code, version).segments.values():
        for element in each.elements:
            assert element.name == element.name.strip() != ""
            parts = element.components if element.kind == "C" else (element,)
            assert parts
            for part in parts:
                assert part.kind in ("AN", "ID", "R", "DT", "TM", "N0", "N2")
                assert 1 <= part.min <= part.max
                assert all(part.min <= len(one) <= part.max for one in part.codes or ())
        assert [element.number for element in each.elements] == list(range(1, len(each.elements) + 1))
        for note in each.notes:
            assert note.kind in "PRECL"
            assert len(note.positions) >= 2
            assert max(note.positions) <= len(each.elements)


def test_industry_versions_use_the_table_of_their_base() -> None:
    assert find_table("850", "004010VICS") is find_table("850", "004010UCS") is table("850")
    assert find_table("999", "005010X231A1") is table("999", "005010")
    assert knows_version("005010X231A1")


@pytest.mark.parametrize("version", ["", "0040", "003060", "004030", "../004", "004011", "00401\x00"])
def test_other_versions_have_no_table(version: str) -> None:
    assert find_table("850", version) is None
    assert not knows_version(version)


@pytest.mark.parametrize("code", ["999", "940", "elements", "../850", ""])
def test_other_sets_have_no_table(code: str) -> None:
    assert find_table(code, "004010") is None


def test_a_group_code_leads_to_its_sets() -> None:
    assert [each.code for each in find_group_tables("PR", "004010VICS")] == ["855"]
    assert [each.code for each in find_group_tables("FA", "004010")] == ["997"]
    assert [each.code for each in find_group_tables("FA", "005010")] == ["997", "999"]
    assert find_group_tables("OW", "004010") == ()


def test_a_code_of_004010_is_still_known_in_005010() -> None:
    judged = 0
    for code in SETS:
        new = table(code, "005010").segments
        for tag, each in table(code).segments.items():
            for old, later in zip(each.elements, new[tag].elements if tag in new else (), strict=False):
                if old.codes and old.data_element == later.data_element:
                    assert old.codes <= (later.codes or frozenset()), f"{tag}{old.number:02d}"
                    judged += 1
    assert judged == 747

from __future__ import annotations

import pytest

from integration.x12.tables import (
    LoopTable,
    SegmentUse,
    SetTable,
    SyntaxNote,
    find_group_tables,
    find_table,
    knows_version,
)

SETS = ["850", "855", "997"]


def table(code: str) -> SetTable:
    found = find_table(code, "004010")
    assert found is not None
    return found


def all_loops(loop: LoopTable) -> list[LoopTable]:
    inner = [each for member in loop.members if isinstance(member, LoopTable) for each in all_loops(member)]
    return [loop, *inner]


@pytest.mark.parametrize(
    ("code", "group", "name", "segments", "loops", "uses"),
    [
        ("850", "PO", "Purchase order", 62, 32, 196),
        ("855", "PR", "Purchase order acknowledgment", 50, 20, 147),
        ("997", "FA", "Functional acknowledgment", 8, 3, 8),
    ],
)
def test_a_set_has_its_whole_structure(
    code: str, group: str, name: str, segments: int, loops: int, uses: int
) -> None:
    found = table(code)
    assert (found.code, found.version, found.group, found.name) == (code, "004010", group, name)
    every = all_loops(found.root)
    counted = [member for loop in every for member in loop.members if isinstance(member, SegmentUse)]
    assert (len(found.segments), len(every), len(counted)) == (segments, loops, uses)
    members = found.root.members
    first, last = members[0], members[-1]
    assert isinstance(first, SegmentUse)
    assert isinstance(last, SegmentUse)
    assert (first.tag, first.required, last.tag, last.required) == ("ST", True, "SE", True)


@pytest.mark.parametrize("code", SETS)
def test_each_loop_begins_with_its_own_trigger_once(code: str) -> None:
    for loop in all_loops(table(code).root)[1:]:
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


def test_segments_that_we_do_not_describe_are_there_without_elements() -> None:
    undescribed = sorted(tag for tag, each in table("850").segments.items() if not each.described)
    assert undescribed == [
        "ADV",
        "CB1",
        "CN1",
        "FA1",
        "FA2",
        "G61",
        "IT8",
        "LDT",
        "LM",
        "LQ",
        "NX2",
        "PCT",
        "PWK",
        "SI",
        "SPI",
    ]


@pytest.mark.parametrize("code", SETS)
def test_every_table_is_sound(code: str) -> None:
    for each in table(code).segments.values():
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


@pytest.mark.parametrize("version", ["", "0040", "003060", "005010", "../004", "004011", "00401\x00"])
def test_other_versions_have_no_table(version: str) -> None:
    assert find_table("850", version) is None
    assert not knows_version(version)


@pytest.mark.parametrize("code", ["856", "elements", "../850", ""])
def test_other_sets_have_no_table(code: str) -> None:
    assert find_table(code, "004010") is None


def test_a_group_code_leads_to_its_sets() -> None:
    assert [each.code for each in find_group_tables("PR", "004010VICS")] == ["855"]
    assert find_group_tables("SH", "004010") == ()

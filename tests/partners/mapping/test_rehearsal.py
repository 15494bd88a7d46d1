"""Both sides of a mapping as data: every element with its rule and field, and what differs from another guide."""

from __future__ import annotations

import pytest

from integration.documents import PurchaseOrder
from integration.x12.reading import parse_segments
from integration.x12.syntax import Repeated, Separators, segment
from partners.mapping.compiler import shipped_text
from partners.mapping.differences import Difference, line_of, segment_differences
from partners.mapping.overrides import Override
from partners.mapping.rehearsal import Rehearsal, compared, rehearse_reading, rehearse_writing
from partners.mapping.samples import OUT, accepted, run, unexercised
from partners.mapping.variants import left_out, variant, without
from tests.partners.mapping.mapped_documents import golden, wire
from tests.partners.mapping.test_repetition_in_guides import GUIDE as REPEATING
from tests.partners.mapping.test_repetition_in_guides import advice

BASE = shipped_text("850", "004010")
USUAL = Separators()
ORDER = "850/dropship_order"


def written(*rows: Override) -> Rehearsal:
    return rehearse_writing(golden(ORDER), variant(BASE, rows))


def test_both_directions_show_the_same_two_sides() -> None:
    guide = variant(BASE, ())
    out = written()
    back = rehearse_reading(parse_segments(wire(ORDER), USUAL), guide, USUAL)
    assert out.lines == back.lines == [
        line.removesuffix("~") for line in wire(ORDER).split()
    ] or out.lines == [line.removesuffix("~") for line in wire(ORDER).splitlines()]
    assert out.document == back.document
    assert {each.path: each.places for each in out.fields} == {each.path: each.places for each in back.fields}
    assert [each.path for each in out.fields if not each.places] == []
    assert (out.faults, out.findings, back.report) == ((), (), ())


def test_an_element_has_its_rule_and_a_field_its_elements() -> None:
    rehearsal = written()
    rows = {row.position: row for row in rehearsal.rows}
    assert [(part.text, part.address, part.path) for part in rows[2].parts][:3] == [
        ("00", "BEG.1", "purpose"),
        ("DS", "BEG.2", "order_type"),
        ("GP-10042-1", "BEG.3", "purchase_order_number"),
    ]
    assert rows[1].is_envelope
    assert {part.address for row in (rows[1], rows[33]) for part in row.parts} == {""}
    fields = {each.path: each for each in rehearsal.fields}
    assert fields["lines[1]/vendor_item"].places == ((24, 7),)
    # A text over several segments stands in each of them.
    assert fields["lines[1]/description"].places == ((25, 5), (26, 5))


def test_a_list_in_one_element_is_linked_from_each_of_its_values() -> None:
    rehearsal = rehearse_writing(advice("ship to", "unit > each"), REPEATING)
    fields = {each.path: each for each in rehearsal.fields}
    back = rehearse_reading(rehearsal.segments, REPEATING, rehearsal.separators)
    assert [part.path for part in back.rows[4].parts] == [part.path for part in rehearsal.rows[4].parts]
    places = [fields[f"subjects[0]/errors[0]/remarks[{at}]"].places for at in (0, 1)]
    assert places == [((5, 1),), ((5, 1),)]
    assert rehearsal.lines[4] == "CTX*ship to^unit > each"
    assert [part.text for part in rehearsal.rows[4].parts] == ["ship to^unit > each"]


def test_what_differs_from_another_guide_is_marked_and_what_is_gone_named() -> None:
    changed = compared(written(Override("drop", "FOB"), Override("constant", "CUR.1", "SE")), written())
    assert [line for row, line in zip(changed.rows, changed.lines, strict=True) if row.is_new] == [
        "CUR*SE*USD",
        "SE*32*0001",
    ]
    assert changed.gone == ("CUR*BY*USD", "FOB*PC", "SE*33*0001")
    assert compared(written(), None) == written()


def test_differences_are_told_element_by_element() -> None:
    before = ["BEG*00*SA*1", "REF*CO*7", "CTT*1"]
    after = ["BEG*00*DS*1*2", "CTT*1", "AMT*TT*5"]
    assert segment_differences(before, after, USUAL) == (
        Difference("BEG", "BEG*00*SA*1", "", 1),
        Difference("REF", "REF*CO*7", "", 2),
        Difference("BEG", "", "BEG*00*DS*1*2", 1),
        Difference("AMT", "", "AMT*TT*5", 3),
    )
    assert segment_differences(["BEG*00*SA*1"], ["BEG*00*DS*1*2"], USUAL) == (
        Difference("BEG02", "SA", "DS", 1),
        Difference("BEG04", "", "2", 1),
    )


@pytest.mark.parametrize(
    ("element", "line"),
    [("a*b", "NTE*a*b"), (Repeated("x", "y"), "NTE*x^y"), ("~", "NTE*~")],
    ids=["separator", "repeats", "terminator"],
)
def test_whatever_an_element_holds_has_a_line(element: str, line: str) -> None:
    assert line_of(segment("NTE", element), Separators(repetition="^")) == line


def test_a_row_is_exercised_by_its_rule_or_by_what_is_missing_without_it() -> None:
    rows = (
        Override("constant", "CUR.1", "SE"),
        Override("drop", "FOB"),
        Override("clear", "N1[BT]/N4.3"),
        Override("drop", "REF[PD]"),
        Override("required", "BEG.6"),
        Override("add", "", "{REF: {1: =CT, 2: contract}}"),
    )
    guide = variant(BASE, rows)
    sample = accepted(rehearse_writing(golden(ORDER), guide), OUT, "One", {})
    assert unexercised(BASE, rows, [sample]) == (3, 5)
    assert unexercised(BASE, rows, []) == (0, 1, 2, 3, 4, 5)


def test_what_rows_leave_out_is_known_and_taken_out_of_a_document() -> None:
    rows = (Override("drop", "N1[VN]"), Override("clear", "PO1.6..25[UP]"))
    lost = left_out(BASE, rows)
    assert {"vendor", "vendor/name", "lines[]/upc"} <= lost
    assert "lines[]" not in lost
    order = without(golden(ORDER), lost)
    assert isinstance(order, PurchaseOrder)
    assert (order.vendor, [line.upc for line in order.lines]) == (None, [None, None])
    outcome = run(
        accepted(rehearse_writing(golden(ORDER), variant(BASE, rows)), OUT, "One", {}),
        variant(BASE, rows),
        lost,
    )
    assert outcome.passes
    assert run(outcome.sample, variant(BASE, rows)).passes is False

"""A partner's rows over a base guide: what they change, what they are refused for, and that a base may grow below them."""

from __future__ import annotations

from dataclasses import replace

import pytest

from integration.documents import PurchaseOrder
from partners.mapping.compiler import load_guide, shipped_text
from partners.mapping.overrides import OPERATIONS, Override, OverrideError, apply_overrides, places, said
from partners.mapping.reader import read_set
from partners.mapping.report import Trace, used_addresses
from partners.mapping.sources import GuideError
from partners.mapping.writer import write
from tests.partners.mapping.mapped_documents import golden, on_the_wire, wire

BASE = shipped_text("850", "004010")


def order() -> PurchaseOrder:
    document = golden("850/dropship_order")
    assert isinstance(document, PurchaseOrder)
    return document


def changed(*rows: Override) -> list[tuple[str, str]]:
    """The lines of the dropship order that are written otherwise under rows: (before, after), "" where none was."""
    before, after = wire("850/dropship_order").splitlines(), lines(*rows)
    gone = [each for each in before if each not in after and not each.startswith("SE*")]
    new = [each for each in after if each not in before and not each.startswith("SE*")]
    return list(zip(gone + [""] * (len(new) - len(gone)), new + [""] * (len(gone) - len(new)), strict=True))


def lines(*rows: Override) -> list[str]:
    guide = apply_overrides(BASE, rows)
    written = write(order(), guide)
    assert written.errors == ()
    again = read_set(written.segments, guide).document
    assert write(again, guide).segments == written.segments if again else False
    return on_the_wire("850", written.segments).splitlines()


def refused(*rows: Override) -> list[tuple[int, str]]:
    with pytest.raises(OverrideError) as caught:
        apply_overrides(BASE, rows)
    return [(each.index, each.sentence) for each in caught.value.refusals]


def test_without_rows_the_guide_is_the_base() -> None:
    assert lines() == wire("850/dropship_order").splitlines()
    assert apply_overrides(BASE, []).addresses() == load_guide(BASE).addresses()


@pytest.mark.parametrize(
    ("row", "expected"),
    [
        (Override("source", "BEG.4", "contract"), []),
        (Override("source", "REF[IA].2", "department"), [("REF*IA*V-881~", "")]),
        (
            Override("source", "PO1/PID[F].2", "~75"),
            [
                (
                    "PID*F*08***Desk lamp, green glass shade, brass foot~",
                    "PID*F*75***Desk lamp, green glass shade, brass foot~",
                ),
                (
                    "PID*F*08***Bulbs, case of 24, for desk lamps of the 7 series; packed in straw and shipped~",
                    "PID*F*75***Bulbs, case of 24, for desk lamps of the 7 series; packed in straw and shipped~",
                ),
                ("PID*F*08***upright~", "PID*F*75***upright~"),
            ],
        ),
        (Override("constant", "FOB.1", "CC"), [("FOB*PC~", "FOB*CC~")]),
        (Override("clear", "N1[ST]/N4.4"), [("N4*Millbrook*NY*12545*US~", "N4*Millbrook*NY*12545~")]),
        (Override("qualifier", "REF[IA]", "VR"), [("REF*IA*V-881~", "REF*VR*V-881~")]),
        (Override("qualifier", "REF[IA].1", "VR,IA"), [("REF*IA*V-881~", "REF*VR*V-881~")]),
        (
            Override("qualifier", "PO1.6..25[SK]", "IN"),
            [
                (
                    "PO1*1*2*EA*24.50*PE*VN*BW-LAMP-7*SK*LH-LAMP-GRN*UP*012345678905~",
                    "PO1*1*2*EA*24.50*PE*VN*BW-LAMP-7*IN*LH-LAMP-GRN*UP*012345678905~",
                )
            ],
        ),
        (Override("drop", "N1[VN]"), [("N1*VN*Brightwork Lamps*91*BW01~", "")]),
        (Override("required", "REF[CO]"), []),
        (Override("add", "", "{REF: {1: =ZZ, 2: ~DROPSHIP}}"), [("", "REF*ZZ*DROPSHIP~")]),
        (Override("add", "N1[ST]", "{REF: {1: =CR, 2: id}}"), [("", "REF*CR*C-5507~")]),
        (Override("add", "CTT", "{3: ~12, 4: ~LB}"), [("CTT*2*3~", "CTT*2*3*12*LB~")]),
    ],
    ids=lambda each: f"{each.operation}-{each.address}" if isinstance(each, Override) else "",
)
def test_each_operation_changes_what_it_says_and_nothing_else(
    row: Override, expected: list[tuple[str, str]]
) -> None:
    if row.address == "PO1.6..25[SK]":
        rows = (Override("qualifier", "PO1.6..25[BP]", "BP"), row)
    else:
        rows = (row,)
    assert changed(*rows) == expected


def test_a_place_keeps_its_address_when_its_qualifier_changes() -> None:
    rows = (
        Override("qualifier", "REF[IA]", "VR"),
        Override("required", "REF[IA].2"),
        Override("qualifier", "PO1.6..25[SK]", "PI"),
        Override("required", "PO1.6..25[SK]"),
    )
    guide = apply_overrides(BASE, rows)
    assert {"REF[IA]", "REF[IA].2", "PO1.6..25[SK]"} <= set(guide.addresses())
    empty = replace(order(), lines=(replace(order().lines[0], sku=None),))
    assert [each.sentence for each in write(empty, guide).errors] == [
        "PO1.6..25[SK] lines[0]: the guide makes it mandatory and nothing fills it."
    ]


def test_one_use_of_a_fragment_changes_alone() -> None:
    row = Override("clear", "N1[ST]/PER")
    assert refused(row) == [
        (0, "clear does not go with N1[ST]/PER; use qualifier or drop or required or add.")
    ]
    assert changed(Override("drop", "N1[ST]/PER")) == [
        ("PER*IC*Vera Lindqvist*TE*555-010-0199*EM*vera@harbourbooks.example~", "")
    ]


def test_a_pair_can_be_added_and_what_is_left_over_stays_last() -> None:
    guide = apply_overrides(
        BASE, [Override("add", "PO1.6..25", "{PI: buyer_catalogue}"), Override("clear", "PO1.6..25[CB]")]
    )
    written = on_the_wire("850", write(order(), guide).segments)
    assert "PO1*2*1*CA*120*PE*VN*BW-BULB-60*BP*LH-BULB*UK*10012345678902*PI*B60~" in written


def test_rows_that_do_not_fit_are_refused_each_with_its_sentence() -> None:
    assert refused(
        Override("source", "REF[C0].2", "contract"),
        Override("rename", "REF[CO]"),
        Override("constant", "REF[CO]", "X"),
        Override("source", "REF[CO].2", "contract", was="order_number"),
        Override("drop", "REF[DP]"),
        Override("clear", "REF[DP].2"),
        Override("add", "REF[PD]", "{2: contract}"),
        Override("add", "BEG.3", "{REF: {1: =ZZ}}"),
        Override("add", "", "{REF: [}"),
    ) == [
        (0, "The base guide has no 'REF[C0].2'; near it are REF[CO].2, REF[*].2, REF[PD].2."),
        (1, f"There is no operation 'rename'; use one of {', '.join(OPERATIONS)}."),
        (2, "constant does not go with REF[CO]; use qualifier or drop or required or add."),
        (
            3,
            "The base guide now says 'customer_order_number' at REF[CO].2, and said 'order_number' when this row was made;"
            " look again, and make the row anew.",
        ),
        (5, "An earlier row has removed REF[DP].2; remove one of the two rows."),
        (6, "REF[PD] has 2 already; change that with a row of its own."),
        (7, "add does not go with BEG.3; use source or constant or clear or qualifier or required."),
        (
            8,
            "The guide is not readable YAML: while parsing a flow node expected the node content, but found '}' in"
            ' "<unicode string>", line 1, column 8: {REF: [} ^. Write it as {REF: {1: =ZZ, 2: project}} or {7: contract}.',
        ),
    ]


def test_what_the_compiler_refuses_names_the_row_that_made_it() -> None:
    assert refused(
        Override("constant", "REF[IA].2", "V-1"),
        Override("source", "BEG.3", "purchase_order"),
        Override("qualifier", "REF[DP]", "CO"),
        Override("clear", "N1[BT].1"),
    ) == [
        (1, BEG_UNKNOWN),
        (2, "REF[DP]: is never read, REF[CO] takes every such segment."),
        (3, "N1[BT].1: party role is mandatory and has no source."),
        (3, "N1[*]: is never read, N1[BT] takes every such segment."),
    ]


BEG_UNKNOWN = (
    "BEG.3: there is no field 'purchase_order'; the fields here are "
    + ", ".join(PurchaseOrder.__dataclass_fields__)
    + "."
)


def test_a_row_that_mends_what_an_earlier_one_broke_is_not_blamed() -> None:
    rows = (Override("qualifier", "REF[DP]", "CO"), Override("qualifier", "REF[CO]", "OI"))
    assert "REF*OI*10042~" in lines(*rows)


def test_a_base_may_grow_under_a_partner_s_rows() -> None:
    rows = (
        Override("qualifier", "REF[IA]", "VR", was=said(BASE, "REF[IA]")),
        Override("source", "PO1.1", "line_number | upper", was=said(BASE, "PO1.1")),
    )
    grown = BASE.replace(
        "  - {REF: {1: =IA, 2: vendor_number}}\n",
        "  - {REF: {1: =19, 2: department}}\n  - {REF: {1: =IA, 2: vendor_number}}\n",
    ).replace("    each: lines\n", "    each: lines\n    max: 99\n")
    assert grown.count("\n") == BASE.count("\n") + 2
    before, after = (write(order(), apply_overrides(base, rows)).segments for base in (BASE, grown))
    assert before == after
    assert "REF*VR*V-881~" in on_the_wire("850", after)


def test_everything_that_can_be_named_says_what_stands_there() -> None:
    named = {each.address: each for each in places(BASE)}
    assert set(load_guide(BASE).addresses()) <= set(named)
    assert said(BASE, "REF[CO]") == "{REF: {1: =CO, 2: customer_order_number}}"
    assert said(BASE, "N1[ST]/N4.2") == "state"
    assert said(BASE, "N1[QQ]") == ""
    shown = named["PO1.6..25[VN]"]
    assert (shown.text, shown.field, shown.name) == ("vendor_item", "lines[]/vendor_item", "product id")
    assert named["PO1/PID[F].5"].field == "lines[]/description"
    assert (named["missing_code"].text, named["missing_code"].name) == ("hold", "missing code")


def test_what_is_shown_of_a_segment_makes_it_again() -> None:
    made = 0
    for each in places(BASE):
        whole = (
            each.text.startswith("{") and each.name != "qualifiers and values" and "[*]" not in each.address
        )
        if (
            whole
            and "/" not in each.address
            and not any(other.address.startswith(f"{each.address}/") for other in places(BASE))
        ):
            rows = [Override("drop", each.address), Override("add", "", each.text)]
            assert sorted(lines(*rows)) == sorted(wire("850/dropship_order").splitlines()), each.address
            made += 1
    assert made == 16


def test_traces_name_the_rule_and_the_value_of_each_element_both_ways() -> None:
    guide = load_guide(BASE)
    written = write(order(), guide, trace=True)
    read = read_set(written.segments, guide, trace=True)
    assert [each for each in written.traces if each.position == 4] == [
        Trace(4, 0, None, "REF[CO]", ""),
        Trace(4, 1, None, "REF[CO].1", ""),
        Trace(4, 2, None, "REF[CO].2", "customer_order_number"),
    ]
    line = next(each.position for each in written.segments if each.tag == "PO1")
    assert Trace(line, 7, None, "PO1.6..25[VN]", "lines[0]/vendor_item") in written.traces
    # What is made by a rule is taken by the same rule, for the same value.
    assert read.traces == written.traces
    assert used_addresses(read) == used_addresses(written)
    assert len(used_addresses(written)) == 103
    filled = sum(bool(element) for each in written.segments for element in each.elements)
    assert len([each for each in written.traces if each.element]) == filled
    assert write(order(), guide).traces == read_set(written.segments, guide).traces == ()


@pytest.mark.parametrize(
    ("row", "sentence"),
    [
        (Override("add", "", "{REF: {1: &a x, 2: *a}}"), "Line 1: an alias is not read; write it out"),
        (Override("add", "", "{REF: " + "[" * 900 + "]" * 900 + "}"), "Line 1: more than 40 levels inside each other"),
        (Override("add", "", "{REF: \x00}"), "The guide is not readable YAML: unacceptable character #x0000"),
        (Override("add", "", "{REF: {1: =ZZ, 2: contract}, max: 0}"), "body/REF: max is a number from 1."),
        (Override("add", "", "{REF: {1: =ZZ, 2: contract}, max: " + "9" * 500 + "}"), "body/REF: max is a number from 1."),
        (Override("add", "", "{foo: bar, REF: {1: =ZZ, 2: contract}}"), "'foo' is no option; the options are each"),
        (Override("add", "", "{REF: {1: =ZZ, 2: contract}, id: 'REF[CO]'}"), "REF[CO]: two entries have this address"),
        (Override("add", "", "{N1: {1: =ZZ, 2: name}, at: ship_to, body: partly}"),
         "N1[ZZ]: there is no fragment 'partly' to use here; the fragments are party."),
        (Override("add", "", "{N9: {1: =ZZ, 2: contract}, body: [abc]}"), "N9[ZZ]: an entry is {TAG: {element: source}}, not 'abc'."),
        (Override("source", "PO1.6..25", "{VN: sku}, x: {a: b}"), "PO1.6..25: one element takes one source;"),
        (Override("source", "PO1.6..25", "vendor_item"), "PO1.6..25: one element takes one source;"),
        (Override("clear", "REF[IA].1"), "REF[IA].1: kind of reference is mandatory and has no source."),
        (Override("source", "missing_code", "{a: b}"), "missing_code: write hold or error."),
    ],
    ids=range(13),
)  # fmt: skip
def test_whatever_a_row_holds_is_answered_with_a_sentence(row: Override, sentence: str) -> None:
    # The row behind it walks over what the first one added.
    first = refused(row, Override("qualifier", "REF[DP]", "DP"))[0]
    assert first[0] == 0
    assert first[1].startswith(sentence)


def test_a_structure_that_is_none_is_refused() -> None:
    for value in ("NOPE", "{a: b}", "[SI]"):
        with pytest.raises(OverrideError) as caught:
            apply_overrides(shipped_text("856", "004010"), [Override("source", "structure", value)])
        assert [each.sentence for each in caught.value.refusals] == [
            "structure: write one of SOTPI, SOPI, SOIP, STPOI, SPOI, SOI, STPI, SPI, SI."
        ]


def test_an_added_loop_may_take_a_fragment_of_the_base() -> None:
    rows = [
        Override("drop", "N1[ST]"),
        Override("add", "", "{N1: {1: =ST, 2: name}, at: ship_to, body: party}"),
    ]
    assert "N1[ST]/N4.2" in apply_overrides(BASE, rows).addresses()


def test_the_last_element_cannot_be_cleared() -> None:
    rows = [Override("clear", f"N1[ST]/N4.{number}") for number in (1, 2, 3, 4)]
    assert refused(*rows) == [(3, "Nothing would be left of the segment; drop it instead.")]


def test_a_base_that_is_wrong_is_refused_before_any_row() -> None:
    with pytest.raises(GuideError, match=r"BEG.3: there is no field 'purchase_order'"):
        apply_overrides(BASE.replace("3: purchase_order_number", "3: purchase_order", 1), [])

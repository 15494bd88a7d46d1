"""What the reader makes of what partners send, and what it says about the rest."""

from __future__ import annotations

import random
from datetime import date
from decimal import Decimal

import pytest

from integration.documents import Acknowledgment, Item, PurchaseOrderAcknowledgment
from integration.x12.reading import parse_segments
from integration.x12.structure import walk
from integration.x12.syntax import Segment, Separators
from integration.x12.tables import find_table
from partners.mapping.codes import CodeLists
from partners.mapping.compiler import load_guide
from partners.mapping.reader import ReadResult, read, read_set
from partners.mapping.report import Entry
from partners.mapping.writer import write
from tests.partners.mapping.mapped_documents import GOLDEN, guide_of, wire
from tests.partners.mapping.test_writing import small_guide


def read_text(text: str, codes: CodeLists | None = None) -> ReadResult:
    return read_set(parse_segments(f"ST*855*0001~{text}", Separators()), guide_of("855"), codes)


def answer(
    text: str, codes: CodeLists | None = None
) -> tuple[PurchaseOrderAcknowledgment, tuple[Entry, ...]]:
    result = read_text(text, codes)
    assert isinstance(result.document, PurchaseOrderAcknowledgment)
    return result.document, result.report


def test_a_quantity_confirmed_in_parts_is_several_acknowledgments_of_one_line() -> None:
    document, report = answer("PO1*1*10*EA~ACK*AC*4*EA*068*20260305~ACK*BP*6*EA*067*20260401~")
    assert document.lines[0].acknowledgments == (
        Acknowledgment(
            status="accepted_and_shipped", quantity=Decimal(4), unit="each", ships_on=date(2026, 3, 5)
        ),
        Acknowledgment(
            status="partial_backordered", quantity=Decimal(6), unit="each", delivers_on=date(2026, 4, 1)
        ),
    )
    assert report == ()


def test_pairs_are_read_in_any_position() -> None:
    document, report = answer("PO1*1*1*EA*****UP*1~ACK*IS~ACK*IS********UP*2*IN*3*BP*3~")
    assert [each.kind for each in report] == []
    assert document.lines[0].upc == "1"
    assert document.lines[0].acknowledgments[1].substitute == Item(upc="2", buyer_item="3")


def test_a_code_without_a_word_is_held_and_goes_out_as_it_came() -> None:
    document, report = answer("PO1*1*1*Q9~ACK*Z9~")
    assert (document.lines[0].unit, document.lines[0].acknowledgments[0].status) == ("?Q9", "?Z9")
    assert [(each.kind, each.path, each.code_list, each.text) for each in report] == [
        ("untranslated", "lines[0]/unit", "units", "Q9"),
        ("untranslated", "lines[0]/acknowledgments[0]/status", "line_status", "Z9"),
    ]
    segments = write(document, guide_of("855")).segments
    assert [each.elements for each in segments[:2]] == [("1", "1", "Q9"), ("Z9",)]


def test_a_partner_s_entry_translates_what_was_held() -> None:
    document, report = answer("PO1*1*1*Q9~", {"units": {"crate": "Q9"}})
    assert document.lines[0].unit == "crate"
    assert report == ()


def test_a_guide_may_leave_out_what_has_no_word() -> None:
    guide = small_guide("{PO1: {1: line_number, 3: unit | code:units}, each: lines}", missing_code="error")
    result = read_set(parse_segments("ST*855*1~PO1*1**Q9~", Separators()), guide)
    assert isinstance(result.document, PurchaseOrderAcknowledgment)
    assert result.document.lines[0].unit is None
    assert [(each.kind, each.sentence) for each in result.report] == [
        (
            "untranslated",
            "PO1.3 lines[0]/unit: code list units has no entry for 'Q9'; add one, until then the field is left out.",
        )
    ]


def test_trailing_blanks_are_no_data_and_leading_ones_are() -> None:
    document, report = answer("BAK*00 *AC*  P-1  *20260302~CUR*SE *   ~")
    assert (document.purpose, document.purchase_order_number, document.currency) == (
        "original",
        "  P-1",
        None,
    )
    assert report == ()


def test_numbers_and_dates_of_old_habits_are_read() -> None:
    document, report = answer("BAK*00*AC*P-1*260302~PO1*1*.5*EA*5.~")
    assert (document.purchase_order_date, document.lines[0].quantity) == (date(2026, 3, 2), Decimal("0.5"))
    assert report == ()


def test_a_line_without_anything_in_it_is_reported() -> None:
    document, report = answer("BAK*00*AC*P-1*20260302~PO1~PO1*1~")
    assert [each.line_number for each in document.lines] == ["1"]
    assert [(each.kind, each.sentence) for each in report] == [
        ("unread", "PO1 lines[0]: nothing in it has a value.")
    ]


def test_a_loop_without_a_rule_is_unread_with_all_its_segments() -> None:
    _, report = answer("BAK*00*AC*P-1*20260302~PO1*1~SLN*1**I~MSG*x~N9*ZZ*1~MSG*y~")
    assert [(each.kind, each.address, each.text, each.position) for each in report] == [
        ("unread", "PO1/SLN", "1**I", 4),
        ("unread", "PO1/SLN/MSG", "x", 5),
        ("unread", "PO1/SLN/N9", "ZZ*1", 6),
        ("unread", "PO1/SLN/N9/MSG", "y", 7),
    ]


def test_counts_and_sums_are_compared_as_numbers() -> None:
    assert answer("BAK*00*AC*P-1*20260302~PO1*1*2*EA~PO1*2*2.5*EA~CTT*02*4.50~")[1] == ()
    _, report = answer("BAK*00*AC*P-1*20260302~PO1*1*2*EA~CTT*x*1E9999999~")
    assert [(each.kind, each.sentence) for each in report] == [
        ("check", "CTT.1: 'x' stands there, the count of PO1 is 1; see whether lines are missing."),
        ("check", "CTT.2: '1E9999999' stands there, the sum of PO1.2 is 2; see whether lines are missing."),
    ]


def test_a_set_of_another_kind_is_refused() -> None:
    table = find_table("850", "004010")
    assert table is not None
    loop = walk(parse_segments("ST*850*1~BEG*00*SA*1**20260302~", Separators()), table).root
    result = read(loop, guide_of("855"))
    assert result.document is None
    assert result.report[0].sentence == "The guide reads the 855, not the 850; choose its guide."


def test_an_empty_set_is_no_document() -> None:
    assert read_text("SE*2*0001~") == ReadResult(None, ())


def test_damaged_sets_never_raise_and_what_is_read_can_be_written() -> None:
    rng = random.Random(850)
    read_at_all = 0
    for _ in range(200):
        name = rng.choice(GOLDEN)
        segments = damaged(parse_segments(wire(name), Separators()), rng)
        result = read_set(segments, guide_of(name))
        if result.document is not None:
            read_at_all += 1
            write(result.document, guide_of(name))
    assert read_at_all >= 185


def damaged(segments: list[Segment], rng: random.Random) -> list[Segment]:
    body = list(segments)
    for _ in range(rng.randint(1, 6)):
        at = rng.randrange(len(body))
        match rng.randrange(5):
            case 0:
                del body[at]
            case 1:
                body.insert(at, body[at])
            case 2:
                body.insert(rng.randrange(len(body)), body.pop(at))
            case 3:
                elements = list(body[at].elements) or [""]
                elements[rng.randrange(len(elements))] = rng.choice(
                    ("", " ", "²", "1E9", "x" * 90, "20269999")
                )
                body[at] = Segment(body[at].tag, tuple(elements), body[at].position)
            case _:
                body[at] = Segment(
                    rng.choice(("XX", "PO1", "N1", "DTM")), body[at].elements, body[at].position
                )
        if not body:
            return segments[:1]
    return body


def test_the_component_separator_in_a_simple_element_is_text() -> None:
    guide = load_guide(
        'transaction_set: "855"\nversion: "004010"\ngroup: PR\ndocument: purchase_order_acknowledgment\n'
        "body:\n  - {BAK: {1: ~00, 2: ~AD, 3: purchase_order_number, 4: ~20260302}}\n"
    )
    segments = parse_segments("ST*855*1~BAK*00*AD*A>B*20260302~", Separators())
    assert read_set(segments, guide).document == PurchaseOrderAcknowledgment(purchase_order_number="A>B")


@pytest.mark.parametrize(("counted", "told"), [("4", 0), ("2", 0), ("0", 1), ("3", 1)])
def test_a_count_may_be_of_levels_or_of_lines(counted: str, told: int) -> None:
    lines = "HL*3*2*I~LIN**VN*A~SN1**1*EA~HL*4*2*I~LIN**VN*B~SN1**1*EA~"
    text = f"ST*856*0001~HL*1**S~HL*2*1*O~PRF*P~{lines}CTT*{counted}~"
    result = read_set(parse_segments(text, Separators()), guide_of("856"))
    assert [(each.kind, each.address) for each in result.report] == [("check", "CTT.1")] * told

"""What the writer makes of each part of the language, and what it says where it cannot."""

from __future__ import annotations

import datetime
from dataclasses import replace
from decimal import Decimal
from typing import Any

from integration.documents import (
    AcknowledgedLine,
    Acknowledgment,
    Contact,
    Item,
    ItemId,
    OtherParty,
    Party,
    PurchaseOrder,
    PurchaseOrderAcknowledgment,
    PurchaseOrderLine,
    Reference,
    Schedule,
    Shipping,
)
from integration.x12.syntax import Composite, Segment, Separators
from partners.mapping.compiler import load_guide
from partners.mapping.normal import norm
from partners.mapping.reader import read_set
from partners.mapping.report import Entry
from partners.mapping.rules import Guide
from partners.mapping.writer import write
from tests.partners.mapping.mapped_documents import guide_of

DAY = datetime.date(2026, 3, 2)
ORDER = PurchaseOrder(
    purpose="original",
    order_type="dropship",
    purchase_order_number="P-1",
    purchase_order_date=DAY,
    lines=(PurchaseOrderLine(line_number="1", quantity=Decimal("2"), unit="each"),),
)
ANSWER = PurchaseOrderAcknowledgment(
    purpose="original", acknowledgment_type="accepted", purchase_order_number="P-1", purchase_order_date=DAY
)


def small_guide(*entries: str, missing_code: str = "hold") -> Guide:
    head = 'transaction_set: "855"\nversion: "004010"\ngroup: PR\ndocument: purchase_order_acknowledgment\n'
    codes = "codes:\n  units: {each: EA, case: CA}\n"
    bak = "  - {BAK: {1: ~00, 2: ~AD, 3: purchase_order_number, 4: ~20260302}}\n"
    body = "".join(f"  - {entry}\n" for entry in entries)
    return load_guide(f"{head}missing_code: {missing_code}\n{codes}body:\n{bak}{body}")


def lines(document: Any, guide: Guide, **codes: dict[str, str]) -> list[str]:
    """The segments after the first as text, nothing being reported, and proof that they read back."""
    written = write(document, guide, codes)
    assert written.report == ()
    assert read_set(written.segments, guide, codes).document == norm(document, guide, codes)
    return ["*".join((each.tag, *each.elements)) for each in written.segments[1:]]


def told(document: Any, guide: Guide | None = None) -> list[tuple[str, str, str]]:
    """Kind, address and path of each entry of the report."""
    kind = "850" if isinstance(document, PurchaseOrder) else "855"
    return [(each.kind, each.address, each.path) for each in write(document, guide or guide_of(kind)).report]


def test_the_smallest_order_is_written() -> None:
    assert lines(ORDER, guide_of("850")) == ["PO1*1*2*EA", "CTT*1*2"]


def test_constants_and_defaults_stand_only_beside_what_they_belong_to() -> None:
    order = replace(
        ORDER, ship_to=Party(name="Vera"), vendor=Party(id="BW01"), shipping=Shipping(routing="Ground")
    )
    assert lines(order, guide_of("850")) == [
        "TD5*O****Ground",
        "N1*ST*Vera",
        "N1*VN**92*BW01",
        "PO1*1*2*EA",
        "CTT*1*2",
    ]


def test_a_default_is_canonical_and_goes_through_its_transform() -> None:
    guide = small_guide("{PO1: {2: quantity | decimal, 3: unit | code:units default each if 2}, each: lines}")
    answer = PurchaseOrderAcknowledgment(
        purchase_order_number="P-1",
        lines=(AcknowledgedLine(quantity=Decimal(4)), AcknowledgedLine(unit="case")),
    )
    assert lines(answer, guide) == ["PO1**4*EA", "PO1***CA"]
    assert lines(answer, guide, units={"each": "UN"}) == ["PO1**4*UN", "PO1***CA"]


def test_a_body_without_a_segment_of_its_own_brings_its_loop() -> None:
    order = replace(ORDER, ship_to=Party(contact=Contact(phone="555")))
    assert lines(order, guide_of("850"))[:2] == ["N1*ST", "PER*IC**TE*555"]


def test_an_empty_record_is_not_written() -> None:
    order = replace(ORDER, ship_to=Party(contact=Contact()), shipping=Shipping(), buyer=Party(name="  "))
    assert lines(order, guide_of("850")) == ["PO1*1*2*EA", "CTT*1*2"]
    assert norm(order, guide_of("850")) == ORDER


def test_address_lines_go_on_in_further_segments() -> None:
    order = replace(ORDER, ship_to=Party(name="Vera", address_lines=("a", "b", "c")))
    assert lines(order, guide_of("850"))[1:3] == ["N3*a*b", "N3*c"]


def test_a_list_over_groups_of_elements_goes_on_in_further_segments() -> None:
    guide = small_guide(
        "PO1: {1: line_number}\n    each: lines\n    body:\n"
        '      - {SDQ: {1: unit | code:units, "3..6 each schedules": [warehouse, quantity | decimal]}}'
    )
    schedules = tuple(Schedule(warehouse=f"W{number}", quantity=Decimal(number)) for number in (11, 12, 13))
    answer = PurchaseOrderAcknowledgment(
        purchase_order_number="P-1",
        lines=(AcknowledgedLine(line_number="1", unit="case", schedules=schedules),),
    )
    assert lines(answer, guide) == ["PO1*1", "SDQ*CA**W11*11*W12*12", "SDQ*CA**W13*13"]


def test_a_composite_is_written_and_read_with_the_separators_of_the_interchange() -> None:
    guide = small_guide("{REF: {1: =CO, 2: customer_order_number, 4: {1: ~IA, 2: contract}}}")
    answer = PurchaseOrderAcknowledgment(
        purchase_order_number="P-1", customer_order_number="9", contract="K>1"
    )
    segments = write(answer, guide).segments
    assert segments[1].elements == ("CO", "9", "", Composite("IA", "K>1"))
    assert read_set(segments, guide).document == answer
    raw = [Segment("REF", ("CO", "9", "", "IA:K>1:XX:7"), segments[1].position)]
    result = read_set([segments[0], *raw], guide, separators=Separators(component=":"))
    assert result.document == answer
    assert [(each.address, each.text) for each in result.report] == [
        ("REF[CO].4.3", "XX"),
        ("REF[CO].4.4", "7"),
    ]


def test_implied_decimals_are_written_and_more_refused() -> None:
    guide = small_guide("{SAC: {1: ~C, 5: total | n2}}")
    assert lines(PurchaseOrderAcknowledgment(purchase_order_number="P-1", total=Decimal("4.5")), guide) == [
        "SAC*C****450"
    ]
    assert told(PurchaseOrderAcknowledgment(purchase_order_number="P-1", total=Decimal("4.505")), guide) == [
        ("error", "SAC.5", "total")
    ]


def test_text_joined_exactly_is_cut_beside_no_blank() -> None:
    guide = small_guide("{PID: {1: =F, 5: .}, text: notes, join: exact}")
    notes = "ab " * 53 + "c"
    written = lines(PurchaseOrderAcknowledgment(purchase_order_number="P-1", notes=notes), guide)
    assert [len(each) for each in written] == [9 + 79, 9 + 78, 9 + 3]


def test_a_rule_can_be_mandatory_and_have_a_maximum() -> None:
    guide = small_guide(
        "{CUR: {1: ~SE, 2: currency}, required: true}",
        "{REF: {1: qualifier, 2: value}, each: other_references, max: 1}",
    )
    references = (Reference("ZZ", "1"), Reference("ZZ", "2"))
    answer = PurchaseOrderAcknowledgment(purchase_order_number="P-1", other_references=references)
    assert told(answer, guide) == [("error", "CUR", ""), ("error", "REF", "")]


def test_a_value_without_a_place_is_reported_and_does_not_forbid_sending() -> None:
    written = write(replace(ANSWER, currency="USD", notes="hello"), small_guide())
    assert [(each.kind, each.address, each.path, each.text) for each in written.report] == [
        ("not_carried", "", "purpose", "original"),
        ("not_carried", "", "acknowledgment_type", "accepted"),
        ("not_carried", "", "purchase_order_date", "2026-03-02"),
        ("not_carried", "", "currency", "USD"),
        ("not_carried", "", "notes", "hello"),
    ]
    assert written.errors == ()
    assert (
        written.report[-1].sentence
        == "notes: the guide has no place for 'hello'; it is not in what is written."
    )


def test_everything_mandatory_that_is_missing_is_told_at_once() -> None:
    assert told(PurchaseOrder()) == [("error", "BEG", ""), ("error", "PO1", "")]
    assert told(PurchaseOrder(contract="K")) == [
        ("error", "BEG.1", ""),
        ("error", "BEG.2", ""),
        ("error", "BEG.3", ""),
        ("error", "BEG.5", ""),
        ("error", "PO1", ""),
    ]


def test_each_refused_value_is_told_with_its_address_and_path() -> None:
    order = replace(
        ORDER,
        currency="DOLLARS",
        purchase_order_date="tomorrow",  # type: ignore[arg-type]
        total=Decimal("NaN"),
        lines=(
            PurchaseOrderLine(
                vendor_item="V" * 49,
                unit="bucket",
                quantity=Decimal("1E+20"),
                other_ids=(ItemId("VN", "1"), ItemId("ZZ")),
            ),
        ),
        ship_to=Party(name="A\tB", state="New York", address_lines=("",)),
    )
    report = write(order, guide_of("850")).report
    line = guide_of("850").table.segments["N3"].elements[0]
    assert [(each.kind, each.sentence) for each in report] == [
        ("error", "BEG.5 purchase_order_date: a date expected, got 'tomorrow'."),
        ("error", "CUR.2 currency: 'DOLLARS' has 7 characters, at most 3 fit; shorten it."),
        ("error", r"N1[ST].2 ship_to/name: 'A\tB' holds '\t', which X12 cannot carry; remove it."),
        ("error", "N1[ST]/N3.1..2 ship_to/address_lines[0]: it is empty; fill it or remove it."),
        ("error", f"N1[ST]/N3.1 ship_to: {line.name} is mandatory and nothing fills it."),
        ("error", "N1[ST]/N4.2 ship_to/state: 'New York' has 8 characters, at most 2 fit; shorten it."),
        (
            "error",
            "PO1.2 lines[0]/quantity: '100000000000000000000' has 21 digits, at most 15 fit; shorten it.",
        ),
        (
            "untranslated",
            "PO1.3 lines[0]/unit: code list units has no entry for 'bucket'; add the partner's code for it.",
        ),
        (
            "error",
            f"PO1.7 lines[0]/vendor_item: '{'V' * 39}…' has 49 characters, at most 48 fit; shorten it.",
        ),
        ("error", "PO1.7 lines[0]/other_ids[0]: VN would be read back as vendor_item; use that field."),
        ("error", "PO1.7 lines[0]/other_ids[1]: a pair needs both a qualifier and a value."),
        ("error", "CTT/AMT[TT].2 total: a number expected, got NaN."),
    ]
    assert report[7] == Entry(
        "untranslated", "PO1.3", "lines[0]/unit", report[7].sentence, text="bucket", code_list="units"
    )


def test_what_another_rule_would_read_back_is_refused() -> None:
    order = replace(
        ORDER, other_references=(Reference("CO", "1"),), other_parties=(OtherParty(role="ST", name="x"),)
    )
    assert [each.sentence for each in write(order, guide_of("850")).report] == [
        "REF[*] other_references[0]: would be read back as REF[CO]; use its field instead.",
        "N1[*] other_parties[0]: would be read back as N1[ST]; use its field instead.",
    ]


def test_more_than_the_standard_allows_is_refused() -> None:
    order = replace(ORDER, ship_to=Party(name="x", address_lines=("a", "b", "c", "d", "e")))
    assert told(order) == [("error", "N1[ST]/N3", "ship_to")]
    answer = replace(
        ANSWER,
        lines=(
            AcknowledgedLine(quantity=Decimal(1), acknowledgments=(Acknowledgment(status="accepted"),) * 105),
        ),
    )
    assert told(answer) == [("error", "PO1/ACK", "lines[0]")]


def test_pairs_without_a_place_are_told() -> None:
    item = Item(other_ids=tuple(ItemId("ZZ", str(number)) for number in range(11)))
    line = AcknowledgedLine(
        quantity=Decimal(1),
        acknowledgments=(
            Acknowledgment(status="accepted", delivers_on=DAY, ships_on=DAY),
            Acknowledgment(status="substituted", substitute=item),
        ),
    )
    assert [each.sentence for each in write(replace(ANSWER, lines=(line,)), guide_of("855")).report] == [
        "PO1/ACK.4..5 lines[0]/acknowledgments[0]: 2 pairs, only 1 fit; there is no place for 068.",
        "PO1/ACK.7..26 lines[0]/acknowledgments[1]: 11 pairs, only 10 fit; there is no place for ZZ.",
    ]


def test_an_empty_item_of_a_list_is_told() -> None:
    order = replace(ORDER, lines=(*ORDER.lines, PurchaseOrderLine(), PurchaseOrderLine(notes=" ")))
    assert told(order) == [("error", "PO1", "lines[1]"), ("error", "PO1", "lines[2]")]


def test_the_partner_s_codes_lie_over_the_guide_s() -> None:
    codes = {"units": {"each": "UN", "crate": "CR"}}
    order = replace(ORDER, lines=(PurchaseOrderLine(quantity=Decimal(1), unit="crate"), ORDER.lines[0]))
    assert lines(order, guide_of("850"), **codes) == ["PO1**1*CR", "PO1*1*2*UN", "CTT*2*3"]


def test_a_document_of_another_kind_is_refused() -> None:
    (entry,) = write(ORDER, guide_of("855")).report
    assert entry.kind == "error"
    assert entry.sentence == (
        "The guide writes a PurchaseOrderAcknowledgment, not a PurchaseOrder; choose its guide."
    )

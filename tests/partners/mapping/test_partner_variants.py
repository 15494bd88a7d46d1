"""Ten variants of partners, each from the shipped guide with rows and settings alone: nobody writes a guide for one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from archive import store
from integration.documents import from_json, to_json
from integration.flows.outgoing import Outgoing, store_interchange
from integration.x12.reading import parse_segments
from integration.x12.second_opinion import second_opinion
from integration.x12.syntax import Separators
from partners.mapping.compiler import shipped_text
from partners.mapping.overrides import Override
from partners.mapping.rehearsal import rehearse_reading, rehearse_writing
from partners.mapping.samples import accepted, run, unexercised
from partners.mapping.variants import left_out, variant
from tests import factories

USUAL = Separators()


@dataclass(frozen=True)
class Variant:
    """What a partner wants: ``document`` and ``wire`` (ST to SE, a segment a line) are the same under his rows."""

    set: str
    document: Mapping[str, Any]
    wire: str
    rows: tuple[Override, ...] = ()
    codes: Mapping[str, Mapping[str, str]] = field(default_factory=dict)

    @property
    def lines(self) -> list[str]:
        return [line.strip() for line in self.wire.strip().splitlines()]


ORDER = {
    "purpose": "original",
    "order_type": "dropship",
    "purchase_order_number": "HP-2001-1",
    "purchase_order_date": "2026-03-02",
    "customer_order_number": "2001",
    "ship_to": {"name": "Ines Albrecht", "id": "0117", "id_kind": "92", "city": "Dover", "state": "DE"},
    "lines": [
        {
            "line_number": "1",
            "quantity": "3",
            "unit": "each",
            "vendor_item": "QF-40",
            "buyer_item": "HP-LANTERN",
        }
    ],
}
ANSWER = {
    "purpose": "original",
    "acknowledgment_type": "detail_with_change",
    "purchase_order_number": "HP-2001-1",
    "purchase_order_date": "2026-03-02",
}
NOTICE = {
    "purpose": "original",
    "number": "QF-S-31",
    "notified_on": "2026-03-05",
    "notified_at": "09:30:00",
    "shipped_on": "2026-03-05",
    "orders": [{"purchase_order_number": "HP-2001-1"}, {"purchase_order_number": "HP-2002-1"}],
}

WRITTEN = {
    "extra REF": Variant(
        "850",
        ORDER | {"department": "14"},
        """
        ST*850*0001
        BEG*00*DS*HP-2001-1**20260302
        REF*CO*2001
        REF*DP*14
        REF*19*014
        REF*IL*2001
        N1*ST*Ines Albrecht*92*0117
        N4*Dover*DE
        PO1*1*3*EA***VN*QF-40*BP*HP-LANTERN
        CTT*1*3
        SE*11*0001
        """,
        rows=(
            Override("add", "", "{REF: {1: =19, 2: ~014}}"),
            Override("add", "", "{REF: {1: =IL, 2: customer_order_number}}"),
        ),
    ),
    "other item qualifier": Variant(
        "850",
        ORDER,
        """
        ST*850*0001
        BEG*00*DS*HP-2001-1**20260302
        REF*CO*2001
        N1*ST*Ines Albrecht*92*0117
        N4*Dover*DE
        PO1*1*3*EA***VC*QF-40*IN*HP-LANTERN
        CTT*1*3
        SE*8*0001
        """,
        rows=(
            Override("qualifier", "PO1.6..25[VN]", "VC", "vendor_item"),
            Override("qualifier", "PO1.6..25[BP]", "IN,BP", "buyer_item"),
        ),
    ),
    "other N1 code": Variant(
        "850",
        ORDER,
        """
        ST*850*0001
        BEG*00*DS*HP-2001-1**20260302
        REF*CO*2001
        N1*MA*Ines Albrecht*ZZ*0117
        N4*Dover*DE
        PO1*1*3*EA***VN*QF-40*BP*HP-LANTERN
        CTT*1*3
        SE*8*0001
        """,
        rows=(
            Override("qualifier", "N1[ST]", "MA"),
            Override("constant", "N1[ST].3", "ZZ if 4"),
        ),
    ),
    "unit translated": Variant(
        "850",
        ORDER,
        """
        ST*850*0001
        BEG*00*DS*HP-2001-1**20260302
        REF*CO*2001
        N1*ST*Ines Albrecht*92*0117
        N4*Dover*DE
        PO1*1*3*PC***VN*QF-40*BP*HP-LANTERN
        CTT*1*3
        SE*8*0001
        """,
        codes={"units": {"each": "PC"}},
    ),
    "810 with line charges": Variant(
        "810",
        {
            "invoice_date": "2026-03-09",
            "invoice_number": "QF-7710",
            "purchase_order_date": "2026-03-02",
            "purchase_order_number": "HP-2001-1",
            "type": "dropship_invoice",
            "lines": [
                {
                    "line_number": "1",
                    "quantity": "3",
                    "unit": "each",
                    "unit_price": "12.5",
                    "vendor_item": "QF-40",
                    "allowances_and_charges": [
                        {"type": "charge", "service_code": "D240", "amount": "4.5", "description": "Freight"},
                        {
                            "type": "allowance",
                            "service_code": "C310",
                            "amount": "1.2",
                            "description": "Rebate",
                        },
                    ],
                }
            ],
            "total": "40.8",
        },
        """
        ST*810*0001
        BIG*20260309*QF-7710*20260302*HP-2001-1***DO
        IT1*1*3*EA*12.5*PE*VN*QF-40
        SAC*C*D240*VI*D240*450*******06***Freight
        SAC*A*C310*VI*C310*120*******06***Rebate
        TDS*4080
        CTT*1
        SE*8*0001
        """,
        rows=(
            Override("constant", "IT1/SAC.3", "VI if 4"),
            Override("source", "IT1/SAC.4", "service_code"),
            Override("constant", "IT1/SAC.12", "06"),
        ),
    ),
    "packs before orders": Variant(
        "856",
        NOTICE
        | {
            "packages": [{"sscc": "000123450000000018"}],
            "items": [
                {
                    "line_number": "1",
                    "vendor_item": "QF-40",
                    "quantity": "3",
                    "unit": "each",
                    "order": 0,
                    "package": 0,
                },
                {
                    "line_number": "1",
                    "vendor_item": "QF-41",
                    "quantity": "2",
                    "unit": "each",
                    "order": 1,
                    "package": 0,
                },
            ],
        },
        """
        ST*856*0001
        BSN*00*QF-S-31*20260305*093000*0003
        HL*1**S*1
        DTM*011*20260305
        HL*2*1*P*1
        MAN*GM*00000123450000000018
        HL*3*2*O*1
        PRF*HP-2001-1
        HL*4*3*I*0
        LIN*1*VN*QF-40
        SN1**3*EA
        HL*5*2*O*1
        PRF*HP-2002-1
        HL*6*5*I*0
        LIN*1*VN*QF-41
        SN1**2*EA
        CTT*6*5
        SE*18*0001
        """,
        rows=(Override("source", "structure", "SPOI", "SOPI"),),
    ),
    "ASN without pack level": Variant(
        "856",
        NOTICE
        | {
            "orders": [{"purchase_order_number": "HP-2001-1"}],
            "packages": [{"sscc": "000123450000000018"}],
            "items": [
                {
                    "line_number": "1",
                    "vendor_item": "QF-40",
                    "quantity": "3",
                    "unit": "each",
                    "order": 0,
                    "package": 0,
                }
            ],
        },
        """
        ST*856*0001
        BSN*00*QF-S-31*20260305*093000*0004
        HL*1**S*1
        DTM*011*20260305
        HL*2*1*O*1
        PRF*HP-2001-1
        HL*3*2*I*0
        LIN*1*VN*QF-40
        SN1**3*EA
        CTT*1
        SE*11*0001
        """,
        rows=(
            Override("source", "structure", "SOI", "SOPI"),
            Override("source", "CTT.1", "#count LIN"),
            Override("clear", "CTT.2"),
        ),
    ),
}

READ = {
    "code list replaced": Variant(
        "855",
        ANSWER
        | {
            "lines": [
                {
                    "line_number": "1",
                    "quantity": "3",
                    "unit": "each",
                    "acknowledgments": [{"status": "accepted", "quantity": "3", "unit": "each"}],
                },
                {
                    "line_number": "2",
                    "quantity": "1",
                    "unit": "case",
                    "acknowledgments": [{"status": "rejected", "quantity": "1", "unit": "case"}],
                },
            ]
        },
        """
        ST*855*0001
        BAK*00*AC*HP-2001-1*20260302
        PO1*1*3*EA
        ACK*OK*3*EA
        PO1*2*1*CA
        ACK*NO*1*CA
        CTT*2
        SE*8*0001
        """,
        codes={"line_status": {"accepted": "OK", "rejected": "NO"}},
    ),
    "two ACKs a line": Variant(
        "855",
        ANSWER
        | {
            "lines": [
                {
                    "line_number": "1",
                    "quantity": "10",
                    "unit": "each",
                    "vendor_item": "QF-40",
                    "acknowledgments": [
                        {"status": "accepted", "quantity": "4", "unit": "each", "ships_on": "2026-03-05"},
                        {
                            "status": "backordered",
                            "quantity": "6",
                            "unit": "each",
                            "ships_on": "2026-04-01",
                            "request_reference": "B-2",
                        },
                    ],
                }
            ]
        },
        """
        ST*855*0001
        BAK*00*AC*HP-2001-1*20260302
        PO1*1*10*EA***VN*QF-40
        ACK*IA*4*EA*011*20260305
        ACK*IB*6*EA*011*20260401*B-2
        CTT*1
        SE*7*0001
        """,
        rows=(Override("qualifier", "PO1/ACK.4..5[068]", "011,068"),),
    ),
}


@pytest.mark.parametrize("name", WRITTEN)
def test_a_partners_variant_is_written_to_the_last_character(name: str) -> None:
    wanted = WRITTEN[name]
    base = shipped_text(wanted.set, "004010")
    guide = variant(base, wanted.rows)
    rehearsal = rehearse_writing(from_json(guide.document, wanted.document), guide, wanted.codes)
    assert rehearsal.lines == wanted.lines
    assert second_opinion(rehearsal.segments, guide.table, rehearsal.separators) == []
    sample = accepted(rehearsal, "out", name, wanted.codes)
    assert run(sample, guide, left_out(base, wanted.rows)).problems == ()
    assert run(sample, guide, left_out(base, wanted.rows)).differences == ()
    assert unexercised(base, wanted.rows, [sample]) == ()


@pytest.mark.parametrize("name", READ)
def test_a_partners_variant_is_read_to_the_last_field(name: str) -> None:
    wanted = READ[name]
    base = shipped_text(wanted.set, "004010")
    guide = variant(base, wanted.rows)
    segments = parse_segments("~".join(wanted.lines), USUAL)
    rehearsal = rehearse_reading(segments, guide, USUAL, wanted.codes)
    assert rehearsal.report == ()
    assert rehearsal.document is not None
    assert to_json(rehearsal.document) == wanted.document
    assert [each for each in rehearsal.findings if each.severity == "error"] == []
    sample = accepted(rehearsal, "in", name, wanted.codes)
    assert run(sample, guide).passes
    assert unexercised(base, wanted.rows, [sample]) == ()


@pytest.mark.parametrize("name", [*WRITTEN, *READ])
def test_without_the_rows_and_lists_each_of_them_comes_out_otherwise(name: str) -> None:
    wanted = WRITTEN.get(name) or READ[name]
    guide = variant(shipped_text(wanted.set, "004010"), ())
    if name in WRITTEN:
        assert rehearse_writing(from_json(guide.document, wanted.document), guide).lines != wanted.lines
        return
    plain = rehearse_reading(parse_segments("~".join(wanted.lines), USUAL), guide, USUAL)
    assert plain.document is not None
    assert to_json(plain.document) != wanted.document


def test_separators_are_the_agreements_own(db: None) -> None:
    agreement = factories.agreement()
    agreement.element_separator, agreement.segment_terminator, agreement.component_separator = "|", "'", ":"
    agreement.save()
    wanted = WRITTEN["extra REF"]
    guide = variant(shipped_text("850", "004010"), wanted.rows)
    rehearsal = rehearse_writing(from_json(guide.document, wanted.document), guide)
    outgoing = Outgoing(agreement, "850", rehearsal.segments[1:-1], ZoneInfo("UTC"))
    document = store_interchange(outgoing, datetime(2026, 3, 2, 9, 30, tzinfo=UTC))
    text = store.open(document.interchange.payload, purpose="test").decode()
    assert (text[3], text[104], text[105]) == ("|", ":", "'")
    body = text[text.index("ST|") : text.index("GE|")]
    assert body.rstrip("'").split("'") == [line.replace("*", "|") for line in wanted.lines]

"""What the README of the mapping language shows works, and what it lists is all there is."""

from __future__ import annotations

import re
from pathlib import Path

import partners.mapping
from integration.documents import PurchaseOrderAcknowledgment, ShipNotice
from integration.x12.reading import parse_segments
from integration.x12.syntax import Separators
from partners.mapping.compiler import OPTIONS, load_guide
from partners.mapping.overrides import OPERATIONS
from partners.mapping.reader import read_set
from partners.mapping.transforms import transform_names
from partners.mapping.writer import write
from tests.partners.mapping.mapped_documents import on_the_wire

README = (Path(partners.mapping.__file__).parent / "README.md").read_text(encoding="utf-8")
ACKNOWLEDGMENT, NOTICE = re.findall(r"```yaml\n(.*?)```", README, re.DOTALL)

ACKNOWLEDGED = """\
ST*855*0001~
BAK*06*AC*GP-1*20260302~
REF*CO*10042~
REF*ZZ*7~
N1*ST*Mara Quill*92*778~
N3*12 Harbour Lane*Flat 3~
N4*Northport*NY*11768~
PO1*1*3*EA*14.25*PE*VN*MUG*BO*BLUE~
PID*F*08***Blue mug~
ACK*IA*2*EA~
ACK*IR*1*EA~
CTT*1*3~
SE*13*0001~
"""
SHIPPED = """\
ST*856*0001~
BSN*00*SH-7*20260302*093000*0001~
HL*1**S*1~
DTM*011*20260302~
HL*2*1*O*1~
PRF*GP-1~
HL*3*2*P*1~
MAN*GM*00300123456700000018~
HL*4*3*I*0~
LIN*1*VN*MUG~
SN1**2*EA~
CTT*4~
SE*13*0001~
"""


def test_the_first_example_reads_and_writes_an_acknowledgment() -> None:
    guide = load_guide(ACKNOWLEDGMENT)
    result = read_set(parse_segments(ACKNOWLEDGED, Separators()), guide)
    document = result.document
    assert result.report == ()
    assert isinstance(document, PurchaseOrderAcknowledgment)
    assert [(each.status, each.quantity) for each in document.lines[0].acknowledgments] == [
        ("accepted", 2),
        ("rejected", 1),
    ]
    assert on_the_wire("855", write(document, guide).segments) == ACKNOWLEDGED


def test_the_second_example_reads_and_writes_a_ship_notice_in_both_structures() -> None:
    guide = load_guide(NOTICE)
    document = read_set(parse_segments(SHIPPED, Separators()), guide).document
    assert isinstance(document, ShipNotice)
    assert [(each.vendor_item, each.order, each.package) for each in document.items] == [("MUG", 0, 0)]
    assert on_the_wire("856", write(document, guide).segments) == SHIPPED
    other = load_guide(NOTICE.replace("structure: SOPI", "structure: SPI"))
    written = write(document, other)
    assert written.report == ()
    assert [each[3] for each in written.segments if each.tag == "HL"] == ["S", "P", "I"]
    assert read_set(written.segments, guide).document == document


def test_every_transform_option_and_operation_is_named() -> None:
    prose = re.sub(r"```.*?```", "", README, flags=re.DOTALL)
    named = set(re.findall(r"`([^`]+)`", prose))
    transforms = {name for each in transform_names() for name in [each] if not re.fullmatch(r"n[0-4]", name)}
    assert transforms - named == set()
    assert {"n0", "n4"} <= named
    assert set(OPERATIONS) - named == set()
    words = " ".join(named)
    assert [each for each in OPTIONS if each not in words] == []

"""Pairs of document and X12 written by hand: the law shows consistency, these show truth."""

from __future__ import annotations

import json
from collections import Counter
from typing import Any

import pytest
from edi_parser import api  # type: ignore[import-untyped]
from hypothesis import HealthCheck, given, settings

from integration.documents import from_json, to_json
from integration.x12.envelope import read_interchange
from integration.x12.reading import parse_segments
from integration.x12.syntax import Separators
from integration.x12.validate import check_group
from partners.mapping.reader import read_set
from partners.mapping.writer import write
from tests.partners.mapping.generated_documents import documents
from tests.partners.mapping.mapped_documents import (
    GOLDEN,
    GUIDES,
    PAIRS,
    golden,
    guide_of,
    interchange,
    on_the_wire,
    wire,
)


def judge(data: bytes) -> tuple[bool, Any]:
    found: dict[str, Any] = api.validate_edi(data.decode("utf-8"), "x12", "x12")
    return found["valid"], found["errors"]


def test_all_hand_made_pairs_are_tested() -> None:
    counted = Counter((name[:3], guide_of(name).version) for name in GOLDEN)
    assert counted == {
        ("850", "004010"): 7,
        ("850", "005010"): 3,
        ("855", "004010"): 6,
        ("855", "005010"): 3,
        ("856", "004010"): 7,
        ("856", "005010"): 3,
        ("860", "004010"): 2,
        ("860", "005010"): 1,
        ("865", "004010"): 2,
        ("865", "005010"): 1,
        ("810", "004010"): 7,
        ("810", "005010"): 3,
        ("846", "004010"): 7,
        ("846", "005010"): 3,
        ("812", "004010"): 2,
        ("812", "005010"): 1,
        ("824", "004010"): 2,
        ("824", "005010"): 1,
        ("180", "004010"): 2,
        ("180", "005010"): 1,
    }
    assert len(list(PAIRS.glob("[0-9]*/*.edi"))) == len(GOLDEN) + 1


@pytest.mark.parametrize("name", GOLDEN)
def test_the_document_is_written_to_the_last_character(name: str) -> None:
    written = write(golden(name), guide_of(name))
    assert written.report == ()
    assert on_the_wire(name[:3], written.segments) == wire(name)


@pytest.mark.parametrize("name", GOLDEN)
def test_the_wire_is_read_to_the_last_field(name: str) -> None:
    result = read_set(parse_segments(wire(name), Separators()), guide_of(name))
    assert result.report == ()
    assert result.document is not None
    assert to_json(result.document) == json.loads((PAIRS / f"{name}.json").read_text(encoding="utf-8"))


def test_positions_count_from_the_set_header() -> None:
    written = write(golden("850/dropship_order"), guide_of("850"))
    assert [each.position for each in written.segments] == list(range(2, 33))
    assert written.segments[0].tag == "BEG"


def test_a_partner_who_writes_otherwise_is_read_and_each_difference_told() -> None:
    guide = guide_of("855")
    result = read_set(parse_segments(wire("855/partner_flavour"), Separators()), guide)
    data = json.loads((PAIRS / "855/partner_flavour.json").read_text(encoding="utf-8"))
    assert result.document == from_json(guide.document, data)
    assert [(each.kind, each.address, each.path, each.text) for each in result.report] == [
        ("unread", "XYZ", "", "1"),
        ("out_of_order", "CUR", "", ""),
        ("out_of_order", "N1/N3", "", ""),
        ("out_of_order", "PO1/CTP", "", ""),
        ("unread", "REF", "", "CO*SECOND"),
        ("unread", "TD5.1", "", "B"),
        ("unread", "TD5.2", "", "92"),
        ("unread", "N9.1", "", "L1"),
        ("unread", "N9.2", "", "HELLO"),
        ("unread", "N1[*]/REF", "other_parties[0]", "DP*4"),
        ("untranslated", "PO1.3", "lines[0]/unit", "Q9"),
        ("conflict", "PO1.9", "lines[0]/vendor_item", "OTHER"),
        ("unread", "PO1.10", "lines[0]", "SK"),
        ("unread", "PO1/CTP", "lines[0]", "*RES*9.99"),
        ("error", "PO1/ACK.2", "lines[0]/acknowledgments[0]/quantity", "four"),
        ("unread", "PO1/ACK.5", "lines[0]/acknowledgments[0]", "002*20260401"),
        ("error", "PO1/SCH.6", "lines[0]/schedules[0]/date", "20260231"),
        ("unread", "PO1/SCH.7", "lines[0]/schedules[0]/time", "15"),
        ("check", "CTT.1", "", "5"),
    ]


@pytest.mark.parametrize("name", GOLDEN)
def test_the_outside_judge_accepts_what_is_written(name: str) -> None:
    guide = guide_of(name)
    assert judge(interchange(guide, write(golden(name), guide).segments)) == (True, [])


@pytest.mark.parametrize("name", GOLDEN)
def test_our_own_validator_finds_nothing_in_what_is_written(name: str) -> None:
    guide = guide_of(name)
    (group,) = read_interchange(interchange(guide, write(golden(name), guide).segments)).groups
    (verdict,) = check_group(group)
    assert verdict.findings == []


@pytest.mark.parametrize("code", GUIDES)
def test_the_outside_judge_accepts_generated_documents(code: str) -> None:
    guide = guide_of(code)
    judged = 0

    @settings(
        max_examples=10,
        derandomize=True,
        deadline=None,
        database=None,
        suppress_health_check=list(HealthCheck),
    )
    @given(documents(guide.document, version=guide.version))
    def law(document: Any) -> None:
        nonlocal judged
        assert judge(interchange(guide, write(document, guide).segments)) == (True, [])
        judged += 1

    law()
    assert judged == 10


def test_the_outside_judge_can_say_no() -> None:
    guide = guide_of("850")
    data = interchange(guide, write(golden("850/dropship_order"), guide).segments)
    assert judge(data.replace(b"*DS*GP-10042-1*", b"*DS**"))[0] is False

"""Documents of our own for the X12 tests: invented names and numbers in the shapes that partners use."""

from __future__ import annotations

import csv
import os
from collections.abc import Sequence
from datetime import date, time
from pathlib import Path

import pytest

from integration.x12.envelope import (
    GroupReading,
    GroupToWrite,
    InterchangeHeader,
    SetToWrite,
    read_interchange,
    set_segments,
    write_interchange,
)
from integration.x12.findings import Finding
from integration.x12.syntax import Composite, Segment, Separators, segment

SHARED_SAMPLES = Path(__file__).resolve().parents[4] / "shared" / "x12" / "samples"
GROUPS = {"850": "PO", "855": "PR", "997": "FA"}

# (severity, level, tag, position, element, component, code): all that a 997 and a list of findings show.
Row = tuple[str, str, str, int, int | None, int | None, str]


def shared_samples() -> Path:
    """The folder of public sample files beside the repository; skips where it is absent, fails in CI."""
    if not SHARED_SAMPLES.is_dir():
        reason = "the public X12 samples (folder shared beside the repository) are not here"
        if os.environ.get("CI") == "true":
            pytest.fail(reason)
        pytest.skip(reason)
    return SHARED_SAMPLES


def facts_of(name: str, version: str) -> list[dict[str, str]]:
    """The rows of one file of X12 facts beside the repository; skips where it is absent, fails in CI."""
    path = SHARED_SAMPLES.parent / "facts" / f"{name}-{version[2:]}.tsv"
    if not path.is_file():
        reason = "the X12 facts (folder shared beside the repository) are not here"
        if os.environ.get("CI") == "true":
            pytest.fail(reason)
        pytest.skip(reason)
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE))


def rows(findings: Sequence[Finding]) -> list[Row]:
    return [
        (
            each.severity,
            each.level,
            each.segment_tag,
            each.segment_position,
            each.element,
            each.component,
            each.code_997,
        )
        for each in findings
    ]


def order_850() -> list[Segment]:
    return [
        segment("BEG", "00", "DS", "4711-2", "", "20260302"),
        segment("CUR", "BY", "USD"),
        segment("REF", "CO", "100045"),
        segment("PER", "BD", "Iva Dorn", "TE", "5550100", "EM", "orders@shop.example"),
        segment("DTM", "010", "20260305"),
        segment("TD5", "O", "2", "EXMP", "U", "Ground"),
        segment("N9", "L1", "note"),
        segment("MSG", "Leave at the side door"),
        segment("N1", "ST", "Mara Quill", "92", "778"),
        segment("N3", "12 Harbour Lane", "Flat 3"),
        segment("N4", "Northport", "NY", "11768", "US"),
        segment("PO1", "1", "3", "EA", "14.25", "PE", "VN", "MUG-BLUE", "UP", "012345678905"),
        segment("CTP", "", "RTL", "19.99", "3", Composite("EA")),
        segment("PID", "F", "", "", "", "Blue mug"),
        segment("PO1", "2", "0.5", "CA", "80", "PE", "VN", "TEA-24"),
        segment("PO4", "24", "250", "GR"),
        segment("SAC", "C", "D240", "", "", "500"),
        segment("CTT", "2"),
        segment("AMT", "TT", "82.75"),
    ]


def acknowledgment_855() -> list[Segment]:
    return [
        segment("BAK", "00", "AC", "4711-2", "20260302", "", "", "", "SO-9", "20260303"),
        segment("REF", "CO", "100045"),
        segment("N1", "SE", "Teahouse Supply", "92", "T1"),
        segment("PO1", "1", "3", "EA", "14.25", "PE", "VN", "MUG-BLUE"),
        segment("PID", "F", "", "", "", "Blue mug"),
        segment("ACK", "IA", "2", "EA", "068", "20260306"),
        segment("ACK", "IB", "1", "EA", "068", "20260401"),
        segment("PO1", "2", "1", "CA", "80", "PE", "VN", "TEA-24"),
        segment("ACK", "IR", "1", "CA"),
        segment("CTT", "2"),
    ]


def functional_997() -> list[Segment]:
    return [
        segment("AK1", "PO", "17"),
        segment("AK2", "850", "0017"),
        segment("AK3", "PO1", "12", "", "8"),
        segment("AK4", "3", "355", "7", "QQ"),
        segment("AK4", Composite("5", "1"), "355", "7", "XX"),
        segment("AK5", "E", "5"),
        segment("AK2", "850", "0018"),
        segment("AK5", "A"),
        segment("AK9", "E", "2", "2", "2"),
    ]


GOLDEN = {"850": order_850, "855": acknowledgment_855, "997": functional_997}

HEADER = InterchangeHeader(
    sender_qualifier="ZZ",
    sender_id="SHOPTEST",
    receiver_qualifier="12",
    receiver_id="5550100",
    date=date(2026, 3, 2),
    time=time(9, 41),
    control_number=42,
    usage_indicator="T",
)


def group_to_write(code: str, *bodies: Sequence[Segment], number: int = 17) -> GroupToWrite:
    sets = [SetToWrite(code, number + at, body) for at, body in enumerate(bodies)]
    return GroupToWrite(
        GROUPS[code], "SHOPTEST", "5550100", HEADER.date, HEADER.time, number, sets, version="004010"
    )


def written(code: str, *bodies: Sequence[Segment], separators: Separators | None = None) -> bytes:
    return write_interchange(HEADER, [group_to_write(code, *bodies)], separators or Separators(), "utf-8")


def read_group(data: bytes) -> GroupReading:
    reading = read_interchange(data)
    assert reading.problem is None
    (group,) = reading.groups
    return group


def placed(code: str, body: Sequence[Segment]) -> list[Segment]:
    """ST, the body and SE with positions."""
    return set_segments(SetToWrite(code, 17, body))


# One small order, ISA and whole, as exact text.
ISA = "ISA*00*          *00*          *ZZ*SHOPTEST       *12*5550100        *260302*0941*U*00401*000000042*0*T*>~"
SMALL = (
    ISA + "GS*PO*SHOPTEST*5550100*20260302*0941*17*X*004010~ST*850*0017~BEG*00*NE*1**20260302~PO1*1*1*EA~"
    "SE*4*0017~GE*1*17~IEA*1*000000042~"
)

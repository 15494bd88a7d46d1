"""What the mapping's tests share: the wire both ways, differences, and the hand-made pairs."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from datetime import date, time
from pathlib import Path
from typing import Any

from integration.documents import Document, from_json, leaves
from integration.x12.envelope import (
    GroupToWrite,
    InterchangeHeader,
    SetToWrite,
    set_segments,
    write_interchange,
)
from integration.x12.reading import parse_segments
from integration.x12.syntax import Segment, Separators, choose_separators, serialise
from partners.mapping.compiler import load_shipped_guide, shipped_text
from partners.mapping.overrides import Override, apply_overrides
from partners.mapping.reader import ReadResult, read_set
from partners.mapping.rules import Guide

PAIRS = Path(__file__).resolve().parents[2] / "samples"
# Every hand-made pair that goes both ways; what a partner writes otherwise is only read.
GOLDEN = tuple(
    sorted(
        f"{each.parent.name}/{each.stem}"
        for each in PAIRS.glob("[0-9]*/*.json")
        if each.stem != "partner_flavour"
    )
)
# The shipped guides by set; those of 005010, and the pairs written in it, end in _5010.
SETS = ("180", "810", "812", "824", "846", "850", "855", "860", "865")
GUIDES = (*SETS, *(f"{code}_5010" for code in SETS))


def guide_of(name: str) -> Guide:
    """The shipped guide of a set, or of a pair such as ``850/stock_order``; that of ``856/pallets-SOTPI`` in the
    structure named."""
    version = "005010" if name.endswith("_5010") else "004010"
    structure = name.removesuffix("_5010").partition("-")[2]
    if not structure:
        return load_shipped_guide(name[:3], version)
    return apply_overrides(shipped_text(name[:3], version), [Override("source", "structure", structure)])


def golden(name: str) -> Document:
    """The document of a hand-made pair."""
    data = json.loads((PAIRS / f"{name}.json").read_text(encoding="utf-8"))
    return from_json(guide_of(name).document, data)


def wire(name: str) -> str:
    """The X12 of a hand-made pair, ST to SE, a segment a line."""
    return (PAIRS / f"{name}.edi").read_text(encoding="utf-8")


def on_the_wire(code: str, segments: Sequence[Segment]) -> str:
    """What the writer made, ST to SE, a segment a line."""
    whole = set_segments(SetToWrite(code, 1, segments))
    return serialise(whole, Separators(), "utf-8", line_breaks=True).decode("utf-8")


def through_bytes(guide: Guide, segments: Sequence[Segment]) -> ReadResult:
    """What is read of what was written, when real bytes lie between."""
    whole = set_segments(SetToWrite(guide.transaction_set, 1, segments))
    separators = choose_separators(whole, Separators())
    text = serialise(whole, separators, "utf-8").decode("utf-8")
    return read_set(parse_segments(text, separators), guide, separators=separators)


def interchange(guide: Guide, segments: Sequence[Segment]) -> bytes:
    """What the writer made, in an envelope."""
    day, hour = date(2026, 3, 2), time(9, 30)
    new = guide.version == "005010"
    header = InterchangeHeader(
        "ZZ", "GRIDPORT", "ZZ", "BRIGHTWORK", day, hour, 17, "T", version="00501" if new else "00401"
    )
    each = SetToWrite(guide.transaction_set, 1, segments)
    group = GroupToWrite(guide.group, "GRIDPORT", "BRIGHTWORK", day, hour, 5, [each], guide.version)
    separators = choose_separators(set_segments(each), Separators(repetition="^" if new else None))
    return write_interchange(header, [group], separators, "utf-8")


def generic(path: str) -> str:
    """``lines[3]/quantity`` as the catalogue names it: ``lines[]/quantity``."""
    return re.sub(r"\[[0-9]+\]", "[]", path)


def differences(one: Document | None, other: Document | None) -> dict[str, tuple[Any, Any]]:
    """The values in which two documents differ; empty where they are equal."""
    left = dict(leaves(one)) if one else {}
    right = dict(leaves(other)) if other else {}
    paths = left.keys() | right.keys()
    found = {path: (left.get(path), right.get(path)) for path in paths if left.get(path) != right.get(path)}
    return found or ({} if one == other else {"": (one, other)})

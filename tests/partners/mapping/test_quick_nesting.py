"""Levels read the quick way are as the long way reads them, whole and damaged; faults in the quick way are noticed."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import pytest
from hypothesis import given

from integration.x12.reading import parse_segments
from integration.x12.syntax import Segment, Separators
from partners.mapping import quick_reading, record_source
from partners.mapping.quick_document import QuickDocument
from partners.mapping.quick_nesting import QuickNesting
from partners.mapping.reader import read_set
from partners.mapping.rules import Guide
from partners.mapping.writer import write
from tests.partners.mapping.mapped_documents import GOLDEN, guide_of, wire
from tests.partners.mapping.shipped_graphs import ship_notices
from tests.partners.mapping.test_mapping_law import profile
from tests.partners.mapping.test_quick_way import same_read, whole_set
from tests.partners.mapping.test_ship_notice_law import STRUCTURES, guide_in

# Two packages of one order, one with two items; an order of which nothing is sent.
TREE = (
    "ST*856*0001~BSN*00*S1*20260302*0941~HL*1**S~HL*2*1*O~PRF*PO1~HL*3*2*P~MAN*GM*111~HL*4*3*I~LIN**VN*A~"
    "SN1**1*EA~HL*5*3*I~LIN**VN*B~SN1**2*EA~HL*6*2*P~MAN*GM*222~HL*7*6*I~LIN**VN*C~SN1**3*EA~HL*8*1*O~PRF*PO2~"
    "SE*20*0001~"
)
# An order of which nothing is in the package that its loop stands in: no link can say so.
EMPTY = (
    "ST*856*0001~BSN*00*S1*20260302*0941~HL*1**S~HL*2*1*P~MAN*GM*111~HL*3*2*O~PRF*PO1~HL*4*1*O~PRF*PO2~"
    "HL*5*4*I~LIN**VN*A~SN1**1*EA~SE*13*0001~"
)


def tree() -> list[Segment]:
    return parse_segments(TREE, Separators())


def damaged_levels(segments: Sequence[Segment]) -> Iterator[list[Segment]]:
    """The set with each HL element changed to each of what could stand there, and with each key of another entry."""
    for at, each in enumerate(segments):
        values = {
            "HL": ("", "1", "3", "4", "9", " 3", "3 ", "S", "O", "P", "I", "T", "Z"),
            "MAN": ("111", "222"),
        }
        for number in range(1, len(each.texts)):
            for value in values.get(each.texts[0], ()):
                texts = [*each.texts[:number], value, *each.texts[number + 1 :]]
                yield [*segments[:at], Segment(texts[0], texts[1:], at + 1), *segments[at + 1 :]]
        if each.texts[0] == "HL":
            yield [*segments[:at], Segment("HL", [*each.texts[1:], "", "X"], at + 1), *segments[at + 1 :]]


def all_same(guide: Guide) -> int:
    sets = [parse_segments(EMPTY, Separators()), tree(), *damaged_levels(tree())]
    for each in sets:
        same_read(each, guide)
    return len(sets)


def test_a_tree_and_what_damage_makes_of_it_are_the_same_both_ways() -> None:
    assert all_same(guide_of("856")) > 250


def test_a_plain_tree_goes_the_quick_way(monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(*_: Any) -> None:
        raise AssertionError

    monkeypatch.setattr("partners.mapping.reader.Nesting", refused)
    notice: Any = read_set(tree(), guide_of("856")).document
    assert [(each.order, each.package) for each in notice.items] == [(0, 0), (0, 0), (0, 1)]
    assert [each.order for each in notice.packages] == [None, None]


@pytest.mark.parametrize("structure", STRUCTURES)
def test_generated_notices_are_read_the_same_both_ways(structure: str) -> None:
    guide = guide_in(structure)
    rng = random.Random(structure)

    @profile(8)
    @given(ship_notices(hostility=1, version="004010"))
    def law(notice: Any) -> None:
        segments = whole_set(guide, write(notice, guide).segments)
        same_read(segments, guide)
        made = list(damaged_levels(segments))
        for each in rng.sample(made, min(3, len(made))):
            same_read(each, guide)

    law()


def _nothing(*_: Any) -> None:
    return None


def _all_links(self: QuickNesting, code: str, outside: dict[str, int], *, holds: bool) -> dict[str, int]:
    return {target: outside[target] for target, _, _ in self.plan.targets[code] if target in outside}


FAULTS: dict[str, tuple[type, str, Callable[..., Any]]] = {
    "a key told twice is two entries": (QuickNesting, "_check_key", _nothing),
    "what no link says is not missed": (QuickNesting, "_check_leads", _nothing),
    "every link is said": (QuickNesting, "_links", _all_links),
    "no link is said": (QuickNesting, "_link", _nothing),
    "what stands in a loop is forgotten": (QuickDocument, "_level", _nothing),
}  # fmt: skip


@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_in_the_levels_is_noticed(fault: str, monkeypatch: pytest.MonkeyPatch) -> None:
    owner, name, wrong = FAULTS[fault]
    monkeypatch.setattr(owner, name, wrong)
    with pytest.raises(AssertionError):
        all_same(guide_of("856"))


def all_read_the_same(sets: Sequence[Sequence[Segment]]) -> None:
    for each in sets:
        same_read(each, guide_of("856"))


def test_a_computed_element_that_is_not_kept_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    name = next(each for each in GOLDEN if each.startswith("855/"))
    segments = parse_segments(wire(name), Separators())
    wrong = [Segment("CTT", ("77",), each.position) if each.texts[0] == "CTT" else each for each in segments]
    assert wrong != segments
    same_read(wrong, guide_of(name))
    monkeypatch.setattr(QuickDocument, "_keep_derived", _nothing)
    with pytest.raises(AssertionError):
        same_read(wrong, guide_of(name))


TEXT_FAULTS = {
    "blanks at the end are kept": ('[-1] == " "', '[-1] == "~"'),
    "a field has another name": ("return {'", "return {'x"),
}


@pytest.mark.parametrize("fault", TEXT_FAULTS)
def test_a_fault_in_the_functions_of_shapes_is_noticed(fault: str, monkeypatch: pytest.MonkeyPatch) -> None:
    made = record_source.record_text
    monkeypatch.setattr(record_source, "record_text", lambda ways: made(ways).replace(*TEXT_FAULTS[fault]))
    quick_reading.quick_reading.cache_clear()
    record_source.record_source.cache_clear()
    segments = tree()
    blank = [
        Segment(each.texts[0], [f"{text} " for text in each.texts[1:]], each.position)
        if each.texts[0] in ("BSN", "PRF", "SN1") else each
        for each in segments
    ]  # fmt: skip
    try:
        with pytest.raises(AssertionError):
            all_read_the_same([segments] * 20 + [blank])
    finally:
        quick_reading.quick_reading.cache_clear()
        record_source.record_source.cache_clear()

"""Faults planted into the quick way of reading: the comparison with the long way sees each of them."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Sequence

import pytest

from integration.x12.reading import parse_segments
from integration.x12.syntax import Separators
from partners.mapping import quick_reading, reader
from partners.mapping.codes import CodeTables
from partners.mapping.memory import Surprise
from partners.mapping.quick_reading import Found, Place, QuickReading, Shape, Texts
from partners.mapping.rules import SegmentRule
from tests.partners.mapping.mapped_documents import GOLDEN, guide_of, wire
from tests.partners.mapping.test_quick_way import damaged, left_out, same_read

Change = Callable[[list[Place]], Sequence[Place]]


def changed(change: Change) -> type[QuickReading]:
    """Quick reading whose shapes of several places are not what the rules say."""

    class Faulty(QuickReading):
        def shape(self, found: Found, texts: Texts) -> Shape:
            shape = super().shape(found, texts)
            if not shape.places or len(shape.places) < 2:
                return shape
            return Shape(found, change(list(shape.places)))

    return Faulty


def swapped(places: list[Place]) -> Sequence[Place]:
    first, second, *others = places
    return [first._replace(number=second.number), second._replace(number=first.number), *others]


def without_the_last(places: list[Place]) -> Sequence[Place]:
    return places[:-1]


def not_converted(places: list[Place]) -> Sequence[Place]:
    return [each._replace(read=str) for each in places]


def blind_to_halves(places: list[Place]) -> Sequence[Place]:
    return [each._replace(needed=False) for each in places]


def never_surprised(places: list[Place]) -> Sequence[Place]:
    def read(place: Place, text: str) -> object:
        try:
            return place.read(text)
        except Surprise:
            return text

    return [each._replace(read=lambda text, each=each: read(each, text)) for each in places]


class DeafToTheUnknown(QuickReading):
    """Takes segments with texts that no rule knows, and with other constants than the rule's."""

    def _places(self, rule: SegmentRule, texts: Texts) -> Iterator[Place]:
        known = [text if number in {0, *rule.numbers} else "" for number, text in enumerate(texts)]
        return super()._places(rule, tuple(known))


FAULTS = {
    each.__name__: changed(each)
    for each in (swapped, without_the_last, not_converted, blind_to_halves, never_surprised)
}
FAULTS["deaf to the unknown"] = DeafToTheUnknown


def found_different(names: Sequence[str]) -> int:
    """How many of the sets, hand-made and damaged, the two ways read differently."""
    different = 0
    for name in names:
        rng = random.Random(name)
        guide, segments = guide_of(name), parse_segments(wire(name), Separators())
        for each in (segments, *left_out(segments), *(damaged(segments, rng) for _ in range(40))):
            try:
                same_read(each, guide)
            except (AssertionError, AttributeError, TypeError, ValueError):
                # What is no record, or of another type, may also break what reads on.
                different += 1
    return different


NAMES = tuple(next(each for each in GOLDEN if each.startswith(code)) for code in ("850", "855", "856", "810"))


@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_in_the_quick_way_is_seen(fault: str, monkeypatch: pytest.MonkeyPatch) -> None:
    made: dict[CodeTables, QuickReading] = {}
    monkeypatch.setattr(reader, "quick_reading", lambda codes: made.setdefault(codes, FAULTS[fault](codes)))
    assert found_different(NAMES) > 0


def test_without_a_fault_nothing_is_seen() -> None:
    assert found_different(NAMES) == 0


def test_shapes_remembered_are_few_whatever_comes(monkeypatch: pytest.MonkeyPatch) -> None:
    guide = guide_of("855")
    ready = QuickReading(CodeTables(guide.codes, {name: {} for name in guide.codes}))
    choice = ready.body(guide.body)["REF"]
    for number in range(2000):
        choice.shape(("REF", f"Q{number}", "1"))
        choice.shape(("REF", "Q" * (100 + number), "1"))
    shapes = choice.sizes[3][1]
    assert 0 < len(shapes) <= quick_reading._MAX_SHAPES
    assert max(len(fixed[0]) for fixed in shapes) <= 5
    assert len(choice.found) <= quick_reading._MAX_SHAPES

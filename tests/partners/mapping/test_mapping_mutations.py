"""Faults put into the engine or into a guide, each with what finds it: the law, the hand-made pairs, or both.

A fault that both directions share leaves the law green by its nature; that is what the pairs are for.
"""

from __future__ import annotations

import datetime
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from importlib import resources
from types import MappingProxyType
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings

from integration.documents import Document
from integration.x12.reading import parse_segments
from integration.x12.syntax import Separators
from partners.mapping import element_writing, joins, normal, reader, transforms
from partners.mapping.compiler import load_guide
from partners.mapping.normal import norm
from partners.mapping.reader import read_set
from partners.mapping.rules import Guide, SegmentRule
from partners.mapping.writer import write
from tests.partners.mapping.generated_documents import documents
from tests.partners.mapping.mapped_documents import GOLDEN, golden, guide_of, on_the_wire, wire


def shipped_text(code: str) -> str:
    return (resources.files("partners") / "guides" / "004010" / f"{code}.yaml").read_text(encoding="utf-8")


# The engine is one for all guides; two of them with every kind of rule are enough to show its faults.
MUTATED = ("850", "855")


def examples(code: str) -> list[Document]:
    made: list[Document] = []

    @settings(
        max_examples=25,
        derandomize=True,
        deadline=None,
        database=None,
        suppress_health_check=list(HealthCheck),
    )
    @given(documents(guide_of(code).document, version="004010"))
    def collect(document: Any) -> None:
        made.append(document)

    collect()
    return made


@pytest.fixture(scope="module")
def generated() -> dict[str, list[Document]]:
    return {code: examples(code) for code in MUTATED}


def law_breaks(guide: Guide, made: list[Document], *, quick: bool = True) -> bool:
    for document in made:
        written = write(document, guide, quick=quick)
        result = read_set(written.segments, guide, quick=quick)
        if written.report or result.document != norm(document, guide):
            return True
    return False


def golden_breaks(guide: Guide, *, quick: bool = True) -> bool:
    for name in GOLDEN:
        if guide_of(name).table is guide.table:
            written = write(golden(name), guide, quick=quick)
            result = read_set(parse_segments(wire(name), Separators()), guide, quick=quick)
            if written.report or result.report or result.document != golden(name):
                return True
            if on_the_wire(guide.transaction_set, written.segments) != wire(name):
                return True
    return False


@dataclass(frozen=True)
class Engine:
    """A fault in the engine: what is replaced, by what, and who finds it; ``quick`` False where only the long way has it."""

    where: Any
    name: str
    by: Any
    law: bool
    golden: bool
    quick: bool = True


def lost_word(text: str, longest: int) -> list[str]:
    return joins._cut_between_words(text, longest)[:-1]


def swapped(self: transforms.Date, text: str, codes: object, dropped: object) -> datetime.date:
    return datetime.date(int(text[:4]), min(int(text[6:8]), 12), int(text[4:6]))


def first_taken(self: SegmentRule, elements: object) -> bool:
    return True


def without_rest(self: object, *arguments: object) -> list[tuple[str, str]]:
    return []


def exponent(value: Decimal) -> str:
    return str(value)


def conflict_wins(
    self: object, scope: dict[str, Any], path: tuple[str, ...], value: object, *_: object
) -> None:
    for name in path[:-1]:
        scope = scope.setdefault(name, {})
    scope["" if not path else path[0]] = value


def joined_without_blank(pieces: Any) -> str:
    return "".join(pieces)


def words_joined_by(join: Callable[[Any], str]) -> Any:
    words = joins.Join("words", joins._cut_between_words, join)
    return MappingProxyType({**joins.JOINS, "words": words})


def unconditional(self: element_writing.Draft, number: int | None) -> bool:
    return number is None or number in self.failed or number == 3 or bool(self.elements[number - 1])


ENGINE = {
    "norm keeps trailing blanks": Engine(normal, "_without_trailing_blanks", lambda held: held, True, False),
    "norm joins words with nothing": Engine(
        normal, "_joined", lambda held, rule: held and held.replace(" ", ""), True, False
    ),
    "norm forgets defaults": Engine(normal, "_fill_defaults", lambda *_: None, True, False),
    "text is joined without a blank": Engine(
        joins, "JOINS", words_joined_by(joined_without_blank), True, True
    ),
    "the last word is lost": Engine(
        joins,
        "JOINS",
        MappingProxyType({**joins.JOINS, "words": joins.Join("words", lost_word, " ".join)}),
        True,
        True,
    ),
    "months and days are swapped in reading": Engine(transforms.Date, "read", swapped, True, True),
    "numbers are written with exponents": Engine(transforms, "_plain", exponent, True, False),
    "qualifiers choose nothing": Engine(SegmentRule, "takes", first_taken, True, True),
    "pairs without a field are dropped": Engine(
        element_writing.ElementWriter, "_rest", without_rest, True, True, quick=False
    ),
    "a path is read into its first part": Engine(
        reader._Reader, "_put", conflict_wins, True, True, quick=False
    ),
    "a condition on element 3 holds always": Engine(
        element_writing.Draft, "has", unconditional, True, True, quick=False
    ),
}


@pytest.mark.parametrize("name", ENGINE)
def test_a_fault_in_the_engine_is_found(
    name: str, generated: dict[str, list[Document]], monkeypatch: pytest.MonkeyPatch
) -> None:
    fault = ENGINE[name]
    monkeypatch.setattr(fault.where, fault.name, fault.by)
    if fault.where is joins:
        monkeypatch.setattr("partners.mapping.compiler.JOINS", fault.by)
    guides = [load_guide(shipped_text(code)) for code in MUTATED]
    quick = fault.quick
    found = any(_fails(law_breaks, guide, generated[guide.transaction_set], quick=quick) for guide in guides)
    shown = any(_fails(golden_breaks, guide, quick=quick) for guide in guides)
    assert (found, shown) == (fault.law, fault.golden)


def _fails(check: Callable[..., bool], *arguments: Any, quick: bool) -> bool:
    try:
        return check(*arguments, quick=quick)
    except (TypeError, ValueError, AttributeError, KeyError):
        return True


GUIDE = {
    "each goes out as piece": ("850", "{each: EA, piece: PC,", "{each: PC, piece: EA,", False, True),
    "two places are swapped": (
        "855",
        "6: request_number, 7: contract, 8: vendor",
        "6: contract, 7: request_number, 8: vendor",
        False,
        True,
    ),
    "vendor and store item are swapped": (
        "850",
        '{"VN,VP": vendor_item, "BP,IN": buyer_item, SK: sku',
        '{SK: vendor_item, "BP,IN": buyer_item, "VN,VP": sku',
        False,
        True,
    ),
    "a default stands without its number": (
        "850",
        "{1: =BT, 2: name, 3: id_kind default 92 if 4,",
        "{1: =BT, 2: name, 3: id_kind default 92,",
        False,
        True,
    ),
    "a status is another": (
        "855",
        "backordered: IB, changed: IC",
        "backordered: IC, changed: IB",
        False,
        True,
    ),
    "notes lose their line breaks": (
        "850",
        "      - {MSG: {1: .}, text: notes, join: lines}\n  - {N1",
        "      - {MSG: {1: .}, text: notes, join: words}\n  - {N1",
        False,
        True,
    ),
    "a date is left out": ("855", "  - {DTM: {1: =068, 2: ships_on | date8}}\n", "", True, True),
    "ordered and still to come are swapped": (
        "860",
        "3: quantity | decimal, 4: left_to_receive | decimal",
        "3: left_to_receive | decimal, 4: quantity | decimal",
        False,
        True,
    ),
    "more is less": (
        "865",
        "quantity_increased: QI, quantity_decreased: QD",
        "quantity_increased: QD, quantity_decreased: QI",
        False,
        True,
    ),
    "the date of the answer is that of the change": (
        "865",
        "10: acknowledged_on | date8, 11: changed_on",
        "11: acknowledged_on | date8, 10: changed_on",
        False,
        True,
    ),
    "the price basis is gone": ("850", " 5: ~PE if 4,", "", False, True),
}


@pytest.mark.parametrize("name", GUIDE)
def test_a_fault_in_a_guide_is_found(name: str, generated: dict[str, list[Document]]) -> None:
    code, was, becomes, law, pairs = GUIDE[name]
    text = shipped_text(code)
    assert text.count(was) == 1
    guide = load_guide(text.replace(was, becomes))
    if code not in generated:
        generated[code] = examples(code)
    assert (law_breaks(guide, generated[code]), golden_breaks(guide)) == (law, pairs)


@pytest.mark.parametrize("code", MUTATED)
def test_without_a_fault_nothing_is_found(code: str, generated: dict[str, list[Document]]) -> None:
    guide = load_guide(shipped_text(code))
    assert (law_breaks(guide, generated[code]), golden_breaks(guide)) == (False, False)
    assert len(generated[code]) == 25

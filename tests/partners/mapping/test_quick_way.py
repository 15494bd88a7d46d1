"""The quick way and the long way of reading and writing are the same: documents, segments, reports, whatever comes."""

from __future__ import annotations

import dataclasses
import io
import random
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any

import pytest
from hypothesis import given

from integration.documents import Document, ShipNotice
from integration.x12.envelope import SetArrives, SetToWrite, read_file, set_segments
from integration.x12.reading import parse_segments
from integration.x12.syntax import Segment, Separators
from partners.mapping.prepared import code_tables
from partners.mapping.quick_writing import quick_rows
from partners.mapping.reader import read_set
from partners.mapping.rules import Guide
from partners.mapping.writer import write
from tests.benchmarks.x12_traffic import traffic
from tests.partners.mapping.generated_documents import documents
from tests.partners.mapping.mapped_documents import GOLDEN, GUIDES, golden, guide_of, wire
from tests.partners.mapping.shipped_graphs import ship_notices
from tests.partners.mapping.test_mapping_law import profile
from tests.partners.mapping.test_ship_notice_law import STRUCTURES, guide_in

EXAMPLES = 12
# What partners send that no guide expects: blanks, other scripts, numbers that are none, lists too long.
TEXTS = (
    "",
    " ",
    "X",
    "X ",
    "0",
    "00",
    "-1",
    ".5",
    "1E3",
    "20260230",
    "260230",
    "2561",
    "ZZ",
    "\x01",
    "é",
    "a" * 90,
)


def same_written(document: Document, guide: Guide, codes: Any = None) -> tuple[Segment, ...]:
    """What both ways write."""
    quick, slow = write(document, guide, codes), write(document, guide, codes, quick=False)
    assert quick == slow
    assert [each.position for each in quick.segments] == [each.position for each in slow.segments]
    traced = write(document, guide, codes, trace=True)
    assert (traced.segments, traced.report) == (quick.segments, quick.report)
    return quick.segments


def same_read(segments: Sequence[Segment], guide: Guide, codes: Any = None) -> None:
    quick, slow = read_set(segments, guide, codes), read_set(segments, guide, codes, quick=False)
    # As text: what is no number is equal to nothing, itself included, and 1 is equal to 1.0.
    assert repr(quick.document) == repr(slow.document)
    assert quick.report == slow.report
    traced = read_set(segments, guide, codes, trace=True)
    assert (repr(traced.document), traced.report) == (repr(quick.document), quick.report)


def whole_set(guide: Guide, segments: Sequence[Segment]) -> list[Segment]:
    return list(set_segments(SetToWrite(guide.transaction_set, 1, segments)))


def damaged(segments: Sequence[Segment], rng: random.Random) -> list[Segment]:
    """The set with one thing wrong: a text, an element more, a segment twice, gone or elsewhere."""
    made = list(segments)
    at = rng.randrange(1, len(made) - 1)
    texts = list(made[at].texts)
    damage = rng.randrange(6)
    if damage < 3 and len(texts) > 1:
        texts[rng.randrange(1, len(texts))] = rng.choice(TEXTS)
    elif damage == 3:
        texts += ["", "EXTRA"]
    elif damage == 4:
        made.insert(rng.randrange(1, len(made) - 1), made[at])
    else:
        made.insert(rng.randrange(1, len(made) - 1), made.pop(at))
        return [Segment(each.texts[0], each.texts[1:], place) for place, each in enumerate(made, start=1)]
    made[at] = Segment(texts[0], texts[1:], made[at].position)
    return [Segment(each.texts[0], each.texts[1:], place) for place, each in enumerate(made, start=1)]


def left_out(segments: Sequence[Segment]) -> Iterator[list[Segment]]:
    """The set without one of its texts, each in turn."""
    for at, segment in enumerate(segments[1:-1], start=1):
        for number, text in enumerate(segment.texts[1:], start=1):
            if text:
                texts = [*segment.texts[:number], "", *segment.texts[number + 1 :]]
                yield [*segments[:at], Segment(texts[0], texts[1:], at + 1), *segments[at + 1 :]]


@pytest.mark.parametrize("code", GUIDES)
def test_what_is_left_out_is_missed_both_ways(code: str) -> None:
    name = next(
        each for each in GOLDEN if each.startswith(code[:3]) and each.endswith("_5010") == ("_" in code)
    )
    made = list(left_out(parse_segments(wire(name), Separators())))
    assert len(made) > 10
    for each in made:
        same_read(each, guide_of(name))


@pytest.mark.parametrize("name", GOLDEN)
def test_hand_made_pairs_and_what_damage_makes_of_them_are_the_same_both_ways(name: str) -> None:
    guide = guide_of(name)
    rng = random.Random(name)
    segments = whole_set(guide, same_written(golden(name), guide))
    same_read(segments, guide)
    for _ in range(25):
        same_read(damaged(segments, rng), guide)


@pytest.mark.parametrize("code", GUIDES)
@pytest.mark.parametrize("hostility", [0, 2, 40])
def test_generated_documents_are_the_same_both_ways(code: str, hostility: int) -> None:
    guide = guide_of(code)
    rng = random.Random(code)

    @profile(EXAMPLES)
    @given(documents(guide.document, hostility=hostility, version=guide.version))
    def law(document: Any) -> None:
        segments = whole_set(guide, same_written(document, guide))
        same_read(segments, guide)
        if len(segments) > 3:
            same_read(damaged(segments, rng), guide)

    law()


@pytest.mark.parametrize("structure", STRUCTURES)
def test_generated_ship_notices_are_written_the_same_both_ways(structure: str) -> None:
    guide = guide_in(structure)

    @profile(EXAMPLES)
    @given(ship_notices(hostility=1, version="004010"))
    def law(notice: ShipNotice) -> None:
        same_written(notice, guide)

    law()


@pytest.mark.parametrize("held", [None, 0, "", []])
@pytest.mark.parametrize("field", ["orders", "pallets", "packages", "items"])
def test_what_is_no_list_of_a_level_is_told_the_same_both_ways(field: str, held: object) -> None:
    name = next(each for each in GOLDEN if each.startswith("856/"))
    notice = dataclasses.replace(golden(name), **{field: held})
    for structure in ("SOTPI", "SI"):
        same_written(notice, guide_in(structure))


def test_the_quick_way_is_taken() -> None:
    taken: Counter[str] = Counter()
    for name in GOLDEN:
        guide = guide_of(name)
        if quick_rows(golden(name), guide, code_tables(guide, None)) is not None:
            taken[name[:3]] += 1
    assert set(taken) >= {"810", "812", "824", "850", "855", "856"}
    assert sum(taken.values()) >= len(GOLDEN) // 2


@pytest.mark.parametrize("code", ["850", "855", "856"])
def test_everyday_documents_go_the_quick_way_and_are_the_same_both_ways(code: str) -> None:
    guide = guide_of(code)
    tables = code_tables(guide, None)
    made = [
        read_set(event.reading.segments, guide).document
        for event in read_file(io.BytesIO(traffic(code, 60_000, 7).data))
        if isinstance(event, SetArrives)
    ]
    assert len(made) > 40
    for document in made:
        assert quick_rows(document, guide, tables) is not None
        same_written(document, guide)


def test_a_partners_codes_are_his_own_also_after_others_were_used() -> None:
    guide = guide_of("850")
    document = golden(next(each for each in GOLDEN if each.startswith("850/")))
    ours = same_written(document, guide)
    for code in ("AA", "BB"):
        theirs = {name: {word: code for word in words} for name, words in guide.codes.items()}
        segments = same_written(document, guide, theirs)
        assert segments != ours
        assert any(code in each.texts for each in segments)
        same_read(whole_set(guide, segments), guide, theirs)
    assert same_written(document, guide) == ours

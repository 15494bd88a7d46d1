"""Tables made quick for judging: what tells at a look that a segment or a loop is good, as nearly all are.

What is remembered here is only what the full look found good; ``validate`` looks fully at all else, and reports.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache

from integration.x12.elements import accepts
from integration.x12.syntax import picking
from integration.x12.tables import ElementTable, LoopTable, SegmentTable, SegmentUse, SetTable

# Shapes remembered as good per segment and length, and orders of members per loop, each of so many at most.
MAX_PATTERNS = 1024
MAX_ORDERS = 512
# Segments such as HL*3*2*I*0 and SN1**12*EA come again and again: so many good ones are remembered per set, which hold
# no more than so many characters besides codes.
MAX_GOOD = 8192
SHORT = 5
LONGEST_ORDER = 40

Texts = tuple[str, ...]


@dataclass(frozen=True, slots=True, eq=False)
class LengthCheck:
    """Segments of one table and length: what picks the elements with code lists, and the others, each with a test.

    ``good`` are the shapes in which segments were found good: the codes, and which of the other elements are filled where
    not all are. A partner's habits are a few dozen.
    """

    coded: Callable[[Texts], Texts]
    others: Callable[[Texts], Texts]
    accepts: tuple[Callable[[str], object], ...]
    good: set[tuple[object, ...]] = field(default_factory=set)


@dataclass(frozen=True, slots=True, eq=False)
class SegmentCheck:
    """A segment's table made quick: ``lengths[n]`` is for segments of n elements."""

    table: SegmentTable
    lengths: tuple[LengthCheck, ...]


@dataclass(frozen=True, slots=True, eq=False)
class LoopCheck:
    """The mandatory members and the maxima of a loop, by index; ST, SE and the trigger are seen elsewhere."""

    required: frozenset[int]
    limits: tuple[int | None, ...]
    good: set[bytes] = field(default_factory=set)


@lru_cache(maxsize=4096)
def _segment_check(table: SegmentTable) -> SegmentCheck:
    return SegmentCheck(
        table, tuple(_length_check(table.elements[:size]) for size in range(len(table.elements) + 1))
    )


def _length_check(elements: Sequence[ElementTable]) -> LengthCheck:
    coded = [each.number for each in elements if _is_coded(each)]
    others = [each for each in elements if not _is_coded(each)]
    return LengthCheck(picking(coded), picking([each.number for each in others]), tuple(map(accepts, others)))


def _is_coded(element: ElementTable) -> bool:
    return element.codes is not None and element.kind != "C"


@lru_cache(maxsize=256)
def segment_checks(table: SetTable) -> Mapping[str, SegmentCheck]:
    """The check of each segment that is described, by tag."""
    return {tag: _segment_check(each) for tag, each in table.segments.items() if each.described}


@lru_cache(maxsize=256)
def good_segments(table: SetTable, repeats: str) -> set[Texts]:
    """Short segments of a set that were found good, with one repetition separator; filled by those who look."""
    return set()


@lru_cache(maxsize=4096)
def loop_check(table: LoopTable) -> LoopCheck:
    """The check of a loop."""
    required = frozenset(
        index
        for index, member in enumerate(table.members)
        if member.required and not (isinstance(member, SegmentUse) and member.tag in ("ST", "SE"))
    )
    return LoopCheck(required, tuple(member.max_use for member in table.members))

"""Tables made quick for judging: what tells at a look that a segment or a loop is good, as nearly all are.

What is remembered here is only what the full look found good; ``validate`` looks fully at all else, and reports.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from functools import lru_cache

from integration.x12.elements import BEHIND, END, good_text
from integration.x12.quantities import plain_quantity
from integration.x12.structure import Loop
from integration.x12.syntax import Segment, picking
from integration.x12.tables import ElementTable, LoopTable, SegmentUse, SetTable

# Shapes remembered as good per segment and length, and orders of members per loop, each of so many at most.
MAX_PATTERNS = 1024
MAX_ORDERS = 512
# Segments such as HL*3*2*I*0 and SN1**12*EA come again and again: so many good ones are remembered per set, of no more
# than so many texts, which hold no more than so many characters besides codes.
MAX_GOOD = 4096
FEW = 5
SHORT = 7
LONGEST_ORDER = 40

Texts = tuple[str, ...]
Matches = Callable[[str], object]


@dataclass(slots=True, eq=False)
class LengthCheck:
    """Segments of one table and length: what picks the elements with code lists, and the others.

    ``good`` are the shapes in which segments were found good, each with the test that the others' texts have to pass: a
    shape is the codes, and which of the others are filled where not all are. A partner's habits are a few dozen.
    """

    coded: Callable[[Texts], Texts]
    others: Callable[[Texts], Texts]
    # The tests where all others are filled, and where not all are; made when they are wanted.
    patterns: tuple[str, str]
    good: dict[tuple[object, ...], Matches] = field(default_factory=dict)

    def learn(self, texts: Texts) -> None:
        """Remembers the shape of a segment that was found good."""
        if len(self.good) < MAX_PATTERNS:
            others, coded = self.others(texts), self.coded(texts)
            if "" in others:
                self.good[coded, tuple(map(bool, others))] = re.compile(self.patterns[1]).fullmatch
            else:
                self.good[coded] = re.compile(self.patterns[0]).fullmatch


class QuickChecks:
    """Judges segments of one set quickly; ``repeats`` is the repetition separator, "" where there is none."""

    def __init__(self, table: SetTable, repeats: str) -> None:
        self.table = table
        self.repeats = repeats
        # By tag and how many texts there are, the tag among them.
        self.checks: dict[tuple[str, int], LengthCheck] = {}
        self.known: set[Texts] = set()

    def suspects(self, segments: Iterable[Segment]) -> set[int]:
        """The positions of the segments that have to be looked at fully."""
        found = set()
        known, checks = self.known, self.checks
        for each in segments:
            texts = each.texts
            if len(texts) <= FEW and texts in known:
                continue
            check = checks.get((texts[0], len(texts)))
            if check is not None:
                others = check.others(texts)
                shape: tuple[object, ...] = check.coded(texts)
                if "" in others:
                    shape = shape, tuple(map(bool, others))
                matches = check.good.get(shape)
                text = BEHIND.join(others)
                if matches is not None and matches(text):
                    if len(text) <= SHORT and len(texts) <= FEW:
                        self._remember(texts)
                    continue
            found.add(each.position)
        return found

    def _remember(self, texts: Texts) -> None:
        if len(self.known) >= MAX_GOOD:
            self.known.clear()
        self.known.add(texts)

    def learn(self, texts: Texts) -> None:
        """Remembers the shape of a segment in which the full look found nothing wrong."""
        tag, size = texts[0], len(texts)
        check = self.checks.get((tag, size))
        if check is None:
            elements = self.table.segments[tag].elements
            if size > len(elements) + 1:
                return
            check = self.checks[tag, size] = _length_check(tag, elements[: size - 1], self.repeats)
        check.learn(texts)


def _length_check(tag: str, elements: Sequence[ElementTable], repeats: str) -> LengthCheck:
    coded = [each.number for each in elements if _is_coded(each)]
    others = [each for each in elements if not _is_coded(each)]
    texts = [_good_text(tag, each, repeats) for each in others]
    patterns = BEHIND.join(f"(?:{each})" for each in texts), BEHIND.join(f"(?:{each})?" for each in texts)
    return LengthCheck(picking(coded), picking([each.number for each in others]), patterns)


def _good_text(tag: str, element: ElementTable, repeats: str) -> str:
    """A pattern of what is good by its table, and as a quantity or price by ``quantities``."""
    quantity = plain_quantity(tag, element.number)
    plain = "" if quantity is None else f"(?={quantity}{END})"
    return f"{plain}(?:{good_text(element, repeats)})"


def _is_coded(element: ElementTable) -> bool:
    return element.codes is not None and element.kind != "C"


@lru_cache(maxsize=64)
def quick_checks(table: SetTable, repeats: str) -> QuickChecks:
    """The quick checks of a set, with one repetition separator; filled by those who look fully."""
    return QuickChecks(table, repeats)


@dataclass(frozen=True, slots=True, eq=False)
class LoopCheck:
    """The mandatory members and the maxima of a loop, by index; ST, SE and the trigger are seen elsewhere."""

    required: frozenset[int]
    limits: tuple[int | None, ...]
    good: set[bytes] = field(default_factory=set)

    def learn(self, order: bytes) -> None:
        """Remembers an order of members in which nothing was found wrong."""
        if len(order) <= LONGEST_ORDER and len(self.good) < MAX_ORDERS:
            self.good.add(order)


@lru_cache(maxsize=4096)
def loop_check(table: LoopTable) -> LoopCheck:
    """The check of a loop."""
    required = frozenset(
        index
        for index, member in enumerate(table.members)
        if member.required and not (isinstance(member, SegmentUse) and member.tag in ("ST", "SE"))
    )
    return LoopCheck(required, tuple(member.max_use for member in table.members))


def are_known(loops: Iterable[Loop]) -> bool:
    """Whether the order of members of each loop was found good before."""
    return all(bytes(loop.places) in loop_check(loop.table).good for loop in loops)

"""From a flat row of segments to the tree of loops that the standard means.

Each segment is looked for forward from where the walk stands, in the innermost open loop first, then in the
loops around it. Only if no open loop has it ahead, any place of an open loop is taken, innermost first, and
the segment is reported as out of order: a single segment joins that loop and the walk stays where it stood,
so that one stray segment does not drag the rest of a line into the heading; a loop is opened there and the
walk goes on in it. A loop inside LS..LE is reachable only while that LS is open. What fits nowhere is kept in
``Walk.unread`` and reported; nothing is dropped.

The walk is a state machine: a state is (loop, place in it), and since a place in an outer loop is where its
open child stands, the state and the tag alone decide the move. Moves are found once and remembered in the
compiled table, for tags of the set only, so that strange tags cannot make it grow.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import NamedTuple

from integration.x12.findings import Finding, segment_finding
from integration.x12.syntax import Segment
from integration.x12.tables import LoopTable, SegmentUse, SetTable


@dataclass(slots=True, eq=False)
class Loop:
    """One repeat of a loop as it was found; the root has the members of the set itself.

    ``trigger`` is the segment that opened it, which is its first child; the root's is ``NOTHING``. ``children`` is
    the document's order (a segment read out of order comes after the loop that was open when it came).
    ``places[i]`` is the index in ``table.members`` at which ``children[i]`` stands (bytes, so that the garbage
    collector passes them over). ``path`` is "PO1/ACK", "" for the root.
    """

    table: LoopTable
    path: str
    trigger: Segment
    children: list[Segment | Loop]
    places: bytearray

    @property
    def segments(self) -> list[Segment]:
        """The children that are segments, in their order."""
        return [each for each in self.children if isinstance(each, Segment)]

    @property
    def loops(self) -> list[Loop]:
        """The children that are loops, in their order."""
        return [each for each in self.children if isinstance(each, Loop)]


NOTHING = Segment("")


@dataclass(frozen=True, slots=True)
class Walk:
    """The tree, what is wrong with its order, and the segments that have no place in it. ``loops`` are all loops of the
    tree as they were opened, the root first."""

    root: Loop
    findings: list[Finding]
    unread: list[Segment]
    loops: list[Loop]


@dataclass(slots=True, eq=False)
class _Place:
    """A state: the walk stands at member ``index`` of ``loop``; ``outer`` is where the loop itself stands."""

    loop: LoopTable
    index: int
    outer: _Place | None
    path: str
    moves: dict[str, _Move] = field(default_factory=dict)
    siblings: list[_Place] = field(default_factory=list)
    inner: list[_Place] | None = None


class _Move(NamedTuple):
    """What to do with a tag: leave ``levels`` loops, stand at ``at`` there, open ``opens`` if it is a
    loop."""

    levels: int
    at: int
    opens: LoopTable | None
    target: _Place
    in_order: bool


def walk(segments: Sequence[Segment], table: SetTable) -> Walk:
    """Builds the loop tree of one transaction set; ``segments`` run from ST to SE. Never raises on
    content."""
    place = _start(table)
    loop = Loop(table.root, "", NOTHING, [], bytearray())
    opened = [loop]
    loops = [loop]
    findings: list[Finding] = []
    unread: list[Segment] = []
    for each in segments:
        tag = each.texts[0]
        move = place.moves.get(tag)
        if move is None:
            move = _find(place, tag)
            if move is None:
                findings.append(_misplaced(each, place, table))
                unread.append(each)
                continue
            place.moves[tag] = move
        levels, index, opens, target, in_order = move
        if not in_order:
            findings.append(_out_of_order(each, target, table))
            if opens is None:
                outer = opened[-1 - levels]
                outer.children.append(each)
                outer.places.append(index)
                continue
        if levels:
            del opened[-levels:]
            loop = opened[-1]
        place = target
        loop.places.append(index)
        if opens is None:
            loop.children.append(each)
        else:
            inner = Loop(opens, target.path, each, [each], bytearray(1))
            loop.children.append(inner)
            opened.append(inner)
            loops.append(inner)
            loop = inner
    return Walk(opened[0], findings, unread, loops)


@lru_cache(maxsize=256)
def _start(table: SetTable) -> _Place:
    return _places(table.root, None, "")[0]


def _places(loop: LoopTable, outer: _Place | None, path: str) -> list[_Place]:
    siblings: list[_Place] = []
    siblings.extend(_Place(loop, index, outer, path, siblings=siblings) for index in range(len(loop.members)))
    return siblings


def _tag(member: SegmentUse | LoopTable) -> str:
    return member.tag if isinstance(member, SegmentUse) else member.name


def _find(place: _Place, tag: str) -> _Move | None:
    return _ahead(place, tag) or _repeated(place, tag) or _anywhere(place, tag)


def _ahead(place: _Place, tag: str) -> _Move | None:
    levels = 0
    here: _Place | None = place
    while here is not None:
        for index in range(_first_ahead(here), len(here.loop.members)):
            if _tag(here.loop.members[index]) == tag:
                return _move(here, levels, index, in_order=True)
        levels, here = levels + 1, here.outer
    return None


def _first_ahead(here: _Place) -> int:
    """A member that may stand only once is behind the walk as soon as it was seen, so that the same tag
    further on, or in a loop around, is reached; the trigger always belongs to the loop around."""
    if here.index == 0 and here.outer is None:
        return 0
    return here.index if _repeats(here.loop.members[here.index]) and here.index else here.index + 1


def _repeats(member: SegmentUse | LoopTable) -> bool:
    return isinstance(member, LoopTable) or member.max_use != 1


def _repeated(place: _Place, tag: str) -> _Move | None:
    """The same segment once more than it may stand: in order, the maximum is the validator's to report."""
    member = place.loop.members[place.index]
    if place.index and isinstance(member, SegmentUse) and member.tag == tag:
        return _move(place, 0, place.index, in_order=True)
    return None


def _anywhere(place: _Place, tag: str) -> _Move | None:
    levels = 0
    here: _Place | None = place
    while here is not None:
        if not _bounded_and_ended(here):
            for index in range(0 if here.outer is None else 1, len(here.loop.members)):
                if _tag(here.loop.members[index]) == tag:
                    return _move(here, levels, index, in_order=False)
        levels, here = levels + 1, here.outer
    return None


def _bounded_and_ended(here: _Place) -> bool:
    return here.loop.name == "LS" and _tag(here.loop.members[here.index]) == "LE"


def _move(here: _Place, levels: int, index: int, *, in_order: bool) -> _Move:
    member = here.loop.members[index]
    there = here.siblings[index]
    if isinstance(member, SegmentUse):
        return _Move(levels, index, None, there, in_order)
    if there.inner is None:
        path = f"{here.path}/{member.name}".removeprefix("/")
        there.inner = _places(member, there, path)
    return _Move(levels, index, member, there.inner[0], in_order)


def _out_of_order(each: Segment, place: _Place, table: SetTable) -> Finding:
    name = table.segments[each.tag].name
    part = f"loop {place.path}" if place.path else "the set's own level"
    sentence = (
        f"{each.tag} (segment {each.position}), {name}: stands later than the standard puts it; "
        f"it was read as part of {part}."
    )
    return segment_finding("error", each.tag, each.position, place.path, "7", sentence)


def _misplaced(each: Segment, place: _Place, table: SetTable) -> Finding:
    tag = each.tag if each.tag.isalnum() else repr(each.tag[:20])
    if each.tag in table.segments:
        part = f"after loop {place.path}" if place.path else "at this place"
        code, fault = "2", f", {table.segments[each.tag].name}: not expected {part}"
    elif each.tag in table.version_tags:
        code, fault = "6", f": the {table.name.lower()} ({table.code}) has no such segment"
    else:
        code, fault = "1", f": no segment of this name is known in version {table.version}"
    sentence = f"{tag} (segment {each.position}){fault}; it was not read."
    return segment_finding("error", each.tag, each.position, place.path, code, sentence)

"""X12 in words: a line for each segment of a file, with the names of its elements and what is wrong in place.

A line holds the segment's position in its set (ST is 1), its text, cut where it is long, its name, and each filled or
faulty element with its number, name and text. Lines are indented by loops, in a ship notice by its levels too. What is
wrong with an element stands behind it in brackets, what is wrong with a segment, a set or an envelope on a line of its
own: ``!!`` rejects, ``!`` is accepted with errors, ``note`` is for people only. Codes of acknowledgments are said in
words.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence

from integration.x12.acknowledgment_codes import CODE_MEANINGS
from integration.x12.described import ENVELOPE, MEANINGS
from integration.x12.envelope import (
    GroupReading,
    InterchangeReading,
    SetReading,
    parse_segments,
    read_interchange,
    split_interchanges,
)
from integration.x12.findings import Finding
from integration.x12.isa import Isa, parse_isa, unusable_header
from integration.x12.structure import Loop
from integration.x12.syntax import Segment, Separators, components_of
from integration.x12.tables import ElementTable, SetTable, find_table
from integration.x12.validate import GroupCheck, SetVerdict, group_findings

_RAW = 72
_VALUE = 40
_MARKS = {"error": "!!", "warning": "!", "note": "note"}
_REPORTS = {"segment": "AK3", "element": "AK4", "set": "AK5", "group": "AK9", "interchange": "TA1"}
_DEEPEST = 12


def explain_file(data: bytes) -> tuple[bool, Iterator[str]]:
    """Whether the file holds an interchange that can be read, and the lines; they are made one by one."""
    pieces = split_interchanges(data).pieces
    readable = any(
        isinstance(parse_isa(piece.data), Isa) or unusable_header(piece.data) is not None for piece in pieces
    )
    return readable, _file_lines(data)


def _file_lines(data: bytes) -> Iterator[str]:
    split = split_interchanges(data)
    yield from split.notes
    if split.problem:
        yield split.problem
    for piece in split.pieces:
        isa = parse_isa(piece.data)
        if isinstance(isa, Isa):
            yield from _Interchange(piece.data, isa).lines()
        else:
            yield f"{_MARKS['error']} The interchange at byte {piece.offset}: {isa}"


class _Interchange:
    """One interchange from ISA to IEA: what the envelope holds between its sets is told from the bytes."""

    def __init__(self, data: bytes, isa: Isa) -> None:
        self.data = data
        self.isa = isa
        self.reading: InterchangeReading = read_interchange(data)
        self.told: dict[str, list[Finding]] = defaultdict(list)

    def lines(self) -> Iterator[str]:
        """The header, then everything in the order of the bytes, then what has no place among them."""
        for finding in self.reading.findings:
            self.told[finding.segment_tag].append(finding)
        yield self._line(Segment("ISA", self.isa.elements), 0, 0)
        yield from self._told("ISA", 1)
        if self.reading.problem is not None:
            yield f"  {_MARKS['error']} {self.reading.problem}"
            return
        at = self.isa.length
        for group in self.reading.groups:
            check = GroupCheck(group)
            for finding in group_findings(group):
                self.told[finding.segment_tag].append(finding)
            for each in group.sets:
                yield from self._between(at, each.offset)
                yield from _set_lines(each, group, check.check(each))
                at = each.offset + each.length
        yield from self._between(at, len(self.data))
        for tag in list(self.told):
            yield from self._told(tag, 0)

    def _told(self, tag: str, depth: int) -> Iterator[str]:
        for finding in self.told.pop(tag, ()):
            yield _own_line(finding, depth)

    def _between(self, start: int, stop: int) -> Iterator[str]:
        text = self.data[start:stop].decode("latin-1")
        for each in parse_segments(text, self.isa.separators):
            depth = 0 if each.tag in ("ISA", "IEA", "TA1") else 1
            yield self._line(each, 0, depth)
            yield from self._told(each.tag, depth + 1)

    def _line(self, each: Segment, position: int, depth: int) -> str:
        name, elements = ENVELOPE.get(each.tag, ("outside any transaction set, not read", ""))
        if each.tag == "ISA":
            each = Segment("ISA", [text.strip() for text in each.elements])
        names = elements.split("|") if elements else []
        parts = [
            f"{number} {names[number - 1] if number <= len(names) else 'not in the standard'} "
            f"{_value(each, number)}"
            for number, text in enumerate(each.elements, start=1)
            if text
        ]
        return _segment_line(position, depth, each, self.isa.separators, name, parts)


def _set_lines(each: SetReading, group: GroupReading, judged: SetVerdict) -> Iterator[str]:
    table = find_table(each.code, group.version)
    name = f"{table.name} ({each.code})" if table else f"Transaction set {each.code}"
    yield f"{'':>6}  {'':4}-- {name} {each.control_number}: {CODE_MEANINGS[judged.code]}"
    placed: dict[int, list[Finding]] = defaultdict(list)
    for finding in judged.findings:
        placed[finding.segment_position].append(finding)
    depths = _depths(judged.walk.root) if judged.walk else {}
    depth = 0
    for one in each.segments:
        depth = depths.get(one.position, depth)
        here = placed.pop(one.position, [])
        yield from (_own_line(found, depth + 3) for found in here if _is_missing(found))
        inside = [found for found in here if found.level == "element"]
        yield _described(one, depth + 2, table, each.separators, inside)
        yield from (
            _own_line(found, depth + 3)
            for found in here
            if found.level != "element" and not _is_missing(found)
        )
    for _, rest in sorted(placed.items()):
        yield from (_own_line(finding, 3) for finding in rest)


def _is_missing(finding: Finding) -> bool:
    return finding.level == "segment" and finding.code_997 == "3"


def _depths(root: Loop) -> dict[int, int]:
    """How deep each segment stands: by loops, and the levels of an HL loop by their parents."""
    depths: dict[int, int] = {}
    levels: dict[str, int] = {}
    waiting: list[tuple[Loop, int]] = [(root, 0)]
    while waiting:
        loop, depth = waiting.pop()
        if loop.table.name == "HL":
            level = levels.get(loop.trigger[2], -1) + 1
            levels[loop.trigger[1]] = level
            depth += level
        for each in loop.segments:
            depths[each.position] = min(depth, _DEEPEST)
        waiting.extend((inner, depth + 1) for inner in reversed(loop.loops))
    return depths


def _described(
    each: Segment, depth: int, table: SetTable | None, separators: Separators, found: Sequence[Finding]
) -> str:
    known = table.segments.get(each.tag) if table else None
    if known is None:
        name = "not in this set" if table else "no table for this set"
        return _segment_line(each.position, depth, each, separators, name, [])
    parts = []
    elements = {element.number: element for element in known.elements}
    faulty = {finding.element for finding in found if finding.element is not None}
    filled = {number for number, text in enumerate(each.elements, start=1) if text}
    for number in sorted(filled | faulty):
        element = elements.get(number)
        here = [finding for finding in found if finding.element == number]
        parts.append(_element(each, number, element, separators, here, described=known.described))
    return _segment_line(each.position, depth, each, separators, known.name, parts)


def _element(
    each: Segment,
    number: int,
    element: ElementTable | None,
    separators: Separators,
    found: Sequence[Finding],
    *,
    described: bool,
) -> str:
    name = element.name if element else "not in the standard" if described else ""
    whole = _value(each, number)
    if element is not None and element.kind == "C":
        parts = components_of(each[number], separators)
        names = [component.name for component in element.components]
        whole = ", ".join(
            f"{number}-{at} {names[at - 1] if at <= len(names) else 'not in the standard'} {_cut(text, _VALUE)}"
            for at, text in enumerate(parts, start=1)
            if text
        )
    said = " ".join(word for word in (str(number), name, whole) if word)
    return said + "".join(f" [{_fault(finding)}]" for finding in found)


def _value(each: Segment, number: int) -> str:
    text = _cut(each[number], _VALUE)
    meaning = MEANINGS.get((each.tag, number), {}).get(each[number].strip())
    return f"{text} = {meaning}" if meaning else text


def _fault(finding: Finding) -> str:
    """What is wrong with an element, without the words that name its place."""
    words = finding.sentence.partition(": ")[2].removesuffix(".")
    component = f"component {finding.component}: " if finding.component is not None else ""
    return f"{_MARKS[finding.severity]} {component}{words}; {_REPORTS['element']} {finding.code_997}"


def _own_line(finding: Finding, depth: int) -> str:
    code = f" ({_REPORTS[finding.level]} {finding.code_997})" if finding.code_997 else ""
    return f"{'':>6}  {'  ' * depth}{_MARKS[finding.severity]} {finding.sentence}{code}"


def _segment_line(
    position: int, depth: int, each: Segment, separators: Separators, name: str, parts: Sequence[str]
) -> str:
    raw = _cut(separators.element.join(each.texts), _RAW)
    place = str(position) if position else ""
    words = f"{name}: {'; '.join(parts)}" if parts else name
    return f"{place:>6}  {'  ' * depth}{raw}  --  {words}"


def _cut(text: str, longest: int) -> str:
    return text if len(text) <= longest else text[: longest - 3] + "..."

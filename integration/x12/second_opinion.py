"""What another engine says of a set: pyx12's grammar and element checks, on maps made of our tables.

Only ``walk_errors`` and ``is_valid_errors`` of pyx12 are used, both without state outside the call. Its envelope
reader, writer and acknowledgments are not: they have faults that lose data. The facts are ours on both sides, so that a
disagreement is about how they are understood; ``tests/integration/x12/engine_differences.tsv`` lists the known ones.

pyx12 is shown elements that are taken apart already, since it would split every one of them at the component
separator, and each repetition of an element alone, since it knows none. Segments that we do not describe are only
placed. It takes about 0.3 ms a segment: not for the hot path.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

from pyx12.errors import EngineError
from pyx12.map_walker import walk_tree
from pyx12.segment import Composite as OtherComposite
from pyx12.segment import Element as OtherElement
from pyx12.segment import Segment as OtherSegment

from integration.x12.findings import Finding, Severity, segment_finding
from integration.x12.pyx12_maps import load_map
from integration.x12.syntax import Segment, Separators, components_of
from integration.x12.tables import ElementTable, SegmentTable, SetTable

# pyx12 wants separators that it splits by; what it is shown is split, so these never meet data.
_SEPARATORS = ("\x1c", "\x1d", "\x1f")
# What pyx12 raises where its own assumptions fail; a set that does this gets a note instead of a verdict.
_GIVEN_UP = (EngineError, AssertionError, AttributeError, IndexError, KeyError, TypeError, ValueError)
# Of several faults of one element only the first of these is told, as ours does: a date with a letter in it is no date,
# and not too long as well.
_GRAVEST = ("1", "3", "10", "8", "9", "6", "7", "2", "5", "4")
_NOTES = frozenset({"2", "10"})
_WARNINGS = frozenset({"4", "5", "7"})
_TEXT = frozenset({"AN", "ID", "B"})


def second_opinion(segments: Sequence[Segment], table: SetTable, separators: Separators) -> list[Finding]:
    """What pyx12 finds in a set, from ST to SE, in the order of the segments; counts and control numbers are not
    looked at.

    Findings are as ours: AK304 or AK403 codes, a severity by the same policy, a sentence in pyx12's words. Never raises
    on content. May be called from any thread.
    """
    if table.version < "005010":
        separators = replace(separators, repetition=None)
    walker = walk_tree()
    node = load_map(table).getnodebypath("/ISA_LOOP/ISA")
    found: list[Finding] = []
    for each in segments:
        try:
            shown = _shown(each, table.segments.get(each.tag), separators, 0)
            place, _, _, errors = walker.walk_errors(node, shown, each.position, each.position, None)
            node = node if place is None else place
            found.extend(_misplaced(error, each, node) for error in errors)
            known = table.segments.get(each.tag)
            if place is not None and known is not None and known.described:
                found.extend(_judged(each, known, separators, place))
        except _GIVEN_UP as error:
            sentence = (
                f"{each.tag[:3]!r} (segment {each.position}): the second engine gave up ({error!r:.80})."
            )
            found.append(segment_finding("note", each.tag, each.position, "", "", sentence))
            return found
    return found


def _shown(
    each: Segment, table: SegmentTable | None, separators: Separators, repetition: int
) -> OtherSegment:
    """The segment as pyx12 sees it; ``repetition`` is which one of repeated elements, the first where there are
    fewer."""
    shown = OtherSegment(None, *_SEPARATORS)
    shown.seg_id = each.tag
    elements = table.elements if table else ()
    for index, text in enumerate(each.elements):
        element = elements[index] if index < len(elements) else None
        shown.elements.append(_composite(_parts(text, element, separators, repetition)))
    return shown


def _parts(
    text: str, element: ElementTable | None, separators: Separators, repetition: int
) -> tuple[str, ...]:
    if element is None:
        return (text,)
    one = text
    if separators.repetition and separators.repetition in text:
        repeated = text.split(separators.repetition)
        one = repeated[repetition if repetition < len(repeated) else 0]
    return components_of(one, separators) if element.kind == "C" else (one,)


def _composite(parts: tuple[str, ...]) -> OtherComposite:
    made = OtherComposite("", _SEPARATORS[2])
    made.elements = [OtherElement(part) for part in parts or ("",)]
    return made


def _judged(each: Segment, table: SegmentTable, separators: Separators, node: Any) -> Iterator[Finding]:
    """One finding for each element or component at fault, and one for each broken syntax note."""
    told: dict[tuple[int, int | None, bool], Finding] = {}
    for repetition in range(_repetitions(each, table, separators)):
        shown = _shown(each, table, separators, repetition)
        for error in _errors(shown, table, node):
            finding = _finding(error, each, table, _path(node))
            key = (finding.element or 0, finding.component, finding.code_997 in _NOTES)
            other = told.get(key)
            if other is None or _GRAVEST.index(finding.code_997) < _GRAVEST.index(other.code_997):
                told[key] = finding
    yield from told.values()


def _repetitions(each: Segment, table: SegmentTable, separators: Separators) -> int:
    if not separators.repetition:
        return 1
    counts = [
        min(each[element.number].count(separators.repetition) + 1, element.repeat)
        for element in table.elements
        if element.repeat > 1
    ]
    return max(counts, default=1)


def _errors(shown: OtherSegment, table: SegmentTable, node: Any) -> list[Any]:
    """pyx12 fails on a composite with too many components inside its segment, and not by itself: so by itself."""
    errors = []
    for element, composite in zip(table.elements, shown.elements, strict=False):
        if element.kind == "C" and len(composite) > len(element.components):
            _, found = node.children[element.number - 1].is_valid_errors(composite)
            errors += [(element.number, error) for error in found if error.err_cde == "3"]
            composite.elements = composite.elements[: len(element.components)]
    _, found = node.is_valid_errors(shown)
    return errors + [(None, error) for error in found]


def _finding(told: tuple[int | None, Any], each: Segment, table: SegmentTable, loop: str) -> Finding:
    number, error = told
    if number is None:
        number, component = _place(error.refdes)
    else:
        component = None
    element = table.elements[number - 1] if 0 < number <= len(table.elements) else None
    inner = element
    if element is not None and component is not None and component <= len(element.components):
        inner = element.components[component - 1]
    severity: Severity = "error"
    if error.err_cde in _WARNINGS or (error.err_cde == "6" and inner is not None and inner.kind in _TEXT):
        severity = "warning"
    return Finding(
        severity,
        each.tag,
        each.position,
        loop,
        number,
        component,
        inner.data_element if inner else None,
        error.err_cde,
        "element",
        error.err_val or "",
        f"{each.tag} (segment {each.position}), element {number}: {error.err_str}.",
    )


def _place(refdes: object) -> tuple[int, int | None]:
    """Element and component of "PO102", "CTP05-01", "27", or the plain number that broken syntax notes have."""
    whole, _, component = str(refdes).partition("-")
    return int(whole[-2:]), int(component) if component else None


def _misplaced(error: Any, each: Segment, node: Any) -> Finding:
    tag = error.seg_data.get_seg_id() if error.seg_data is not None else each.tag
    sentence = f"{tag} (segment {each.position}): {error.err_str}."
    return segment_finding("error", tag, each.position, _path(node), error.err_cde, sentence)


def _path(node: Any) -> str:
    """The loops around a node of the map, named as ours are."""
    names = [name.partition("_")[0] for name in node.parent.get_path().split("/") if name]
    return "/".join(names[2:])

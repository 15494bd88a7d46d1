"""Samples of a mapping profile: run, compared with what was accepted, and held against the rows that they exercise."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence, Set
from dataclasses import dataclass

from integration.documents import Document, from_json, to_json
from integration.x12.reading import parse_segments
from integration.x12.syntax import Separators
from partners.mapping.codes import CodeLists
from partners.mapping.differences import Difference, document_differences, segment_differences
from partners.mapping.normal import norm
from partners.mapping.overrides import Override, OverrideError
from partners.mapping.reader import read_set
from partners.mapping.rehearsal import Rehearsal, rehearse_reading, rehearse_writing
from partners.mapping.report import used_addresses
from partners.mapping.rules import Guide
from partners.mapping.variants import variant, without

OUT = "out"


@dataclass(frozen=True, slots=True)
class Sample:
    """One document with its other side as it was accepted: sent, JSON and then X12; received, X12 and then JSON.

    X12 runs from ST to SE, a segment a line, with ``separators``. ``codes`` are the partner's code lists then.
    """

    name: str
    direction: str
    given: str
    expected: str
    separators: Separators
    codes: CodeLists


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of a sample: ``problems`` are sentences; without any, and without differences, it passes."""

    sample: Sample
    rehearsal: Rehearsal | None
    differences: tuple[Difference, ...]
    problems: tuple[str, ...]

    @property
    def passes(self) -> bool:
        """Whether the other side is exactly what was accepted, and nothing is wrong with it."""
        return not self.differences and not self.problems


def run(sample: Sample, guide: Guide, left_out: Set[str] = frozenset()) -> Outcome:
    """Map a sample and compare. Never raises on content. ``left_out`` are the fields that are meant not to be carried."""
    try:
        rehearsal = rehearse(sample, guide)
    except ValueError as error:
        return Outcome(sample, None, (), (f"The sample cannot be used any more: {error}",))
    differences = _differences(sample, rehearsal, guide)
    return Outcome(sample, rehearsal, differences, problems(sample, rehearsal, guide, left_out))


def problems(sample: Sample, rehearsal: Rehearsal, guide: Guide, left_out: Set[str]) -> tuple[str, ...]:
    """Sentences on what is wrong with a sample whatever was accepted: what is written must hold, and read back."""
    if rehearsal.document is None:
        return ("Nothing of it could be read.",)
    if sample.direction != OUT:
        return ()
    lost = tuple(each.sentence for each in rehearsal.not_carried if generic(each.path) not in left_out)
    if rehearsal.faults or lost:
        return (*rehearsal.faults, *lost)
    back = read_set(rehearsal.segments, guide, sample.codes, rehearsal.separators).document
    meant = norm(without(rehearsal.document, left_out), guide, sample.codes)
    return tuple(f"It does not read back: {each.sentence}." for each in document_differences(meant, back))


def generic(path: str) -> str:
    """A path without ordinals, as guides name what they carry: ``lines[]/quantity``."""
    return re.sub(r"\[[0-9]+\]", "[]", path)


def rehearse(sample: Sample, guide: Guide) -> Rehearsal:
    """Map a sample. Raises ``ValueError`` where its JSON is no document of the guide's kind."""
    if sample.direction == OUT:
        document = from_json(guide.document, json.loads(sample.given))
        return rehearse_writing(document, guide, sample.codes, sample.separators)
    segments = parse_segments(sample.given, sample.separators)
    return rehearse_reading(segments, guide, sample.separators, sample.codes)


def accepted(rehearsal: Rehearsal, direction: str, name: str, codes: CodeLists) -> Sample:
    """The sample that a rehearsal becomes when somebody accepts it."""
    ending = rehearsal.separators.segment
    text = "".join(f"{line}{ending}" + ("\n" if ending != "\n" else "") for line in rehearsal.lines)
    data = document_text(rehearsal.document)
    given, expected = (data, text) if direction == OUT else (text, data)
    return Sample(name, direction, given, expected, rehearsal.separators, codes)


def document_text(document: Document | None) -> str:
    """A document as JSON for people, "" for none."""
    return json.dumps(to_json(document), indent=2, ensure_ascii=False) if document is not None else ""


def unexercised(base: str, overrides: Sequence[Override], samples: Sequence[Sample]) -> tuple[int, ...]:
    """The indexes of the overrides that no sample exercises.

    A sample exercises an override where a rule of its address makes or takes an element, or where the sample comes
    out otherwise without it: that shows the rows that leave something out.
    """
    if not overrides:
        return ()
    guide = variant(base, tuple(overrides))
    outcomes = [run(sample, guide) for sample in samples]
    used: frozenset[str] = frozenset().union(
        *(used_addresses(each.rehearsal) for each in outcomes if each.rehearsal is not None)
    )
    return tuple(
        index
        for index, row in enumerate(overrides)
        if not _names_used(row, used) and not _changes_any(base, overrides, index, outcomes)
    )


def _names_used(row: Override, used: frozenset[str]) -> bool:
    return row.operation != "add" and row.address in used


def _changes_any(base: str, overrides: Sequence[Override], index: int, outcomes: Sequence[Outcome]) -> bool:
    others = tuple(row for at, row in enumerate(overrides) if at != index)
    try:
        without = variant(base, others)
    except OverrideError:
        # Other rows stand on this one: they are held against the samples themselves.
        return True
    return any(_result(run(each.sample, without)) != _result(each) for each in outcomes)


def _result(outcome: Outcome) -> tuple[object, ...]:
    rehearsal = outcome.rehearsal
    if rehearsal is None:
        return outcome.problems
    return rehearsal.segments, rehearsal.document, rehearsal.report


def _differences(sample: Sample, rehearsal: Rehearsal, guide: Guide) -> tuple[Difference, ...]:
    if sample.direction == OUT:
        before = [
            line.strip("\n") for line in sample.expected.split(sample.separators.segment) if line.strip("\n")
        ]
        return segment_differences(before, rehearsal.lines, sample.separators)
    expected = from_json(guide.document, json.loads(sample.expected)) if sample.expected else None
    return document_differences(expected, rehearsal.document)

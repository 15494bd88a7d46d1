"""A list in one element, as 005010 allows it in CTX01: written with the repetition separator, and read back."""

from __future__ import annotations

import datetime
from dataclasses import replace

import pytest

from integration.documents import AdviceError, AdviceSubject, ApplicationAdvice
from integration.x12.reading import parse_segments
from integration.x12.syntax import Repeated, Separators, choose_separators, serialise
from partners.mapping.compiler import load_guide, shipped_text
from partners.mapping.normal import norm
from partners.mapping.reader import read_set
from partners.mapping.sources import GuideError
from partners.mapping.writer import write

BASE = shipped_text("824", "005010")
REMARKS = "          - {NTE: {1: ~ADD, 2: .}, each: remarks}\n"
GUIDE = load_guide(BASE.replace(REMARKS, '          - {CTX: {"1 repeat remarks": {1: .}}}\n'))
SEPARATORS = Separators(repetition="^")


def advice(*remarks: str) -> ApplicationAdvice:
    error = AdviceError(condition="missing_data", remarks=remarks)
    subject = AdviceSubject(
        outcome="transaction_set_rejected", reference_kind="PO", reference="GP-1", errors=(error,)
    )
    return ApplicationAdvice(
        purpose="original", advice_number="A-1", date=datetime.date(2026, 3, 2), subjects=(subject,)
    )


def test_a_list_stands_in_one_element_and_is_read_back() -> None:
    written = write(advice("ship to", "unit > each", "price"), GUIDE, trace=True)
    assert written.report == ()
    segment = written.segments[-1]
    assert segment.tag == "CTX"
    assert segment[1] == Repeated("ship to", "unit > each", "price")
    separators = choose_separators(written.segments, SEPARATORS)
    assert serialise([segment], separators, "ascii") == b"CTX*ship to^unit > each^price~"
    text = serialise(written.segments, separators, "ascii").decode()
    result = read_set(parse_segments(text, separators), GUIDE, separators=separators)
    assert result.report == ()
    assert result.document == norm(advice("ship to", "unit > each", "price"), GUIDE)


def test_without_a_repetition_separator_nothing_is_split_and_nothing_written_wrongly() -> None:
    written = write(advice("one", "two"), GUIDE)
    with pytest.raises(ValueError, match="'two' is a repeat, and there is no repetition separator; set one"):
        serialise(written.segments, Separators(), "ascii")
    text = "BGN*00*A-1*20260302~OTI*TR*PO*GP-1~TED*007~CTX*one^two~"
    document = read_set(parse_segments(text, Separators()), GUIDE).document
    assert isinstance(document, ApplicationAdvice)
    assert document.subjects[0].errors[0].remarks == ("one^two",)


def test_more_repeats_than_fit_and_empty_ones_are_told() -> None:
    crowded = write(advice(*map(str, range(11))), GUIDE)
    assert [each.sentence for each in crowded.errors] == [
        "OTI/TED/CTX.1 subjects[0]/errors[0]: at most 10 fit, 11 were made."
    ]
    hollow = replace(
        advice("one"),
        subjects=(
            replace(advice().subjects[0], errors=(AdviceError(condition="missing_data", remarks=("a", "")),)),
        ),
    )
    assert [each.path for each in write(hollow, GUIDE).errors] == ["subjects[0]/errors[0]/remarks[1]"]


def test_an_element_that_may_not_be_repeated_is_refused() -> None:
    with pytest.raises(GuideError) as caught:
        load_guide(BASE.replace(REMARKS, '          - {NTE: {1: ~ADD, "2 repeat remarks": .}}\n'))
    assert caught.value.problems == (
        "OTI/TED/NTE.2 repeat remarks: description may not be repeated in this version of the standard.",
    )

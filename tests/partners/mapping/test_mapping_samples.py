"""The second law, on files of other people: what was read, written and read again is what was read."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from integration.documents import from_json, to_json
from integration.x12.envelope import read_interchange, split_interchanges
from integration.x12.syntax import Segment, Separators
from partners.mapping.reader import read_set
from partners.mapping.rules import Guide, PairsElement, QualifierElement
from partners.mapping.writer import write
from tests.partners.mapping.mapped_documents import GUIDES, differences, guide_of

_NAMES = (*GUIDES, "856", "856_5010")
_GUIDE_NAMES = {(guide_of(name).transaction_set, guide_of(name).version): name for name in _NAMES}


def listed_sets(samples: Path) -> Iterator[tuple[str, str, list[Segment], Separators]]:
    """The public sets whose documents are no graphs: of those the order of every list is kept."""
    return (each for each in public_sets(samples) if each[1] in GUIDES)


def public_sets(samples: Path) -> Iterator[tuple[str, str, list[Segment], Separators]]:
    for path in sorted(samples.iterdir()):
        for piece in split_interchanges(path.read_bytes()).pieces:
            reading = read_interchange(piece.data)
            for group in reading.groups:
                for each in group.sets:
                    known = _GUIDE_NAMES.get((each.code, group.version[:6]))
                    if known:
                        yield path.name, known, each.segments, each.separators


def test_every_public_set_that_a_guide_reads_survives_a_second_reading(shared: Path) -> None:
    seen: Counter[str] = Counter()
    refused: list[str] = []
    for name, code, segments, separators in listed_sets(shared / "x12" / "samples"):
        guide = guide_of(code)
        first = read_set(segments, guide, separators=separators).document
        assert first is not None
        assert from_json(guide.document, to_json(first)) == first
        written = write(first, guide)
        if written.errors:
            refused.append(f"{name} {written.errors[0].sentence}")
            continue
        assert written.report == ()
        assert differences(read_set(written.segments, guide).document, first) == {}, name
        seen[code] += 1
    assert seen == {
        "810": 16,
        "824": 1,
        "824_5010": 1,
        "846": 2,
        "850": 56,
        "855": 12,
        "850_5010": 2,
        "860": 1,
        "865": 3,
    }
    # Faults of the files themselves: no BEG05, no OTI02, a terminator that is missing before CTT.
    assert refused == [
        *["edinet__Samples-x12.850.issue135.edi BEG.5: date is mandatory and nothing fills it."] * 2,
        "idx__824_decisions.edi OTI.2 subjects[0]/reference_kind: '123456789' has 9 characters, at most 3 fit; "
        "shorten it.",
        "x12parser___846-Example2.txt LIN/QTY.3.1 lines[4]/quantities[0]/unit: 'FTCTT' has 5 characters, at most 2 "
        "fit; shorten it.",
    ]


def qualifiers(guide: Guide) -> set[str]:
    elements = [each for rule in guide.rules() for each in rule.elements]
    pairs = [pair for each in elements if isinstance(each, PairsElement) for pair in each.pairs]
    found = {qualifier for pair in pairs for qualifier in pair.qualifiers}
    return found.union(*(each.codes for each in elements if isinstance(each, QualifierElement)))


def test_everything_in_a_public_set_is_read_or_reported(shared: Path) -> None:
    """Each text of a set stands in the document, in the report, or is a qualifier, constant or count of the guide."""
    checked = 0
    for name, code, segments, separators in listed_sets(shared / "x12" / "samples"):
        guide = guide_of(code)
        result = read_set(segments, guide, separators=separators)
        again = write(result.document, guide).segments if result.document else ()
        known = qualifiers(guide) | {element.strip(" ") for each in again for element in each.elements}
        reported = " ".join(f"{each.text} {each.sentence}" for each in result.report)
        # Text over several segments is wrapped anew, and numbers and dates are written our way.
        document = " ".join(
            f"{each}" for each in (result.document and to_json(result.document).values()) or ()
        )
        for each in segments[1:-1]:
            for text in each.elements:
                words = text.split()
                kept = text.strip(" ") in known or text in reported or all(word in document for word in words)
                # A time of four digits is written with six, a date of six with eight.
                kept = kept or f"{text}00" in known or f"20{text}" in known
                assert kept or _as_number(text) in map(_as_number, known), f"{name} {each.tag} {text!r}"
                checked += 1
    assert checked > 10_000


def _as_number(text: str) -> float | str:
    try:
        return float(text)
    except ValueError:
        return text.removeprefix("20")

"""Every public sample file is read to the same verdict each time, without an exception."""

from __future__ import annotations

import csv
from collections import Counter
from pathlib import Path

import pytest

from integration.x12.acknowledgment import build_997, expects_acknowledgment, read_997
from integration.x12.envelope import is_whole, read_interchange, split_interchanges
from integration.x12.lines import display_lines
from integration.x12.syntax import Separators, serialise
from integration.x12.tables import find_table
from integration.x12.validate import SetVerdict, check_group
from tests.integration.x12.x12_documents import SHARED_SAMPLES, rows, shared_samples


def index() -> list[str]:
    if not SHARED_SAMPLES.is_dir():
        return []
    with (SHARED_SAMPLES / "INDEX.tsv").open(encoding="utf-8", newline="") as file:
        return [row["file"] for row in csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE)]


FILES = index()


def verdicts(path: Path) -> list[tuple[str, str, SetVerdict]]:
    found = []
    for piece in split_interchanges(path.read_bytes()).pieces:
        for group in read_interchange(piece.data).groups:
            judged = check_group(group)
            found += [
                (each.code, group.version, verdict) for each, verdict in zip(group.sets, judged, strict=True)
            ]
    return found


def test_the_samples_are_there() -> None:
    shared_samples()
    assert len(FILES) == 161


@pytest.mark.parametrize("name", FILES)
def test_each_sample_has_one_stable_verdict(name: str) -> None:
    path = SHARED_SAMPLES / name
    first, again = verdicts(path), verdicts(path)
    assert [(one, rows(verdict.findings)) for one, _, verdict in first] == [
        (one, rows(verdict.findings)) for one, _, verdict in again
    ]
    data = path.read_bytes()
    is_whole(data)
    assert display_lines(data)


@pytest.mark.parametrize("name", FILES)
def test_each_group_of_each_sample_can_be_answered_and_the_answer_read(name: str) -> None:
    for piece in split_interchanges((SHARED_SAMPLES / name).read_bytes()).pieces:
        for group in read_interchange(piece.data).groups:
            if not expects_acknowledgment(group):
                continue
            judged = check_group(group)
            body = build_997(group, judged)
            assert serialise(body, Separators(), "ascii")
            found = read_997(body)
            assert found.problems == []
            assert [each.code for each in found.sets] == [verdict.code for verdict in judged]


def test_the_public_sets_are_judged_as_counted() -> None:
    shared_samples()
    counted: Counter[tuple[str, str]] = Counter()
    faults: Counter[tuple[str, str, str]] = Counter()
    unread = 0
    for name in FILES:
        for code, version, verdict in verdicts(SHARED_SAMPLES / name):
            if find_table(code, version) is None:
                continue
            counted[code, verdict.code] += 1
            assert verdict.walk is not None
            unread += len(verdict.walk.unread)
            faults.update((each.severity, each.level, each.code_997) for each in verdict.findings)
    assert counted == {
        ("810", "A"): 14,
        ("810", "R"): 2,
        ("824", "A"): 1,
        ("824", "R"): 2,
        ("846", "A"): 1,
        ("846", "R"): 2,
        ("850", "A"): 47,
        ("850", "R"): 13,
        ("855", "A"): 12,
        ("856", "A"): 7,
        ("856", "E"): 3,
        ("860", "R"): 1,
        ("865", "A"): 2,
        ("865", "R"): 1,
        ("997", "A"): 29,
        ("997", "E"): 1,
        ("997", "R"): 3,
        ("999", "R"): 3,
    }
    assert unread == 1
    # The dates, numbers, notes and doubled numbers at fault are those of samples that are themselves damaged.
    assert faults == {
        ("error", "element", "8"): 47,
        ("warning", "element", "7"): 35,
        ("warning", "element", "5"): 29,
        ("error", "element", "6"): 7,
        ("error", "element", "2"): 6,
        ("error", "element", "3"): 5,
        ("error", "set", "23"): 5,
        ("error", "set", "4"): 5,
        ("note", "segment", ""): 3,
        ("error", "segment", "7"): 2,
        ("error", "segment", "3"): 2,
        ("warning", "element", "4"): 1,
        ("error", "element", "1"): 1,
        ("error", "element", "10"): 1,
        ("error", "segment", "2"): 1,
        ("error", "segment", "5"): 1,
        ("error", "set", "2"): 1,
        ("error", "element", "9"): 1,
    }


def test_every_acknowledgment_among_the_samples_is_understood() -> None:
    shared_samples()
    read = Counter[str]()
    for name in FILES:
        for piece in split_interchanges((SHARED_SAMPLES / name).read_bytes()).pieces:
            interchange = read_interchange(piece.data)
            for group in interchange.groups:
                for each in group.sets:
                    if each.code == "997" and group.version.startswith("004010"):
                        found = read_997(each.segments, interchange.separators)
                        assert found.problems == []
                        read[found.group_code] += 1
    assert sum(read.values()) == 23

"""Every public sample file is read to the same verdict each time, without an exception."""

from __future__ import annotations

import csv
import os
import subprocess
import sys
from collections import Counter
from hashlib import sha256
from pathlib import Path
from time import perf_counter
from typing import NamedTuple

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
def test_each_sample_has_one_stable_verdict_and_has_it_soon(name: str) -> None:
    path = SHARED_SAMPLES / name
    began = perf_counter()
    first = verdicts(path)
    assert perf_counter() - began < 2
    again = verdicts(path)
    assert [(one, rows(verdict.findings)) for one, _, verdict in first] == [
        (one, rows(verdict.findings)) for one, _, verdict in again
    ]
    data = path.read_bytes()
    is_whole(data)
    assert display_lines(data)


def digest() -> str:
    """Everything that is said about every sample, sentences too, as one number."""
    said = [
        (name, each.code, each.findings) for name in FILES for _, _, each in verdicts(SHARED_SAMPLES / name)
    ]
    return sha256(repr(said).encode()).hexdigest()


def test_another_run_says_the_very_same_of_every_sample() -> None:
    shared_samples()
    script = f"from {__name__} import digest; print(digest())"
    found = {
        subprocess.run(
            [sys.executable, "-c", script],
            env={**os.environ, "PYTHONHASHSEED": seed},
            cwd=Path(__file__).parents[3],
            capture_output=True,
            text=True,
            check=True,
        ).stdout.strip()
        for seed in ("1", "2")
    }
    assert found == {digest()}


class Verdict(NamedTuple):
    """One line of broken_samples.tsv: the ``number``-th ``what`` of a file (a set, an interchange, the file)."""

    file: str
    what: str
    number: int
    verdict: str


def not_accepted(name: str) -> list[Verdict]:
    """What of a file cannot be read, and the sets of ours in it that are not accepted without a warning."""
    split = split_interchanges((SHARED_SAMPLES / name).read_bytes())
    if split.problem:
        return [Verdict(name, "file", 1, "unreadable")]
    found = []
    sets = 0
    for number, piece in enumerate(split.pieces, start=1):
        reading = read_interchange(piece.data)
        if reading.problem:
            found.append(Verdict(name, "interchange", number, "unreadable"))
        for group in reading.groups:
            for each, verdict in zip(group.sets, check_group(group), strict=True):
                sets += 1
                if find_table(each.code, group.version) and verdict.code != "A":
                    found.append(Verdict(name, each.code, sets, verdict.code))
    return found


def test_what_is_not_accepted_is_broken_and_each_fault_is_known() -> None:
    """Each row was looked at by hand: it says what its sender did wrong. Nothing legal is refused."""
    shared_samples()
    with (Path(__file__).parent / "broken_samples.tsv").open(encoding="utf-8", newline="") as file:
        known = list(csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE))
    assert all(row["wrong"].strip() for row in known)
    expected = {Verdict(row["file"], row["what"], int(row["number"]), row["verdict"]) for row in known}
    found = {each for name in FILES for each in not_accepted(name)}
    assert found == expected
    assert len(known) == len(expected) == 50
    assert Counter(each.verdict for each in expected) == {"unreadable": 20, "R": 26, "E": 4}


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
        ("999", "A"): 1,
        ("999", "R"): 2,
    }
    assert unread == 1
    # The dates, numbers, notes and doubled numbers at fault are those of samples that are themselves damaged.
    assert faults == {
        ("error", "element", "8"): 47,
        ("warning", "element", "7"): 35,
        ("warning", "element", "5"): 27,
        ("error", "element", "6"): 7,
        ("error", "element", "2"): 6,
        ("error", "element", "3"): 3,
        ("error", "element", "12"): 3,
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

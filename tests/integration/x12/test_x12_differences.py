"""Our validator against two engines that are not ours: each disagreement is one of those listed, with the reason why we
are right (engine_differences.tsv)."""

from __future__ import annotations

import csv
import os
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from edi_parser import api  # type: ignore[import-untyped]

from integration.x12.envelope import (
    GroupToWrite,
    InterchangeHeader,
    SetReading,
    SetToWrite,
    read_interchange,
    set_segments,
    split_interchanges,
    write_interchange,
)
from integration.x12.findings import Finding
from integration.x12.syntax import Segment, Separators, UnsafeData
from integration.x12.tables import SetTable, find_table
from integration.x12.validate import check_group
from tests.integration.x12.engines import PYX12, Difference, bots_class, differences
from tests.integration.x12.planted_faults import Planted, planted
from tests.integration.x12.test_x12_sets import ALL, DAY, HOUR, body
from tests.integration.x12.x12_documents import SHARED_SAMPLES, shared_samples

WHOLE = os.environ.get("GRIDPORT_CHAOS") == "1"
# The default run takes every 83rd planted fault, the full run all of them; each run the same ones.
STEP = 1 if WHOLE else 83
_LONG = 60


def listed(engine: str) -> set[str]:
    with (Path(__file__).parent / "engine_differences.tsv").open(encoding="utf-8", newline="") as file:
        found = list(csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE))
    assert all(len(row["why"]) > 20 for row in found)
    return {row["name"] for row in found if row["engine"] == engine}


def every_planted() -> Iterator[tuple[SetTable, Planted]]:
    number = 0
    for code, version in ALL:
        table = find_table(code, version)
        assert table is not None
        for each in planted(body(code)):
            number += 1
            if number % STEP == 0:
                yield table, each


def separators(table: SetTable) -> Separators:
    return Separators(repetition="`" if table.version == "005010" else None)


def sample_sets() -> Iterator[tuple[str, SetReading, SetTable]]:
    for path in sorted(SHARED_SAMPLES.glob("*")):
        for piece in split_interchanges(path.read_bytes()).pieces:
            for group in read_interchange(piece.data).groups:
                for each in group.sets:
                    if table := find_table(each.code, group.version):
                        yield path.name, each, table


def sorted_out(found: Iterator[Difference], where: str, counts: Counter[str]) -> None:
    for each in found:
        name = next((name for name, fits in PYX12.items() if fits(each)), None)
        assert name is not None, f"{where}: {each}"
        counts[name] += 1


def test_the_classes_of_differences_are_those_listed() -> None:
    assert set(PYX12) == listed("pyx12")


def test_pyx12_agrees_on_every_public_sample() -> None:
    shared_samples()
    counts: Counter[str] = Counter()
    sets = long = 0
    for name, each, table in sample_sets():
        segments: list[Segment] = each.segments
        if len(segments) > _LONG and not WHOLE:
            long += 1
            continue
        sets += 1
        sorted_out(differences(segments, table, each.separators), name, counts)
    assert sets + long == 144
    assert long == (0 if WHOLE else 10)
    assert sum(counts.values()) < 20


def test_pyx12_agrees_on_planted_faults() -> None:
    counts: Counter[str] = Counter()
    documents = 0
    for table, each in every_planted():
        documents += 1
        segments = set_segments(SetToWrite(table.code, 17, each.body))
        where = f"{table.code} {table.version}, {each.what}"
        sorted_out(differences(segments, table, separators(table)), where, counts)
    assert documents == (18_195 if WHOLE else 219)
    if WHOLE:
        # A class that nothing shows any more is settled: take it off the list.
        assert set(counts) == set(PYX12)


def test_pyx12_finds_nothing_in_good_documents() -> None:
    for code, version in ALL:
        table = find_table(code, version)
        assert table is not None
        segments = set_segments(SetToWrite(code, 17, body(code)))
        assert [str(each) for each in differences(segments, table, separators(table))] == []


def written(table: SetTable, each: Planted) -> bytes:
    header = InterchangeHeader(
        "ZZ", "SHOPTEST", "12", "5550100", DAY, HOUR, 42, "T", version=f"00{table.version[2:5]}"
    )
    sets = [SetToWrite(table.code, 17, each.body)]
    group = GroupToWrite(table.group, "SHOPTEST", "5550100", DAY, HOUR, 17, sets, table.version)
    return write_interchange(header, [group], separators(table), "utf-8")


def bots_accepts(data: bytes) -> bool:
    found: dict[str, Any] = api.validate_edi(data.decode("utf-8"), "x12", "x12")
    accepted: bool = found["valid"]
    return accepted


def sent(findings: list[Finding]) -> list[Finding]:
    return [each for each in findings if each.severity != "note"]


def test_the_outside_judge_agrees_on_planted_faults() -> None:
    counts: Counter[str] = Counter()
    for table, each in every_planted():
        try:
            data = written(table, each)
        except UnsafeData:
            continue
        (group,) = read_interchange(data).groups
        (verdict,) = check_group(group)
        accepts = bots_accepts(data)
        if accepts == (verdict.code != "R"):
            counts["the same"] += 1
            continue
        name = bots_class(sent(verdict.findings), accepts=accepts)
        assert name in listed("bots"), (
            f"{table.code} {table.version}, {each.what}: bots {accepts}, ours {verdict}"
        )
        counts[name] += 1
    assert counts["the same"] > sum(counts.values()) / 2
    if WHOLE:
        assert set(counts) == listed("bots") | {"the same"}

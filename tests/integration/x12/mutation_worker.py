"""Puts mutated files through everything that reads X12, in a process of its own with bounded memory.

``python -m tests.integration.x12.mutation_worker FIRST COUNT STEP [--branches]`` takes the seeds FIRST, FIRST + STEP ...
and prints one line of JSON. A seed that takes longer than a stuck regular expression could be waited for ends the
process with a trace of where it stood.
"""

from __future__ import annotations

import argparse
import faulthandler
import json
import resource
import sys
import traceback
from collections.abc import Callable, Iterator
from contextlib import nullcontext
from pathlib import Path
from time import process_time

from integration.x12.acknowledgment import build_997, expects_acknowledgment, read_997
from integration.x12.answering import answer_file
from integration.x12.checking import as_json, check_file
from integration.x12.envelope import (
    GroupReading,
    SetReading,
    how_far,
    is_whole,
    read_interchange,
    split_interchanges,
)
from integration.x12.explaining import explain_file
from integration.x12.lines import display_lines
from integration.x12.syntax import Separators, serialise
from integration.x12.validate import check_group
from partners.mapping.compiler import load_shipped_guide
from partners.mapping.reader import read_set
from partners.mapping.rules import Guide
from tests.integration.x12.branches import BranchCounter
from tests.integration.x12.mutations import mutated

ROOT = Path(__file__).resolve().parents[3]
SHARED_SAMPLES = ROOT.parent / "shared" / "x12" / "samples"

# What one step with one input may take, in seconds of the processor, and one worker beyond what it begins with.
SECONDS = 2.0
BYTES = 256 * 1024 * 1024
_STUCK = 60
_CHUNK = 777


def samples() -> list[bytes]:
    """The public samples, where they are, and our own; in the same order everywhere."""
    shared = sorted(SHARED_SAMPLES.glob("*")) if SHARED_SAMPLES.is_dir() else []
    own = sorted((ROOT / "tests" / "samples").glob("*/*.edi"))
    return [path.read_bytes() for path in (*shared, *own) if path.name != "INDEX.tsv"]


def guides() -> dict[tuple[str, str], Guide]:
    """Every shipped guide by set and version."""
    found = (ROOT / "partners" / "guides").glob("*/*.yaml")
    return {
        (path.stem, path.parent.name): load_shipped_guide(path.stem, path.parent.name)
        for path in sorted(found)
    }


def steps(data: bytes, shipped: dict[tuple[str, str], Guide]) -> dict[str, Callable[[], object]]:
    """Everything that reads, judges, explains and answers, each as one call."""
    return {
        "show": lambda: display_lines(data),
        "arrival": lambda: (is_whole(data), how_far(data)),
        "acknowledge": lambda: [acknowledged(group) for group in groups(data)],
        "map": lambda: [
            read_by_guide(each, group.version[:6], shipped) for group in groups(data) for each in group.sets
        ],
        "check": lambda: as_json(check_file(data[at : at + _CHUNK] for at in range(0, len(data), _CHUNK))),
        "explain": lambda: list(explain_file(data)[1]),
        "answer": lambda: answer_file(data, as_999=True),
    }


def groups(data: bytes) -> Iterator[GroupReading]:
    for piece in split_interchanges(data).pieces:
        yield from read_interchange(piece.data).groups


def acknowledged(group: GroupReading) -> None:
    verdicts = check_group(group)
    if expects_acknowledgment(group):
        answer = build_997(group, verdicts)
        serialise(answer, Separators(), "ascii")
        read_997(answer)


def read_by_guide(each: SetReading, version: str, shipped: dict[tuple[str, str], Guide]) -> None:
    if each.code in ("997", "999"):
        read_997(each.segments, each.separators)
    guide = shipped.get((each.code, version))
    if guide is not None:
        read_set(each.segments, guide, separators=each.separators, trace=True)


def main() -> int:
    parser = argparse.ArgumentParser()
    for name in ("first", "count", "step"):
        parser.add_argument(name, type=int)
    parser.add_argument("--branches", action="store_true")
    options = parser.parse_args()
    originals, shipped = samples(), guides()
    base = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    # Everything that the process holds beyond what it holds now; more is a MemoryError.
    resource.setrlimit(resource.RLIMIT_DATA, (base + BYTES, base + BYTES))
    counter = BranchCounter(ROOT / "integration" / "x12") if options.branches else None
    failures: list[dict[str, object]] = []
    slowest = (0.0, "")
    largest = (0, "")
    held = base
    for seed in seeds(options):
        faulthandler.dump_traceback_later(_STUCK, exit=True)
        data = mutated(seed, originals)
        for name, step in steps(data, shipped).items():
            began = process_time()
            try:
                with counter or nullcontext():
                    step()
            except Exception:  # noqa: BLE001 - whatever it is, it is what is looked for
                failures.append({"seed": seed, "step": name, "trace": traceback.format_exc()[-2000:]})
            slowest = max(slowest, (process_time() - began, f"{name} of seed {seed}"))
        now = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
        largest, held = max(largest, (now - held, f"seed {seed}")), now
    faulthandler.cancel_dump_traceback_later()
    found = {
        "samples": len(originals),
        "failures": failures,
        "slowest": slowest,
        "largest": largest,
        "memory": held - base,
        "branches": counter.seen() if counter else {},
    }
    sys.stdout.write(json.dumps(found) + "\n")
    return 0


def seeds(options: argparse.Namespace) -> Iterator[int]:
    yield from range(options.first, options.first + options.count * options.step, options.step)


if __name__ == "__main__":
    raise SystemExit(main())

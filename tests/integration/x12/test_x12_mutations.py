"""Mutated files: nothing raises, nothing takes long, nothing takes much memory; and which branches that ran.

The full run (GRIDPORT_CHAOS=1) takes 50,000 of them; ``mutated(seed, samples())`` makes one again.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from typing import Any

import pytest

from tests.integration.x12.mutation_worker import BYTES, ROOT, SECONDS, mutated, samples
from tests.integration.x12.x12_documents import shared_samples

WHOLE = os.environ.get("GRIDPORT_CHAOS") == "1"
INPUTS = 50_000 if WHOLE else 600
TRACED = 4_000 if WHOLE else 110
WORKERS = 2
# Of the branches of what judges; the full run takes more of them than the slice. A tenth are bounds (MAX_...), which no
# file of this size meets; tests of their own do.
LEAST = 0.88 if WHOLE else 0.8


def run(jobs: list[tuple[str, ...]]) -> list[dict[str, Any]]:
    """Each job in a worker of its own, at the same time; its report."""
    script = (sys.executable, "-m", "tests.integration.x12.mutation_worker")
    working = [
        subprocess.Popen([*script, *job], cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        for job in jobs
    ]
    reports = []
    for process in working:
        out, err = process.communicate()
        assert process.returncode == 0, err[-4000:]
        reports.append(json.loads(out))
    return reports


@pytest.mark.chaos
def test_no_mutated_file_raises_or_takes_long_or_much_memory() -> None:
    shared_samples()
    jobs = [(str(first), str(INPUTS // WORKERS), str(WORKERS)) for first in range(WORKERS)]
    for report in run(jobs):
        assert report["samples"] >= 161 + 26
        assert report["failures"] == []
        assert report["slowest"][0] < SECONDS, report["slowest"]
        assert report["memory"] < BYTES, report["largest"]


@pytest.mark.chaos
def test_mutated_files_reach_most_branches_of_what_judges(capsys: pytest.CaptureFixture[str]) -> None:
    shared_samples()
    (report,) = run([("1000000", str(TRACED), "1", "--branches")])
    assert report["failures"] == []
    taken = sum(found[0] for found in report["branches"].values())
    there = sum(found[1] for found in report["branches"].values())
    with capsys.disabled():
        sys.stdout.write(f"\nBranches taken by {TRACED} mutated files: {taken} of {there}\n")
        for name, (some, every, missing) in sorted(report["branches"].items()):
            sys.stdout.write(f"  {name:<14} {some:>3} of {every:>3}   not: {', '.join(missing) or 'none'}\n")
    assert taken > LEAST * there


def test_a_seed_makes_the_same_file_again_and_others_make_others() -> None:
    originals = samples()
    made = [mutated(seed, originals) for seed in range(300)]
    assert made == [mutated(seed, originals) for seed in range(300)]
    assert len(set(made)) > 280
    assert sum(data in originals for data in made) < 40

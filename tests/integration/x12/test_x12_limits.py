"""Any legal separators, and bounded time and memory whatever comes; the quick ways against the long ones."""

from __future__ import annotations

import itertools
import random
import subprocess
import sys
from collections.abc import Iterator

import pytest

from integration.x12.envelope import (
    MAX_SET_BYTES,
    FileEnds,
    InterchangeEnds,
    SetArrives,
    read_file,
    read_interchange,
    split_interchanges,
)
from integration.x12.received import parse_segments
from integration.x12.syntax import Separators
from integration.x12.tables import find_table
from integration.x12.validate import check_group, check_set
from tests.benchmarks.x12_traffic import traffic
from tests.integration.x12.x12_documents import ISA, SMALL, order_850, written

ELEMENTS = ("*", "|", "^", "\x1d", "\t", ":", "+")
TERMINATORS = ("~", "\n", "\r", "\x1c", "'", "\x15", "!")
COMPONENTS = (">", ":", "\\", "\x1f", "<")
BEHIND = ("", "\n", "\r\n", "  ")


def combinations() -> Iterator[tuple[Separators, str]]:
    for element, terminator, component, behind in itertools.product(
        ELEMENTS, TERMINATORS, COMPONENTS, BEHIND
    ):
        separators = Separators(element, terminator, component)
        if separators.problem() is None and not (set(behind) & {element, terminator}):
            yield separators, behind


def test_a_file_is_read_and_judged_alike_under_any_legal_separators() -> None:
    plain = written("850", order_850())
    expected = read_interchange(plain).groups[0].sets[0].segments
    seen = 0
    for separators, behind in combinations():
        table = str.maketrans(
            {"*": separators.element, "~": separators.segment + behind, ">": separators.component}
        )
        data = plain.decode().translate(table).encode()
        (piece,) = split_interchanges(data).pieces
        reading = read_interchange(piece.data)
        assert (reading.separators, reading.findings, reading.problem) == (separators, [], None)
        (each,) = reading.groups[0].sets
        assert [one.texts for one in each.segments] == [
            tuple(text.replace(">", separators.component) for text in one.texts) for one in expected
        ]
        assert [verdict.code for verdict in check_group(reading.groups[0])] == ["A"]
        seen += 1
    assert seen > 700


def test_a_set_over_the_limit_is_refused_with_a_sentence_in_a_stream_too() -> None:
    order = b"PO1*1*1*EA~" * (MAX_SET_BYTES // 11 + 10)
    head, tail = SMALL.encode().split(b"PO1*1*1*EA~")
    data = head + order + tail
    sentence = (
        f"The transaction set has {len(data) - len(ISA) - 53 - 27} bytes, at most {MAX_SET_BYTES} are read;"
        " ask the partner to split it."
    )
    chunks = (data[at : at + 100_000] for at in range(0, len(data), 100_000))
    events = list(read_file(chunks))
    (streamed,) = [each.reading for each in events if isinstance(each, SetArrives)]
    (whole,) = read_interchange(data).groups[0].sets
    assert streamed.problem == whole.problem
    assert whole.problem is not None
    assert whole.problem.endswith(sentence[sentence.index(" bytes") :])
    assert (streamed.segments, streamed.raw, streamed.length) == ([], b"", whole.length)
    assert isinstance(events[-2], InterchangeEnds)
    assert events[-2].reading.findings == []
    assert events[-1] == FileEnds([], None)


# What hostile files repeat, and behind what.
FLOODS = {
    "groups": (ISA, "GS*PO*A*B*20260302*0941*1*X*004010~"),
    "sets": (SMALL[: SMALL.index("ST*")], "ST*850*1~"),
    "ends of sets": (ISA, "SE*1*1~"),
    "groups ended": (ISA, "GE*1*1~"),
    "acknowledgments": (ISA, "TA1*1~"),
    "stray segments": (ISA, "ABC*1~"),
    "words to the network": (ISA, "ISB*1~TA1*1~"),
    "an endless segment": (SMALL[: SMALL.index("PO1*")] + "PO1*", "1"),
    "an endless GS": (ISA + "GS*", "1"),
    "an endless IEA": (SMALL[: SMALL.index("IEA*")] + "IEA*", "1"),
    "terminators": (ISA, "~"),
    "newlines that terminate": (ISA[:-1] + "\n", "\n"),
    "blanks": (ISA, " "),
    "blanks before": ("", " "),
    "beginnings of ISA": ("", "ISA*"),
    "ISA alone": ("", ISA),
    "no X12": ("", "HELLO "),
}
FLOOD_BYTES = 3_000_000
CHILD = """
import resource, sys
resource.setrlimit(resource.RLIMIT_CPU, (20, 20))
from integration.x12.envelope import read_file, read_interchange, SetArrives, FileEnds
import time
begin, repeated = sys.argv[1].encode("latin-1").decode("unicode_escape").encode(), sys.argv[2].encode("latin-1").decode("unicode_escape").encode()
many = {size} // len(repeated)
start = time.process_time()
if sys.argv[3] == "stream":
    block = repeated * (65536 // len(repeated) + 1)
    chunks = (block for _ in range(many * len(repeated) // len(block)))
    last = None
    for last in read_file(each for part in ([begin], chunks) for each in part):
        pass
    assert isinstance(last, FileEnds)
else:
    read_interchange(begin.ljust(0) + repeated * many)
spent = time.process_time() - start
peak = next(int(line.split()[1]) for line in open("/proc/self/status") if line.startswith("VmHWM"))
print(spent, peak / 1024)
"""


@pytest.mark.parametrize("way", ["stream", "whole"])
@pytest.mark.parametrize("name", FLOODS)
def test_a_flood_ends_soon_and_within_bounds(name: str, way: str) -> None:
    begin, repeated = (text.encode("unicode_escape").decode() for text in FLOODS[name])
    command = [sys.executable, "-c", CHILD.replace("{size}", str(FLOOD_BYTES)), begin, repeated, way]
    spent, peak = map(
        float, subprocess.run(command, check=True, capture_output=True, text=True).stdout.split()
    )
    # Processor time, and twice what is promised, because other tests may run on the same core.
    assert spent < 4
    assert peak < 256


def test_the_quick_look_at_a_segment_agrees_with_the_long_one() -> None:
    documents = []
    rng = random.Random(20260302)
    for code in ("850", "855", "856"):
        for each in _sets(code):
            documents.append((code, each))
            documents.extend((code, _damaged(each, rng)) for _ in range(20))
    assert len(documents) > 900

    def judged(*, quick: bool) -> list[object]:
        found: list[object] = []
        for code, text in documents:
            verdict = check_set(parse_segments(text, Separators()), find_table(code, "004010"), quick=quick)
            found.append((verdict.code, verdict.findings))
        return found

    quick = judged(quick=True)
    assert sum(not isinstance(each, tuple) or each[0] == "A" for each in quick) > 45
    assert judged(quick=False) == quick


def _sets(code: str) -> list[str]:
    group = read_interchange(traffic(code, 20_000, 3).data).groups[0]
    return [each.raw.decode() for each in group.sets]


def _damaged(text: str, rng: random.Random) -> str:
    for _ in range(rng.randint(1, 4)):
        at = rng.randrange(len(text))
        text = (
            text[:at]
            + rng.choice(("", "*", "~", "A", "9", " ", ">", "\x01", "é", "."))
            + text[at + rng.randint(0, 3) :]
        )
    return text


@pytest.mark.parametrize("code", ["850", "855", "856"])
def test_planted_faults_and_nothing_else_are_found(code: str) -> None:
    planted = traffic(code, 60_000, 11, 20)
    verdicts = [each for group in read_interchange(planted.data).groups for each in check_group(group)]
    found = [
        (at, each.segment_tag, each.segment_position, each.element, each.code_997)
        for at, verdict in enumerate(verdicts)
        for each in verdict.findings
    ]
    assert found == [(each.set, each.tag, each.position, each.element, each.code) for each in planted.faults]
    assert len(found) == 20

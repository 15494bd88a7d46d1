"""The stream against the whole file: the same interchanges, sets, findings and notes under any cutting."""

from __future__ import annotations

import io
import random
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import fields

import pytest

from integration.x12.envelope import (
    FileEnds,
    GroupBegins,
    GroupEnds,
    GroupReading,
    InterchangeBegins,
    InterchangeEnds,
    InterchangeReading,
    SetArrives,
    SetReading,
    read_file,
    read_interchange,
    split_interchanges,
)
from integration.x12.received import Arrived
from tests.integration.x12.x12_documents import (
    ISA,
    SMALL,
    acknowledgment_855,
    order_850,
    shared_samples,
    written,
)

Shape = tuple[object, ...]
BODY = SMALL.removeprefix(ISA)


def set_shape(each: SetReading) -> Shape:
    return (each.code, each.control_number, each.offset, each.length, each.separators, each.problem,
            each.raw, each.segments, each.findings)  # fmt: skip


def shape_of(reading: InterchangeReading, groups: Sequence[tuple[GroupReading, list[SetReading]]]) -> Shape:
    named = [getattr(reading, each.name) for each in fields(reading) if each.name != "groups"]
    shapes = [
        (
            [getattr(group, each.name) for each in fields(group) if each.name != "sets"],
            [set_shape(each) for each in sets],
        )
        for group, sets in groups
    ]
    return (named, shapes)


def whole(data: bytes) -> Shape:
    split = split_interchanges(data)
    read = [(each.offset, len(each.data), read_interchange(each.data)) for each in split.pieces]
    return (
        [
            (offset, length, shape_of(reading, [(group, group.sets) for group in reading.groups]))
            for offset, length, reading in read
        ],
        split.notes,
        split.problem,
    )


def streamed(events: Iterable[Arrived]) -> Shape:
    found: list[Shape] = []
    open_interchange: tuple[int, InterchangeReading] | None = None
    groups: list[tuple[GroupReading, list[SetReading]]] = []
    open_group: GroupReading | None = None
    for event in events:
        match event:
            case InterchangeBegins(offset, reading):
                assert open_interchange is None
                open_interchange, groups = (offset, reading), []
            case GroupBegins(group):
                assert open_group is None
                open_group = group
                groups.append((group, []))
            case SetArrives(group, each):
                assert group is open_group
                groups[-1][1].append(each)
            case GroupEnds(group):
                assert group is open_group
                assert group.received == len(groups[-1][1])
                open_group = None
            case InterchangeEnds(reading, length):
                assert open_interchange is not None
                assert reading is open_interchange[1]
                kept = groups if reading.problem is None else []
                found.append((open_interchange[0], length, shape_of(reading, kept)))
                open_interchange = open_group = None
            case FileEnds(notes, problem):
                return (found, notes, problem)
    raise AssertionError("the stream ended without FileEnds")


def chunks(data: bytes, size: int) -> Iterator[bytes]:
    return (data[at : at + size] for at in range(0, len(data), size))


def random_chunks(data: bytes, rng: random.Random) -> Iterator[bytes]:
    at = 0
    while at < len(data):
        size = rng.choice((0, 1, 2, 5, 60, 1000))
        yield data[at : at + size]
        at += size


def assert_the_same(data: bytes, seed: int = 0) -> None:
    expected = whole(data)
    rng = random.Random(seed)
    assert streamed(read_file(io.BytesIO(data))) == expected
    assert streamed(read_file(chunks(data, 1), block=1)) == expected
    assert streamed(read_file(random_chunks(data, rng), block=1)) == expected
    assert streamed(read_file(random_chunks(data, rng), block=rng.choice((3, 106, 500)))) == expected


def test_all_public_samples_are_the_same_under_any_cutting() -> None:
    samples = sorted(each for each in shared_samples().iterdir() if each.suffix != ".tsv")
    assert len(samples) > 150
    for at, sample in enumerate(samples):
        assert_the_same(sample.read_bytes(), at)


OTHER = SMALL.replace("*", "|").replace("~", "\n").replace(">", "^")
ODD_FILES = {
    "empty": "",
    "blanks": " \r\n\t ",
    "a mark alone": "\ufeff",
    "a mark and blanks": "\ufeff  " + SMALL,
    "not X12": "  UNB+UNOA:1+X'",
    "letters": "hello",
    "the beginning of an ISA": "ISA",
    "an ISA cut off": SMALL[:80],
    "an ISA alone": ISA,
    "two": SMALL + SMALL,
    "two with their own separators": SMALL + "\r\n" + OTHER + SMALL,
    "no last terminator": SMALL[:-1],
    "no last terminator, then newlines": SMALL[:-1] + "\r\n\r\n",
    "no terminator, then another": SMALL[:-1] + "\n" + OTHER + SMALL,
    "no IEA": SMALL[: SMALL.index("IEA")],
    "no IEA, then another": SMALL[: SMALL.index("IEA")] + OTHER,
    "no SE, then another": SMALL[: SMALL.index("SE*4")] + "\r\n" + SMALL,
    "bytes behind": SMALL + "THE END",
    "bytes behind that look like more": SMALL + "ISA ISA*",
    "bytes between": SMALL + "%%ISA*00*%%" + SMALL,
    "bytes before": "HELLO ISA*" + SMALL,
    "misaligned": SMALL.replace("SHOPTEST       ", "SHOPTEST"),
    "misaligned, then another": SMALL.replace("SHOPTEST       ", "SHOPTEST") + SMALL,
    "two misaligned": (ISA[:60] + "~") * 2 + SMALL,
    "a second IEA": SMALL + "IEA*1*000000042~",
    "IEA without elements": SMALL.replace("IEA*", "IEA~IEA*"),
    "stray segments": ISA + "ABC*1~DEF*2~" + BODY.replace("GE*", "XYZ*3~GE*"),
    "long stray": ISA + "ABC*1~" * 2000 + BODY,
    "words to the network": ISA + "ISB*1~TA3*2~" + BODY,
    "stray blanks": SMALL.replace("~", "~  \r\n\x00"),
    "blank lines": OTHER.replace("\n", "\n\n\r\n"),
    "acknowledgments of interchanges": ISA + "TA1*000000041*260302*0941*A*000~" * 3 + BODY,
    "sets in no group": ISA + "ST*850*1~SE*2*1~ST*850*2~SE*2*2~IEA*0*000000042~",
    "envelope inside a set": SMALL.replace("PO1*", "GS*PO~ST*850~TA1*1~IEA~GE*1*1~PO1*"),
    "latin-1": SMALL.replace("NE*1", "NE*é"),
}


@pytest.mark.parametrize("name", ODD_FILES)
def test_odd_files_are_the_same_under_any_cutting(name: str) -> None:
    data = ODD_FILES[name].encode("latin-1" if name == "latin-1" else "utf-8")
    assert_the_same(data)


def test_damaged_files_are_the_same_under_any_cutting() -> None:
    rng = random.Random(20260302)
    base = written("850", order_850(), order_850()) + written("855", acknowledgment_855())
    bits = [b"~", b"*", b"ISA*", b"IEA*", b"IEA*1*000000042\n", b"GS*PO", b"ST*", b"SE*", b"\n", b" ", b"\x00", b"\xff",
            b"TA1*", ISA.encode()]  # fmt: skip
    for seed in range(300):
        data = bytearray(base)
        for _ in range(rng.randint(1, 6)):
            at = rng.randrange(len(data))
            if rng.random() < 0.5:
                del data[at : at + rng.choice((1, 1, 4, 40))]
            else:
                data[at:at] = rng.choice(bits)
        assert_the_same(bytes(data), seed)


def test_a_set_larger_than_a_block_arrives_whole() -> None:
    data = written("850", order_850() * 600, order_850())
    assert len(data) > 3 * 64 * 1024
    assert streamed(read_file(io.BytesIO(data))) == whole(data)
    assert streamed(read_file(chunks(data, 999))) == whole(data)

from __future__ import annotations

import random

import pytest

from integration.x12.structure import Loop, walk
from integration.x12.syntax import Segment, segment
from integration.x12.tables import LoopTable, SegmentUse, SetTable, find_table
from tests.integration.x12.x12_documents import GOLDEN, placed, rows

Tree = list["str | tuple[str, Tree]"]


def table(code: str) -> SetTable:
    found = find_table(code, "004010")
    assert found is not None
    return found


def tags(text: str) -> list[Segment]:
    return [segment(tag, position=at) for at, tag in enumerate(text.split(), start=1)]


def tree(loop: Loop) -> str:
    parts = (
        f"{each.table.name}({tree(each)})" if isinstance(each, Loop) else each.tag for each in loop.children
    )
    return " ".join(parts)


def test_an_order_becomes_its_loops() -> None:
    walked = walk(placed("850", GOLDEN["850"]()), table("850"))
    assert tree(walked.root) == (
        "ST BEG CUR REF PER DTM TD5 N9(N9 MSG) N1(N1 N3 N4) PO1(PO1 CTP(CTP) PID(PID)) "
        "PO1(PO1 PO4 SAC(SAC)) CTT(CTT AMT) SE"
    )
    assert (walked.findings, walked.unread) == ([], [])


def test_an_acknowledgment_becomes_its_loops() -> None:
    walked = walk(placed("855", GOLDEN["855"]()), table("855"))
    assert tree(walked.root) == (
        "ST BAK REF N1(N1) PO1(PO1 PID(PID) ACK(ACK) ACK(ACK)) PO1(PO1 ACK(ACK)) CTT(CTT) SE"
    )
    lines = [loop for loop in walked.root.loops if loop.table.name == "PO1"]
    assert [line.trigger[1] for line in lines] == ["1", "2"]
    assert [seg.tag for seg in walked.root.segments] == ["ST", "BAK", "REF", "SE"]


def test_the_same_tag_goes_to_the_innermost_loop_that_has_it_ahead() -> None:
    walked = walk(
        tags("ST BEG REF DTM N9 DTM MSG N1 REF PO1 REF DTM N9 DTM N1 REF DTM SLN DTM N9 DTM CTT SE"),
        table("850"),
    )
    assert tree(walked.root) == (
        "ST BEG REF DTM N9(N9 DTM MSG) N1(N1 REF) PO1(PO1 REF DTM N9(N9 DTM) N1(N1 REF DTM) "
        "SLN(SLN DTM N9(N9 DTM))) CTT(CTT) SE"
    )
    assert walked.findings == []


def test_loops_between_ls_and_le_open_only_while_ls_is_open() -> None:
    walked = walk(tags("ST BEG PO1 LS LDT QTY LM LQ LDT LE N1 LDT MAN SE"), table("850"))
    assert (
        tree(walked.root)
        == "ST BEG PO1(PO1 LS(LS LDT(LDT QTY LM(LM LQ)) LDT(LDT) LE) N1(N1 LDT(LDT MAN))) SE"
    )
    assert walked.findings == []
    walked = walk(tags("ST BEG PO1 QTY LDT SE"), table("850"))
    assert tree(walked.root) == "ST BEG PO1(PO1 QTY(QTY)) LDT SE"
    assert rows(walked.findings) == [("error", "segment", "LDT", 5, None, None, "7")]
    walked = walk(tags("ST BEG PO1 LS LE LDT SE"), table("850"))
    assert tree(walked.root) == "ST BEG PO1(PO1 LS(LS LE)) LDT SE"


def test_a_stray_segment_is_reported_and_does_not_drag_the_line_into_the_heading() -> None:
    walked = walk(tags("ST BEG PO1 N1 BEG N3 N4 PO1 CTT SE"), table("850"))
    assert tree(walked.root) == "ST BEG PO1(PO1 N1(N1 N3 N4)) BEG PO1(PO1) CTT(CTT) SE"
    assert rows(walked.findings) == [("error", "segment", "BEG", 5, None, None, "7")]
    assert walked.findings[0].sentence == (
        "BEG (segment 5), beginning of purchase order: stands later than the standard puts it; "
        "it was read as part of the set's own level."
    )


def test_a_loop_out_of_order_is_opened_where_it_belongs_and_read_on() -> None:
    walked = walk(tags("ST BAK PO1 ACK PID MEA ACK DTM SE"), table("855"))
    assert tree(walked.root) == "ST BAK PO1(PO1 ACK(ACK) PID(PID MEA) ACK(ACK DTM)) SE"
    assert rows(walked.findings) == [("error", "segment", "PID", 5, None, None, "7")]
    assert walked.findings[0].loop == "PO1/PID"


def test_a_segment_out_of_order_inside_a_loop_stays_in_that_loop() -> None:
    walked = walk(tags("ST BEG N1 PER N3 REF N1 N3 SE"), table("850"))
    assert tree(walked.root) == "ST BEG N1(N1 PER N3 REF) N1(N1 N3) SE"
    assert rows(walked.findings) == [
        ("error", "segment", "N3", 5, None, None, "7"),
        ("error", "segment", "REF", 6, None, None, "7"),
    ]


def test_what_fits_nowhere_is_kept_unread_with_the_right_code() -> None:
    walked = walk(tags("ST BEG N3 BAK XYZ  PO1 SE"), table("850"))
    assert tree(walked.root) == "ST BEG PO1(PO1) SE"
    assert [seg.position for seg in walked.unread] == [3, 4, 5]
    assert rows(walked.findings) == [
        ("error", "segment", "N3", 3, None, None, "2"),
        ("error", "segment", "BAK", 4, None, None, "6"),
        ("error", "segment", "XYZ", 5, None, None, "1"),
    ]
    assert [finding.sentence for finding in walked.findings] == [
        "N3 (segment 3), address: not expected at this place; it was not read.",
        "BAK (segment 4): the purchase order (850) has no such segment; it was not read.",
        "XYZ (segment 5): no segment of this name is known in version 004010; it was not read.",
    ]


def test_one_more_than_allowed_stays_in_order() -> None:
    walked = walk(tags("ST BEG CUR CUR PO1 ACK SE"), table("855"))
    assert [finding.code_997 for finding in walked.findings] == ["6"]
    walked = walk(tags("ST BAK CUR CUR PO1 ACK DTM DTM SE"), table("855"))
    assert tree(walked.root) == "ST BAK CUR CUR PO1(PO1 ACK(ACK DTM DTM)) SE"
    assert walked.findings == []


def test_nothing_at_all_is_an_empty_tree() -> None:
    walked = walk([], table("850"))
    assert (walked.root.children, walked.findings, walked.unread) == ([], [], [])


@pytest.mark.parametrize("code", sorted(GOLDEN))
def test_every_segment_of_every_loop_in_order_walks_clean(code: str) -> None:
    def every(loop: LoopTable) -> list[str]:
        found: list[str] = []
        for member in loop.members:
            found += [member.tag] if isinstance(member, SegmentUse) else every(member)
        return found

    segments = tags(" ".join(every(table(code).root)))
    walked = walk(segments, table(code))
    assert (walked.findings, walked.unread) == ([], [])
    assert flat(walked.root) == segments


def flat(loop: Loop) -> list[Segment]:
    found: list[Segment] = []
    for each in loop.children:
        found += flat(each) if isinstance(each, Loop) else [each]
    return found


def test_shuffled_and_broken_sets_lose_no_segment() -> None:
    seeded = random.Random(5)
    for code, make in GOLDEN.items():
        for _ in range(150):
            segments = placed(code, make())
            seeded.shuffle(segments)
            segments = segments[seeded.randrange(5) :] + [segment("XX1")] * seeded.randrange(2)
            numbered = [segment(each.tag, *each.elements, position=at) for at, each in enumerate(segments, 1)]
            walked = walk(numbered, table(code))
            kept = sorted(flat(walked.root) + walked.unread, key=lambda each: each.position)
            assert [each.position for each in kept] == [each.position for each in numbered]
            check_places(walked.root)


def check_places(loop: Loop) -> None:
    assert len(loop.places) == len(loop.children) == len(loop.segments) + len(loop.loops)
    for child, place in zip(loop.children, loop.places, strict=True):
        member = loop.table.members[place]
        if isinstance(child, Loop):
            assert child.table is member
            check_places(child)
        else:
            assert isinstance(member, SegmentUse)
            assert child.tag == member.tag


def test_strange_tags_do_not_grow_the_compiled_table() -> None:
    walked = walk([segment("ST"), *(segment(f"Q{at}") for at in range(3000))], table("997"))
    assert len(walked.unread) == 3000
    assert {finding.code_997 for finding in walked.findings} == {"1"}

from __future__ import annotations

import pytest

from integration.x12 import splitting
from integration.x12.envelope import Arrival, how_far, is_whole, read_interchange, split_interchanges
from integration.x12.syntax import Separators
from integration.x12.validate import check_group
from tests.integration.x12.x12_documents import (
    ISA,
    SMALL,
    acknowledgment_855,
    order_850,
    read_group,
    written,
)


def test_a_file_may_have_a_byte_order_mark_blanks_and_newlines() -> None:
    data = b"\xef\xbb\xbf\r\n  " + SMALL.replace("~", "~\r\n   ").encode()
    split = split_interchanges(data)
    assert split.problem is None
    assert split.notes == ["A byte-order mark stands before ISA.", "4 blank bytes stand before ISA."]
    assert [piece.offset for piece in split.pieces] == [7]
    assert is_whole(data)
    assert [verdict.code for verdict in check_group(read_group(data))] == ["A"]


def test_interchanges_with_their_own_separators_are_told_apart() -> None:
    second = written("855", acknowledgment_855(), separators=Separators("|", "\n", ":"))
    third = written("850", order_850(), separators=Separators("\x1d", "\x1c", "\x1f"))
    data = SMALL.encode() + b"\r\n" + second + third
    split = split_interchanges(data)
    assert (split.notes, [piece.data for piece in split.pieces]) == ([], [SMALL.encode(), second, third])
    assert [data[piece.offset : piece.offset + 3] for piece in split.pieces] == [b"ISA"] * 3
    codes = [read_group(piece.data).sets[0].code for piece in split.pieces]
    assert codes == ["850", "855", "850"]
    assert is_whole(data)


def test_a_missing_last_terminator_is_noted() -> None:
    data = SMALL.encode()[:-1]
    split = split_interchanges(data)
    assert split.notes == ["The last segment of the interchange at 0 has no terminator."]
    assert is_whole(data)
    assert read_interchange(data).findings == []


def test_bytes_behind_the_last_iea_are_noted() -> None:
    split = split_interchanges(SMALL.encode() + b"\r\nGoodbye\r\n")
    assert split.notes == [f"9 bytes at {len(SMALL) + 2}, behind the last IEA, are not X12; not read."]
    assert len(split.pieces) == 1
    assert split_interchanges(SMALL.encode() + b"\r\n\x1a").notes == []


def test_other_text_before_an_interchange_is_noted() -> None:
    split = split_interchanges(b"MAILBOX LISTING ISA* 1\n" + SMALL.encode())
    assert split.notes == ["23 bytes at 0, before the next ISA, are not X12; not read."]
    assert [piece.data for piece in split.pieces] == [SMALL.encode()]


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"", "The file is empty."),
        (b" \r\n\t", "The file holds nothing but blanks."),
        (b'{"order": 1}', "The file is not X12: it begins with '{\"order\": 1}' where ISA is expected."),
        (b"\xc9\xe2\xc1\x5c", "The file is X12 in EBCDIC"),
        (b"\xff\xfeI\x00S\x00A\x00", "The file is in UTF-16"),
        (b"UNB+UNOA:2", "The file is EDIFACT, not X12"),
        (b"PK\x03\x04", "The file is not X12: it begins with 'PK\\x03\\x04'"),
    ],
)
def test_what_is_not_x12_gets_a_sentence(data: bytes, words: str) -> None:
    split = split_interchanges(data)
    assert split.pieces == []
    assert words in (split.problem or "")
    assert words in (read_interchange(data).problem or "")
    assert not is_whole(data)


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (ISA.replace("SHOPTEST ", "SHOPTEST").encode() + b"GS*PO~", "ISA06 has 14 characters instead of 15"),
        (ISA.replace("*00*", "*000*", 1).encode() + b"GS~", "ISA01 has 3 characters instead of 2"),
        (ISA.encode()[:60], "cut off inside its ISA"),
        (ISA.replace("*>~", "***").encode(), "ISA16 has 0 characters instead of 1"),
        (ISA.replace(">~", "~~").encode(), "are not all different"),
        (ISA.replace(">~", ">A").encode(), "is a letter, digit or blank"),
    ],
)
def test_an_isa_that_cannot_be_trusted_gets_a_sentence(data: bytes, words: str) -> None:
    reading = read_interchange(data)
    assert words in (reading.problem or "")
    assert reading.groups == []
    assert not is_whole(data)


@pytest.mark.parametrize("cut", [1, 2, 9, 10, 11, 15, 30, 100, 200])
def test_a_file_is_not_whole_before_its_last_digit_has_come(cut: int) -> None:
    data = SMALL.encode()
    assert is_whole(data)
    assert is_whole(data[:-cut]) is (cut == 1)


def test_a_second_interchange_still_arriving_is_not_whole() -> None:
    data = SMALL.encode() * 2
    for arrived in range(len(SMALL) + 1, len(data) - 2):
        assert not is_whole(data[:arrived])
    assert is_whole(data)


@pytest.mark.parametrize(("old", "new"), [("IEA*1*000000042", "IEA*1*000000043"), ("IEA*1*", "IEA*2*")])
def test_a_wrong_iea_is_not_whole(old: str, new: str) -> None:
    assert not is_whole(SMALL.replace(old, new).encode())


def test_a_flood_of_interchanges_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(splitting, "MAX_INTERCHANGES", 3)
    assert len(split_interchanges(SMALL.encode() * 3).pieces) == 3
    split = split_interchanges(SMALL.encode() * 4)
    assert split.pieces == []
    assert split.problem == "The file holds more than 3 interchanges; ask for smaller files."


def come_at_each_byte(data: bytes) -> list[Arrival]:
    return [how_far(data[:length]) for length in range(len(data) + 1)]


@pytest.mark.parametrize("lead", [b"", b"\xef\xbb\xbf", b"\r\n  "])
def test_a_file_is_unfinished_at_every_byte_until_its_iea_and_whole_with_its_terminator(lead: bytes) -> None:
    data = lead + SMALL.encode().rstrip()
    come = come_at_each_byte(data)
    # The last digit is there and its terminator is not: readable, and something may still follow.
    assert come[-2:] == [Arrival.UNTOLD, Arrival.WHOLE]
    assert set(come[:-2]) == {Arrival.UNFINISHED}


def test_a_mailbag_is_whole_at_the_end_of_each_interchange_alone() -> None:
    one = SMALL.encode().rstrip()
    come = come_at_each_byte(one + b"\n" + one)
    whole = [length for length, arrival in enumerate(come) if arrival == Arrival.WHOLE]
    assert whole == [len(one), len(one) + 1, 2 * len(one) + 1]


@pytest.mark.parametrize(
    "data",
    [
        b"Dear Sirs,",
        SMALL.replace("IEA*1*000000042", "IEA*1*000000043").encode(),
        SMALL.replace("IEA*1*", "IEA*2*").encode(),
        SMALL.replace("*00*", "*000*", 1).encode(),
    ],
    ids=["not X12", "another number", "another count", "misaligned"],
)
def test_where_the_content_does_not_tell_it_says_so(data: bytes) -> None:
    assert how_far(data) == Arrival.UNTOLD

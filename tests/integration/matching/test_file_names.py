"""What a file that is no X12 holds, and which numbers its name may hold."""

from __future__ import annotations

import pytest

from integration.matching.file_names import PDF, TEXT, content_type, numbers_in


@pytest.mark.parametrize(
    ("data", "name", "held"),
    [
        (b"%PDF-1.7\n\x00\xff", "anything.edi", PDF),
        (b"%PDF", "slip.pdf", ""),
        (b" %PDF-1.7", "slip.pdf", ""),
        ("Стіл;2\r\n".encode(), "PackingList.csv", TEXT),
        (b"item,2\n", "list.csv", ""),
        (b"item\x00,2\n", "packing.csv", ""),
        (b"\xff\xfe", "packing.csv", ""),
        (b"  \n", "packing.csv", ""),
        (b"", "packing.csv", ""),
        (b"<html><script>", "slip.html", ""),
    ],
)
def test_what_a_file_holds_is_seen_in_it(data: bytes, name: str, held: str) -> None:
    assert content_type(data, name) == held


@pytest.mark.parametrize(
    ("name", "first", "beside"),
    [
        ("slip_1001-1.pdf", "SLIP_1001-1", {"1001-1", "1001", "slip_1001-1"}),
        ("1z5r89000000000001.PDF", "1Z5R89000000000001", {"1z5r89000000000001"}),
        ("HP/PO 4500 7.pdf", "HP/PO 4500 7", {"4500 7", "4500", "PO 4500"}),
        ("slip.1001-1", "SLIP.1001-1", {"1001-1"}),
        ("SH000001", "SH000001", set()),
    ],
)
def test_a_name_may_hold_every_run_of_it(name: str, first: str, beside: set[str]) -> None:
    found = numbers_in(name)
    assert found[0] == first
    assert beside <= set(found)
    assert [len(each) for each in found] == sorted((len(each) for each in found), reverse=True)


@pytest.mark.parametrize("name", ["list.pdf", "a-1.pdf", "", ".pdf", "999.pdf", "--..--"])
def test_what_is_too_short_or_no_number_means_nothing(name: str) -> None:
    assert numbers_in(name) == []


def test_a_very_long_name_stays_few() -> None:
    assert len(numbers_in("1-" * 500 + "1.pdf")) < 300

"""The files of an answer, to the last byte: their envelopes, what comes again, and what befalls them."""

from __future__ import annotations

from datetime import UTC, datetime
from itertools import count

import pytest

from integration.simulators.network.answer_files import AnswerFile, functional_file, order_files
from integration.simulators.network.answers import plan_of
from integration.simulators.network.envelope_faults import FAULTS
from integration.simulators.network.functional_answers import functional_acknowledgment
from tests.integration.simulators.network.orders_850 import OTHER_SEPARATORS, TWO_LINES, order_in

NOW = datetime(2026, 3, 1, 10, 5, tzinfo=UTC)

# The 855 that accepts TWO_LINES as interchange 7, typed by hand.
ACCEPTED = """\
ISA*00*          *00*          *ZZ*ACMESUPPLY     *ZZ*GRIDPORT       *260301*1005*U*00401*000000007*0*P*>~
GS*PR*ACMEGS*SHOPGS*20260301*1005*7*X*004010~
ST*855*0001~
BAK*00*AD*1001-1*20260228****SO-1001-1*20260301~
PO1*1*12*EA*6.25*PE*VN*AC00004*UP*012345678905~
ACK*IA*12*EA*068*20260305~
PO1*2*3*CA*80*PE*BP*TEA-24*VP*AC00009~
ACK*IA*3*CA*067*20260310~
CTT*2~
SE*8*0001~
GE*1*7~
IEA*1*000000007~
"""
WHOLE = ACCEPTED.replace("\n", "").encode()
SAID = {"1": {"IA": "12"}, "2": {"IA": "3"}}


def files_of(answer: str, order: str = TWO_LINES) -> list[AnswerFile]:
    return order_files(order_in(order), plan_of(answer), count(7), NOW)


def sent(answer: str) -> bytes:
    [file] = files_of(answer)
    return file.data


def test_an_855_goes_back_to_him_who_sent_the_850() -> None:
    assert files_of("accept") == [AnswerFile("ACMESUPPLY.000000007.855.x12", "855", 7, WHOLE, SAID)]


def test_a_997_goes_back_to_him_who_sent_the_850() -> None:
    order = order_in(TWO_LINES)
    file = functional_file(order, functional_acknowledgment([(order, "accept")]), 8, NOW)
    assert (file.name, file.code, file.number) == ("ACMESUPPLY.000000008.997.x12", "997", 8)
    assert file.data == (
        b"ISA*00*          *00*          *ZZ*ACMESUPPLY     *ZZ*GRIDPORT       *260301*1005*U*00401*000000008*0*P*>~"
        b"GS*FA*ACMEGS*SHOPGS*20260301*1005*8*X*004010~ST*997*0001~AK1*PO*17~AK2*850*0001~AK5*A~AK9*A*1*1*1~"
        b"SE*6*0001~GE*1*8~IEA*1*000000008~"
    )


def test_data_that_holds_a_separator_is_sent_with_others() -> None:
    [file] = files_of("accept", OTHER_SEPARATORS)
    assert file.data[:106].decode() == (
        "ISA*00*          *00*          *01*123456789      *ZZ*GRIDPORT       *260301*1005*U*00401*000000007*0*T*\x1f\x1c"
    ).replace("*", "\x1d")
    assert b"PO1\x1d1\x1d2.50\x1dKG\x1d0.05\x1dPE\x1dVN\x1dBO*77~A\x1cACK\x1dIA\x1d2.5" in file.data


def test_the_network_delivers_the_same_bytes_twice() -> None:
    first, second = files_of("duplicate")
    assert first == AnswerFile("ACMESUPPLY.000000007.855.x12", "855", 7, WHOLE, SAID)
    assert second == AnswerFile("ACMESUPPLY.000000007.855.again.x12", "855", 7, WHOLE, SAID)


def test_an_855_sent_again_by_hand_differs_in_its_control_numbers_alone() -> None:
    first, second = files_of("duplicate_renumbered")
    assert first.data == WHOLE
    assert (second.name, second.number) == ("ACMESUPPLY.000000008.855.x12", 8)
    renumbered = ACCEPTED.replace("000000007", "000000008").replace("*1005*7*", "*1005*8*")
    assert second.data.decode() == renumbered.replace("GE*1*7~", "GE*1*8~").replace("\n", "")


def test_numbers_that_were_restarted_bring_another_855_under_the_same_ones() -> None:
    first, second = files_of("duplicate_altered")
    assert first.data == WHOLE
    assert (second.name, second.number) == ("ACMESUPPLY.000000007.855.again.x12", 7)
    assert second.data == WHOLE.replace(b"SO-1001-1*", b"SO-1001-1-2*")


def test_what_befalls_a_file_befalls_it_each_time() -> None:
    first, second = files_of("duplicate+wrong_iea02")
    assert first.data == second.data == sent("wrong_iea02")


@pytest.mark.parametrize(
    ("answer", "name", "isa06", "gs02"),
    [
        ("other_supplier", "123456789.000000007.855.x12", "*01*123456789      *ZZ*GRIDPORT", "GS*PR*123456789*"),
        ("other_isa06", "123456789.000000007.855.x12", "*01*123456789      *ZZ*GRIDPORT", "GS*PR*ACMEGS*"),
    ],
)  # fmt: skip
def test_an_855_bears_the_other_suppliers_name(answer: str, name: str, isa06: str, gs02: str) -> None:
    [file] = files_of(answer)
    assert file.name == name
    expected = ACCEPTED.replace("*ZZ*ACMESUPPLY     *ZZ*GRIDPORT", isa06).replace("GS*PR*ACMEGS*", gs02)
    assert file.data.decode() == expected.replace("\n", "")


def test_the_other_of_the_second_supplier_is_the_first() -> None:
    [file] = files_of("other_supplier", OTHER_SEPARATORS)
    assert file.name == "ACMESUPPLY.000000007.855.x12"
    assert b"\x1dZZ\x1dACMESUPPLY     \x1dZZ\x1dGRIDPORT" in file.data
    assert b"GS\x1dPR\x1dACMESUPPLY\x1dGRIDPORT" in file.data


# What stands behind CTT of ACCEPTED where a trailer is wrong, typed by hand.
TRAILERS = {
    "wrong_counts": b"SE*9*0001~GE*2*7~IEA*2*000000007~",
    "wrong_se01": b"SE*9*0001~GE*1*7~IEA*1*000000007~",
    "wrong_se02": b"SE*8*0002~GE*1*7~IEA*1*000000007~",
    "wrong_ge01": b"SE*8*0001~GE*2*7~IEA*1*000000007~",
    "wrong_ge02": b"SE*8*0001~GE*1*8~IEA*1*000000007~",
    "wrong_iea01": b"SE*8*0001~GE*1*7~IEA*2*000000007~",
    "wrong_iea02": b"SE*8*0001~GE*1*7~IEA*1*000000008~",
}


@pytest.mark.parametrize("fault", TRAILERS)
def test_a_trailer_is_wrong_and_nothing_else(fault: str) -> None:
    assert sent(fault) == WHOLE[: WHOLE.index(b"SE*")] + TRAILERS[fault]


def test_a_trailer_is_wrong_whatever_the_separators() -> None:
    [right] = files_of("accept", OTHER_SEPARATORS)
    [wrong] = files_of("wrong_iea02", OTHER_SEPARATORS)
    assert wrong.data == right.data[:-10] + b"000000008\x1c"


def test_noise_stands_in_the_middle_over_the_end_of_a_segment() -> None:
    noisy = WHOLE.replace(b"*012345678905~ACK*IA*12*", b"*012345678\x00\xff\xfe\x80\x1a\xff\x00*IA*12*")
    assert sent("corrupt") == noisy
    assert len(noisy) == len(WHOLE)
    assert noisy != WHOLE


def test_a_transfer_breaks_off_in_the_middle() -> None:
    cut = sent("cut_off")
    assert WHOLE.startswith(cut)
    assert cut.endswith(b"~PO1*1*12*EA*6.25*PE*VN*AC00004*UP*01234567890")


def test_a_letter_an_empty_file_or_a_huge_one_comes_in_place_of_the_855() -> None:
    assert sent("not_x12").startswith(b"Dear customer,\r\n")
    assert sent("empty") == b""
    huge = sent("huge")
    assert len(huge) == 51_000_000
    assert huge[:112] == WHOLE[:106] + b"MSG*99"
    assert huge.count(b"~") == 1


def test_every_fault_is_tested() -> None:
    assert set(FAULTS) == {*TRAILERS, "corrupt", "cut_off", "not_x12", "empty", "huge"}

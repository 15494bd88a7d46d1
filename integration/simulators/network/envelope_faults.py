"""What goes wrong with a file between a supplier's translator and the mailbox: each fault takes a right interchange.

=============== ================================================================================================
fault           what is left on the mailbox
=============== ================================================================================================
corrupt         seven bytes of noise in the middle of the transaction set, over the end of a segment
cut_off         the file up to the middle of its transaction set, in the midst of a segment
wrong_counts    SE01, GE01 and IEA01 each say one more than there is
wrong_se01      SE01 counts one segment more than there is
wrong_se02      SE02 is not the control number of ST
wrong_ge01      GE01 counts one transaction set more than there is
wrong_ge02      GE02 is not the control number of GS
wrong_iea01     IEA01 counts one group more than there is
wrong_iea02     IEA02 is not the control number of ISA
not_x12         a letter
empty           a file of no bytes
huge            a right ISA, and behind it one segment without an end: 51 MB in all
=============== ================================================================================================
"""

from __future__ import annotations

from collections.abc import Callable

from integration.simulators.network.purchase_orders import ISA_LENGTH, segments_of
from integration.simulators.network.x12_text import text

NOISE = b"\x00\xff\xfe\x80\x1a\xff\x00"
LETTER = b"Dear customer,\r\n\r\nour translator is being moved. Please take your orders as accepted.\r\n"
HUGE = 51_000_000

Fault = Callable[[bytes], bytes]


def _one_more(*places: tuple[str, int]) -> Fault:
    """Return a fault that adds one to elements of the trailers, named by segment and number."""

    def fault(data: bytes) -> bytes:
        segments = segments_of(data)
        for tag, number in places:
            for each in segments:
                if each[0] == tag:
                    each[number] = str(int(each[number]) + 1).zfill(len(each[number]))
        separators = bytes([data[3], data[ISA_LENGTH - 2], data[ISA_LENGTH - 1]])
        return text(segments, separators.decode())

    return fault


def _end_of_a_middle_segment(data: bytes) -> int:
    element, terminator = data[3:4], data[ISA_LENGTH - 1 : ISA_LENGTH]
    header, trailer = (data.index(terminator + tag + element) for tag in (b"ST", b"SE"))
    return data.index(terminator, (header + trailer) // 2)


def _corrupt(data: bytes) -> bytes:
    begin = _end_of_a_middle_segment(data) - len(NOISE) // 2
    return data[:begin] + NOISE + data[begin + len(NOISE) :]


def _cut_off(data: bytes) -> bytes:
    return data[: _end_of_a_middle_segment(data) - 1]


def _huge(data: bytes) -> bytes:
    begin = data[:ISA_LENGTH] + b"MSG" + data[3:4]
    return begin.ljust(HUGE, b"9")


FAULTS: dict[str, Fault] = {
    "corrupt": _corrupt,
    "cut_off": _cut_off,
    "wrong_counts": _one_more(("SE", 1), ("GE", 1), ("IEA", 1)),
    "wrong_se01": _one_more(("SE", 1)),
    "wrong_se02": _one_more(("SE", 2)),
    "wrong_ge01": _one_more(("GE", 1)),
    "wrong_ge02": _one_more(("GE", 2)),
    "wrong_iea01": _one_more(("IEA", 1)),
    "wrong_iea02": _one_more(("IEA", 2)),
    "not_x12": lambda data: LETTER,
    "empty": lambda data: b"",
    "huge": _huge,
}

from __future__ import annotations

import unicodedata

from hypothesis import given, settings
from hypothesis import strategies as st

from integration.x12.lines import display_lines
from integration.x12.syntax import Separators, segment
from tests.integration.x12.x12_documents import order_850, written


def test_each_segment_is_a_line_with_its_terminator() -> None:
    lines = display_lines(written("850", [segment("BEG", "00", "NE", "1", "", "20260302")]))
    assert len(lines) == 7
    assert lines[0].startswith("ISA*00*          *00*")
    assert lines[0].endswith("*T*>~")
    assert lines[2:] == [
        "ST*850*0017~",
        "BEG*00*NE*1**20260302~",
        "SE*3*0017~",
        "GE*1*17~",
        "IEA*1*000000042~",
    ]


def test_control_characters_are_shown() -> None:
    data = written("850", [segment("MSG", "x")], separators=Separators("\x1d", "\x1c", "\x1f"))
    assert display_lines(data)[3] == "MSG\\x1dx\\x1c"


def test_newline_terminators_and_newlines_behind_terminators_are_not_doubled() -> None:
    plain = written("850", order_850())
    newline = written("850", order_850(), separators=Separators(segment="\n"))
    assert display_lines(newline) == [line.removesuffix("~") for line in display_lines(plain)]
    assert display_lines(plain.replace(b"~", b"~\r\n")) == display_lines(plain)


def test_text_that_would_turn_the_direction_is_escaped() -> None:
    data = written("850", [segment("MSG", "a\u202eb\u200bЖ é")])
    assert display_lines(data)[3] == "MSG*a\\u202eb\\u200bЖ é~"


def test_nothing_is_left_out_around_interchanges() -> None:
    data = b"\xef\xbb\xbfhello\n" + written("850") + b"\nbye\x00"
    lines = display_lines(data)
    assert (lines[0], lines[-1], len(lines)) == ("\\ufeffhello", "bye\\x00", 6)
    assert display_lines(b"not\r\nX12") == ["not", "X12"]
    assert display_lines(b"") == []


@settings(max_examples=100, derandomize=True, deadline=None)
@given(st.binary(max_size=80), st.booleans())
def test_any_bytes_give_printable_lines(data: bytes, behind: bool) -> None:
    lines = display_lines(written("850")[:150] + data if behind else data)
    hidden = {"Cc", "Cf", "Co", "Cs", "Zl", "Zp"}
    assert not any(unicodedata.category(character) in hidden for line in lines for character in line)

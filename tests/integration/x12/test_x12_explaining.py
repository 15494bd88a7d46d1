from __future__ import annotations

from integration.x12.explaining import explain_file
from integration.x12.syntax import Composite, segment
from tests.integration.x12.test_x12_sets import written as written_set
from tests.integration.x12.x12_documents import SMALL, acknowledgment_855, functional_997, order_850, written


def lines(data: bytes) -> list[str]:
    return list(explain_file(data)[1])


def test_a_small_order_is_told_segment_by_segment() -> None:
    assert lines(SMALL.encode())[1:] == [
        "          GS*PO*SHOPTEST*5550100*20260302*0941*17*X*004010  --  group header: 1 kind of group PO; "
        "2 sender SHOPTEST; 3 receiver 5550100; 4 date 20260302; 5 time 0941; 6 control number 17; 7 agency X; "
        "8 version 004010",
        "            -- Purchase order (850) 0017: accepted",
        "     1      ST*850*0017  --  start of transaction set: 1 transaction set code 850; "
        "2 transaction set control number 0017",
        "     2      BEG*00*NE*1**20260302  --  beginning of purchase order: 1 purpose 00; "
        "2 purchase order type NE; 3 purchase order number 1; 5 date 20260302",
        "     3        PO1*1*1*EA  --  item ordered: 1 line identification 1; 2 quantity ordered 1; "
        "3 unit of measure EA",
        "     4      SE*4*0017  --  end of transaction set: 1 number of segments 4; "
        "2 transaction set control number 0017",
        "          GE*1*17  --  group trailer: 1 number of sets 1; 2 control number 17",
        "        IEA*1*000000042  --  interchange trailer: 1 number of groups 1; 2 control number 000000042",
    ]


def test_what_is_wrong_stands_where_it_is_wrong() -> None:
    data = SMALL.replace("BEG*00*NE*1**20260302~", "BEG*00*QQ*1**~").replace("PO1*1*1*EA", "PO1*1*TEN*EA")
    told = lines(data.encode())
    assert told[2] == "            -- Purchase order (850) 0017: rejected"
    assert told[4].endswith(
        "1 purpose 00; 2 purchase order type QQ [! 'QQ' is not a known code; AK4 7]; 3 purchase order number 1; "
        "5 date [!! missing, but mandatory; AK4 1]"
    )
    assert "2 quantity ordered TEN [!! 'TEN' is not a number; AK4 6]" in told[5]


def test_a_missing_segment_stands_where_it_belongs_and_a_wrong_count_at_the_end() -> None:
    told = lines(SMALL.replace("BEG*00*NE*1**20260302~", "").encode())
    place = next(at for at, line in enumerate(told) if "!! BEG, beginning of purchase order: missing" in line)
    assert told[place].endswith("(AK3 3)")
    assert told[place + 1].startswith("     2        PO1*")
    assert told[-3].strip() == ("!! SE01 says '4' segments, 3 were received; ask for the set again. (AK5 4)")


def test_what_is_wrong_with_an_envelope_stands_behind_its_segment() -> None:
    told = lines(SMALL.replace("GE*1*17", "GE*2*18").replace("IEA*1*000000042", "IEA*1*000000043").encode())
    assert [line.strip() for line in told[-5:] if line.strip().startswith("!")] == [
        "! GE02 '18' differs from GS06 '17'; tell the partner. (AK9 4)",
        "! GE01 says '2' sets, 1 were received; ask whether one is missing. (AK9 5)",
        "!! IEA02 '000000043' differs from ISA13 '000000042'; ask for the file again. (TA1 001)",
    ]


def test_loops_and_levels_are_indented() -> None:
    depths = {
        line.split()[1]: len(line) - len(line[6:].lstrip()) - 6
        for line in lines(written("855", acknowledgment_855()))
        if line[:6].strip()
    }
    assert depths["BAK*00*AC*4711-2*20260302****SO-9*20260303"] == 6
    assert depths["PO1*1*3*EA*14.25*PE*VN*MUG-BLUE"] == 8
    assert depths["ACK*IA*2*EA*068*20260306"] == 10
    levels = [
        len(line) - len(line[6:].lstrip()) - 6
        for line in lines(written_set("856", "004010"))
        if line[6:].strip().startswith("HL*")
    ]
    assert levels == [8, 10, 12, 14]


def test_codes_of_acknowledgments_are_said_in_words() -> None:
    told = "\n".join(lines(written("997", functional_997())))
    assert "4 segment error code 8 = segment has element errors" in told
    assert "3 element error code 7 = invalid code" in told
    assert "5-1 element position 5" not in told
    assert "1 transaction set acknowledgment code E = accepted, with errors noted" in told
    assert "2 transaction set error code 5 = one or more segments in error" in told
    data = SMALL.replace("GS*PO", "TA1*000000007*260301*0800*R*025~GS*PO")
    told = "\n".join(lines(data.encode()))
    assert "4 verdict R = rejected; 5 reason 025 = the control number was used before" in told
    told = "\n".join(lines(written_set("999", "005010")))
    assert "IK5*E*5" in told
    assert "E = accepted, with errors noted" in told


def test_composites_are_taken_apart_and_long_text_is_cut() -> None:
    body = [*order_850()[:-2], segment("CTT", "2")]
    body[2] = segment("REF", "CO", "1" * 30, "x" * 80)
    told = lines(written("850", body))
    assert any("x" * 37 + "..." in line for line in told)
    assert all(len(line) < 800 for line in told)
    body = [
        *order_850()[:12],
        segment("CTP", "", "RTL", "19.99", "3", Composite("EA", "2")),
        *order_850()[13:],
    ]
    assert any("5-1 unit of measure EA, 5-2 exponent 2" in line for line in lines(written("850", body)))


def test_what_cannot_be_read_is_told_in_a_sentence() -> None:
    readable, told = explain_file(b"UNB+UNOA:1'")
    assert (readable, list(told)) == (False, ["The file is EDIFACT, not X12; ask the partner for X12."])
    crooked = SMALL.replace("5550100        *", "5550100*", 1).encode()
    readable, told = explain_file(crooked)
    assert readable is False
    assert [line[:37] for line in told] == ["!! The interchange at byte 0: The ISA"]


def test_bytes_that_belong_nowhere_are_told() -> None:
    told = lines(SMALL.replace("GE*1", "NTE*x~GE*1").encode())
    assert any("NTE*x  --  outside any transaction set, not read" in line for line in told)
    assert told[-3].endswith("were not read. (TA1 022)")

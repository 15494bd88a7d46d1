"""One document of ours for each set, in both versions: our tables and an engine that is not ours accept it."""

from __future__ import annotations

from datetime import date, time
from typing import Any

import pytest
from edi_parser import api  # type: ignore[import-untyped]

from integration.x12.envelope import (
    GroupToWrite,
    InterchangeHeader,
    SetToWrite,
    read_interchange,
    write_interchange,
)
from integration.x12.syntax import Composite, Segment, Separators, segment
from integration.x12.tables import find_table
from integration.x12.validate import check_group
from tests.integration.x12.x12_documents import rows

DAY, HOUR = date(2026, 3, 2), time(9, 41)

DOCUMENTS = {
    "180": """
        BGN*00*RA-7*20260302
        RDR**DM
        N9*RZ*RA-7
        N1*ST*Harbour Returns*92*R1
        N3*Dock 4
        N4*Northport*NY*11768
        BLI*VN*MUG-BLUE*2*EA*RES*14.25
        N9*PO*4711-2
        PID*F****Blue mug, handle broken
        RDR**DT
        QTY*76*2""",
    "810": """
        BIG*20260305*INV-31*20260302*4711-2***DI
        NTE*GEN*Thank you
        REF*CO*100045
        N1*RE*Teahouse Supply*92*T1
        ITD*01*3*2**10**30
        DTM*011*20260304
        IT1*1*3*EA*14.25*PE*VN*MUG-BLUE
        PID*F****Blue mug
        SAC*C*D240***500
        IT1*2*1*CA*80*PE*VN*TEA-24
        TDS*12775
        CAD*U***EXMP***CN*1Z0000000000000001
        SAC*C*D500***200
        ISS*4*EA*9*LB
        CTT*2""",
    "812": """
        BCD*20260306*CR-5*03*2850*C*20260305*INV-31***4711-2
        CUR*SE*USD
        N9*IA*V-881
        PER*CR*Accounts*TE*5550190
        N1*SE*Teahouse Supply*92*T1
        CDD*01*C*1*2850*N**2*EA**RES*14.25
        LIN**VN*MUG-BLUE
        N9*RZ*RA-7
        DTM*050*20260306""",
    "824": """
        BGN*11*AA-9*20260306*1015
        N1*SE*Teahouse Supply*92*T1
        OTI*TR*IV*INV-31***20260306*1010*17*0017*810
        REF*PO*4711-2
        TED*010*Total differs from the lines*TDS*17***12775*12575
        NTE*ERR*Please send the invoice again""",
    "846": """
        BIA*00*SI*ST-12*20260302
        DTM*007*20260302
        N1*SU*Teahouse Supply*92*T1
        LIN*1*VN*MUG-BLUE*UP*012345678905
        PID*F****Blue mug
        DTM*018*20260309
        QTY*33*140*{EA}
        QTY*63*600
        LS*REF
        REF*LT*LOT-4
        DTM*036*20270302
        LE*REF
        LIN*2*VN*TEA-24
        QTY*33*0*{CA}
        SCH*12*CA***017*20260320
        CTT*2""",
    "856": """
        BSN*00*SH-8*20260304*0930*0001
        HL*1**S*1
        TD1*CTN25*1****G*9*LB
        TD5*O*2*EXMP*U*Ground
        REF*CN*1Z0000000000000001
        DTM*011*20260304
        N1*ST*Mara Quill*92*778
        HL*2*1*O*1
        PRF*4711-2***20260302
        HL*3*2*P*1
        MAN*GM*00012345670000000018
        HL*4*3*I*0
        LIN*1*VN*MUG-BLUE
        SN1*1*3*EA
        LH1*EA*1*UN1950
        LH3*Aerosols*D
        CTT*4*3""",
    "860": """
        BCH*04*DS*4711-2**1*20260302*****20260303
        REF*CO*100045
        N1*ST*Mara Quill*92*778
        POC*1*QI*4*4*{EA}*14.25*PE*VN*MUG-BLUE
        PID*F****Blue mug
        SCH*4*EA***002*20260310
        CTT*1""",
    "864": """
        BMG*00*Closed on Monday
        DTM*007*20260302
        N1*TO*Mara Quill
        MIT*1*Opening times
        MSG*We are closed on 9 March.
        MSG*Orders of that day ship on Tuesday.""",
    "865": """
        BCA*04*AC*4711-2**1*20260302****20260304*20260303
        POC*1*QI*4*4*{EA}*14.25*PE*VN*MUG-BLUE
        ACK*IA*4*EA*068*20260310
        CTT*1""",
    "997": """
        AK1*PO*17
        AK2*850*0017
        AK3*PO1*12**8
        AK4*3*355*7*QQ
        AK4*{5/1}*355*7*XX
        AK5*E*5
        AK9*E*1*1*1""",
    "999": """
        AK1*PO*17*005010
        AK2*850*0017*005010
        IK3*PO1*12**8
        CTX*SITUATIONAL TRIGGER*PO1*12**3*639
        IK4*3*355*7*QQ
        IK5*E*5
        AK9*E*1*1*1""",
}
ALL = [(code, version) for code in DOCUMENTS for version in ("004010", "005010") if find_table(code, version)]


def body(code: str) -> list[Segment]:
    """The segments of a document; ``{EA}`` is a composite, its components between slashes."""

    def element(text: str) -> str | Composite:
        return Composite(*text[1:-1].split("/")) if text.startswith("{") else text

    lines = [line.strip().split("*") for line in DOCUMENTS[code].strip().splitlines()]
    return [segment(tag, *map(element, elements)) for tag, *elements in lines]


def written(code: str, version: str) -> bytes:
    table = find_table(code, version)
    assert table is not None
    new = version == "005010"
    header = InterchangeHeader(
        "ZZ", "SHOPTEST", "12", "5550100", DAY, HOUR, 42, "T", version="00501" if new else "00401"
    )
    sets = [SetToWrite(code, 17, body(code))]
    group = GroupToWrite(table.group, "SHOPTEST", "5550100", DAY, HOUR, 17, sets, version)
    return write_interchange(header, [group], Separators(repetition="^" if new else None), "ascii")


@pytest.mark.parametrize(("code", "version"), ALL)
def test_a_document_of_each_set_is_accepted_without_a_word(code: str, version: str) -> None:
    (group,) = read_interchange(written(code, version)).groups
    (verdict,) = check_group(group)
    assert (verdict.code, rows(verdict.findings)) == ("A", [])
    assert verdict.walk is not None
    assert verdict.walk.unread == []


@pytest.mark.parametrize(("code", "version"), ALL)
def test_the_outside_judge_accepts_it_too(code: str, version: str) -> None:
    found: dict[str, Any] = api.validate_edi(written(code, version).decode("ascii"), "x12", "x12")
    assert (found["valid"], found["errors"]) == (True, [])


def test_every_set_is_there() -> None:
    assert len(ALL) == 21

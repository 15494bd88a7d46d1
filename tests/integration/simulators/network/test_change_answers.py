"""The 865s of suppliers, compared whole with what was typed by hand, and what they mean to deliver afterwards."""

from __future__ import annotations

from datetime import UTC, datetime
from itertools import count
from pathlib import Path

import pytest

from integration.simulators.network.answer_files import change_files
from integration.simulators.network.answers import plan_of
from integration.simulators.network.change_answers import HEADINGS, change_acknowledgment, held_after
from integration.simulators.network.control import CONTROLS
from integration.simulators.network.purchase_orders import read_purchase_orders
from integration.simulators.network.suppliers import Network
from integration.simulators.network.x12_text import text
from tests.integration.simulators.network.orders_850 import TODAY, TWO_LINES

CHANGE = """\
ISA*00*          *00*          *ZZ*GRIDPORT       *ZZ*ACMESUPPLY     *260302*0941*U*00401*000000044*0*P*>~
GS*PC*SHOPGS*ACMEGS*20260302*0941*19*X*004010~
ST*860*0001~
BCH*04*DS*1001-1**2*20260228*****20260302~
POC*1*QD*9*9*EA*6.25*PE*VN*AC00004~
POC*2*DI*3*0*CA*80*PE*VP*AC00009~
CTT*2*12~
SE*6*0001~
GE*1*19~
IEA*1*000000044~
"""
BODIES = {
    "accept": """\
BCA*06*AD*1001-1**2*20260228***SO-1001-1*20260301~
POC*1*QD*9*9*EA*6.25*PE*VN*AC00004~
ACK*IA*9*EA~
POC*2*DI*3*0*CA*80*PE*VP*AC00009~
ACK*ID*3*CA~
CTT*2~
""",
    "reject": """\
BCA*06*RJ*1001-1**2*20260228***SO-1001-1*20260301~
POC*1*RC*9*9*EA*6.25*PE*VN*AC00004~
ACK*IR*9*EA~
POC*2*RC*3*0*CA*80*PE*VP*AC00009~
ACK*IR*3*CA~
CTT*2~
""",
    "partly": """\
BCA*06*AC*1001-1**2*20260228***SO-1001-1*20260301~
POC*1*RC*9*9*EA*6.25*PE*VN*AC00004~
ACK*IR*9*EA~
POC*2*DI*3*0*CA*80*PE*VP*AC00009~
ACK*ID*3*CA~
CTT*2~
""",
    "other": """\
BCA*06*AC*1001-1**2*20260228***SO-1001-1*20260301~
POC*1*QD*9*9*EA*6.25*PE*VN*AC00004~
ACK*IQ*10*EA~
POC*2*DI*3*0*CA*80*PE*VP*AC00009~
ACK*ID*3*CA~
CTT*2~
""",
}
HELD = {
    "accept": {"1": "9", "2": "0"},
    "reject": {"1": "12", "2": "3"},
    "partly": {"1": "12", "2": "0"},
    "other": {"1": "10", "2": "0"},
}


@pytest.mark.parametrize("answer", HEADINGS)
def test_a_change_is_answered_as_the_table_says(answer: str) -> None:
    [change] = read_purchase_orders(CHANGE.encode())
    body = change_acknowledgment(change, answer, today=TODAY)
    assert text(body).decode().replace("~", "~\n") == BODIES[answer]
    assert held_after({"1": "12", "2": "3"}, change, answer) == HELD[answer]


def test_suppliers_answer_changes_and_tell_what_they_hold(tmp_path: Path) -> None:
    network = Network(tmp_path, "accept+change_partly+change_late", pause=3600)
    for name, data in (("1.edi", TWO_LINES), ("2.edi", CHANGE)):
        (network.inbox / name).write_bytes(data.encode())
    assert network.take_all() == 2
    codes = [each["code"] for each in network.ledger if each["event"] == "answer"]
    assert codes == ["997", "855", "997"]
    assert network.release() == 1
    assert [each["code"] for each in network.ledger if each["event"] == "answer"][3:] == ["865"]
    assert [each["event"] for each in network.ledger if each["event"] in ("arrival", "change", "held")] == [
        "arrival",
        "change",
        "held",
    ]
    assert CONTROLS[("GET", "held")](network, {}) == {"1001-1": {"1": "12", "2": "0"}}
    functional = [path.read_text() for path in sorted(network.outbox.glob("*.997.x12"))][1]
    assert "~AK1*PC*19~AK2*860*0001~AK5*A~AK9*A*1*1*1~" in functional


def test_an_865_may_come_twice_the_same_or_under_new_numbers(tmp_path: Path) -> None:
    [change] = read_purchase_orders(CHANGE.encode())
    now = datetime(2026, 3, 1, 9, 41, tzinfo=UTC)
    same = change_files(change, plan_of("change_duplicate"), count(7), now)
    assert [(each.code, each.number) for each in same] == [("865", 7), ("865", 7)]
    assert same[0].data == same[1].data
    renumbered = change_files(change, plan_of("change_renumbered"), count(7), now)
    assert [each.number for each in renumbered] == [7, 8]

"""Each verdict on an 850 gives exactly these segments."""

from __future__ import annotations

from dataclasses import replace

import pytest

from integration.simulators.network.functional_answers import VERDICTS, functional_acknowledgment
from tests.integration.simulators.network.orders_850 import TWO_LINES, order_in, wire

# Typed by hand, for TWO_LINES.
GOLDEN = {
    "accept": """\
AK1*PO*17~
AK2*850*0001~
AK5*A~
AK9*A*1*1*1~
""",
    "errors": """\
AK1*PO*17~
AK2*850*0001~
AK3*BEG*2**8~
AK4*2*92*7*DS~
AK5*E*5~
AK9*E*1*1*1~
""",
    "reject": """\
AK1*PO*17~
AK2*850*0001~
AK3*BEG*2**8~
AK4*3*324*6*1001-1~
AK5*R*5~
AK9*R*1*1*0~
""",
    "partial": """\
AK1*PO*17~
AK2*850*0001~
AK3*BEG*2**8~
AK4*3*324*6*1001-1~
AK5*R*5~
AK9*P*1*1*0~
""",
    "unknown_group": """\
AK1*PO*987654321~
AK2*850*0001~
AK5*A~
AK9*A*1*1*1~
""",
    "contradiction": """\
AK1*PO*17~
AK2*850*0001~
AK5*A~
AK9*R*1*1*0~
""",
    "contradiction_set": """\
AK1*PO*17~
AK2*850*0001~
AK3*BEG*2**8~
AK4*3*324*6*1001-1~
AK5*R*5~
AK9*A*1*1*1~
""",
}


def test_every_verdict_is_tested() -> None:
    assert sorted(GOLDEN) == sorted(VERDICTS)


@pytest.mark.parametrize("verdict", VERDICTS)
def test_an_order_is_judged_to_the_last_character(verdict: str) -> None:
    assert wire(functional_acknowledgment([(order_in(TWO_LINES), verdict)])) == GOLDEN[verdict]


@pytest.mark.parametrize(
    ("verdicts", "group_verdict"),
    [
        (["accept", "accept", "accept"], "AK9*A*3*3*3"),
        (["accept", "errors", "accept"], "AK9*E*3*3*3"),
        (["accept", "errors", "reject"], "AK9*P*3*3*2"),
        (["reject", "reject", "reject"], "AK9*R*3*3*0"),
        (["accept", "partial", "accept"], "AK9*P*3*3*2"),
        (["accept", "contradiction", "accept"], "AK9*R*3*3*0"),
        (["reject", "contradiction_set", "accept"], "AK9*A*3*3*3"),
    ],
)
def test_the_verdict_on_a_group_follows_from_its_sets(verdicts: list[str], group_verdict: str) -> None:
    orders = [replace(order_in(TWO_LINES), st02=f"000{place}") for place in (1, 2, 3)]
    lines = wire(functional_acknowledgment(list(zip(orders, verdicts, strict=True)))).split("~\n")
    assert [line for line in lines if line.startswith(("AK1", "AK2"))] == [
        "AK1*PO*17",
        "AK2*850*0001",
        "AK2*850*0002",
        "AK2*850*0003",
    ]
    assert lines[-2:] == [group_verdict, ""]

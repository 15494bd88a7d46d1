"""What suppliers answer as the outside judge sees it, and as the portal's own reader and matching understand it."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from itertools import count

import pytest

from integration.documents import PurchaseOrderAcknowledgment
from integration.flows.receive import LARGEST_FILE
from integration.matching.acknowledgment import Decision, decide
from integration.matching.lines import AskedLine, LineStatement
from integration.simulators.network.answer_files import functional_file, order_files
from integration.simulators.network.answers import ANSWERS, plan_of
from integration.simulators.network.functional_answers import VERDICTS, functional_acknowledgment
from integration.simulators.network.order_answers import ORDER_ANSWERS
from integration.x12.acknowledgment import read_997
from integration.x12.envelope import read_interchange
from integration.x12.validate import check_group, group_findings
from partners.mapping.compiler import load_shipped_guide
from partners.mapping.reader import read_set
from tests.integration.simulators.network.orders_850 import OTHER_SEPARATORS, TWO_LINES, judge, order_in

NOW = datetime(2026, 3, 1, 10, 5, tzinfo=UTC)
ASKED = [
    AskedLine(1, "MUG-1", "AC00004", "012345678905", Decimal(12), "each", Decimal("6.25")),
    AskedLine(2, "TEA-2", "AC00009", "", Decimal(3), "case", Decimal(80)),
]
BROKEN = {
    "corrupt", "cut_off", "wrong_counts", "wrong_se01", "wrong_se02", "wrong_ge01", "wrong_ge02", "wrong_iea01",
    "wrong_iea02", "not_x12", "empty",
}  # fmt: skip


def files_of(answer: str, order: str = TWO_LINES) -> list[bytes]:
    return [each.data for each in order_files(order_in(order), plan_of(answer), count(7), NOW)]


def understood(data: bytes) -> PurchaseOrderAcknowledgment:
    """The 855 of a valid interchange as the shipped guide reads it, nothing left unread."""
    reading = read_interchange(data)
    assert (reading.problem, reading.findings) == (None, [])
    [group] = reading.groups
    assert group_findings(group) == []
    [verdict] = check_group(group)
    assert (verdict.code, verdict.findings) == ("A", [])
    guide = load_shipped_guide("855", "004010")
    result = read_set(group.sets[0].segments, guide, separators=reading.separators)
    assert result.report == ()
    assert isinstance(result.document, PurchaseOrderAcknowledgment)
    return result.document


def differences(decision: Decision) -> list[str]:
    assert not decision.accepted
    return [str(each) for each in decision.differences]


@pytest.mark.parametrize("order", [TWO_LINES, OTHER_SEPARATORS], ids=["usual", "other separators"])
@pytest.mark.parametrize(
    "answer", [name for name in ANSWERS if name not in BROKEN | {"huge"} and plan_of(name).order]
)
def test_the_outside_judge_accepts_each_855_that_is_whole(answer: str, order: str) -> None:
    assert {judge(each) for each in files_of(answer, order)} == {True}


@pytest.mark.parametrize("order", [TWO_LINES, OTHER_SEPARATORS], ids=["usual", "other separators"])
@pytest.mark.parametrize("answer", sorted(BROKEN))
def test_the_outside_judge_rejects_each_855_that_is_broken(answer: str, order: str) -> None:
    [data] = files_of(answer, order)
    assert judge(data) is False


@pytest.mark.parametrize("verdict", VERDICTS)
def test_the_outside_judge_accepts_each_997(verdict: str) -> None:
    order = order_in(TWO_LINES)
    body = functional_acknowledgment([(order, verdict)])
    assert judge(functional_file(order, body, 7, NOW).data)


# What is meant, from the 855 as bytes to the decision.
DECISIONS = {
    "short": ["Line 1 (MUG-1): asked 12 each, answered 1 backordered"],
    "over": ["Line 1 (MUG-1): asked 12 each, answered 13 quantity changed"],
    "price_up": [
        "Line 1 (MUG-1): asked 12 each, answered 12 price changed",
        "Line 1 (MUG-1): price: asked 6.25, answered 6.88",
    ],
    "price_down": [
        "Line 1 (MUG-1): asked 12 each, answered 12 price changed",
        "Line 1 (MUG-1): price: asked 6.25, answered 5.62",
    ],
    "late_date": ["Line 1 (MUG-1): asked 12 each, answered 12 rescheduled"],
    "substitute": ["Line 1 (MUG-1): asked 12 each, answered 12 substituted"],
    "reject_line": ["Line 1 (MUG-1): asked 12 each, answered 12 rejected"],
    "reject_all": [
        "The order: asked to be accepted, answered rejected with detail",
        "Line 1 (MUG-1): asked 12 each, answered 12 rejected",
        "Line 2 (TEA-2): asked 3 case, answered 3 rejected",
    ],
    "hold": [
        "The order: asked to be accepted, answered on hold",
        "Line 1 (MUG-1): asked 12 each, answered 12 on hold",
        "Line 2 (TEA-2): asked 3 case, answered 3 on hold",
    ],
}


def test_every_way_to_answer_is_decided_upon() -> None:
    assert {"accept", *DECISIONS} == set(ORDER_ANSWERS)


def test_an_acceptance_is_understood_with_its_dates() -> None:
    [data] = files_of("accept")
    assert decide(ASKED, understood(data)) == Decision(
        True,
        (),
        (
            LineStatement(1, Decimal(12), Decimal("6.25"), date(2026, 3, 5)),
            LineStatement(2, Decimal(3), Decimal(80), date(2026, 3, 10)),
        ),
    )


@pytest.mark.parametrize("answer", DECISIONS)
def test_any_other_answer_is_understood_as_it_is_meant(answer: str) -> None:
    [data] = files_of(answer)
    assert differences(decide(ASKED, understood(data))) == DECISIONS[answer]


def test_the_date_and_the_substitute_are_understood() -> None:
    [late], [other] = files_of("late_date"), files_of("substitute")
    [rescheduled] = understood(late).lines[0].acknowledgments
    assert rescheduled.ships_on == date(2026, 3, 19)
    [substituted] = understood(other).lines[0].acknowledgments
    assert substituted.substitute is not None
    assert substituted.substitute.vendor_item == "AC00004-B"


def test_a_number_used_again_brings_another_number_of_the_suppliers_own() -> None:
    first, second = (understood(data) for data in files_of("duplicate_altered"))
    assert (first.vendor_order_number, second.vendor_order_number) == ("SO-1001-1", "SO-1001-1-2")


@pytest.mark.parametrize(
    ("verdict", "said"),
    [
        ("accept", ("17", "A", "A", [], 1)),
        ("errors", ("17", "E", "E", [("BEG", 2, 2, "7", "DS")], 1)),
        ("reject", ("17", "R", "R", [("BEG", 2, 3, "6", "1001-1")], 0)),
        ("partial", ("17", "R", "P", [("BEG", 2, 3, "6", "1001-1")], 0)),
        ("unknown_group", ("987654321", "A", "A", [], 1)),
        ("contradiction", ("17", "A", "R", [], 0)),
        ("contradiction_set", ("17", "R", "A", [("BEG", 2, 3, "6", "1001-1")], 1)),
    ],
)
def test_each_997_is_understood_as_it_is_meant(
    verdict: str, said: tuple[str, str, str, list[tuple[str, int, int, str, str]], int]
) -> None:
    order = order_in(TWO_LINES)
    reading = read_interchange(
        functional_file(order, functional_acknowledgment([(order, verdict)]), 7, NOW).data
    )
    read = read_997(reading.groups[0].sets[0].segments, reading.separators)
    [answered] = read.sets
    found = [
        (each.segment_tag, each.segment_position, each.element, each.code_997, each.value)
        for each in answered.findings
        if each.level == "element"
    ]
    assert (read.group_control_number, answered.code, read.group_code, found, read.accepted) == said
    assert read.problems == []


def test_a_huge_file_is_larger_than_the_portal_takes() -> None:
    [data] = files_of("huge")
    assert len(data) > LARGEST_FILE


# The TA1 codes of the interchange, the AK905 codes of its group, and the AK501 of its set.
FOUND: dict[str, tuple[list[str], list[str], str]] = {
    "corrupt": ([], [], "R"),
    "cut_off": (["023"], ["3"], "R"),
    "wrong_counts": (["021"], ["5"], "R"),
    "wrong_se01": ([], [], "R"),
    "wrong_se02": ([], [], "R"),
    "wrong_ge01": ([], ["5"], "A"),
    "wrong_ge02": ([], ["4"], "A"),
    "wrong_iea01": (["021"], [], "A"),
    "wrong_iea02": (["001"], [], "A"),
}


@pytest.mark.parametrize("fault", FOUND)
def test_our_reader_finds_what_is_broken(fault: str) -> None:
    [data] = files_of(fault)
    reading = read_interchange(data)
    [group] = reading.groups
    [verdict] = check_group(group)
    assert (
        [each.code_997 for each in reading.findings],
        [each.code_997 for each in group_findings(group)],
        verdict.code,
    ) == FOUND[fault]


def test_our_reader_says_what_is_not_x12() -> None:
    [letter], [empty] = files_of("not_x12"), files_of("empty")
    assert str(read_interchange(letter).problem).startswith(
        "The file is not X12: it begins with 'Dear customer"
    )
    assert read_interchange(empty).problem == "The file is empty."
    assert {*FOUND, "not_x12", "empty"} == BROKEN

"""The names of answers, alone and joined."""

from __future__ import annotations

import pytest

from integration.simulators.network.answers import ANSWERS, Plan, plan_of
from integration.simulators.network.change_answers import HEADINGS
from integration.simulators.network.envelope_faults import FAULTS
from integration.simulators.network.functional_answers import VERDICTS
from integration.simulators.network.order_answers import ORDER_ANSWERS


def test_whatever_a_supplier_can_do_has_a_name_and_every_name_does_what_there_is() -> None:
    plans = [plan_of(name) for name in ANSWERS]
    assert {plan.order for plan in plans} == {"", *ORDER_ANSWERS}
    assert {plan.functional for plan in plans} == {"", *VERDICTS}
    assert {plan.fault for plan in plans} == {"", *FAULTS}
    assert {plan.again for plan in plans} == {"", "same", "renumbered", "altered"}
    assert {plan.change for plan in plans} == {"", *HEADINGS}
    assert {plan.change_again for plan in plans} == {"", "same", "renumbered"}
    assert {plan.identity for plan in plans} == {"", "interchange", "whole"}


def test_no_two_names_are_the_same_answer() -> None:
    plans = {plan_of(name) for name in ANSWERS}
    assert len(plans) == len(ANSWERS) == 46
    assert plan_of("accept") == Plan()


@pytest.mark.parametrize(
    ("answer", "plan"),
    [
        ("short", Plan(order="short")),
        ("reject", Plan(functional="reject", order="")),
        ("silent", Plan(functional="", order="")),
        ("late+price_up", Plan(order="price_up", late=True)),
        (
            "short+duplicate+functional_last+functional_twice",
            Plan(order="short", again="same", functional_last=True, functional_twice=True),
        ),
        ("hold+other_isa06+cut_off", Plan(order="hold", identity="interchange", fault="cut_off")),
        ("accept+no_functional", Plan(functional="")),
    ],
)
def test_names_are_joined(answer: str, plan: Plan) -> None:
    assert plan_of(answer) == plan


@pytest.mark.parametrize(
    ("answer", "sentence"),
    [
        ("shrot", "There is no answer 'shrot'. Answers are: accept, short, over, "),
        ("", "There is no answer ''. Answers are: accept, "),
        ("short+", "There is no answer ''. Answers are: accept, "),
        ("short+hold", "The parts of 'short+hold' contradict each other: two of them set order."),
        ("short+short", "The parts of 'short+short' contradict each other: two of them set order."),
        ("reject+silent", "The parts of 'reject+silent' contradict each other: two of them set functional, order."),
    ],
)  # fmt: skip
def test_names_that_say_nothing_or_contradict_each_other_are_refused(answer: str, sentence: str) -> None:
    with pytest.raises(ValueError) as refused:  # noqa: PT011 - the sentence is compared whole
        plan_of(answer)
    assert str(refused.value).startswith(sentence)

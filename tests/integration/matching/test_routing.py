"""Which rule takes a line: a table of conditions, and what holds of any rules and any line."""

from __future__ import annotations

import os
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from integration.matching.routing import (
    NO_RULE,
    Choice,
    Delivery,
    LineFacts,
    Passed,
    Rule,
    choose,
    fits,
    held_by,
    sound_parents,
)

WHOLE = os.environ.get("GRIDPORT_CHAOS") == "1"
LAMP = LineFacts(
    store=1,
    channel=1041,
    sku="AC-017",
    brand="Acme Home",
    categories=("9003", "Lanterns", "9002", "Lighting"),
    countries=("US", "United States"),
    regions=("MN", "Minnesota"),
    postal_code="55802",
)
TAKES_ALL = Rule(
    key=1, name="Everything", priority=10, agreement=7, agreement_name="Larch", serves=frozenset({1})
)


def why_not(choice: Choice) -> str:
    assert choice.rule is None
    [passed] = choice.passed
    return passed.because


@pytest.mark.parametrize(
    ("condition", "facts", "holds", "words"),
    [
        ({"skus": ("AC-*",)}, {}, True, "SKU AC-017 fits AC-*."),
        ({"skus": ("BO-*", "ac-017")}, {}, True, "SKU AC-017 fits ac-017."),
        ({"skus": ("AC-01", "BO-*")}, {}, False, "SKU AC-017 fits none of AC-01 or BO-*."),
        ({"skus": ("AC-*",)}, {"sku": ""}, False, "The line, which has no SKU, fits none of AC-*."),
        ({"brands": ("acme home",)}, {}, True, "Its brand is Acme Home."),
        (
            {"brands": ("Borealis", "Fir", "Oak")},
            {},
            False,
            "Its brand is Acme Home, not Borealis, Fir or Oak.",
        ),
        ({"brands": ("Fir",)}, {"brand": ""}, False, "Its brand is not known to the store; wanted: Fir."),
        ({"categories": ("lighting",)}, {}, True, "It is in category lighting."),
        ({"categories": ("9002",)}, {}, True, "It is in category 9002."),
        ({"categories": ("Garden", "90")}, {}, False, "It is not in category Garden or 90."),
        (
            {"categories": ("Garden",)},
            {"categories": None},
            False,
            "Its categories are not known; wanted: Garden.",
        ),
        ({"channels": (1, 1041)}, {}, True, "The order's channel is 1041."),
        ({"channels": (1,)}, {}, False, "The order's channel is 1041, not 1."),
        ({"countries": ("us",)}, {}, True, "The country it goes to is US."),
        ({"countries": ("CA", "Mexico")}, {}, False, "The country it goes to is US, not CA or Mexico."),
        ({"countries": ("CA",)}, {"countries": ()}, False, "The country it goes to is not given, not CA."),
        ({"regions": ("minnesota", "WI")}, {}, True, "The region it goes to is MN."),
        ({"regions": ("WI",)}, {}, False, "The region it goes to is MN, not WI."),
        ({"postal_prefixes": ("54", "558")}, {}, True, "Postal code 55802 begins with 558."),
        (
            {"postal_prefixes": ("k1a 0",)},
            {"postal_code": "K1A0B1"},
            True,
            "Postal code K1A0B1 begins with k1a 0.",
        ),
        ({"postal_prefixes": ("54",)}, {}, False, "Postal code 55802 begins with none of 54."),
        (
            {"postal_prefixes": ("54",)},
            {"postal_code": ""},
            False,
            "The postal code, which is not given, begins with none of 54.",
        ),
        ({"store": 1, "store_name": "Fern"}, {}, True, "The order is of store Fern."),
        ({"store": 2, "store_name": "Moss"}, {}, False, "The order is not of store Moss."),
        (
            {"serves": frozenset({2})},
            {},
            False,
            "Agreement Larch does not serve the order's store, or its partner is not active.",
        ),
        (
            {},
            {"delivery": Delivery.PICKUP},
            False,
            "The shopper collects it, and the rule is for what is shipped.",
        ),
        (
            {"delivery": Delivery.PICKUP},
            {},
            False,
            "It is shipped, and the rule is for what the shopper collects.",
        ),
        ({"delivery": Delivery.PICKUP}, {"delivery": Delivery.PICKUP}, True, "The shopper collects it."),
        (
            {"delivery": Delivery.PICKUP, "pickup_methods": (3,)},
            {"delivery": Delivery.PICKUP, "pickup_method": 4},
            False,
            "Its pickup method is 4, not 3.",
        ),
    ],
)
def test_each_condition_says_whether_it_holds_and_why(
    condition: dict[str, object], facts: dict[str, object], holds: bool, words: str
) -> None:
    rule = replace(TAKES_ALL, **condition)
    choice = choose(replace(LAMP, **facts), [rule])
    if holds:
        assert choice == Choice(rule, (words,), ())
    else:
        assert why_not(choice) == words
        assert choice.because == (NO_RULE,)


def test_all_conditions_must_hold_and_each_one_that_does_not_is_told() -> None:
    rule = replace(TAKES_ALL, skus=("AC-*",), brands=("Fir",), regions=("WI",))
    choice = choose(LAMP, [rule])
    assert why_not(choice) == "Its brand is Acme Home, not Fir. The region it goes to is MN, not WI."
    assert [(check.holds, check.words) for check in choice.passed[0].checks] == [
        (True, "SKU AC-017 fits AC-*."),
        (False, "Its brand is Acme Home, not Fir."),
        (False, "The region it goes to is MN, not WI."),
    ]


def test_a_rule_without_conditions_takes_what_is_shipped() -> None:
    assert choose(LAMP, [TAKES_ALL]).because == ("It takes every line that is shipped.",)
    assert choose(LAMP, []) == Choice(None, (NO_RULE,), ())


def test_the_first_by_priority_then_by_age_takes_the_line() -> None:
    later = replace(TAKES_ALL, key=2, name="Later")
    first = replace(TAKES_ALL, key=9, priority=5, name="First", skus=("BO-*",))
    choice = choose(LAMP, [later, TAKES_ALL, first])
    assert choice.rule == TAKES_ALL
    assert [str(passed.rule) for passed in choice.passed] == ["5 · First"]


@pytest.mark.parametrize(
    ("pattern", "text", "fit"),
    [
        ("AC-1", "ac-1", True),
        ("AC-1", "AC-10", False),
        ("*", "", True),
        ("**", "x", True),
        ("a*a", "a", False),
        ("a*a", "aba", True),
        ("*-RED", "LAMP-red", True),
        ("*lamp*red*", "DESK-LAMP-9-RED-L", True),
        ("*lamp*red*", "RED-LAMP", False),
        ("A.C", "ABC", False),
        ("A?C", "ABC", False),
        ("[A]*", "A1", False),
        ("*a" * 60 + "b", "a" * 250, False),
    ],
)
def test_a_star_stands_for_anything_and_nothing_else_does(pattern: str, text: str, fit: bool) -> None:
    assert fits(pattern, text) is fit


_SKUS = st.sampled_from(["AC-1", "AC-12", "BO-1", "", "ac-1"])
_LINES = st.builds(
    LineFacts,
    store=st.integers(1, 2),
    channel=st.integers(0, 2),
    sku=_SKUS,
    brand=st.sampled_from(["", "Fir", "FIR", "Oak"]),
    categories=st.none() | st.lists(st.sampled_from(["1", "2", "Lamps"])).map(tuple),
    delivery=st.sampled_from(Delivery),
    pickup_method=st.integers(0, 2),
    countries=st.lists(st.sampled_from(["US", "CA"]), max_size=1).map(tuple),
    regions=st.lists(st.sampled_from(["MN", "ON"]), max_size=1).map(tuple),
    postal_code=st.sampled_from(["", "55802", "K1A 0B1"]),
)


def _some(*values: object) -> st.SearchStrategy[tuple[object, ...]]:
    return st.lists(st.sampled_from(values), max_size=2).map(tuple)


_RULES = st.builds(
    Rule,
    key=st.just(0),
    name=st.sampled_from(["A", "B"]),
    priority=st.integers(0, 3),
    agreement=st.integers(1, 3),
    serves=st.sampled_from([frozenset({1, 2}), frozenset({1}), frozenset()]),
    store=st.none() | st.integers(1, 2),
    skus=_some("AC-*", "BO-1", "*"),
    brands=_some("Fir", "Oak"),
    categories=_some("1", "lamps"),
    channels=_some(0, 1),
    delivery=st.sampled_from(Delivery),
    pickup_methods=_some(1),
    countries=_some("us", "CA"),
    regions=_some("MN"),
    postal_prefixes=_some("55", "k1a"),
)


@settings(max_examples=2000 if WHOLE else 200, derandomize=True, deadline=None, database=None)
@given(facts=_LINES, rules=st.lists(_RULES, max_size=6), data=st.data())
def test_the_choice_is_total_and_depends_on_nothing_but_line_and_rules(
    facts: LineFacts, rules: list[Rule], data: st.DataObject
) -> None:
    rules = [replace(rule, key=key) for key, rule in enumerate(rules)]
    choice = choose(facts, rules)
    assert choose(facts, data.draw(st.permutations(rules))) == choice
    in_turn = sorted(rules, key=lambda rule: (rule.priority, rule.key))
    alone = [choose(facts, [rule]) for rule in in_turn]
    taking = [each.rule for each in alone if each.rule is not None]
    assert choice.rule == (taking[0] if taking else None)
    before = in_turn[: in_turn.index(choice.rule)] if choice.rule else in_turn
    assert [passed.rule for passed in choice.passed] == before
    assert all(isinstance(passed, Passed) and passed.because for passed in choice.passed)
    assert choice.because


@pytest.mark.parametrize(
    ("parents", "whole", "held"),
    [
        ({1: 0, 2: 1, 3: 1}, {1}, {2: 1, 3: 1}),
        ({1: 0, 2: 1, 3: 1}, set(), {}),
        ({1: 0, 2: 1, 3: 2}, {1, 2}, {2: 1, 3: 1}),
        ({1: 0, 2: 1, 3: 2}, {2}, {3: 2}),
        ({2: 9}, {9}, {}),
        ({1: 1, 2: 1}, {1}, {2: 1}),
        ({1: 2, 2: 1, 3: 1}, {1, 2}, {3: 1}),
    ],
    ids=["whole", "taken apart", "the topmost", "inside another", "no parent", "its own part", "a ring"],
)
def test_what_goes_whole_holds_its_parts(
    parents: dict[int, int], whole: set[int], held: dict[int, int]
) -> None:
    assert held_by(sound_parents(parents), whole) == held

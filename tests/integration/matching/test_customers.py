"""Whose order it is, and by which number he knows it."""

from __future__ import annotations

import pytest

from integration.matching.customers import Buyer, Link, Writings, link_of, number_in

BUYER = Buyer(
    store=1, customer_id=77, group_id=3, companies=("Grove  Retail", ""), emails=("ann@groveretail.example",)
)
WRITINGS = Writings(
    order="1042",
    message="Hello, our PO number: GRV-7781/2. Please ring before 8.",
    staff_notes="po # 55-A.\nPO-box 12",
    external_order_id=" GRV-1 ",
    external_id="AMZ-9",
    form_fields=(("Cost centre", "40"), ("Purchase  Order", " "), ("purchase order", " GRV-3 ")),
)


def chosen(*links: Link, buyer: Buyer = BUYER) -> int | None:
    found = link_of(buyer, links)
    return found.key if found else None


@pytest.mark.parametrize(
    "conditions",
    [
        {"customer_ids": frozenset({5, 77})},
        {"companies": ("GROVE retail",)},
        {"email_domains": ("@GroveRetail.example",)},
        {"group_ids": frozenset({3})},
        {"companies": ("Somebody else",), "group_ids": frozenset({3})},
        {"store": 1, "customer_ids": frozenset({77})},
    ],
)
def test_any_one_condition_is_enough(conditions: dict[str, object]) -> None:
    assert chosen(Link(key=9, **conditions)) == 9  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "conditions",
    [
        {},
        {"store": 2, "customer_ids": frozenset({77})},
        {"customer_ids": frozenset({7})},
        {"companies": ("Grove",)},
        {"companies": ("",)},
        {"email_domains": ("retail.example",)},
        {"email_domains": ("not.groveretail.example",)},
        {"group_ids": frozenset({4})},
    ],
)
def test_what_fits_in_nothing_is_not_meant(conditions: dict[str, object]) -> None:
    assert chosen(Link(key=9, **conditions)) is None  # type: ignore[arg-type]


def test_a_guest_and_a_customer_without_group_are_in_no_list_of_noughts() -> None:
    link = Link(1, customer_ids=frozenset({0}), group_ids=frozenset({0}), companies=("",))
    assert chosen(link, buyer=Buyer(store=1, companies=("",), emails=("",))) is None


def test_the_most_exact_link_holds_then_that_of_the_store_alone_then_the_older_one() -> None:
    group = Link(1, store=1, group_ids=frozenset({3}))
    domain = Link(2, email_domains=("groveretail.example",))
    company = Link(3, companies=("Grove Retail",))
    number = Link(5, customer_ids=frozenset({77}))
    newer = Link(6, customer_ids=frozenset({77}))
    of_store = Link(7, store=1, customer_ids=frozenset({77}))
    everything = [group, domain, company, newer, number, of_store]
    order = []
    while everything:
        key = chosen(*everything)
        order.append(key)
        everything = [each for each in everything if each.key != key]
    assert order == [7, 5, 6, 3, 2, 1]


@pytest.mark.parametrize(
    ("source", "name", "number"),
    [
        ("order", "", "1042"),
        ("external_order_id", "", "GRV-1"),
        ("external_id", "", "AMZ-9"),
        ("form_field", "Purchase order", "GRV-3"),
        ("form_field", "PO", ""),
        ("message", "PO number", "GRV-7781/2"),
        ("message", "po  NUMBER", "GRV-7781/2"),
        ("message", "our", ""),
        ("message", "before", "8"),
        ("message", "O number", ""),
        ("staff_notes", "PO", "55-A"),
        ("staff_notes", "PO-box", "12"),
    ],
)
def test_the_customers_number_is_found_where_the_link_says(source: str, name: str, number: str) -> None:
    assert number_in(WRITINGS, source, name) == number

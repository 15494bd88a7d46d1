"""The two finders that others ask: orders by a number that people write, and the documents of what matches."""

from __future__ import annotations

import pytest

from archive.reach import Reach
from integration.models import Order
from integration.search import documents_found, orders_numbered, whole_number
from tests import factories

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("1042", 1042),
        (" #1042 ", 1042),
        ("1" * 18, int("1" * 18)),
        ("1" * 19, None),
        ("١٢", None),
        ("10-1", None),
    ],
)
def test_a_number_is_taken_as_people_write_it(text: str, number: int | None) -> None:
    assert whole_number(text) == number


def test_an_order_is_found_by_its_number_in_each_store_that_has_it() -> None:
    first = factories.order()
    second = factories.order(first.number)
    assert orders_numbered(f"#{first.number}") == [first, second]
    assert orders_numbered(str(first.number), second.store.name) == [second]
    assert orders_numbered(f"{first.number}0") == orders_numbered("no number") == []


def test_documents_are_found_by_their_own_number_or_their_orders_and_whole_ones_first() -> None:
    sent, other = factories.sent(), factories.sent()
    order = Order.objects.get(documents__document=sent)
    for number in (sent.state.number, str(order.number)):
        assert documents_found(number, 10) == [sent.pk]
    everybody = Reach(partners=frozenset([sent.partner_id, other.partner_id]))
    assert documents_found("PO", 10, everybody) == documents_found("PO", 10)
    assert documents_found(sent.state.number, 10, Reach(partners=frozenset())) == []
    assert documents_found("nothing like it", 10) == []


def test_one_document_more_than_wanted_says_that_there_are_more() -> None:
    made = [factories.sent() for _ in range(3)]
    begin = made[0].state.number[:2]
    assert documents_found(begin, 3) == [each.pk for each in made]
    assert documents_found(begin, 1) == [each.pk for each in made[:2]]

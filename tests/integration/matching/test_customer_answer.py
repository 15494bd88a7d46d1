"""What a business customer is told of his order, and whether it is news to him."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from integration.matching.customer_answer import (
    OrderedLine,
    Outlook,
    Part,
    Supply,
    ToldLine,
    answer_type,
    is_news,
    outlook,
    told_from_json,
    told_to_json,
)

SOON, LATER = date(2026, 12, 1), date(2026, 12, 9)
TEN = Decimal(10)


def line(*supplies: Supply, quantity: int = 10, key: int = 1, **fields: object) -> OrderedLine:
    given = {"supplies": supplies, **fields}
    return OrderedLine(key, f"SKU-{key}", Decimal(quantity), Decimal("4.50"), **given)  # type: ignore[arg-type]


def asked(quantity: int = 10) -> Supply:
    return Supply(Decimal(quantity))


def answered(
    accepted: int, backordered: int = 0, of: int = 10, day: date | None = SOON, **fields: object
) -> Supply:
    counted = (Decimal(of), Decimal(accepted), Decimal(backordered))
    return Supply(*counted, promised_on=day, answered=True, **fields)  # type: ignore[arg-type]


def shown(told: Outlook) -> list[tuple[int, int, list[tuple[str, int, date | None]]]]:
    return [
        (
            each.number,
            int(each.ordered),
            [(part.status, int(part.quantity), part.promised_on) for part in each.parts],
        )
        for each in told.lines
    ]


def parts(*lines: OrderedLine, **options: object) -> list[tuple[str, int, date | None]]:
    """Return what is told of the first of ``lines``."""
    return shown(outlook(lines, **options))[0][2]  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("supplies", "told", "is_open"),
    [
        ((asked(),), [("accepted", 10, None)], True),
        ((answered(10),), [("accepted", 10, SOON)], False),
        ((answered(7, 3),), [("accepted", 7, SOON), ("backordered", 3, None)], False),
        ((answered(7),), [("accepted", 7, SOON), ("rejected", 3, None)], False),
        ((answered(0, day=None),), [("rejected", 10, None)], False),
        # The remainder is ordered from another supplier, who has yet to answer, then answers.
        ((answered(7, of=7), asked(3)), [("accepted", 3, None), ("accepted", 7, SOON)], True),
        ((answered(7, of=7), answered(3, of=3)), [("accepted", 10, SOON)], False),
        (
            (answered(7, of=7), answered(3, of=3, day=LATER)),
            [("accepted", 7, SOON), ("accepted", 3, LATER)],
            False,
        ),
        # More than was ordered is no more for him.
        ((answered(12),), [("accepted", 10, SOON)], False),
        ((answered(6, held=Decimal(4)),), [("accepted", 6, SOON), ("on_hold", 4, None)], False),
        ((answered(10, substitute="SKU-9"),), [("substituted", 10, SOON)], False),
        # Nobody is asked for it any more: the purchase order was cancelled.
        ((), [("rejected", 10, None)], False),
    ],
)
def test_of_a_line_is_told_what_its_suppliers_are_to_deliver(
    supplies: tuple[Supply, ...], told: list[tuple[str, int, date | None]], is_open: bool
) -> None:
    found = outlook([line(*supplies)])
    assert shown(found) == [(1, 10, told)]
    assert found.open_lines == ((1,) if is_open else ())


def test_while_an_answer_is_disputed_what_was_told_last_stands() -> None:
    disputed = line(Supply(TEN, disputed=True))
    first = outlook([disputed])
    assert (shown(first)[0][2], first.open_lines) == ([("accepted", 10, None)], (1,))
    told = outlook([line(answered(8, 2))]).lines
    assert outlook([disputed], told).lines == told


def test_what_an_edit_adds_waits_for_whoever_decides_about_it() -> None:
    told = outlook([line(answered(10))]).lines
    more = line(answered(10), quantity=12)
    assert outlook([more], told, edit_open=True).lines == told
    assert parts(more, told=told) == [("quantity_changed", 10, SOON), ("rejected", 2, None)]


def test_fewer_are_told_as_a_changed_quantity_of_what_was_ordered_first() -> None:
    told = outlook([line(answered(10))]).lines
    assert shown(outlook([line(answered(8, of=8), quantity=8)], told)) == [
        (1, 10, [("quantity_changed", 8, SOON)])
    ]


def test_a_line_that_is_gone_or_refunded_whole_is_told_as_deleted_for_good() -> None:
    told = outlook([line(answered(10)), line(answered(10), key=2)]).lines
    gone = outlook([line(answered(10), quantity=0)], told)
    assert shown(gone) == [(1, 10, [("deleted", 10, None)]), (2, 10, [("deleted", 10, None)])]
    assert outlook([], gone.lines).lines == gone.lines


def test_a_line_that_was_gone_before_anything_was_told_is_never_told() -> None:
    assert shown(outlook([line(quantity=0), line(answered(10), key=2)])) == [
        (1, 10, [("accepted", 10, SOON)])
    ]


def test_a_new_line_gets_the_next_number_wherever_it_stands() -> None:
    told = outlook([line(answered(10)), line(answered(10), key=2)]).lines
    now = outlook([line(asked(), key=3), line(answered(10), key=2), line(answered(10))], told)
    assert [(each.number, each.key) for each in now.lines] == [(1, 1), (2, 2), (3, 3)]


def test_a_cancelled_order_is_rejected_whole() -> None:
    told = outlook([line(answered(10)), line(answered(4, of=4), quantity=4, key=2)]).lines
    now = outlook([line(answered(10), quantity=8), line(answered(4, of=4), quantity=4, key=2)], told, cancelled=True)  # fmt: skip
    assert shown(now) == [(1, 10, [("rejected", 10, None)]), (2, 4, [("rejected", 4, None)])]
    assert answer_type(now.lines) == "rejected_with_detail"


def test_what_no_partner_is_asked_for_is_ours_to_give() -> None:
    assert parts(line(supplied=False)) == [("accepted", 10, None)]


def test_of_a_bundle_as_many_come_as_there_are_parts_of_each_kind() -> None:
    lamps = line(answered(8, 2), key=2)
    bulbs = line(answered(14, 4, of=20, day=LATER), quantity=20, key=3)
    whole = line(parts=(lamps, bulbs))
    # 8 lamps and bulbs for 7; lamps for 10 and bulbs for 9 if backorders count; bulbs for 9 alone.
    assert parts(whole) == [("accepted", 7, LATER), ("backordered", 2, None), ("rejected", 1, None)]
    waits = outlook([replace(whole, parts=(lamps, line(asked(20), quantity=20, key=3)))])
    assert (waits.open_lines, shown(waits)[0][2][0]) == ((1,), ("accepted", 8, None))


@pytest.mark.parametrize(
    ("supplies", "kind"),
    [
        ((answered(10),), "detail_no_change"),
        ((answered(9, 1),), "detail_with_change"),
        ((answered(0),), "rejected_with_detail"),
    ],
)
def test_the_answer_as_a_whole_is_named_by_its_lines(supplies: tuple[Supply, ...], kind: str) -> None:
    assert answer_type(outlook([line(*supplies)]).lines) == kind


def test_two_promises_for_one_line_are_a_change_though_all_of_it_comes() -> None:
    told = outlook([line(answered(7, of=7), answered(3, of=3, day=LATER))]).lines
    assert answer_type(told) == "detail_with_change"


TOLD = ToldLine(1, 1, "SKU-1", TEN, Decimal("4.50"), (Part("accepted", TEN, SOON),), "Lamp", "012345678905")


@pytest.mark.parametrize(
    ("now", "news"),
    [
        (TOLD, False),
        (replace(TOLD, description="Lamp, large", upc=""), False),
        (replace(TOLD, ordered=Decimal("10.00"), unit_price=Decimal("4.5")), False),
        (replace(TOLD, unit_price=Decimal(5)), True),
        (replace(TOLD, sku="SKU-2"), True),
        (replace(TOLD, parts=(Part("accepted", TEN, LATER),)), True),
        (replace(TOLD, parts=(Part("accepted", TEN),)), True),
        (replace(TOLD, parts=(Part("accepted", Decimal(9), SOON), Part("rejected", Decimal(1)))), True),
    ],
)
def test_news_is_a_quantity_a_date_a_price_or_an_item(now: ToldLine, news: bool) -> None:
    assert is_news([TOLD], [now]) is news


SUPPLIES = st.builds(
    lambda asked, shares, day, answered, disputed, item: Supply(
        Decimal(asked), *(Decimal(share) for share in shares), day, item, answered, disputed
    ),
    st.integers(0, 9),
    st.tuples(*[st.integers(0, 9)] * 3),
    st.sampled_from([None, SOON, LATER]),
    st.booleans(),
    st.sampled_from([False, False, True]),
    st.sampled_from(["", "", "SKU-9"]),
)
LINES = st.builds(
    lambda key, quantity, supplies, supplied: line(
        *supplies, quantity=quantity, key=key, supplied=supplied
    ),
    st.integers(1, 4), st.integers(0, 12), st.lists(SUPPLIES, max_size=3), st.booleans(),
)  # fmt: skip
ORDERS = st.lists(LINES, max_size=4, unique_by=lambda each: each.key)


@given(ORDERS, ORDERS, st.booleans(), st.booleans())
def test_whatever_happens_all_of_a_line_is_told_and_the_same_is_never_told_twice(
    before: list[OrderedLine], after: list[OrderedLine], cancelled: bool, edit_open: bool
) -> None:
    told = outlook(before).lines
    options = {"cancelled": cancelled, "edit_open": edit_open}
    now = outlook(after, told, **options)
    again = outlook(after, now.lines, **options)
    assert not is_news(now.lines, again.lines)
    assert again.open_lines == now.open_lines
    assert tuple(told_from_json(told_to_json(each)) for each in now.lines) == now.lines
    assert [each.number for each in now.lines] == list(range(1, len(now.lines) + 1))
    wanted = {each.key: each.quantity for each in after}
    for each in now.lines:
        if each.number in now.open_lines:
            continue  # of an undecided line what was told before stands, of quantities that were
        total = sum((part.quantity for part in each.parts), Decimal(0))
        gone = cancelled or not wanted.get(each.key)
        assert total == (each.ordered if gone else wanted[each.key])
        assert all(part.quantity > 0 for part in each.parts)

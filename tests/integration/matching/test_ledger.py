"""Where a line stands: movements summed, the latest statement whole, in whatever order the entries come."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from random import Random

import pytest

from integration.matching.ledger import MOVEMENTS, STATEMENTS, Entry, Position, position

START = datetime(2026, 11, 24, 9, 30, tzinfo=UTC)


def entry(kind: str, quantity: int, minute: int = 0, document: int = 1, **fields: object) -> Entry:
    made = Entry(kind, Decimal(quantity), START + timedelta(minutes=minute), document)
    return replace(made, **fields)  # type: ignore[arg-type]


def test_movements_are_summed_and_statements_are_not() -> None:
    found = position(
        [
            entry("ordered", 12),
            entry("ordered", 3, 1, document=2),
            entry("cancelled", 5, 2, document=3),
            entry("shipped", 4, 3, document=4),
            entry("shipped", 4, 3, document=4),
            entry("acknowledged", 15, 1, document=5),
            entry(
                "acknowledged", 8, 4, document=6, unit_price=Decimal("4.50"), promised_on=date(2026, 12, 1)
            ),
            entry("backordered", 2, 4, document=6, promised_on=date(2026, 12, 9)),
        ]
    )
    assert found == Position(
        ordered=Decimal(15),
        cancelled=Decimal(5),
        shipped=Decimal(8),
        acknowledged=Decimal(8),
        backordered=Decimal(2),
        rejected=Decimal(0),
        held=Decimal(0),
        unit_price=Decimal("4.50"),
        promised_on=date(2026, 12, 9),
    )
    assert (found.in_force, found.open, found.unanswered) == (10, 2, 0)


def test_a_later_answer_takes_the_place_of_an_earlier_one_whole() -> None:
    first = [entry("acknowledged", 8, 0), entry("backordered", 4, 0)]
    second = [entry("acknowledged", 12, 5, document=2)]
    assert position([*first, *second]).backordered == 0
    assert position([*second, *first]).acknowledged == 12


def test_nothing_said_is_not_zero() -> None:
    assert position([entry("ordered", 12)]).acknowledged is None
    assert position([entry("ordered", 12)]).unanswered == 12
    assert position([]) == Position()


def test_within_a_minute_the_control_number_and_then_the_place_decide() -> None:
    def said(quantity: int, number: int, place: int, document: int) -> Entry:
        return entry("acknowledged", quantity, document=document, place=(number, place))

    answers = [
        said(1, 599_999, 0, 9),
        said(2, 600_000, 0, 8),
        said(3, 600_000, 150, 7),
        said(4, 599_999, 200, 6),
    ]
    for order in (answers, answers[::-1]):
        assert position(order).acknowledged == 3
    later_minute = entry("acknowledged", 5, minute=1, document=1, place=(1, 0))
    assert position([later_minute, *answers]).acknowledged == 5


def scenario(random: Random) -> list[Entry]:
    """Return the entries of some documents of one line, some of the same minute."""
    made = []
    for document in range(1, random.randint(2, 7)):
        minute = random.randint(0, 3)
        kinds = (
            random.sample(STATEMENTS, random.randint(1, 3))
            if random.random() < 0.6
            else [random.choice(MOVEMENTS)]
        )
        made += [entry(kind, random.randint(0, 9), minute, document) for kind in kinds]
    return made


def last_posted_holds(entries: list[Entry]) -> Decimal | None:
    """What a ledger without ``stated_at`` would say is acknowledged."""
    said = [each.quantity for each in entries if each.kind == "acknowledged"]
    return said[-1] if said else None


@pytest.mark.parametrize("seed", range(200))
def test_any_order_of_arrival_gives_the_same_position(seed: int) -> None:
    random = Random(seed)
    entries = scenario(random)
    wanted = position(entries)
    for _ in range(5):
        random.shuffle(entries)
        assert position(entries) == wanted


def test_the_order_of_arrival_alone_would_not_do() -> None:
    differ = 0
    for seed in range(200):
        random = Random(seed)
        entries = scenario(random)
        before = last_posted_holds(entries)
        random.shuffle(entries)
        differ += before != last_posted_holds(entries)
    assert differ == 32

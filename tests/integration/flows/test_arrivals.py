"""Whatever the order in which answers arrive, and however often: the same positions. By files through the real reader."""

from __future__ import annotations

import os
from random import Random

import pytest

from archive.models import Document
from integration.flows.match import match
from integration.flows.positions import positions_of
from integration.matching.ledger import Position
from integration.models import LineEntry, PurchaseOrder
from integration.work import Unclaimed
from integration.x12.syntax import Segment, segment
from tests import factories

SCENARIOS = 150 if os.environ.get("GRIDPORT_CHAOS") else 8
WAYS = 3
SKUS = ("FS-1", "FS-2", "FS-3")
STATUSES = ("IA", "IQ", "IB", "BP", "IR", "IH")

Said = list[tuple[int, str, int]]
"""What one answer says: line, ACK01, quantity."""


def scenario(random: Random) -> list[Said]:
    """Return two to four answers in the order in which the partner makes them, some saying what was said before."""
    answers: list[Said] = []
    for _ in range(random.randint(2, 4)):
        if answers and random.random() < 0.25:
            answers.append(random.choice(answers))
            continue
        spoken = random.sample(range(1, len(SKUS) + 1), random.randint(1, len(SKUS)))
        answers.append([(line, random.choice(STATUSES), random.randint(1, 9)) for line in sorted(spoken)])
    return answers


def ask() -> PurchaseOrder:
    """Return a purchase order of nine each of three items, sent."""
    lines = [factories.order_line(place, sku, 9) for place, sku in enumerate(SKUS, start=1)]
    made = factories.purchase_order(factories.order(lines=lines))
    factories.sent(made)
    return made


def arrive(made: PurchaseOrder, said: Said, number: int) -> Document:
    """Have an answer arrive in an interchange of control number ``number``, be read and matched."""
    body: list[Segment] = [segment("BAK", "00", "AC", made.number, "20261124")]
    for line, status, quantity in said:
        body += [
            segment("PO1", str(line), "9", "EA", "4.5", "", "VN", f"V-{SKUS[line - 1]}"),
            segment("ACK", status, str(quantity), "EA"),
        ]
    terms = made.agreement
    data = factories.interchange_bytes(
        "855",
        body,
        sender=(terms.identifier.qualifier, terms.identifier.value),
        receiver=(terms.own_qualifier, terms.own_id),
        number=number,
    )
    document = factories.read(factories.received_file(terms.mailbox, data, f"{made.number}-{number}.edi"))
    match(str(document.pk), Unclaimed())
    return document


def stands(made: PurchaseOrder) -> list[Position]:
    return [found for _, found in sorted(positions_of(made).items())]


def by_arrival(made: PurchaseOrder) -> list[int | None]:
    """What a ledger that takes the entry posted last would say is acknowledged."""
    return [
        int(last.quantity) if last else None
        for line in made.lines.all()
        for last in [LineEntry.standing().filter(line=line, kind="acknowledged").order_by("pk").last()]
    ]


def in_some_order(random: Random, count: int) -> list[int]:
    """Return every place once, in any order, and some a second time: lost, and come back."""
    order = random.sample(range(count), count)
    return order + [place for place in order if random.random() < 0.3]


@pytest.mark.django_db
def test_any_order_of_arrival_and_any_repetition_give_the_same_positions() -> None:
    fooled = 0
    for seed in range(SCENARIOS):
        random = Random(seed)
        answers = scenario(random)
        first = ask()
        for number, said in enumerate(answers, start=1):
            arrive(first, said, 1000 * (seed + 1) + number)
        wanted, naive = stands(first), by_arrival(first)
        for way in range(1, WAYS):
            made = ask()
            arrived: dict[int, Document] = {}
            for place in in_some_order(random, len(answers)):
                if place in arrived:  # the same file once more is known by its bytes; its work may run twice
                    match(str(arrived[place].pk), Unclaimed())
                else:
                    number = 1000 * (seed + 1) + 100 * way + place + 1
                    arrived[place] = arrive(made, answers[place], number)
            assert stands(made) == wanted, (seed, answers)
            fooled += by_arrival(made) != naive
    assert fooled > 0
    if SCENARIOS == 8:
        assert fooled == 5

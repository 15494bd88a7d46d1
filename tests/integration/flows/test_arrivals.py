"""Whatever the order in which answers arrive, and however often: the same positions. By files through the real reader."""

from __future__ import annotations

import os
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from random import Random

import pytest
from django.contrib.auth.models import User

from archive.models import Document, Transmission
from integration.flows.match import match
from integration.flows.positions import positions_of
from integration.flows.reprocess import plan_reprocess, reprocess
from integration.flows.translate import translate
from integration.matching.ledger import Position
from integration.models import LineEntry, PurchaseOrder
from integration.work import Unclaimed
from integration.x12.syntax import Segment, segment
from partners.models import CodeList
from tests import factories

SCENARIOS = 150 if os.environ.get("GRIDPORT_CHAOS") else 8
WAYS = 3
SKUS = ("FS-1", "FS-2", "FS-3")
STATUSES = ("IA", "IQ", "IB", "BP", "IR", "IH")

MADE = datetime(2026, 11, 24, 9, 0, tzinfo=UTC)
REASON = "The code list was changed."

Said = list[tuple[int, str, int]]
"""What one answer says: line, ACK01, quantity."""


@dataclass(frozen=True)
class Answer:
    """One answer: the minute in which the partner made it, and its control number (ISA13) beyond a base."""

    minute: int
    number: int
    said: Said


def scenario(random: Random) -> list[Answer]:
    """Return two to four answers in the order in which the partner makes them, some saying what was said before.

    Within a minute his numbers rise; in a later one they may begin anywhere, below too.
    """
    answers: list[Answer] = []
    starts = random.sample(range(0, 90, 10), 4)
    minute, number = 0, starts.pop()
    for _ in range(random.randint(2, 4)):
        if answers and random.random() < 0.25:
            said = random.choice(answers).said
        else:
            spoken = random.sample(range(1, len(SKUS) + 1), random.randint(1, len(SKUS)))
            said = [(line, random.choice(STATUSES), random.randint(1, 9)) for line in sorted(spoken)]
        answers.append(Answer(minute, number, said))
        number += 1
        if random.random() < 0.5:
            minute, number = minute + random.randint(1, 9), starts.pop()
    return answers


def ask() -> PurchaseOrder:
    """Return a purchase order of nine each of three items, sent."""
    lines = [factories.order_line(place, sku, 9) for place, sku in enumerate(SKUS, start=1)]
    made = factories.purchase_order(factories.order(lines=lines))
    factories.sent(made)
    return made


class Arrivals:
    """Answers to one purchase order, as they arrive; ``base`` keeps their control numbers apart from others'."""

    def __init__(self, made: PurchaseOrder, answers: list[Answer], base: int) -> None:
        self._made, self._answers, self._base = made, answers, base
        self._read: dict[int, Document] = {}

    def file(self, place: int) -> None:
        """Have an answer arrive and be matched; what was matched before is matched once more."""
        if place not in self._read:
            self._read[place] = Document.objects.get(interchange__transmission=self._taken(place, "answer"))
        match(str(self._read[place].pk), Unclaimed())

    def found(self, place: int) -> None:
        """Have an answer that was lost come back as a new file, after the first one or in its place."""
        if place not in self._read:
            self.file(place)
            return
        assert not Document.objects.filter(interchange__transmission=self._taken(place, "found")).exists()

    def reread(self, place: int, user: User) -> int:
        """Have an answer be read again by a wrong code list, and by the right one; return how often it was read again."""
        document = self._read.get(place)
        if document is None:
            return 0
        units, _ = CodeList.objects.get_or_create(agreement=self._made.agreement, name="units")
        units.entries.create(ours="dozen", theirs="EA")
        _read_again(document, user)
        units.entries.all().delete()
        _read_again(document, user)
        return 2

    def _taken(self, place: int, name: str) -> Transmission:
        answer, terms = self._answers[place], self._made.agreement
        body: list[Segment] = [segment("BAK", "00", "AC", self._made.number, "20261124")]
        for line, status, quantity in answer.said:
            body += [
                segment("PO1", str(line), "9", "EA", "4.5", "", "VN", f"V-{SKUS[line - 1]}"),
                segment("ACK", status, str(quantity), "EA"),
            ]
        data = factories.interchange_bytes(
            "855",
            body,
            sender=(terms.identifier.qualifier, terms.identifier.value),
            receiver=(terms.own_qualifier, terms.own_id),
            number=self._base + answer.number,
            made_at=MADE + timedelta(minutes=answer.minute),
        )
        taken = factories.received_file(terms.mailbox, data, f"{self._base}-{place}-{name}.edi")
        translate(str(taken.pk), Unclaimed())
        return taken


def _read_again(document: Document, user: User) -> None:
    key = f"{document.pk}-{document.reprocessings.count()}"
    reprocess(user, document, REASON, plan_reprocess(user, document).digest, key)


def stands(made: PurchaseOrder) -> list[Position]:
    return [found for _, found in sorted(positions_of(made).items())]


def by_arrival(made: PurchaseOrder) -> list[int | None]:
    """What a ledger that takes the entry posted last would say is acknowledged."""
    return [
        int(last.quantity) if last else None
        for line in made.lines.all()
        for last in [LineEntry.standing().filter(line=line, kind="acknowledged").order_by("pk").last()]
    ]


def in_some_order(random: Random, count: int) -> list[tuple[str, int]]:
    """Return what arrives, in any order: every answer, some again or as a file that was lost; some are read again."""
    events = [("file", place) for place in random.sample(range(count), count)]
    for place in range(count):
        for what, chance in (("file", 0.3), ("found", 0.3), ("reread", 0.15)):
            if random.random() < chance:
                events.insert(random.randint(0, len(events)), (what, place))
    return events


@pytest.mark.django_db
def test_any_order_of_arrival_and_any_repetition_give_the_same_positions() -> None:
    fooled = reread = restarted = 0
    reader = factories.user("rea", "decide")
    for seed in range(SCENARIOS):
        random = Random(seed)
        answers = scenario(random)
        restarted += any(
            later.minute > before.minute and later.number < before.number
            for before, later in pairwise(answers)
        )
        first = ask()
        in_order = Arrivals(first, answers, 1000 * (seed + 1))
        for place in range(len(answers)):
            in_order.file(place)
        wanted, naive = stands(first), by_arrival(first)
        for way in range(1, WAYS):
            made = ask()
            arrivals = Arrivals(made, answers, 1000 * (seed + 1) + 100 * way)
            for what, place in in_some_order(random, len(answers)):
                if what == "reread":
                    reread += arrivals.reread(place, reader)
                else:
                    getattr(arrivals, what)(place)
            assert stands(made) == wanted, (seed, answers)
            fooled += by_arrival(made) != naive
    assert fooled > 0
    if SCENARIOS == 8:
        assert (fooled, reread, restarted) == (6, 8, 2)

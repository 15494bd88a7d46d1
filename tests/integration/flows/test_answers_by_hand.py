"""Purchase orders with their answers (855), each worked out by hand in a table that people from operations read.

``tests/samples/acknowledgments_by_hand.tsv``: what was ordered (quantity, item, price, the day asked for), the
answers as X12's own codes say them, oldest first and divided by ``//``, what the agreement lets pass, and what has to
come of it. Each row goes through the real reader, guide, decision and ledger.
"""

from __future__ import annotations

import csv
import re
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

import pytest

from integration.flows.match import match
from integration.flows.positions import positions_of
from integration.matching.ledger import Position
from integration.models import ExceptionCase, PurchaseOrder
from integration.work import Unclaimed
from integration.x12.syntax import Segment, segment
from partners.models import AllowedSubstitute, AnswerTolerances
from tests import factories

TABLE = Path(__file__).parents[2] / "samples" / "acknowledgments_by_hand.tsv"
ORDERED = re.compile(r"(?P<quantity>\d+) (?P<item>\w+) @ (?P<price>[\d.]+)(?: by (?P<day>[\d-]+))?")
PART = re.compile(
    r"(?P<code>[A-Z]{2}) (?P<quantity>\d+)(?: @ (?P<price>[\d.]+))?(?: on (?P<day>[\d-]+))?(?: for (?P<item>\S+))?"
)


@dataclass(frozen=True)
class Row:
    """One row of the table."""

    number: str
    what: str
    ordered: str
    answers: str
    lets_pass: str
    result: str
    ledger: str


def rows() -> list[Row]:
    with TABLE.open(newline="") as opened:
        _, *found = csv.reader(opened, delimiter="\t")
    return [Row(*each) for each in found]


def ask(row: Row) -> PurchaseOrder:
    """Have what the row orders be sent, under an agreement that lets pass what the row says."""
    wanted = [ORDERED.fullmatch(each) for each in row.ordered.split("; ")]
    lines = [
        factories.order_line(at, each["item"], int(each["quantity"]))
        for at, each in enumerate(wanted, start=1)
        if each
    ]
    made = factories.purchase_order(factories.order(lines=lines))
    for line, each in zip(made.lines.all(), wanted, strict=True):
        assert each is not None
        made.lines.filter(pk=line.pk).update(unit_price=Decimal(each["price"]))
    factories.sent(made)
    content = made.content or {}
    for line_content, each in zip(content["lines"], wanted, strict=True):
        assert each is not None
        line_content["requested_delivery"] = each["day"]
    made.content = content
    made.save(update_fields=["content"])
    let_pass(made, row.lets_pass)
    return made


def let_pass(made: PurchaseOrder, words: str) -> None:
    fields: dict[str, object] = {}
    if substitute := re.fullmatch(r"(\w+) may be (\S+)", words):
        AllowedSubstitute.objects.create(agreement=made.agreement, sku=substitute[1], item=substitute[2])
    elif days := re.fullmatch(r"(\d+) days late", words):
        fields["days_late"] = int(days[1])
    elif words in ("backorders", "cheaper"):
        fields[f"accepts_{words}"] = True
    elif words:
        kind, *limits = words.split(" ", 1)
        for amount, unit in re.findall(r"([\d.]+) (%|units)", limits[0]):
            fields[f"{kind}_{'percent' if unit == '%' else 'absolute'}"] = Decimal(amount)
        assert fields, words
    AnswerTolerances.objects.create(agreement=made.agreement, **fields)


def answer(made: PurchaseOrder, words: str) -> list[Segment]:
    """Return the 855 that ``words`` (``AC: A IA 6 + IB 4, B IA 5``) mean."""
    kind, _, said = words.partition(":")
    body = [segment("BAK", "00", kind.strip(), made.number, "20261124")]
    numbered = {line.sku: line for line in made.lines.all()}
    for spoken in filter(None, map(str.strip, said.split(","))):
        item, _, told = spoken.partition(" ")
        line = numbered[item]
        parts = [PART.fullmatch(part) for part in told.split(" + ")]
        price = next((part["price"] for part in parts if part and part["price"]), "")
        body.append(
            segment(
                "PO1", str(line.line_number), f"{line.quantity:.0f}", "EA", price, "", "VN", line.vendor_item
            )
        )
        for part in parts:
            assert part is not None, told
            day = part["day"].replace("-", "") if part["day"] else ""
            offered = ["", "VN", part["item"]] if part["item"] else []
            body.append(
                segment("ACK", part["code"], part["quantity"], "EA", "068" if day else "", day, *offered)
            )
    return body


def stands(made: PurchaseOrder) -> str:
    found = positions_of(made)
    return "; ".join(
        f"{line.sku} {_words(found[line.line_number], line.unit_price)}" for line in made.lines.all()
    )


def _words(position: Position, asked: Decimal | None) -> str:
    words = f"{position.acknowledged:.0f} promised"
    for amount, meaning in (
        (position.backordered, "later"),
        (position.rejected, "refused"),
        (position.held, "on hold"),
    ):
        words += f" {amount:.0f} {meaning}" if amount else ""
    if position.unit_price not in (None, asked):
        words += f" at {position.unit_price.normalize()}"
    return words + (f" for {position.promised_on}" if position.promised_on else "")


@pytest.mark.django_db
@pytest.mark.parametrize("row", rows(), ids=lambda row: f"{row.number} {row.what}")
def test_an_answer_comes_to_what_was_worked_out_by_hand(row: Row) -> None:
    made = ask(row)
    for words in row.answers.split(" // "):
        document = factories.received(made.agreement, "855", answer(made, words))
        match(str(document.pk), Unclaimed())
    made.refresh_from_db()
    found = ["accepted"] if made.state == PurchaseOrder.State.ACCEPTED else []
    found += ["case"] if ExceptionCase.objects.filter(closed_at=None, purchase_order=made).exists() else []
    assert (", ".join(found), stands(made)) == (row.result, row.ledger)


@pytest.mark.django_db
@pytest.mark.parametrize(
    "row", [each for each in rows() if " // " in each.answers], ids=lambda row: f"{row.number} {row.what}"
)
def test_answers_in_any_order_and_repeated_leave_the_same_positions(row: Row) -> None:
    made = ask(row)
    arrived = [
        factories.received(made.agreement, "855", answer(made, words)) for words in row.answers.split(" // ")
    ]
    for document in [*reversed(arrived), *arrived]:
        match(str(document.pk), Unclaimed())
    assert stands(made) == row.ledger


def test_the_table_has_twenty_orders_and_more() -> None:
    assert len(rows()) == 23
    assert [row.number for row in rows()] == [str(number) for number in range(1, 24)]

"""What a business customer will get of his order, line by line, and whether that is news to him. Pure.

His lines are the store's. What suppliers promised, and what of it holds, comes from the ledger as ``Supply``; what was told
him last stands until something else is decided.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any

ACCEPTED, CHANGED, BACKORDERED, HELD = "accepted", "quantity_changed", "backordered", "on_hold"
REJECTED, DELETED, SUBSTITUTED = "rejected", "deleted", "substituted"
_NONE = Decimal(0)


@dataclass(frozen=True, slots=True)
class Supply:
    """So much of a line as one supplier was asked for, and what he is to deliver of it by what was accepted.

    ``answered``: he has promised it, or it is decided; ``disputed``: his answer waits for a person.
    """

    asked: Decimal
    accepted: Decimal = _NONE
    backordered: Decimal = _NONE
    held: Decimal = _NONE
    promised_on: date | None = None
    substitute: str = ""
    answered: bool = False
    disputed: bool = False


@dataclass(frozen=True, slots=True)
class OrderedLine:
    """One line of the store's order as it is now; ``quantity`` without what was refunded.

    ``supplied``: partners are asked for it. What no partner is asked for (a download, say) is ours to give. ``parts`` are
    the lines of a bundle that was taken apart.
    """

    key: int
    sku: str
    quantity: Decimal
    unit_price: Decimal
    description: str = ""
    upc: str = ""
    supplied: bool = True
    supplies: tuple[Supply, ...] = ()
    parts: tuple[OrderedLine, ...] = ()


@dataclass(frozen=True, slots=True)
class Part:
    """What becomes of so much of a line; ``status`` is a word of the 855's ``LINE_STATUSES``."""

    status: str
    quantity: Decimal
    promised_on: date | None = None
    substitute: str = ""


@dataclass(frozen=True, slots=True)
class ToldLine:
    """One line as the customer is told of it; ``ordered`` is what he had ordered when he was told of it first."""

    key: int
    number: int
    sku: str
    ordered: Decimal
    unit_price: Decimal
    parts: tuple[Part, ...]
    description: str = field(default="", compare=False)
    upc: str = field(default="", compare=False)


@dataclass(frozen=True, slots=True)
class Outlook:
    """What holds now. ``open_lines`` are numbers of lines of which suppliers, or somebody here, have yet to say something."""

    lines: tuple[ToldLine, ...]
    open_lines: tuple[int, ...] = ()


def outlook(
    lines: Sequence[OrderedLine],
    told: Sequence[ToldLine] = (),
    *,
    cancelled: bool = False,
    edit_open: bool = False,
) -> Outlook:
    """Return what the customer is to be told of ``lines``, given what he was ``told`` last.

    ``edit_open``: somebody has yet to decide about an edit, so what is not ordered from anybody may still be. Of lines that
    are not decided what was told last stands; else all of it is taken to come.
    """
    before = {each.key: each for each in told}
    number = max((each.number for each in told), default=0)
    found, undecided = [], []
    for line in lines:
        last = before.get(line.key)
        if last is None and not line.quantity:
            continue  # gone before he was told of it
        if last is None:
            number += 1
        ordered = last.ordered if last else line.quantity
        now = ToldLine(
            line.key, last.number if last else number, line.sku, ordered, line.unit_price, (), line.description, line.upc
        )  # fmt: skip
        if cancelled:
            found.append(_with_parts(now, (Part(REJECTED, ordered),)))
            continue
        outcome = _outcome(line, edit_open=edit_open)
        if outcome.is_open:
            undecided.append(now.number)
        found.append(_with_parts(now, _parts(line.quantity, ordered, outcome, last)))
    present = {line.key for line in lines}
    gone = [_with_parts(each, (Part(DELETED, each.ordered),)) for each in told if each.key not in present]
    return Outlook(tuple(sorted([*found, *gone], key=lambda each: each.number)), tuple(undecided))


def is_news(told: Sequence[ToldLine], now: Sequence[ToldLine]) -> bool:
    """Say whether ``now`` says anything that was not ``told`` last: a quantity, a date, a price, an item, a line."""
    return tuple(told) != tuple(now)


def answer_type(lines: Sequence[ToldLine]) -> str:
    """Return what the whole answer is: the word of BAK02."""
    if all(part.status in (REJECTED, DELETED) for line in lines for part in line.parts):
        return "rejected_with_detail"
    whole = all(
        [(part.status, part.quantity) for part in line.parts] == [(ACCEPTED, line.ordered)] for line in lines
    )
    return "detail_no_change" if whole else "detail_with_change"


@dataclass(frozen=True, slots=True)
class _Outcome:
    """What becomes of a line: promises with date and item, the rest; ``is_open``: not all of it is answered, ``stands``:
    somebody has yet to decide, so that what was told last stands."""

    coming: tuple[Part, ...] = ()
    backordered: Decimal = _NONE
    held: Decimal = _NONE
    is_open: bool = False
    stands: bool = False

    @property
    def accepted(self) -> Decimal:
        return sum((each.quantity for each in self.coming), _NONE)


def _outcome(line: OrderedLine, *, edit_open: bool) -> _Outcome:
    if line.supplies:
        return _from_supplies(line, edit_open=edit_open)
    if line.parts:
        return _from_parts(line, edit_open=edit_open)
    if not line.supplied:
        return _Outcome((Part(ACCEPTED, line.quantity),))
    return _Outcome(is_open=edit_open, stands=edit_open)


def _from_supplies(line: OrderedLine, *, edit_open: bool) -> _Outcome:
    left = line.quantity
    coming: dict[tuple[date | None, str], Decimal] = {}
    for each in line.supplies:
        quantity = min(each.accepted if each.answered else each.asked, left)
        left -= quantity
        if quantity:
            key = (each.promised_on, each.substitute)
            coming[key] = coming.get(key, _NONE) + quantity
    backordered = min(sum((each.backordered for each in line.supplies), _NONE), left)
    held = min(sum((each.held for each in line.supplies), _NONE), left - backordered)
    parts = [
        Part(SUBSTITUTED if item else ACCEPTED, quantity, day, item)
        for (day, item), quantity in sorted(coming.items(), key=lambda each: (each[0][0] or date.min, each[0][1]))
    ]  # fmt: skip
    uncovered = sum((each.asked for each in line.supplies), _NONE) < line.quantity
    stands = any(each.disputed for each in line.supplies) or (edit_open and uncovered)
    is_open = stands or any(not each.answered for each in line.supplies)
    return _Outcome(tuple(parts), backordered, held, is_open, stands)


def _from_parts(line: OrderedLine, *, edit_open: bool) -> _Outcome:
    """Return what becomes of a bundle: as many whole ones come as there are parts of each kind."""
    outcomes = [(part.quantity, _outcome(part, edit_open=edit_open)) for part in line.parts if part.quantity]
    if not outcomes:
        return _Outcome()

    def whole(of: Sequence[tuple[Decimal, Decimal]]) -> Decimal:
        return Decimal(min(line.quantity * have // need for need, have in of))

    accepted = whole([(need, each.accepted) for need, each in outcomes])
    promised = whole([(need, each.accepted + each.backordered) for need, each in outcomes])
    all_but_rejected = whole(
        [(need, each.accepted + each.backordered + each.held) for need, each in outcomes]
    )
    days = [part.promised_on for _, each in outcomes for part in each.coming]
    known = [day for day in days if day is not None]
    latest = max(known) if known and len(known) == len(days) else None
    return _Outcome(
        (Part(ACCEPTED, accepted, latest),) if accepted else (),
        promised - accepted,
        all_but_rejected - promised,
        any(each.is_open for _, each in outcomes),
        any(each.stands for _, each in outcomes),
    )


def _parts(wanted: Decimal, ordered: Decimal, outcome: _Outcome, last: ToldLine | None) -> tuple[Part, ...]:
    if outcome.stands:
        return last.parts if last is not None else (Part(ACCEPTED, wanted),)
    if not wanted:
        return (Part(DELETED, ordered),)
    word = ACCEPTED if wanted == ordered else CHANGED
    coming = [
        Part(word, each.quantity, each.promised_on) if each.status == ACCEPTED else each for each in outcome.coming
    ]  # fmt: skip
    refused = wanted - outcome.accepted - outcome.backordered - outcome.held
    others = ((BACKORDERED, outcome.backordered), (HELD, outcome.held), (REJECTED, refused))
    return (*coming, *(Part(status, quantity) for status, quantity in others if quantity > 0))


def _with_parts(line: ToldLine, parts: tuple[Part, ...]) -> ToldLine:
    return ToldLine(
        line.key, line.number, line.sku, line.ordered, line.unit_price, parts, line.description, line.upc
    )


def told_to_json(line: ToldLine) -> dict[str, Any]:
    """Return a line as JSON: quantities and prices as text."""
    return {
        "key": line.key,
        "number": line.number,
        "sku": line.sku,
        "upc": line.upc,
        "description": line.description,
        "ordered": str(line.ordered),
        "unit_price": str(line.unit_price),
        "parts": [
            {
                "status": part.status,
                "quantity": str(part.quantity),
                "promised_on": part.promised_on.isoformat() if part.promised_on else None,
                "substitute": part.substitute,
            }
            for part in line.parts
        ],
    }


def told_from_json(kept: Mapping[str, Any]) -> ToldLine:
    """Return the line that ``told_to_json`` wrote."""
    return ToldLine(
        key=kept["key"],
        number=kept["number"],
        sku=kept["sku"],
        ordered=Decimal(kept["ordered"]),
        unit_price=Decimal(kept["unit_price"]),
        parts=tuple(
            Part(
                part["status"],
                Decimal(part["quantity"]),
                date.fromisoformat(part["promised_on"]) if part["promised_on"] else None,
                part["substitute"],
            )
            for part in kept["parts"]
        ),
        description=kept["description"],
        upc=kept["upc"],
    )

"""What a supplier says of the lines he was asked for: the body of his 855, as a table of ways to answer.

=============== ================================================================================= ===== =========
answer          what the supplier means                                                           BAK02 ACK01
=============== ================================================================================= ===== =========
accept          all of it, for the date that was asked                                            AD    IA
short           one of the first line is not on the shelf: it follows, the rest comes             AC    IA and IB
over            the first line goes out in whole packs, and is one more than was asked            AC    IQ
price_up        the first line costs a tenth more than was asked                                  AC    IP
price_down      the first line costs a tenth less than was asked                                  AC    IP
late_date       the first line comes two weeks after the date that was asked                      AC    DR
substitute      the first line's item is replaced by its successor (ACK07 and ACK08)              AC    IS
reject_line     the first line will not come, the others will                                     AC    IR
reject_all      none of it will come                                                              RD    IR
hold            nothing is decided yet: the order waits, for credit or for a question             AH    IH
=============== ================================================================================= ===== =========

A line that an answer leaves alone is accepted. Where there is nothing to change, as the price of a line without a
price, the line is accepted, and an answer without any change says AD. Quantities, units, prices and dates are those
of the 850; a line without a date, in itself or in the heading, is promised for today.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal

from integration.simulators.network.purchase_orders import PurchaseOrder, Segments, element

# What is asked (DTM01 of an 850: ship on, deliver on, ship no later, required by) and what is promised for it
# (ACK04: scheduled to ship, scheduled to be delivered); the first that is there counts.
PROMISES = {"010": "068", "002": "067", "038": "068", "106": "067"}
LATER = timedelta(days=14)
ITEM_IDS = range(6, 25, 2)
SUCCESSOR = "-B"


@dataclass(frozen=True)
class Line:
    """One line asked for; ``promise`` is the kind of date (ACK04) and the date (ACK05) that fit what was asked."""

    po1: list[str]
    promise: tuple[str, str]

    @property
    def quantity(self) -> Decimal | None:
        """Return PO102, None where it is no number."""
        return _number(element(self.po1, 2))

    @property
    def unit(self) -> str:
        """Return PO103."""
        return element(self.po1, 3)


LineAnswer = Callable[[Line], Segments]


@dataclass(frozen=True)
class OrderAnswer:
    """How the first line and the others are answered; ``heading`` is BAK02 where the lines do not give it."""

    first: LineAnswer
    others: LineAnswer
    heading: str = ""


def purchase_order_acknowledgment(order: PurchaseOrder, answer: str, *, today: str) -> Segments:
    """Return the body of an 855 that answers ``order`` as ``ORDER_ANSWERS`` says; ``today`` is CCYYMMDD."""
    how = ORDER_ANSWERS[answer]
    lines = [
        Line(po1, _promise([order.dates.get(place, {}), order.dates.get(0, {})], today))
        for place, po1 in enumerate(order.lines, start=1)
    ]
    answered = [how.others(line) if place else how.first(line) for place, line in enumerate(lines)]
    unchanged = answered == [_accepted(line) for line in lines]
    heading = how.heading or ("AD" if unchanged else "AC")
    return [
        ["BAK", "00", heading, order.number, order.date, "", "", "", f"SO-{order.number}", today],
        *(segment for segments in answered for segment in segments),
        ["CTT", str(len(lines))],
    ]


def _promise(asked: list[dict[str, str]], today: str) -> tuple[str, str]:
    for dates in asked:
        for qualifier, promised in PROMISES.items():
            if _is_date(dates.get(qualifier, "")):
                return promised, dates[qualifier]
    return "068", today


def _accepted(line: Line) -> Segments:
    return [line.po1, _ack(line, "IA", line.quantity, line.promise)]


def _short(line: Line) -> Segments:
    if line.quantity is None or line.quantity <= 1:
        return [line.po1, _ack(line, "IB", line.quantity)]
    return [
        line.po1,
        _ack(line, "IA", line.quantity - 1, line.promise),
        _ack(line, "IB", Decimal(1)),
    ]


def _over(line: Line) -> Segments:
    if line.quantity is None:
        return _accepted(line)
    return [line.po1, _ack(line, "IQ", line.quantity + 1, line.promise)]


def _dearer(line: Line) -> Segments:
    return _priced(line, 1)


def _cheaper(line: Line) -> Segments:
    return _priced(line, -1)


def _priced(line: Line, sign: int) -> Segments:
    """Change the price by a tenth, and at least by one in its last place; never below nothing."""
    asked = element(line.po1, 4)
    price = _number(asked)
    if not price:
        return _accepted(line)
    places = len(asked.partition(".")[2])
    least = Decimal(1).scaleb(-places)
    change = max((price / 10).quantize(least, ROUND_HALF_UP), least)
    po1 = [*line.po1[:4], f"{price + sign * change:.{places}f}", *line.po1[5:]]
    return [po1, _ack(line, "IP", line.quantity, line.promise)]


def _rescheduled(line: Line) -> Segments:
    kind, asked = line.promise
    later = datetime.strptime(asked, "%Y%m%d") + LATER  # noqa: DTZ007 - a day, of no time zone
    return [line.po1, _ack(line, "DR", line.quantity, (kind, later.strftime("%Y%m%d")))]


def _substituted(line: Line) -> Segments:
    """Offer the successor of the vendor's item, else of the first item that the line names."""
    named = [(element(line.po1, at), element(line.po1, at + 1)) for at in ITEM_IDS]
    named = [each for each in named if all(each)]
    vendors = [each for each in named if each[0] in ("VN", "VP")]
    kind, item = [*vendors, *named, ("VN", f"LINE-{element(line.po1, 1)}")][0]
    return [line.po1, [*_ack(line, "IS", line.quantity, line.promise), "", kind, item + SUCCESSOR]]


def _rejected(line: Line) -> Segments:
    return [line.po1, _ack(line, "IR", line.quantity)]


def _held(line: Line) -> Segments:
    return [line.po1, _ack(line, "IH", line.quantity)]


ORDER_ANSWERS = {
    "accept": OrderAnswer(_accepted, _accepted),
    "short": OrderAnswer(_short, _accepted),
    "over": OrderAnswer(_over, _accepted),
    "price_up": OrderAnswer(_dearer, _accepted),
    "price_down": OrderAnswer(_cheaper, _accepted),
    "late_date": OrderAnswer(_rescheduled, _accepted),
    "substitute": OrderAnswer(_substituted, _accepted),
    "reject_line": OrderAnswer(_rejected, _accepted),
    "reject_all": OrderAnswer(_rejected, _rejected, "RD"),
    "hold": OrderAnswer(_held, _held, "AH"),
}


def _ack(line: Line, status: str, quantity: Decimal | None, promise: tuple[str, str] = ("", "")) -> list[str]:
    # ACK02 and ACK03 stand together or not at all.
    amount = [_plain(quantity), line.unit] if quantity is not None and line.unit else ["", ""]
    return ["ACK", status, *amount, *promise]


def _number(text: str) -> Decimal | None:
    return Decimal(text) if re.fullmatch(r"(?=.{1,17}$)([0-9]+\.?[0-9]*|\.[0-9]+)", text) else None


def _plain(number: Decimal) -> str:
    text = f"{number:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def _is_date(text: str) -> bool:
    if not re.fullmatch("[0-9]{8}", text):
        return False
    try:
        datetime.strptime(text, "%Y%m%d")  # noqa: DTZ007 - a day, of no time zone
    except ValueError:
        return False
    return True

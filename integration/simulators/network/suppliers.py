"""Two suppliers who take purchase orders and their changes from the mailbox and answer them, and a customer who takes order
acknowledgments; everything stands in a ledger."""

from __future__ import annotations

import hashlib
import json
import threading
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from decimal import Decimal
from itertools import count, groupby
from pathlib import Path
from typing import Any

from integration.simulators.network.answer_files import (
    SUPPLIERS,
    bill_file,
    change_files,
    functional_file,
    order_files,
    return_file,
    ship_notice_file,
    stock_file,
)
from integration.simulators.network.answers import Plan, plan_of
from integration.simulators.network.bills import BILL_PURPOSES, BILL_WAYS, Books
from integration.simulators.network.change_answers import held_after
from integration.simulators.network.customers import is_for_customer, told_by
from integration.simulators.network.finance import FinanceSystem
from integration.simulators.network.functional_answers import functional_acknowledgment
from integration.simulators.network.purchase_orders import (
    PurchaseOrder,
    Segments,
    element,
    read_purchase_orders,
    receiver_of,
)
from integration.simulators.network.returns import ANSWERS as DESK_ANSWERS
from integration.simulators.network.returns import Desk, ReturnRequest, Said, read_requests
from integration.simulators.network.ship_notices import PURPOSES, WAYS, ShipNotice, ship_notice
from integration.simulators.network.stock import STOCK_FORMS, StockRoom, addressed

POLL = 0.05
_EVENTS = {"850": "arrival", "855": "acknowledgment", "860": "change", "180": "return"}
LONGEST_PAUSE = 86_400
BUYER = ("ZZ", "GRIDPORT")
"""Whom suppliers write to unasked."""


@dataclass
class Network:
    """A mailbox below ``root``: ``inbox`` is what is sent to suppliers, ``outbox`` what waits for the portal.

    ``answer`` is what suppliers do (see ``answers``); ``answers`` overrides it by purchase order number. ``pause``
    is how many seconds later than others a late 855 comes. In a ``with`` block the suppliers work by themselves;
    else whenever ``take_all`` lets them.
    """

    root: Path
    answer: str = "accept"
    answers: dict[str, str] = field(default_factory=dict)
    pause: float = 5.0
    return_answer: str = "silent"
    return_answers: dict[str, str] = field(default_factory=dict)
    ledger: list[dict[str, Any]] = field(default_factory=list)

    def __post_init__(self) -> None:
        _check([self.answer, *self.answers.values()], self.pause)
        self.inbox, self.outbox, self.taken = (self.root / name for name in ("inbox", "outbox", "taken"))
        for folder in (self.inbox, self.outbox, self.taken):
            folder.mkdir(parents=True, exist_ok=True)
        self.finance = FinanceSystem(self.root / "finance")
        self._lock = threading.RLock()
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None
        self._numbers = count(1)
        self._places = 0
        self._orders: dict[str, PurchaseOrder] = {}
        self._waiting: list[_Waiting] = []
        self._held: dict[str, dict[str, str]] = {}
        self._told: dict[str, dict[str, Any]] = {}
        self._notices: dict[str, ShipNotice] = {}
        self._trackings = 1
        self._books: dict[tuple[str, str], Books] = {}
        self._rooms: dict[str, StockRoom] = {}
        self._desks: dict[tuple[str, str], Desk] = {}

    def __enter__(self) -> Network:
        self._thread = threading.Thread(target=self._work, daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *problem: object) -> None:
        self._stop.set()
        if self._thread is not None:
            self._thread.join()

    def drop(self, name: str, data: bytes) -> None:
        """Leave a file for the portal, whole at once."""
        hidden = self.outbox / f".{name}"
        hidden.write_bytes(data)
        hidden.replace(self.outbox / name)

    def wait_for(self, true: Callable[[], bool], within: float = 10.0) -> None:
        """Wait until ``true``; raise ``TimeoutError`` with the ledger."""
        deadline = time.monotonic() + within
        while not true():
            if time.monotonic() > deadline:
                raise TimeoutError(json.dumps(self.ledger, indent=1))
            time.sleep(0.01)

    def arrivals(self, purchase_order: str | None = None) -> list[dict[str, Any]]:
        """Return what arrived, of one purchase order or all."""
        with self._lock:
            found = [each for each in self.ledger if each["event"] == "arrival"]
        return [each for each in found if purchase_order in (None, each["purchase_order"])]

    def numbers(self) -> list[str]:
        """Return the numbers of the purchase orders that suppliers got."""
        with self._lock:
            return list(self._held)

    def take_all(self) -> int:
        """Take everything that lies in the inbox now, and answer what is due; return how many files."""
        taken = 0
        with self._lock:
            for path in sorted(self.inbox.iterdir()):
                if path.name.startswith(".") or path.suffix in (".tmp", ".part"):
                    continue
                self._take(path)
                taken += 1
            self._send_until(time.monotonic())
        return taken + self.finance.take_all()

    def choose(
        self,
        *,
        answer: str | None = None,
        answers: Mapping[str, str | None] | None = None,
        pause: float | None = None,
    ) -> None:
        """Have suppliers answer otherwise from now on; in ``answers``, None lets ``answer`` hold again.

        Raises ``ValueError`` with a sentence, and changes nothing, where one of them makes no sense.
        """
        _check([answer, *(answers or {}).values()], pause)
        with self._lock:
            self.answer = self.answer if answer is None else answer
            self.pause = self.pause if pause is None else pause
            for number, each in (answers or {}).items():
                if each is None:
                    self.answers.pop(number, None)
                else:
                    self.answers[number] = each

    def answer_again(self, purchase_order: str, answer: str) -> None:
        """Have its supplier answer a purchase order that arrived before, as ``answer`` says and now.

        Raises ``ValueError`` with a sentence where it never arrived, or where there is no such answer.
        """
        with self._lock:
            if purchase_order not in self._orders:
                raise ValueError(f"No supplier has got a purchase order {purchase_order!r}.")
            self._answer_group([(self._orders[purchase_order], answer)])
            self._send_until(time.monotonic())

    def ship(
        self, purchase_orders: list[str], way: str = "whole", purpose: str = "original", number: str = ""
    ) -> str:
        """Have their supplier ship what is still to go of ``purchase_orders``, and tell it; return the shipment's number.

        A ``number`` of before with the purpose ``replace`` or ``cancel`` says the earlier notice anew. Raises ``ValueError``
        with a sentence.
        """
        if way not in WAYS or purpose not in PURPOSES:
            raise ValueError(f"Ways are {', '.join(WAYS)}; purposes are {', '.join(PURPOSES)}.")
        with self._lock:
            orders = self._of_one_supplier(purchase_orders)
            number = number or f"SH{len(self._notices) + 1:06d}"
            told = [(each, self._to_go(each.number, but=number)) for each in orders]
            if purpose != "cancel" and not any(
                Decimal(each) > 0 for _, left in told for each in left.values()
            ):
                raise ValueError("Nothing of them is left to ship.")
            now = datetime.now(UTC)
            notice = ship_notice(
                told, way, purpose, number, self._trackings, (now.strftime("%Y%m%d"), now.strftime("%H%M"))
            )
            self._trackings += len(notice.parcels)
            self._notices[number] = notice
            file = ship_notice_file(orders[0], notice.body, next(self._numbers), now)
            self.drop(file.name, file.data)
            self._note(
                event="shipment",
                name=file.name,
                number=number,
                purpose=purpose,
                way=way,
                isa13=f"{file.number:09d}",
                parcels=[
                    {
                        "tracking": each.tracking,
                        "contents": {
                            order: {line: f"{quantity:f}" for line, quantity in lines.items()}
                            for order, lines in each.contents.items()
                        },
                    }
                    for each in notice.parcels
                ],
            )
        return number

    def shipped(self) -> dict[str, dict[str, str]]:
        """Return what has left for each purchase order by line, by the last word on each shipment."""
        with self._lock:
            found: dict[str, dict[str, Decimal]] = {}
            for parcel in (parcel for notice in self._notices.values() for parcel in notice.parcels):
                for order, lines in parcel.contents.items():
                    for line, quantity in lines.items():
                        of_order = found.setdefault(order, {})
                        of_order[line] = of_order.get(line, Decimal(0)) + quantity
        return {order: {line: f"{each:f}" for line, each in lines.items()} for order, lines in found.items()}

    def bill(
        self, purchase_orders: list[str], way: str = "whole", number: str = "", purpose: str = "original"
    ) -> str:
        """Have their supplier bill ``purchase_orders``; return the invoice's number.

        A ``number`` of before is used again, or credited. Raises ``ValueError`` with a sentence.
        """
        if way not in BILL_WAYS or purpose not in BILL_PURPOSES:
            raise ValueError(f"Ways are {', '.join(BILL_WAYS)}; purposes are {', '.join(BILL_PURPOSES)}.")
        with self._lock:
            orders = self._of_one_supplier(purchase_orders)
            books = self._books.setdefault(orders[0].receiver, Books())
            held = {each.number: _decimals(self._held.get(each.number, {})) for each in orders}
            shipped = {order: _decimals(lines) for order, lines in self.shipped().items()}
            bill = books.make(orders, held, shipped, way, number, purpose)
            books.enter(bill)
            now = datetime.now(UTC)
            file = bill_file(orders[0], bill.body(now.strftime("%Y%m%d")), next(self._numbers), now)
            self.drop(file.name, file.data)
            self._note(
                event="bill",
                name=file.name,
                number=bill.number,
                way=way,
                purpose=purpose,
                isa13=f"{file.number:09d}",
                total=f"{bill.total:.2f}",
                currency=bill.currency,
                credit=bill.is_credit,
                lines=[
                    {
                        "order": each.order,
                        "line": each.line,
                        "quantity": f"{each.quantity:f}",
                        "price": f"{each.price:f}",
                    }
                    for each in bill.lines
                ],
            )
        return bill.number

    def billed(self) -> dict[str, dict[str, str]]:
        """Return what is billed and not credited again, for each purchase order by line."""
        with self._lock:
            found = [each for books in self._books.values() for each in books.net().items()]
        return {order: {line: f"{each:f}" for line, each in lines.items()} for order, lines in found}

    def tell_stock(
        self,
        supplier: str,
        way: str = "whole",
        items: Mapping[str, int] | None = None,
        form: str = "846",
        warehouse: str = "",
        unit: str = "EA",
    ) -> str:
        """Have ``supplier`` (his interchange ID) count ``items`` anew and tell his stock; return the file's name.

        Raises ``ValueError`` with a sentence.
        """
        known = {each[1]: each for each in SUPPLIERS}
        if supplier not in known or form not in STOCK_FORMS:
            raise ValueError(f"Suppliers are {', '.join(known)}; forms are {', '.join(STOCK_FORMS)}.")
        with self._lock:
            room = self._rooms.setdefault(supplier, StockRoom())
            room.count(items or {})
            now = datetime.now(UTC)
            told, number = room.tell(way, now), next(self._numbers)
            name = f"stock.{supplier}.{number:09d}.csv"
            if form == "csv":
                self.drop(name, told.table(warehouse))
            else:
                body = told.body(warehouse, unit)
                file = stock_file(addressed(known[supplier], BUYER), body, number, now)
                name = file.name
                self.drop(name, file.data)
            self._note(
                event="stock",
                name=name,
                supplier=supplier,
                way=way,
                number=told.number,
                items=told.quantities,
            )
        return name

    def stocked(self) -> dict[str, dict[str, int]]:
        """Return what each supplier holds in truth, by his own item numbers."""
        with self._lock:
            return {supplier: dict(room.held) for supplier, room in self._rooms.items()}

    def _of_one_supplier(self, purchase_orders: list[str]) -> list[PurchaseOrder]:
        orders = [self._orders[each] for each in purchase_orders if each in self._orders]
        if len(orders) != len(purchase_orders) or len({each.receiver for each in orders}) != 1:
            raise ValueError("All of them are to be purchase orders that one supplier has got.")
        return orders

    def _to_go(self, purchase_order: str, *, but: str) -> dict[str, str]:
        """Return what of a purchase order has not left yet, without counting shipment ``but``."""
        left = {line: Decimal(each) for line, each in self._held.get(purchase_order, {}).items()}
        for number, notice in self._notices.items():
            for parcel in notice.parcels:
                for line, quantity in parcel.contents.get(purchase_order, {}).items():
                    if number != but:
                        left[line] = left.get(line, Decimal(0)) - quantity
        return {line: f"{each:f}" for line, each in left.items()}

    def release(self) -> int:
        """Send at once what is late; return how many files that are."""
        with self._lock:
            return self._send_until(float("inf"))

    def _work(self) -> None:
        while not self._stop.wait(POLL):
            self.take_all()

    def _take(self, path: Path) -> None:
        self._places += 1
        kept = self.taken / f"{self._places:06d}-{path.name}"
        path.replace(kept)
        data = kept.read_bytes()
        orders, asked = read_purchase_orders(data), read_requests(data)
        arrived: list[PurchaseOrder | None] = [*orders, *asked] or [None]
        for order in arrived:
            self._note(
                event=_EVENTS[order.code] if order else "arrival",
                name=path.name,
                sha256=_sha256(data),
                receiver=":".join(receiver_of(data)),
                isa13=order.isa13 if order else None,
                gs06=order.gs06 if order else None,
                st02=order.st02 if order else None,
                purchase_order=order.number if order else None,
            )
        known = [order for order in orders if order.receiver in SUPPLIERS and order.code != "855"]
        for order in known:
            self._hold(order)
        for _, group in groupby(known, key=lambda order: order.gs06):
            self._answer_group([(order, self.answers.get(order.number, self.answer)) for order in group])
        for _, requests in groupby(asked, key=lambda request: request.gs06):
            self._hear_returns([each for each in requests if each.receiver in SUPPLIERS])
        heard = [order for order in orders if is_for_customer(order)]
        for _, group in groupby(heard, key=lambda order: order.gs06):
            self._hear(list(group))

    def _hear_returns(self, requests: list[ReturnRequest]) -> None:
        """Take return requests of one functional group, have a 997 answer it, and the desk do what it does by itself."""
        judged: list[tuple[PurchaseOrder, str]] = [(each, "accept") for each in requests]
        if judged:
            body = functional_acknowledgment(judged)
            self._waiting.append(_Waiting(time.monotonic(), requests[0], self.answer, body))
        for each in requests:
            self._desks.setdefault(each.receiver, Desk()).hold(each)
            self._tell_return(each.called, self.return_answers.get(each.called, self.return_answer))

    def choose_returns(self, answer: str = "", answers: Mapping[str, str] | None = None) -> None:
        """Have the returns desks answer otherwise from now on; ``answers`` by our number of the return.

        Raises ``ValueError`` with a sentence, and changes nothing.
        """
        wrong = [each for each in [answer or "silent", *(answers or {}).values()] if each not in DESK_ANSWERS]
        if wrong:
            raise ValueError(f"Answers of the returns desk are {', '.join(DESK_ANSWERS)}, not {wrong[0]!r}.")
        with self._lock:
            self.return_answer = answer or self.return_answer
            self.return_answers.update(answers or {})

    def tell_return(self, number: str, way: str) -> None:
        """Have the returns desk say something of return ``number`` (see ``returns``). Raises ``ValueError`` with a sentence."""
        with self._lock:
            self._tell_return(number, way)

    def return_unasked(self, purchase_order: str) -> None:
        """Have the desk take something back that nobody asked for."""
        with self._lock:
            [order] = self._of_one_supplier([purchase_order])
            now = datetime.now(UTC)
            said = self._desks.setdefault(order.receiver, Desk()).unasked(order, now)
            self._send_return(order, "", said, now)

    def returns(self) -> dict[str, dict[str, Any]]:
        """Return what the desks know of each return: what they take, what came, what they gave for it."""
        with self._lock:
            return {
                called: {
                    "purchase_order": request.about,
                    "rma": desk.numbers[called],
                    "taken": {line: f"{each:f}" for line, each in desk.taken.get(called, {}).items()},
                    "received": {line: f"{each:f}" for line, each in desk.received.get(called, {}).items()},
                    "given": f"{desk.given.get(called, Decimal(0)):.2f}",
                }
                for desk in self._desks.values()
                for called, request in desk.requests.items()
            }

    def _tell_return(self, number: str, way: str) -> None:
        desk = next((each for each in self._desks.values() if number in each.requests), Desk())
        now = datetime.now(UTC)
        for said in desk.say(number, way, now):
            self._send_return(desk.requests[number], number, said, now)

    def _send_return(self, order: PurchaseOrder, number: str, said: Said, now: datetime) -> None:
        file = return_file(order, said.code, said.body, next(self._numbers), now)
        self.drop(file.name, file.data)
        self._note(
            event="desk",
            name=file.name,
            code=said.code,
            number=number,
            isa13=f"{file.number:09d}",
            said=dict(said.means),
        )

    def held(self, purchase_order: str) -> dict[str, str]:
        """Return the quantities that its supplier means to deliver, by line: those asked for, and the changes he took."""
        with self._lock:
            return dict(self._held.get(purchase_order, {}))

    def told(self) -> dict[str, dict[str, Any]]:
        """Return what customers were told last, by their own number of the order, and how many 855s that took."""
        with self._lock:
            return dict(self._told)

    def _hear(self, group: list[PurchaseOrder]) -> None:
        """Note what customers are told by the 855s of one functional group, and have a 997 answer it."""
        for each in group:
            before = self._told.get(each.number, {"documents": 0})
            said = {**told_by(each), "documents": before["documents"] + 1}
            self._told[each.number] = said
            self._note(event="told", purchase_order=each.number, **said)
        verdicts = [plan_of(self.answers.get(each.number, self.answer)).functional for each in group]
        judged = [(each, verdict) for each, verdict in zip(group, verdicts, strict=True) if verdict]
        if judged:
            answer = self.answers.get(group[0].number, self.answer)
            body = functional_acknowledgment(judged)
            self._waiting.append(_Waiting(time.monotonic(), group[0], answer, body))

    def _hold(self, order: PurchaseOrder) -> None:
        """Note what the supplier is asked for: of an order its lines, of a change what he takes of it."""
        if order.code == "850":
            self._orders[order.number] = order
            self._held.setdefault(order.number, {element(line, 1): element(line, 2) for line in order.lines})
            return
        plan = plan_of(self.answers.get(order.number, self.answer))
        held = held_after(self._held.get(order.number, {}), order, plan.change)
        self._held[order.number] = held
        self._note(
            event="held", purchase_order=order.number, change=order.change, answer=plan.change, lines=held
        )

    def _answer_group(self, group: list[tuple[PurchaseOrder, str]]) -> None:
        """Plan what is sent for the purchase orders of one functional group, each with its answer."""
        now = time.monotonic()
        planned = [(order, answer, plan_of(answer)) for order, answer in group]
        acknowledged = [
            _Waiting(now + self.pause if _is_late(order, plan) else now, order, answer)
            for order, answer, plan in planned
            if (plan.order if order.code == "850" else plan.change)
        ]
        judged = [(order, plan.functional) for order, _, plan in planned if plan.functional]
        functional = []
        if judged:
            twice = any(plan.functional_twice for _, _, plan in planned)
            body = functional_acknowledgment(judged)
            functional = [_Waiting(now, *group[0], body) for _ in range(2 if twice else 1)]
        if any(plan.functional_last for _, _, plan in planned):
            last = max((each.due for each in acknowledged), default=now)
            self._waiting += [*acknowledged, *(replace(each, due=last) for each in functional)]
        else:
            self._waiting += [*functional, *acknowledged]

    def _send_until(self, due: float) -> int:
        now = [each for each in self._waiting if each.due <= due]
        self._waiting = [each for each in self._waiting if each.due > due]
        return sum(self._send(each) for each in sorted(now, key=lambda each: each.due))

    def _send(self, waiting: _Waiting) -> int:
        order, now = waiting.order, datetime.now(UTC)
        if waiting.functional:
            files = [functional_file(order, waiting.functional, next(self._numbers), now)]
        elif order.code == "860":
            files = change_files(order, plan_of(waiting.answer), self._numbers, now)
        else:
            files = order_files(order, plan_of(waiting.answer), self._numbers, now)
        for each in files:
            self.drop(each.name, each.data)
            self._note(
                event="answer",
                name=each.name,
                code=each.code,
                purchase_order=order.number,
                isa13=f"{each.number:09d}",
                answer=waiting.answer,
                sha256=_sha256(each.data),
                said=each.said,
            )
        return len(files)

    def _note(self, **entry: Any) -> None:
        with self._lock:
            self.ledger.append(entry)
            with (self.root / "ledger.jsonl").open("a") as file:
                file.write(json.dumps(entry) + "\n")


@dataclass(frozen=True)
class _Waiting:
    """What a supplier is going to send when it is ``due``: a 997 of the body ``functional``, or without one an 855."""

    due: float
    order: PurchaseOrder
    answer: str
    functional: Segments | None = None


def _is_late(order: PurchaseOrder, plan: Plan) -> bool:
    return plan.late if order.code == "850" else plan.change_late


def _check(answers: Iterable[str | None], pause: float | None) -> None:
    for each in answers:
        if each is not None:
            plan_of(each)
    if pause is not None and not 0 <= pause <= LONGEST_PAUSE:
        raise ValueError(f"A pause is 0 to {LONGEST_PAUSE} seconds.")


def _decimals(lines: Mapping[str, str]) -> dict[str, Decimal]:
    return {line: Decimal(quantity) for line, quantity in lines.items()}


def _sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()

"""The files that make up one answer, in the order in which they are left on the mailbox."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime

from integration.simulators.network.answers import Plan
from integration.simulators.network.change_answers import change_acknowledgment
from integration.simulators.network.envelope_faults import FAULTS
from integration.simulators.network.order_answers import purchase_order_acknowledgment
from integration.simulators.network.purchase_orders import PurchaseOrder, Segments, element
from integration.simulators.network.x12_text import interchange

SUPPLIERS = {("ZZ", "ACMESUPPLY"): "Acme Supply", ("01", "123456789"): "Borealis Trading"}
GROUPS = {
    "180": "AN",
    "810": "IN",
    "812": "CD",
    "846": "IB",
    "855": "PR",
    "856": "SH",
    "865": "CA",
    "997": "FA",
}


@dataclass(frozen=True)
class AnswerFile:
    """A file for the mailbox: ``code`` is its ST01, ``number`` its ISA13, before any fault befell it.

    ``said`` is what it says of lines, by their number: quantities by status (ACK01), as ``{"1": {"IA": "2", "IB": "1"}}``.
    """

    name: str
    code: str
    number: int
    data: bytes
    said: dict[str, dict[str, str]]


def functional_file(order: PurchaseOrder, body: Segments, number: int, now: datetime) -> AnswerFile:
    """Return the file of a 997 of ``body``, which answers the group of ``order``."""
    return _file(order, "997", body, number, now)


def order_files(order: PurchaseOrder, plan: Plan, numbers: Iterator[int], now: datetime) -> list[AnswerFile]:
    """Return the file of the 855 that ``plan`` has answer ``order``, and what comes again of it."""
    body = purchase_order_acknowledgment(order, plan.order, today=now.strftime("%Y%m%d"))
    order = _in_whose_name(order, plan.identity)
    first = _file(order, "855", body, next(numbers), now)
    files = [first]
    match plan.again:
        case "same":
            files.append(replace(first, name=_again(first.name)))
        case "renumbered":
            files.append(_file(order, "855", body, next(numbers), now))
        case "altered":
            other = _file(order, "855", _under_another_number(body), first.number, now)
            files.append(replace(other, name=_again(other.name)))
    if not plan.fault:
        return files
    return [replace(each, data=FAULTS[plan.fault](each.data)) for each in files]


def ship_notice_file(order: PurchaseOrder, body: Segments, number: int, now: datetime) -> AnswerFile:
    """Return the file of an 856 of ``body``, from the supplier who got ``order``."""
    return _file(order, "856", body, number, now)


def bill_file(order: PurchaseOrder, body: Segments, number: int, now: datetime) -> AnswerFile:
    """Return the file of an 810 of ``body``, from the supplier who got ``order``."""
    return _file(order, "810", body, number, now)


def stock_file(order: PurchaseOrder, body: Segments, number: int, now: datetime) -> AnswerFile:
    """Return the file of an 846 of ``body``, from the supplier that ``order`` is addressed to."""
    return _file(order, "846", body, number, now)


def return_file(order: PurchaseOrder, code: str, body: Segments, number: int, now: datetime) -> AnswerFile:
    """Return the file of a 180, 812 or 810 of ``body`` about a return, from the supplier who got ``order``."""
    return _file(order, code, body, number, now)


def change_files(order: PurchaseOrder, plan: Plan, numbers: Iterator[int], now: datetime) -> list[AnswerFile]:
    """Return the file of the 865 that ``plan`` has answer a change, and what comes again of it."""
    body = change_acknowledgment(order, plan.change, today=now.strftime("%Y%m%d"))
    first = _file(order, "865", body, next(numbers), now)
    match plan.change_again:
        case "same":
            return [first, replace(first, name=_again(first.name))]
        case "renumbered":
            return [first, _file(order, "865", body, next(numbers), now)]
    return [first]


def _file(order: PurchaseOrder, code: str, body: Segments, number: int, now: datetime) -> AnswerFile:
    data = interchange(
        order, number=number, group=GROUPS[code], body=body, code=code, date=now.strftime("%Y%m%d"),
        time=now.strftime("%H%M"),
    )  # fmt: skip
    return AnswerFile(f"{order.receiver[1]}.{number:09d}.{code}.x12", code, number, data, _said(body))


def _said(body: Segments) -> dict[str, dict[str, str]]:
    said: dict[str, dict[str, str]] = {}
    of_line: dict[str, str] = {}
    for segment in body:
        if segment[0] in ("PO1", "POC"):
            of_line = said.setdefault(element(segment, 1), {})
        elif segment[0] == "ACK":
            of_line[element(segment, 1)] = element(segment, 2)
    return said


def _again(name: str) -> str:
    return name.replace(".x12", ".again.x12")


def _in_whose_name(order: PurchaseOrder, identity: str) -> PurchaseOrder:
    """Return ``order`` as if it had been sent to him in whose name the answer goes out."""
    if not identity:
        return order
    other = next(each for each in SUPPLIERS if each != order.receiver)
    return replace(order, receiver=other, gs_receiver=other[1] if identity == "whole" else order.gs_receiver)


def _under_another_number(body: Segments) -> Segments:
    """Return an 855 with another number of the supplier's own (BAK08)."""
    bak, *others = body
    return [[*bak[:8], f"{bak[8]}-2", *bak[9:]], *others]

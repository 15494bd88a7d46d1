"""The demo's flows: one order each, driven to its end, judged by a fresh read of the store.

Each returns ``{"documents": [...], "store_before": {...}, "store_after": {...}}``: the documents in the order of the archive
(``story.documents_of``), and the order in the store before and after as the store's API gives it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any

from django.contrib.auth.models import User

from integration.flows.decisions import carry_out
from integration.flows.planned import Given
from integration.flows.plans import plan
from integration.flows.positions import positions_of
from integration.models import ExceptionCase, PurchaseOrder, StoreEffect, SupplierInvoice
from portal.demo.archived import is_all_delivered, read_back
from portal.demo.invoices import add_finance, booked, check_books
from portal.demo.processes import DemoError
from portal.demo.returned import RETURNED, go_back
from portal.demo.stage import Stage, played
from portal.demo.stocked import count
from portal.demo.story import documents_of

TWO_SUPPLIERS = 1015
SHORT = 1004
"""Answered short by the simulated supplier, of which the demo command tells him."""
SHIPPED = 1002
INVOICED = 1025
"""Its prices are with tax."""
BILLED = 1001


def orders(stage: Stage) -> dict[str, Any]:
    """An order of two suppliers' articles becomes two purchase orders, each acknowledged (997) and accepted (855).

    It is a business customer's, who is sent an order acknowledgment (855) once both have answered.
    """
    return played(stage, TWO_SUPPLIERS, lambda: None)


def acknowledgments(stage: Stage) -> dict[str, Any]:
    """A supplier promises less than was ordered: a case, decided by a person as its plan says."""

    def decide() -> None:
        cases = ExceptionCase.objects.filter(order__number=SHORT, kind="acknowledgment_differs")
        stage.wait(cases.exists, "The case about the short answer")
        case = cases.get()
        stage.say(f"  {case.sentence}")
        lead = User.objects.get(username="lead")
        wanted = plan(case, "accept", Given())
        for sentence in wanted.sentences:
            stage.say(f"    {sentence}")
        carry_out(lead, case, "accept", Given(), "The rest comes later.", wanted.digest)

    return played(stage, SHORT, decide)


def shipments(stage: Stage) -> dict[str, Any]:
    """A supplier ships an order in two goes (856): each parcel is a shipment in the store, with its tracking number."""
    result = played(stage, SHIPPED, lambda: None)
    number = f"{SHIPPED}-1"
    _ship(stage, number, "half", 3)
    _ship(stage, number, "parcels", 2)
    after = stage.store.order(SHIPPED)
    in_store: dict[str, int] = {}
    for each in after["shipments"]:
        stage.say(f"  shipment with tracking number {each['tracking_number']} is in the store")
        for line, quantity in each["items"].items():
            in_store[line] = in_store.get(line, 0) + quantity
    left = {int(line): int(quantity) for line, quantity in stage.network.shipped(number).items()}
    told = {int(line) % 1000: quantity for line, quantity in in_store.items()}
    if told != left:
        raise DemoError(f"The store holds {told} as shipped, and {left} left the supplier.")
    return {**result, "documents": documents_of(SHIPPED), "store_after": after}


def _ship(stage: Stage, purchase_order: str, way: str, status: int) -> None:
    """Have what is left be shipped, and wait until the store has it and the order's ``status`` follows from it."""
    moves = StoreEffect.objects.filter(order__number=SHIPPED, kind="shipped", state="done")
    before = moves.count()
    stage.network.ship(purchase_order, way)
    stage.wait(
        lambda: moves.count() > before and stage.store.status_of(SHIPPED) == status,
        f"What was shipped of purchase order {purchase_order}",
    )


def invoices(stage: Stage) -> dict[str, Any]:
    """A shipped order is invoiced to finance as 810, JSON and UBL, and a piece given back is credited, to the cent."""
    add_finance()
    result = played(stage, INVOICED, lambda: None)
    total = stage.store.total_of(INVOICED)
    stage.network.ship(f"{INVOICED}-1", "whole")
    stage.wait(lambda: len(booked(stage.network, INVOICED, "invoice")) == 3, "The invoice in three formats")
    check_books(stage.network, INVOICED, "invoice", total)
    stage.say(f"  finance has booked {total:.2f} in three formats")
    stage.wait(lambda: stage.store.status_of(INVOICED) == 2, f"What was shipped of order {INVOICED}")
    stage.store.refund(INVOICED, INVOICED * 1000 + 1, "27.00", "2.00")
    stage.wait(
        lambda: len(booked(stage.network, INVOICED, "credit")) == 3, "The credit memo in three formats"
    )
    check_books(stage.network, INVOICED, "credit", Decimal("27.00"))
    stage.say("  finance has booked a credit memo of 27.00 in three formats")
    stage.wait(_is_settled, "Every receipt")
    after = stage.store.order(INVOICED)
    return {**result, "documents": documents_of(INVOICED), "store_after": after}


def bills(stage: Stage) -> dict[str, Any]:
    """A supplier bills what he shipped too dear: a case with the money at stake, and a person approves what was agreed."""
    result = played(stage, BILLED, lambda: None)
    number = f"{BILLED}-1"
    stage.network.ship(number, "whole")
    stage.wait(lambda: stage.store.status_of(BILLED) == 2, f"What was shipped of order {BILLED}")
    told = stage.network.bill(number, "dearer")
    cases = ExceptionCase.objects.filter(order__number=BILLED, kind="invoice_differs")
    stage.wait(cases.exists, "The case about the dear invoice")
    case = cases.get()
    stage.say(f"  {case.sentence}")
    wanted = plan(case, "approve_part", Given())
    for sentence in wanted.sentences:
        stage.say(f"    {sentence}")
    carry_out(User.objects.get(username="lead"), case, "approve_part", Given(), "As agreed.", wanted.digest)
    bill = SupplierInvoice.objects.get(document=case.document)
    over = sum(
        (Decimal(each["quantity"]) for each in told["lines"] if each["line"] == "1"), Decimal(0)
    ) * Decimal("0.50")
    if (bill.total, bill.approved) != (Decimal(told["total"]), Decimal(told["total"]) - over):
        raise DemoError(f"Of {told['total']} {bill.approved} are approved, and {over} were not agreed.")
    purchase_order = PurchaseOrder.objects.get(number=number)
    posted = {str(line): each.invoiced for line, each in positions_of(purchase_order).items()}
    if posted != {line: Decimal(each) for line, each in stage.network.billed(number).items()}:
        raise DemoError(f"The ledger holds {posted} as billed, and the supplier otherwise.")
    return {**result, "documents": documents_of(BILLED), "store_after": stage.store.order(BILLED)}


def stock(stage: Stage) -> dict[str, Any]:
    """A supplier's count (846) comes to the store less the safety buffer; one that counts in dozens is held, and put aside."""
    return count(stage)


def returns(stage: Stage) -> dict[str, Any]:
    """A shipped order goes back (180): authorized, received, refunded in the store, and credited (812) a cent short."""
    result = played(stage, RETURNED, lambda: None)
    go_back(stage)
    return {**result, "documents": documents_of(RETURNED), "store_after": stage.store.order(RETURNED)}


def archive(stage: Stage) -> dict[str, Any]:
    """Every document of the run is read back from the archive, and is what the other side has."""
    stage.wait(is_all_delivered, "The delivery of everything that was written")
    read = read_back(stage.network, stage.store)
    stage.say(f"  {len(read['documents'])} documents are read back from the archive, each with its SHA-256")
    return read


def _is_settled() -> bool:
    """Say whether every document of the invoiced order is delivered, and every 810 acknowledged."""
    sent = [each for each in documents_of(INVOICED) if each["direction"] == "out"]
    return all(each["delivery"] == "delivered" for each in sent) and all(
        each["acknowledgment"] == "accepted" for each in sent if each["kind"] == "810"
    )


FLOWS: Mapping[str, Callable[[Stage], dict[str, Any]]] = {
    "orders": orders,
    "acknowledgments": acknowledgments,
    "shipments": shipments,
    "bills": bills,
    "invoices": invoices,
    "stock": stock,
    "returns": returns,
    "archive": archive,
}
"""The flows by the names that ``--flow`` takes, in the order in which they are played."""

ALL = ("orders", "acknowledgments", "shipments", "invoices", "stock", "archive", "returns")
"""What ``--flow all`` plays: what Gridport is for."""

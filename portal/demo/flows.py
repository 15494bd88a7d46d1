"""The demo's flows: one order each, driven to its end, judged by a fresh read of the store.

Each returns ``{"documents": [...], "store_before": {...}, "store_after": {...}}``: the documents in the order of the archive
(``story.documents_of``), and the order in the store before and after as the store's API gives it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.contrib.auth.models import User

from integration.flows.decisions import carry_out
from integration.flows.planned import Given
from integration.flows.plans import plan
from integration.models import ExceptionCase, Order, StoreEffect
from portal.demo.invoices import add_finance, booked, check_books
from portal.demo.processes import DemoError
from portal.demo.story import NetworkView, StoreView, documents_of, tell, wait_until

TWO_SUPPLIERS = 1015
SHORT = 1004
"""Answered short by the simulated supplier, of which the demo command tells him."""
SHIPPED = 1002
INVOICED = 1025
"""Its prices are with tax."""
WITHIN = 90


@dataclass(frozen=True)
class Stage:
    """Where a flow plays: the store, the suppliers, how to say something, and what notices that a process has died."""

    store: StoreView
    network: NetworkView
    say: Callable[[str], None]
    check: Callable[[], None]

    def wait(self, true: Callable[[], bool], what: str) -> None:
        """Wait until ``true``. Raises ``DemoError`` naming ``what``."""
        wait_until(true, self.check, WITHIN, what)


def orders(stage: Stage) -> dict[str, Any]:
    """An order of two suppliers' articles becomes two purchase orders, each acknowledged (997) and accepted (855).

    It is a business customer's, who is sent an order acknowledgment (855) once both have answered.
    """
    return _played(stage, TWO_SUPPLIERS, lambda: None)


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

    return _played(stage, SHORT, decide)


def shipments(stage: Stage) -> dict[str, Any]:
    """A supplier ships an order in two goes (856): each parcel is a shipment in the store, with its tracking number."""
    played = _played(stage, SHIPPED, lambda: None)
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
    return {**played, "documents": documents_of(SHIPPED), "store_after": after}


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
    played = _played(stage, INVOICED, lambda: None)
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
    return {**played, "documents": documents_of(INVOICED), "store_after": after}


def _is_settled() -> bool:
    """Say whether every document of the invoiced order is delivered, and every 810 acknowledged."""
    sent = [each for each in documents_of(INVOICED) if each["direction"] == "out"]
    return all(each["delivery"] == "delivered" for each in sent) and all(
        each["acknowledgment"] == "accepted" for each in sent if each["kind"] == "810"
    )


def _played(stage: Stage, number: int, between: Callable[[], None]) -> dict[str, Any]:
    """Place an order, do what comes ``between``, and wait until every partner has accepted and the store is told."""
    stage.store.place(number)
    before = stage.store.order(number)
    stage.say(f"Order {number} is placed in the store:")
    between()
    told: set[str] = set()

    def is_done() -> bool:
        tell(number, stage.say, told)
        moved = stage.store.status_of(number) != before["status_id"]
        return moved and "effect_done" in told and _all_acknowledged(number)

    stage.wait(is_done, f"The way of order {number}")
    return {
        "documents": documents_of(number),
        "store_before": before,
        "store_after": stage.store.order(number),
    }


def _all_acknowledged(number: int) -> bool:
    """Say whether every document that is sent for the order is, and has its 997: also the 855 where a customer gets one."""
    sent = [each for each in documents_of(number) if each["direction"] == "out" and each["kind"] != "997"]
    wanted = {"850", "855"} if Order.objects.get(number=number).customer_link_id else {"850"}
    return wanted <= {each["kind"] for each in sent} and all(
        each["acknowledgment"] == "accepted" for each in sent
    )


FLOWS: Mapping[str, Callable[[Stage], dict[str, Any]]] = {
    "orders": orders,
    "acknowledgments": acknowledgments,
    "shipments": shipments,
    "invoices": invoices,
}
"""The flows by the names that ``--flow`` takes."""

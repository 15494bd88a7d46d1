"""Answers of Acme Supply to purchase orders, as it would write them itself: for what no simulated supplier does."""

from __future__ import annotations

from integration.simulators.network.functional_answers import functional_acknowledgment
from integration.simulators.network.order_answers import purchase_order_acknowledgment
from integration.simulators.network.purchase_orders import PurchaseOrder as AskedOrder
from integration.simulators.network.x12_text import interchange


def answer_of(purchase_order: str, *lines: list[str]) -> AskedOrder:
    """Return what Acme Supply knows of a purchase order, as it would know it from our 850."""
    return AskedOrder(
        sender=("ZZ", "GRIDPORT"), receiver=("ZZ", "ACMESUPPLY"), isa13="000000001", gs_sender="GRIDPORT",
        gs_receiver="ACMESUPPLY", gs06="1", st02="0001", number=purchase_order, date="20261124", lines=list(lines),
    )  # fmt: skip


def acknowledged(order: AskedOrder, number: int) -> bytes:
    """Return an interchange whose 855 accepts all of ``order``."""
    body = purchase_order_acknowledgment(order, "accept", today="20261124")
    return interchange(order, number=number, group="PR", body=body, code="855", date="20261124", time="0702")


def acknowledged_group(order: AskedOrder, number: int) -> bytes:
    """Return an interchange whose 997 accepts the group that ``order`` came in."""
    body = functional_acknowledgment([(order, "accept")])
    return interchange(order, number=number, group="FA", body=body, code="997", date="20261124", time="0703")


# The one line of order 1001 as Acme Supply got it.
LINE = ["PO1", "1", "2", "EA", "6.25", "", "VN", "AC00001"]

"""What staff can decide about goods that a partner sends otherwise than they were ordered."""

from __future__ import annotations

from collections.abc import Callable

from django.utils.translation import gettext, gettext_lazy

from integration.flows.contact import contact_plan
from integration.flows.match_ship_notices import resume
from integration.flows.planned import Choice, Given, Plan, answered
from integration.flows.rights import Refused
from integration.flows.routing import warehouse_of
from integration.flows.shipping import intend, move_status, shipping_steps, standing
from integration.matching.acknowledgment import Difference
from integration.matching.lines import plain
from integration.models import ExceptionCase, Shipment
from integration.work import Step

SHIP = Choice(
    "ship",
    gettext_lazy("Write it to the store"),
    gettext_lazy(
        "The goods are on their way: the customer sees them, as far as the order in the store has them left to ship."
    ),
)
WRITE = Choice(
    "ask_shipper",
    gettext_lazy("Write to the partner"),
    gettext_lazy("A mail with what was shipped otherwise; the case waits until a day that you give."),
    asks="to",
)
PUT_ASIDE = Choice(
    "put_aside", gettext_lazy("Not ours"), gettext_lazy("The ship notice is kept and counts for nothing.")
)
SHIPMENT_CHOICES = (SHIP, WRITE, PUT_ASIDE)


def ship_plan(case: ExceptionCase, given: Given) -> Plan:
    """Return what is written to the store of the shipments that the case is about."""
    purchase_order, _ = answered(case)
    shipments = shipments_of(case)
    if not shipments:
        raise Refused(
            gettext("Nothing of it means a line of the purchase order: nothing can be written to the store.")
        )
    store = purchase_order.order.store
    if warehouse_of(purchase_order.ship_to) is not None or purchase_order.leaves_store:
        sentences = [f"It counts as shipped; nothing of it is written to {store}."]
    else:
        sentences = [
            f"{store} gets {_words(each)}, so much of it as is left to ship there." for each in shipments
        ]
        sentences.append("The order's status follows from what the store holds as shipped then.")
    return Plan("ship", sentences, purchase_order.pk, purchase_order.state, purchase_order.state)


def put_aside_plan(case: ExceptionCase, given: Given) -> Plan:
    """Return what putting the notice aside does."""
    purchase_order, document = answered(case)
    sentences = [
        f"Ship notice {document} counts for nothing: what it posted to purchase order {purchase_order.number} is taken"
        " back.",
        "What of it is in the store already is removed there.",
    ]
    return Plan("put_aside", sentences, purchase_order.pk, purchase_order.state, purchase_order.state)


def ask_plan(case: ExceptionCase, given: Given) -> Plan:
    """Return the mail about what was shipped otherwise."""
    purchase_order, _ = answered(case)
    rows = [
        Difference(row["line"], row["sku"], row["what"], row["asked"], row["answered"], "shipped")
        for row in case.evidence
    ]
    return contact_plan(purchase_order, rows, given, "ask_shipper", "ship notice (856)")


def carry_out_shipment(case: ExceptionCase) -> list[Step]:
    """Do what follows once the case is closed by a decision; return the steps for the store."""
    purchase_order, _ = answered(case)
    if case.cause.startswith("left:") and case.decision == ExceptionCase.Decision.SHIPPED:
        for shipment in shipments_of(case):
            intend(shipment, as_left=True)
        move_status(purchase_order)
        return shipping_steps(purchase_order.order)
    return resume(purchase_order)


def shipments_of(case: ExceptionCase) -> list[Shipment]:
    """Return the shipments that stand and that the case is about."""
    purchase_order, document = answered(case)
    found = [each for each in standing(purchase_order) if each.document_id == document.pk]
    if case.cause.startswith("left:"):
        found = [each for each in found if case.cause == f"left:{each.pk}"]
    return found


def _words(shipment: Shipment) -> str:
    items = ", ".join(f"{plain(each.quantity)} of {each.line.sku}" for each in shipment.lines.all())
    number = f", tracking number {shipment.tracking_number}" if shipment.tracking_number else ""
    return f"a shipment of {items}{number}"


SHIPMENT_PLANS: dict[str, Callable[[ExceptionCase, Given], Plan]] = {
    "ship": ship_plan,
    "ask_shipper": ask_plan,
    "put_aside": put_aside_plan,
}

"""Returns in a whole world: asked of the desk on the network mailbox, and proposed from what stands in the store."""

from __future__ import annotations

from decimal import Decimal

from integration.flows.decisions import carry_out
from integration.flows.import_orders import import_step
from integration.flows.planned import Given
from integration.flows.plans import plan
from integration.flows.returns import Wanted, ask_partner, open_return
from integration.models import ExceptionCase, PurchaseOrder, ReturnCase
from integration.simulators.store.messages import write_message
from integration.simulators.store.refunds import make_refund
from integration.work import put
from partners.models import Agreement, AgreementDocument
from tests import factories
from tests.returning import offered, open_cases
from tests.world import World, world

__all__ = ["world"]

D = Decimal


def shipped(world: World, number: int = 1001) -> PurchaseOrder:
    """Have an order be acknowledged and shipped by a partner who takes returns; return its purchase order."""
    for agreement in Agreement.objects.all():
        for transaction_set, direction in (("180", "out"), ("180", "in"), ("812", "in")):
            AgreementDocument.objects.get_or_create(
                agreement=agreement, transaction_set=transaction_set, direction=direction
            )
    world.place(number)
    world.run()
    purchase_order = PurchaseOrder.objects.get(order__number=number)
    world.network.ship([purchase_order.number])
    world.run()
    return purchase_order


def test_a_return_goes_over_the_mailbox_to_the_desk_and_back(world: World) -> None:
    purchase_order = shipped(world)
    lead = factories.user(group="decide")
    case = open_return(lead, purchase_order, [Wanted(1, D(2), "damaged")], "Customer called")
    world.network.choose_returns("authorize")
    ask_partner(lead, case, "It is broken")
    world.run()
    for way in ("receive", "credit"):
        world.network.tell_return(case.number, way)
        world.run(1)
    case.refresh_from_db()
    assert (case.stage, case.rma, case.credited) == ("credited", "RMA00001", D("12.50"))
    assert case.request is not None
    assert (case.request.state.delivery, case.request.state.acknowledgment) == ("delivered", "accepted")
    assert world.network.returns() == {
        case.number: {
            "purchase_order": "1001-1",
            "rma": "RMA00001",
            "taken": {"1": "2"},
            "received": {"1": "2"},
            "given": "12.50",
        }
    }
    assert open_cases() == []


def test_a_refund_and_a_message_propose_a_return_once(world: World) -> None:
    shipped(world)
    state = world.store.state
    world.network.choose_returns("authorize")
    item = {"item_type": "PRODUCT", "item_id": 1001001, "quantity": 1}
    make_refund(state, {"items": [item], "total_amount": "10.80", "reason": "Scratched"}, 1001)
    put("orders", import_step(world.row.pk, 1001))
    world.run()
    [proposed] = ReturnCase.objects.all()
    assert (proposed.stage, proposed.source, proposed.source_key, proposed.reason) == (
        "proposed",
        "refund",
        "refund:1",
        "Scratched",
    )
    [case] = ExceptionCase.objects.filter(kind="return_proposed", closed_at=None)
    assert case.sentence == (
        "A refund of order 1001 in the store gives back the money for 1 of AC-001. Acme Supply delivered it for purchase order"
        f" 1001-1. Open return {proposed.number}, so that they take it back and credit it, or say that nothing goes back."
    )
    ExceptionCase.objects.exclude(pk=case.pk).update(closed_at="2026-11-27T00:00Z")
    assert offered() == ["open_return", "drop_return", "wait"]
    lead = factories.user(group="decide")
    shown = plan(case, "open_return", Given())
    assert shown.sentences == [
        f"Return {proposed.number} is opened: 1 of AC-001 of purchase order 1001-1.",
        "Acme Supply is asked for it (180).",
    ]
    carry_out(lead, case, "open_return", Given(), "It has to go back", shown.digest)
    write_message(state, {"message": "The other one is BROKEN too, AC-001"}, 1001)
    write_message(state, {"message": "Where is my order?"}, 1001)
    write_message(state, {"message": "Send it back, please", "type": "admin"}, 1001)
    put("orders", import_step(world.row.pk, 1001))
    world.run()
    proposed.refresh_from_db()
    assert (proposed.stage, proposed.rma) == ("authorized", "RMA00001")
    told = ReturnCase.objects.exclude(pk=proposed.pk).get()
    assert (told.stage, told.source, told.source_key, told.lines.get().quantity) == (
        "proposed",
        "message",
        "message:1",
        1,
    )
    put("orders", import_step(world.row.pk, 1001))
    world.run(1)
    assert ReturnCase.objects.count() == 2

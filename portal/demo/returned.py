"""The demo's return: goods of a shipped order go back to their supplier, and the money comes back, a cent short."""

from __future__ import annotations

from decimal import Decimal

from django.contrib.auth.models import User

from archive.clock import database_now
from integration.flows.decisions import carry_out
from integration.flows.planned import Given
from integration.flows.plans import plan
from integration.flows.refund import decide_refund, refund_plan, refundable
from integration.flows.returns import Wanted, ask_partner, close_return, mark_shipped, open_return
from integration.models import ExceptionCase, PurchaseOrder, Refund, ReturnCase, StoreEffect
from portal.demo.processes import DemoError
from portal.demo.stage import Stage

RETURNED = 1028
TRACKING = "1Z5R89000000000012"


def go_back(stage: Stage) -> ReturnCase:
    """Have all of order ``RETURNED`` go back: asked, answered, sent, received, credited, refunded and closed."""
    purchase_order = PurchaseOrder.objects.get(order__number=RETURNED)
    lead = User.objects.get(username="lead")
    stage.network.ship(purchase_order.number, "whole")
    stage.wait(lambda: stage.store.status_of(RETURNED) == 2, f"What was shipped of order {RETURNED}")
    lines = [Wanted(each.line_number, each.quantity, "defective") for each in purchase_order.lines.all()]
    case = open_return(lead, purchase_order, lines, "The customer sent photos.", word="It does not light up.")
    stage.say(f"  {case} is opened")
    stage.network.answer_returns("authorize")
    ask_partner(lead, case, "He has to say where it goes.")
    _until(stage, case, "authorized", "The authorization")
    stage.say(f"  {case.partner} takes it back under RMA {case.rma}")
    mark_shipped(lead, case, "UPSN", TRACKING, database_now().date(), "The customer has sent it.")
    stage.network.tell_return(case.number, "receive")
    _until(stage, case, "received", "Word of the receipt")
    _refund(stage, case, lead)
    stage.network.tell_return(case.number, "credit_short")
    _until(stage, case, "credited", "The credit")
    _accept(stage, case, lead)
    close_return(lead, case, "Nothing is left to do.")
    _judge(stage, case)
    return case


def _until(stage: Stage, case: ReturnCase, wanted: str, what: str) -> None:
    def has_come() -> bool:
        case.refresh_from_db()
        return case.stage == wanted

    stage.wait(has_come, what)


def _refund(stage: Stage, case: ReturnCase, lead: User) -> None:
    quantities = {each.row.pk: each.usual for each in refundable(case)}
    wanted = refund_plan(case, quantities)
    decide_refund(lead, case, quantities, 0, wanted.digest, "It came back.")
    made = StoreEffect.objects.filter(order=case.order, kind="refund", state="done")
    stage.wait(made.exists, "The refund")
    refund = Refund.objects.get(case=case)
    stage.say(f"  the customer is given {refund.amount:.2f} {refund.currency} back in the store")


def _accept(stage: Stage, case: ReturnCase, lead: User) -> None:
    asked = ExceptionCase.objects.filter(return_case=case, kind="credit_differs", closed_at=None)
    stage.wait(asked.exists, "The case about the cent")
    differs = asked.get()
    stage.say(f"  {differs.sentence}")
    wanted = plan(differs, "take_credit", Given())
    for sentence in wanted.sentences:
        stage.say(f"    {sentence}")
    carry_out(lead, differs, "take_credit", Given(), "A cent is not worth a letter.", wanted.digest)
    case.refresh_from_db()


def _judge(stage: Stage, case: ReturnCase) -> None:
    """Raise ``DemoError`` unless the desk's books, the store and the return say the same."""
    desk = stage.network.returns()[case.number]
    case.refresh_from_db()
    said = (case.stage, case.rma, case.credited, case.expected_credit - case.credited)
    if said != ("closed", desk["rma"], Decimal(desk["given"]), Decimal("0.01")):
        raise DemoError(f"The return is {said}, and the returns desk has {desk}.")
    given = sum((Decimal(str(each["total_amount"])) for each in stage.store.refunds(RETURNED)), Decimal(0))
    if given != Refund.objects.get(case=case).amount:
        raise DemoError(f"The store has refunded {given}.")

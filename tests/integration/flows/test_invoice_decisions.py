"""What staff decide about a supplier's invoice, each with exactly the effect that its plan shows; waiting, and reading again."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from uuid import uuid4

import pytest
from django.contrib.auth.models import User
from django.utils import timezone

from archive.clock import database_now
from archive.models import Document
from integration import tasks
from integration.flows.decide import Refused, settle_case
from integration.flows.decisions import carry_out
from integration.flows.gaps.billed import bills as bills_question
from integration.flows.planned import Given, Plan
from integration.flows.plans import choices, plan
from integration.flows.reprocess import plan_reprocess, reprocess
from integration.models import ExceptionCase, LineEntry, OutgoingMail, PurchaseOrder, SupplierInvoice, Work
from partners.models import BillTolerances, CodeList
from tests import factories
from tests.integration.flows.test_match_invoices import (
    State,
    accepted,
    bills,
    hold,
    invoiced,
    open_case,
    price_of,
    world,
)
from tests.world import World

__all__ = ["world"]

D = Decimal
REASON = "As agreed on the telephone."


@pytest.fixture
def lead(world: World) -> User:
    return factories.user("lea", "decide")


def decide(user: User, case: ExceptionCase, name: str, given: Given | None = None) -> Plan:
    given = given or Given()
    wanted = plan(case, name, given)
    return carry_out(user, case, name, given, REASON, wanted.digest)


def billed(world: World, way: str, number: str = "") -> ExceptionCase:
    world.network.bill(["1001-1"], way, number)
    world.run(1)
    return open_case()


def test_each_decision_and_what_comes_of_it(world: World, lead: User) -> None:
    purchase_order = accepted(world)
    price = price_of(purchase_order)
    world.network.ship(["1001-1"])
    world.run()

    case = billed(world, "dearer")
    assert [each.name for each in choices(case)] == [
        "approve_part",
        "approve",
        "ask_biller",
        "reject_bill",
        "wait",
    ]
    first = SupplierInvoice.objects.get()
    wanted = decide(lead, case, "reject_bill")
    assert wanted.sentences[0] == f"Nothing of invoice {first.number}, {first.total} USD, is approved."
    assert bills()[first.number] == (State.REJECTED, first.total, D(0), D(1))
    assert invoiced(purchase_order) == {1: (0, 0)}
    # Just the same once more is rejected already; nobody is asked again.
    world.network.bill(["1001-1"], "again", first.number)
    world.run(1)
    states = list(SupplierInvoice.objects.order_by("pk").values_list("state", flat=True))
    assert states == [State.REJECTED, State.REPEATED]
    assert not ExceptionCase.objects.filter(closed_at=None).exists()
    world.network._books.clear()

    case = billed(world, "over", "INV-PART")
    with pytest.raises(Refused, match="no address that mail can be sent to"):
        plan(case, "approve_part", Given(to="nobody"))
    wanted = decide(lead, case, "approve_part", Given(to="billing@acme.example", message="Thank you."))
    assert (wanted.value, wanted.before, wanted.after) == (f"{2 * price:.2f}", "disputed", "approved")
    assert bills()["INV-PART"] == (State.APPROVED, 3 * price, 2 * price, price)
    mail = OutgoingMail.objects.get()
    assert mail.to == ["billing@acme.example"]
    assert f"we approve {2 * price:.2f} USD" in mail.body
    assert "Line 1 (AC-001): quantity: asked 2 ordered, 2 shipped, billed 3" in mail.body
    assert "Thank you." in mail.body
    case.refresh_from_db()
    assert case.decision == "approved_part"
    # What is decided holds, whatever comes; and what was billed counts against what is billed next.
    world.network.bill(["1001-1"], "credit", "INV-PART")
    world.run(1)
    assert bills()["INV-PART"][0] == State.APPROVED
    assert invoiced(purchase_order) == {1: (3, 1)}

    case = billed(world, "altered", "INV-PART")
    assert [each.name for each in choices(case)] == ["reject_bill", "approve", "ask_biller", "wait"]
    wanted = decide(lead, case, "approve")
    assert "It counts besides the one of the same number" in wanted.sentences[1]
    assert invoiced(purchase_order) == {1: (7, 1)}
    world.network._books.clear()

    case = billed(world, "freight", "INV-ASK")
    later = timezone.now() + timedelta(days=2)
    decide(lead, case, "ask_biller", Given(to="billing@acme.example", due_at=later))
    assert "charge: asked no charge, billed freight 12.00" in OutgoingMail.objects.latest("pk").body.lower()
    case.refresh_from_db()
    assert (case.closed_at, case.due_at) == (None, later)
    settle_case(lead, case, REASON)
    assert bills()["INV-ASK"][0] == State.SETTLED
    checked = bills_question(database_now())
    assert (checked.good, checked.explained, list(checked.gaps)) == (6, 0, [])


def test_a_bill_that_waited_long_enough_is_a_case_and_what_is_agreed_passes(world: World) -> None:
    purchase_order = accepted(world)
    price = price_of(purchase_order)
    BillTolerances.objects.create(
        agreement=purchase_order.agreement,
        days_waiting=2,
        charges=D("12.00"),
        price_absolute=D("0.50"),
        rounding_cents=100,
    )
    early = world.network.bill(["1001-1"])
    world.run()
    row = SupplierInvoice.objects.get()
    assert row.state == State.WAITING
    assert row.waits_until == row.document.recorded_at + timedelta(days=2)
    # Two days later, of which the clock is told.
    BillTolerances.objects.update(days_waiting=0)
    SupplierInvoice.objects.update(waits_until=database_now())
    Work.objects.filter(step="reconcile").update(due_at="2020-01-01T00:00Z")
    tasks.drain_everything()
    case = open_case()
    assert [(each["asked"], each["answered"], each["money"]) for each in case.evidence] == [
        ("2 ordered, 0 shipped", "2", f"{2 * price:.2f}")
    ]
    # What comes at last settles it.
    world.network.ship(["1001-1"])
    world.run()
    assert bills()[early][0] == State.MATCHED
    assert not ExceptionCase.objects.filter(closed_at=None).exists()
    for way in ("freight", "dearer", "wrong_total"):
        world.network._books.clear()
        SupplierInvoice.objects.update(state=State.REJECTED)
        world.network.bill(["1001-1"], way, f"INV-{way}")
        world.run(1)
        assert bills()[f"INV-{way}"][0] == State.MATCHED


def test_reading_again_takes_back_what_was_posted_and_posts_what_it_says_now(
    world: World, lead: User
) -> None:
    purchase_order = accepted(world)
    world.network.ship(["1001-1"])
    world.network.bill(["1001-1"], "over")
    ((name, data),) = (each for each in hold(world).items() if ".810." in each[0])
    world.network.drop(name, data.replace(b"*EA*", b"*ZZ*"))
    world.run()
    assert open_case().kind == ExceptionCase.Kind.MISSING_TRANSLATION
    assert SupplierInvoice.objects.count() == 0
    units = CodeList.objects.get_or_create(agreement=purchase_order.agreement, name="units")[0]
    units.entries.create(ours="each", theirs="ZZ")
    document = Document.objects.get(transaction_set="810")
    shown = plan_reprocess(lead, document)
    reprocess(lead, document, REASON, shown.digest, uuid4().hex)
    tasks.drain_everything()
    assert SupplierInvoice.objects.get().state == State.DISPUTED
    assert invoiced(purchase_order) == {1: (3, 0)}
    units.entries.all().delete()
    shown = plan_reprocess(lead, document)
    assert any("Taken back: line 1 (AC-001)" in each for each in shown.sentences)
    reprocess(lead, document, REASON, shown.digest, uuid4().hex)
    assert SupplierInvoice.objects.get().state == State.WITHDRAWN
    assert invoiced(purchase_order) == {1: (0, 0)}
    assert LineEntry.standing().filter(document=document).count() == 0
    assert PurchaseOrder.objects.get(pk=purchase_order.pk).state == PurchaseOrder.State.ACCEPTED

"""Suppliers' invoices of one number, and credit memos that name an invoice alone: which stands, and what is asked."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from decimal import Decimal
from functools import partial

import pytest
from django.contrib.auth.models import User

from integration.flows.decide import Refused
from integration.flows.decisions import carry_out
from integration.flows.generate import generate
from integration.flows.match import match
from integration.flows.parents import AWAITED
from integration.flows.planned import Given
from integration.flows.plans import plan
from integration.flows.positions import positions_of
from integration.flows.steps import STEPS
from integration.models import ExceptionCase, LineEntry, PurchaseOrder, SupplierInvoice
from integration.work import Unclaimed, put
from integration.x12.syntax import Segment, segment
from partners.models import AgreementDocument
from tests import factories
from tests.at_once import at_once
from tests.integration.flows.test_bills_in_any_order import credit, replacing

State = SupplierInvoice.State
D = Decimal


@pytest.fixture
def lead(db: None) -> User:
    return factories.user("lea", "decide")


@pytest.fixture
def made(db: None) -> PurchaseOrder:
    """A purchase order of two lines at 4.50, two and five, of which nothing is shipped."""
    found = factories.purchase_order(factories.order(1042))
    factories.sent(found)
    return found


def states(number: str = "INV-1") -> list[str]:
    return list(SupplierInvoice.objects.filter(number=number).order_by("pk").values_list("state", flat=True))


def with_purpose(body: Sequence[Segment], code: str) -> list[Segment]:
    big, *others = replacing(body)
    return [segment("BIG", *(str(each) for each in big.elements[:-1]), code), *others]


def decided(user: User, name: str) -> None:
    case = ExceptionCase.objects.get(closed_at=None)
    carry_out(user, case, name, Given(), "As agreed.", plan(case, name, Given()).digest)


def test_the_partner_replaces_and_cancels_while_nobody_has_decided(made: PurchaseOrder) -> None:
    body = factories.bill(made, "INV-1", more=1)
    factories.supplier_invoice(made, body)
    assert states() == [State.DISPUTED]
    factories.supplier_invoice(made, replacing(factories.bill(made, "INV-1")))
    assert states() == [State.WITHDRAWN, State.WAITING]
    assert not ExceptionCase.objects.filter(closed_at=None).exists()
    factories.supplier_invoice(made, with_purpose(body, "01"))
    assert states() == [State.WITHDRAWN] * 3
    assert {each.invoiced for each in positions_of(made).values()} == {D(0)}
    # A new one of the number stands again.
    factories.supplier_invoice(made, factories.bill(made, "INV-1"))
    assert states()[-1] == State.WAITING


def test_what_a_person_approved_is_not_taken_back_without_asking(made: PurchaseOrder, lead: User) -> None:
    body = factories.bill(made, "INV-1", more=1)
    first = factories.supplier_invoice(made, body)
    decided(lead, "approve")
    factories.supplier_invoice(made, with_purpose(body, "01"))
    assert states() == [State.APPROVED, State.HELD]
    case = ExceptionCase.objects.get(closed_at=None)
    assert [(each["what"], each["asked"], each["answered"]) for each in case.evidence] == [
        ("the invoice", "to stand", "cancel")
    ]
    with pytest.raises(Refused, match="cancels an invoice that was approved"):
        plan(case, "approve", Given())
    decided(lead, "reject_bill")
    assert states() == [State.APPROVED, State.REJECTED]
    first.refresh_from_db()
    assert first.approved == first.total == D("36.00")


def test_a_corrected_invoice_stands_once_the_first_is_rejected_and_its_copies_are_asked_about_once(
    made: PurchaseOrder, lead: User
) -> None:
    wrong, right = factories.bill(made, "INV-1", price="6"), factories.bill(made, "INV-1")
    factories.supplier_invoice(made, wrong)
    other = factories.supplier_invoice(made, right)
    factories.supplier_invoice(made, right)
    assert states() == [State.DISPUTED, State.HELD, State.REPEATED]
    cases = ExceptionCase.objects.filter(closed_at=None).order_by("pk")
    assert [each.kind for each in cases] == ["invoice_differs", "duplicate"]
    first = cases[0]
    carry_out(lead, first, "reject_bill", Given(), "Too dear.", plan(first, "reject_bill", Given()).digest)
    assert states() == [State.REJECTED, State.WAITING, State.REPEATED]
    assert not ExceptionCase.objects.filter(closed_at=None).exists()
    assert positions_of(made)[1].invoiced == D(2)
    other.refresh_from_db()
    assert other.waits_until is not None


def test_a_credit_memo_that_names_no_order_is_for_that_of_the_invoice_it_names(made: PurchaseOrder) -> None:
    bare = credit(made, "CM-1", "INV-1")
    bare[0] = segment("BIG", "20261125", "CM-1", "", "", "", "", "CR")
    memo = factories.supplier_invoice(made, bare)
    assert (memo.state, memo.unknown, memo.taken_for) == (State.WAITING, [""], "")
    arrived = factories.received(made.agreement, "810", factories.bill(made, "INV-1"))
    steps = match(str(arrived.pk), Unclaimed())
    assert [(each.name, each.subject) for each in steps] == [("match", str(memo.document_id))]
    assert match(str(memo.document_id), Unclaimed()) == []
    memo.refresh_from_db()
    assert (memo.state, memo.taken_for, memo.approved) == (State.MATCHED, "1042-1", D("4.50"))
    assert positions_of(made)[1].credited == D(1)
    again = factories.supplier_invoice(made, bare)
    assert (again.state, again.taken_for) == (State.REPEATED, "1042-1")


def test_an_order_that_a_line_does_not_name_is_asked_for(made: PurchaseOrder) -> None:
    body = factories.bill(made, "INV-1")
    body[0] = segment("BIG", "20261125", "INV-1", "", "", "", "", "DI")
    body.insert(2, segment("REF", "PO", made.number))
    bill = factories.supplier_invoice(made, body)
    assert (bill.state, bill.unknown, bill.parts.count()) == (State.WAITING, [""], 1)
    assert positions_of(made)[1].invoiced == D(2)
    assert positions_of(made)[2].invoiced == D(0)


def test_an_invoice_before_its_purchase_order_is_matched_when_that_is_sent(db: None) -> None:
    early = factories.purchase_order(factories.order(1043))
    factories.composed(early)
    bill = factories.supplier_invoice(early)
    assert (bill.state, bill.unknown, bill.waits_until) == (State.WAITING, ["1043-1"], None)
    [step] = match(str(bill.document_id), Unclaimed())
    assert (step.name, step.subject, timedelta(0) < step.delay <= AWAITED) == (
        "match",
        str(bill.document_id),
        True,
    )
    put(STEPS["match"].lane, step)
    following = generate(str(early.pk), Unclaimed())
    assert ("match", str(bill.document_id)) in [(each.name, each.subject) for each in following]
    match(str(bill.document_id), Unclaimed())
    bill.refresh_from_db()
    assert (bill.state, bill.unknown, bill.waits_until is not None) == (State.WAITING, [], True)


def test_of_two_invoices_of_one_number_that_are_matched_at_once_one_holds(committed: str) -> None:
    """They name different purchase orders, so that nothing but the partner is held by both."""
    first = factories.purchase_order(factories.order(1042))
    other = factories.purchase_order(factories.order(1043), first.agreement)
    AgreementDocument.objects.create(agreement=first.agreement, transaction_set="810", direction="in")
    for each in (first, other):
        factories.sent(each)
    arrived = [
        factories.received(first.agreement, "810", factories.bill(each, "INV-1")) for each in (first, other)
    ]
    acts = [partial(match, str(each.pk), Unclaimed()) for each in arrived]
    assert at_once(*acts) == ["", ""]
    assert dict(SupplierInvoice.objects.values_list("document", "state")) == {
        arrived[0].pk: State.WAITING,
        arrived[1].pk: State.HELD,
    }
    posted = LineEntry.standing().filter(kind=LineEntry.Kind.INVOICED)
    assert set(posted.values_list("document", flat=True)) == {arrived[0].pk}
    assert ExceptionCase.objects.get().kind == "duplicate"

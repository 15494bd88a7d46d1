"""Received answers and notifications of returns (180) and credit adjustments (812), matched to what they belong to.

A document means the return whose number it names, ours or the partner's (RMA); else the one return of its purchase order
that it can mean. All returns of a purchase order are then settled together (``return_settling``).
"""

from __future__ import annotations

from django.db.models import Q

from archive.models import Document, Validation
from integration.documents import CreditAdjustment, ReturnDocument
from integration.flows.cases import close_cause
from integration.flows.match_invoices import billed_orders, lock_orders
from integration.flows.parents import NOT_SENT, orphan_cause, wait_for_parent
from integration.flows.persons import tie
from integration.flows.return_reading import said_of, without_request
from integration.flows.return_settling import settle_returns
from integration.matching.returns import names_in, orders_in
from integration.models import ExceptionCase, OrderDocument, PurchaseOrder, ReturnCase
from integration.work import Step

Kind = ExceptionCase.Kind
_ROLES = {"180": OrderDocument.Role.RETURN_ANSWER, "812": OrderDocument.Role.CREDIT_ADJUSTMENT}


def match_return(document: Document) -> list[Step]:
    """Match a 180 of a partner in the caller's transaction; return what follows."""
    return _match(document)


def match_credit(document: Document) -> list[Step]:
    """Match an 812 of a partner in the caller's transaction; return what follows."""
    return _match(document)


def returns_concerned(document: Document) -> set[int]:
    """Return the purchase orders whose returns a 180 or 812 is or was matched to."""
    found = set(
        ReturnCase.objects.filter(documents__document=document).values_list("purchase_order", flat=True)
    )
    linked = document.orders.filter(role__in=_ROLES.values()).values_list("purchase_order", flat=True)
    found |= {pk for pk in linked if pk is not None}
    if document.transaction_set in _ROLES and document.translation.content is not None:
        found |= _named(document, said_of(document))
    return found


def settle_billed(document: Document) -> list[Step]:
    """Settle the returns that a supplier's invoice or credit memo may belong to, after it was matched."""
    return _settle_all(billed_orders(document))


def settle_concerned(pks: set[int]) -> list[Step]:
    """Settle the returns of purchase orders after what was said of them changed."""
    return _settle_all(pks)


def take_back_return(document: Document) -> list[Step]:
    """Let nothing of a 180 or 812 stand that was read again and is none any more."""
    if document.state.validation != Validation.INVALID and document.translation.content is not None:
        return []
    return _settle_all(returns_concerned(document))


def _match(document: Document) -> list[Step]:
    said = said_of(document)
    before = set(
        ReturnCase.objects.filter(documents__document=document).values_list("purchase_order", flat=True)
    )
    found = lock_orders(before | _named(document, said) | _decided(document))
    known = [each for each in found if each.state not in NOT_SENT]
    for purchase_order in known:
        tie(purchase_order.order, document, _ROLES[document.transaction_set], purchase_order)
    steps = [step for purchase_order in found for step in settle_returns(purchase_order)]
    if document.of_returns.exists():
        for kind in (Kind.RETURN_DIFFERS, Kind.UNKNOWN_PURCHASE_ORDER):
            close_cause(orphan_cause(document, kind), "The return is known now.")
        return steps
    return [*steps, *_wait(document, said, known)]


def _named(document: Document, said: ReturnDocument | CreditAdjustment) -> set[int]:
    names = {without_request(each) for each in names_in(said)}
    by_return = ReturnCase.objects.filter(Q(number__in=names) | Q(rma__in=names), partner=document.partner)
    by_order = PurchaseOrder.objects.filter(number__in=orders_in(said), agreement__partner=document.partner)
    return {*by_return.values_list("purchase_order", flat=True), *by_order.values_list("pk", flat=True)}


def _decided(document: Document) -> set[int]:
    """Return the purchase order of the return that a person matched ``document`` to."""
    decided = document.cases.filter(decision=ExceptionCase.Decision.MATCHED)
    targets = [case.plan.get("target") for case in decided]
    return set(ReturnCase.objects.filter(pk__in=targets).values_list("purchase_order", flat=True))


def _wait(
    document: Document, said: ReturnDocument | CreditAdjustment, known: list[PurchaseOrder]
) -> list[Step]:
    """Wait for the return that a document means, and ask a person once it does not come."""
    if document.cases.filter(decision=ExceptionCase.Decision.NOT_OURS).exists():
        return []
    what = "credits a return" if isinstance(said, CreditAdjustment) else "answers a return"
    named = sorted({without_request(each) for each in names_in(said)})
    number = f" {', '.join(named)}" if named else ""
    orders = sorted(orders_in(said))
    if orders and not known:
        of = f"{document.partner} {what}{number} of purchase order {', '.join(orders)}, which we"
        return wait_for_parent(
            document,
            Kind.UNKNOWN_PURCHASE_ORDER,
            f"{of} have not sent to them yet.",
            f"{of} did not send to them. Nothing was changed; ask the partner what is meant.",
        )
    of_order = f" of purchase order {', '.join(orders)}" if orders else ""
    told = f"{document.partner} {what}{number}{of_order} that we"
    return wait_for_parent(
        document,
        Kind.RETURN_DIFFERS,
        f"{told} have not asked for yet.",
        f"{told} did not ask for. Say which return is meant, or put it aside.",
    )


def _settle_all(pks: set[int]) -> list[Step]:
    with_returns = ReturnCase.objects.filter(purchase_order__in=pks).values_list("purchase_order", flat=True)
    return [step for each in lock_orders(set(with_returns)) for step in settle_returns(each)]

"""A refund that a person decided, as the store is to make it: looked for first, quoted anew, made once.

The store knows no key by which a repeated POST would be one, and takes the same refund a second time as long as so many
pieces are left. So before every POST the order's refunds are read, and one that carries our mark, or holds just these
pieces for just this amount and is no other refund's of ours nor was there when it was decided, is this one: made before an answer
was lost, or by somebody by hand meanwhile. Then the store is asked once more what it comes to; where that is another amount than
was decided, nothing is done and a person decides again.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from decimal import Decimal
from typing import Any

from archive.clock import database_now
from archive.record import record_event
from integration.bigcommerce.client import StoreClient
from integration.bigcommerce.errors import NotFound, Refused
from integration.bigcommerce.refunds import RefundPayment, RefundQuote, ReturnedItem, StoreRefund
from integration.errors import IntegrationError
from integration.failpoints import failpoint
from integration.flows.cases import open_case
from integration.flows.effects import begin, finish, interrupted
from integration.flows.nameless import nameless
from integration.models import ExceptionCase, Order, Refund, StoreEffect
from integration.work import Claim

State = StoreEffect.State


def refund_customer(effect: StoreEffect, client: StoreClient, claim: Claim) -> None:
    """Make the refund of ``effect`` unless the store holds it already, or would give another amount now."""
    refund = Refund.objects.select_related("case", "order__store").get(effect=effect)
    number = effect.order.number
    items, payments = items_of(effect.intended), payments_of(effect.intended)
    found = _own(refund, client.get_refunds(number))
    if found is not None:
        _made(refund, claim, found)
        return
    try:
        quote = client.quote_refund(number, items)
    except (Refused, NotFound) as error:
        _not_made(refund, claim, str(error))
        return
    if changed := quote_changed(refund, payments, quote):
        _not_made(refund, claim, changed)
        return
    if not begin(effect, claim):
        return
    try:
        made = client.add_refund(number, items, payments)
    except Refused as error:
        _not_made(refund, claim, str(error))
        return
    except IntegrationError as error:
        interrupted(effect, claim, error)
        raise
    failpoint("effect.written")
    _made(refund, claim, made)


def ours_among(order: Order, refunds: Iterable[StoreRefund]) -> set[int]:
    """Return which of the order's refunds in the store are ours, whether or not we have had the store's answer yet."""
    known = {each.store_refund for each in order.refunds.all()}
    told = list(refunds)
    found = {each.id for each in told if each.id in known}
    for refund in order.refunds.filter(store_refund=None, ended_at=None).select_related("effect"):
        own = _own(refund, told)
        if own is not None:
            found.add(own.id)
    return found


def note_declined(order: Order, refunds: Iterable[StoreRefund]) -> None:
    """Say of refunds of ours whose payment the provider declined after we had the store's answer; each once."""
    told = {each.id: each for each in refunds}
    for refund in order.refunds.filter(store_refund__in=told, declined=0).select_related("case"):
        declined = told[refund.store_refund or 0].declined
        if declined:
            _tell_declined(refund, declined)


def items_of(intended: dict[str, Any]) -> list[ReturnedItem]:
    """Return the pieces that a refund is of."""
    return [ReturnedItem(each["line"], each["quantity"], each["reason"]) for each in intended["items"]]


def payments_of(intended: dict[str, Any]) -> list[RefundPayment]:
    """Return how a refund is paid."""
    return [
        RefundPayment(each["provider"], each["words"], Decimal(each["amount"]), each["offline"])
        for each in intended["payments"]
    ]


def quote_changed(refund: Refund, payments: Sequence[RefundPayment], quote: RefundQuote) -> str:
    """Return the sentence that says how the store's quote differs from what was decided; "" where it does not."""
    currency = refund.currency
    if quote.total != refund.amount or quote.tax != refund.tax:
        return (
            f"The store would give back {amount_words(quote.total)} {currency} now, {amount_words(quote.tax)} of it tax;"
            f" {amount_words(refund.amount)} {currency} was decided, {amount_words(refund.tax)} of it tax."
        )
    if tuple(payments) not in quote.methods:
        return f"The store does not offer {refund.method} for it any more."
    return ""


def _own(refund: Refund, told: Sequence[StoreRefund]) -> StoreRefund | None:
    """Return the store's refund that is ``refund``: by our mark, else by what it holds; the oldest of several."""
    intended = refund.effect.intended
    mark = intended["mark"]
    others = set(
        Refund.objects.filter(order_id=refund.order_id)
        .exclude(pk=refund.pk)
        .exclude(store_refund=None)
        .values_list("store_refund", flat=True)
    )
    free = [each for each in told if each.id not in others]
    marked = [each for each in free if any(mark in item.reason for item in each.items)]
    if marked:
        return min(marked, key=lambda each: each.id)
    wanted = sorted((each["line"], each["quantity"]) for each in intended["items"])
    like = [
        each
        for each in free
        if each.id not in intended["before"]
        and each.total_amount == refund.amount
        and _pieces(each) == wanted
    ]
    return min(like, key=lambda each: each.id, default=None)


def _pieces(told: StoreRefund) -> list[tuple[int, int]]:
    return sorted((each.item_id, each.quantity) for each in told.items)


def _made(refund: Refund, claim: Claim, made: StoreRefund) -> None:
    sentence = (
        f"The customer is refunded {amount_words(refund.amount)} {refund.currency} for {refund.case}, by {refund.method}: refund"
        f" {made.id} of the store."
    )
    with claim.transaction():
        Refund.objects.filter(pk=refund.pk).update(store_refund=made.id, ended_at=database_now())
        finish(refund.effect, claim, State.DONE, {"refund": made.id}, sentence)
        record_event(refund.case.subject, "refunded", sentence)
        if made.declined:
            _tell_declined(refund, made.declined)


def _not_made(refund: Refund, claim: Claim, why: str) -> None:
    """End the refund, and have a person decide anew: with nothing done, unless an earlier request had left before."""
    may_be_done = refund.effect.state in (State.SENDING, State.UNKNOWN)
    rest = (
        "An earlier request left before, and the store shows no refund of it: look there whether the customer has his money"
        " before you decide it anew."
        if may_be_done
        else "Nothing was given back; open the return and decide the refund anew."
    )
    sentence = f"The refund of {amount_words(refund.amount)} {refund.currency} for {refund.case} is not made: {why} {rest}"
    with claim.transaction():
        Refund.objects.filter(pk=refund.pk).update(ended_at=database_now())
        finish(refund.effect, claim, State.SKIPPED, {"error": sentence}, sentence)
        record_event(refund.case.subject, "refund_refused", nameless(sentence, refund.case.order))
        _ask(refund, "not made", sentence, refund.amount)


def _tell_declined(refund: Refund, declined: Decimal) -> None:
    sentence = (
        f"{amount_words(declined)} {refund.currency} of the refund for {refund.case} did not go back: the payment provider declined"
        f" ({refund.method}). The store holds it as refunded all the same; pay the customer another way."
    )
    Refund.objects.filter(pk=refund.pk).update(declined=declined)
    record_event(refund.case.subject, "refund_declined", sentence)
    _ask(refund, "declined", sentence, declined)


def _ask(refund: Refund, what: str, sentence: str, money: Decimal) -> None:
    order = refund.order
    open_case(
        ExceptionCase.Kind.STORE,
        f"refund {what}:{refund.pk}",
        sentence,
        order=order,
        store=order.store,
        purchase_order_id=refund.case.purchase_order_id,
        return_case=refund.case,
        money=money,
        currency=refund.currency,
    )


def amount_words(amount: Decimal) -> str:
    """Return an amount with the decimals that it has, two at least."""
    shown = amount.normalize()
    exponent = shown.as_tuple().exponent
    return f"{shown:.{max(2, -exponent if isinstance(exponent, int) else 2)}f}"

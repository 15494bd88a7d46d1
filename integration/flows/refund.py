"""Money back to the customer of a return: the store is asked what it comes to, a person sees it, and just that is done.

The plan is what the store quoted (``refund_plan``), shown with its digest; ``decide_refund`` asks the store once more, and does
nothing where the plan has become another one meanwhile. What then happens in the store: ``apply_refunds``.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from decimal import Decimal
from typing import Any

from django.contrib.auth.models import User
from django.db import transaction
from django.utils.translation import gettext

from archive.record import record_audit, record_event
from integration.bigcommerce.refunds import RefundPayment, RefundQuote, ReturnedItem, StoreRefund
from integration.errors import IntegrationError
from integration.flows.apply_refunds import amount_words
from integration.flows.effects import effect_step
from integration.flows.refunded import given_back
from integration.flows.rights import DECIDE, Refused, require
from integration.flows.steps import STEPS
from integration.flows.stores import client_for
from integration.models import Order, Refund, ReturnCase, ReturnLine, StoreEffect
from integration.work import put
from partners.models import Mode

Stage = ReturnCase.Stage
REFUNDABLE = (
    Stage.OPENED, Stage.REQUESTED, Stage.AUTHORIZED, Stage.DENIED, Stage.SHIPPED, Stage.RECEIVED, Stage.CREDITED, Stage.CLOSED,
)  # fmt: skip
"""Stages of a return at which the customer may be given his money: whether the partner pays is another matter."""


@dataclass(frozen=True)
class Left:
    """A line of a return and how many pieces of it the store would still refund; ``usual`` is how many came back."""

    row: ReturnLine
    usual: int
    most: int


@dataclass(frozen=True)
class RefundPlan:
    """What a refund would do, in sentences and as data. ``digest`` names exactly this."""

    sentences: list[str]
    items: list[dict[str, Any]]
    payments: list[dict[str, Any]]
    amount: str
    tax: str
    currency: str
    method: str
    before: list[int]

    @property
    def digest(self) -> str:
        """Return the SHA-256 of the plan."""
        return hashlib.sha256(json.dumps(asdict(self), sort_keys=True).encode()).hexdigest()


def refundable(case: ReturnCase) -> list[Left]:
    """Return the lines of ``case`` of which the customer may still be given money, with how many by our own books."""
    given = _given(case)
    found = []
    for row in case.lines.select_related("line"):
        came = row.received if row.received is not None else row.quantity
        bought = _bought(case.order, row.line.store_line)
        left = bought - given.get(row.line.store_line, 0)
        if left > 0:
            found.append(Left(row, max(0, min(int(came), left)), left))
    return found


def refund_plan(case: ReturnCase, quantities: Mapping[int, int], method: int = 0) -> RefundPlan:
    """Ask the store what ``quantities`` (by ``ReturnLine`` key) come to, and return what refunding them would do.

    ``method`` is one of the ways that the store offers, by its place. Raises ``Refused`` where it makes no sense or the
    store does not say.
    """
    _check(case)
    items = _items(case, quantities)
    quote, known = _asked(case, items)
    chosen = _way(quote, method)
    currency = case.order.currency
    return RefundPlan(
        sentences=_sentences(case, quantities, quote, chosen),
        items=[{"line": each.line, "quantity": each.quantity, "reason": each.reason} for each in items],
        payments=[
            {
                "provider": each.provider,
                "words": each.words,
                "amount": str(each.amount),
                "offline": each.offline,
            }
            for each in chosen
        ],
        amount=amount_words(quote.total),
        tax=amount_words(quote.tax),
        currency=currency,
        method=method_words(chosen),
        before=sorted(each.id for each in known),
    )


def _way(quote: RefundQuote, method: int) -> tuple[RefundPayment, ...]:
    """Return the payments of one way that the store offers; refuse where there is none, or they are another sum."""
    if not quote.methods:
        raise Refused(
            gettext("The store offers no way to give the money back: refund the order in the store itself.")
        )
    if not 0 <= method < len(quote.methods):
        raise Refused(gettext("The store does not offer that way any more. Choose again."))
    chosen = quote.methods[method]
    if sum((each.amount for each in chosen), Decimal(0)) != quote.total:
        raise Refused(
            gettext(
                "What the store offers does not come to its own total: refund the order in the store itself."
            )
        )
    return chosen


def methods_of(case: ReturnCase, quantities: Mapping[int, int]) -> list[str]:
    """Return the ways to give the money back that the store offers for ``quantities``, in words. Raises ``Refused``."""
    quote, _ = _asked(case, _items(case, quantities))
    return [method_words(each) for each in quote.methods]


def decide_refund(
    user: User, case: ReturnCase, quantities: Mapping[int, int], method: int, digest: str, reason: str
) -> Refund:
    """Refund just what was shown: ``digest`` names the plan. Raises ``Refused``, with nothing done, where it is another now.

    One refund of an order at a time: the next waits until the store has said what became of the one before.
    """
    reason = require(user, DECIDE, reason)
    # Asked outside the transaction: nobody waits for the store with the order locked.
    plan = refund_plan(case, quantities, method)
    if plan.digest != digest:
        raise Refused(
            gettext(
                "The store's quote, or the return, has changed since you looked. Nothing was done. Here is what it would do now."
            )
        )
    with transaction.atomic():
        # In the order of all: the order, then the return.
        Order.objects.select_for_update().only("pk").get(pk=case.order_id)
        locked = (
            ReturnCase.objects.select_for_update(of=("self",)).select_related("order__store").get(pk=case.pk)
        )
        _check(locked)
        refund = _written(user, locked, plan)
        record_audit(
            user,
            "refund",
            locked.subject,
            reason=reason,
            detail={"plan": plan.digest, "amount": plan.amount},
        )
        told = f"Refund of {plan.amount} {plan.currency} decided, by {plan.method}: {reason}"
        for subject in (locked.subject, locked.order.subject):
            record_event(subject, "refund_decided", told, actor=user.get_username())
        step = effect_step(refund.effect)
        put(STEPS[step.name].lane, step)
    return refund


def method_words(parts: Sequence[RefundPayment]) -> str:
    """Return one way to give money back: ``Store Credit``; with amounts where it has parts, and who has to pay."""
    several = len(parts) > 1
    words = [
        f"{each.words}{f' {amount_words(each.amount)}' if several else ''}{', put on record alone' if each.offline else ''}"
        for each in parts
    ]
    return " and ".join(words)[:200]


def _written(user: User, case: ReturnCase, plan: RefundPlan) -> Refund:
    count = case.refunds.count() + 1
    order = case.order
    mark = f"{case.number}-{count}"
    items = [{**each, "reason": f"{each['reason']} [{mark}]"} for each in plan.items]
    effect = StoreEffect.objects.create(
        order=order,
        kind=StoreEffect.Kind.REFUND,
        marker=f"{order.store_id}:{order.number}:refund:{case.pk}:{count}",
        intended={"items": items, "payments": plan.payments, "mark": f"[{mark}]", "before": plan.before},
    )
    return Refund.objects.create(
        order=order,
        case=case,
        effect=effect,
        amount=Decimal(plan.amount),
        tax=Decimal(plan.tax),
        currency=plan.currency,
        method=plan.method,
        decided_by=user.get_username(),
    )


def _check(case: ReturnCase) -> None:
    """Refuse where no refund may be decided now."""
    if case.stage not in REFUNDABLE:
        raise Refused(
            gettext("%(case)s is %(stage)s: open it first.")
            % {"case": case, "stage": case.get_stage_display().lower()}
        )
    store = case.order.store
    if store.mode != Mode.LIVE:
        raise Refused(
            gettext("%(store)s is in watch: nothing is written to it, so nothing is refunded.")
            % {"store": store}
        )
    under_way = Refund.objects.filter(order_id=case.order_id, ended_at=None).select_related("case").first()
    if under_way is not None:
        raise Refused(
            gettext(
                "A refund of this order is under way already, for %(case)s: the store takes one after another. Wait until it is made."
            )
            % {"case": under_way.case}
        )


def _items(case: ReturnCase, quantities: Mapping[int, int]) -> list[ReturnedItem]:
    rows = {each.row.pk: each for each in refundable(case)}
    items = []
    for key, quantity in sorted(quantities.items()):
        if quantity == 0:
            continue
        found = rows.get(key)
        if found is None or not 0 < quantity <= found.most:
            name = found.row.line.sku if found is not None else "that line"
            raise Refused(
                gettext("Of %(name)s no more than %(most)s can be refunded.")
                % {"name": name, "most": found.most if found is not None else 0}
            )
        items.append(ReturnedItem(found.row.line.store_line, quantity, f"Return {case.number}"))
    if not items:
        raise Refused(gettext("Say how many pieces are refunded."))
    return items


def _asked(case: ReturnCase, items: Sequence[ReturnedItem]) -> tuple[RefundQuote, list[StoreRefund]]:
    try:
        with client_for(case.order.store) as client:
            return client.quote_refund(case.order.number, items), client.get_refunds(case.order.number)
    except IntegrationError as error:
        raise Refused(
            gettext("The store did not say what a refund comes to. %(error)s Nothing was done.")
            % {"error": error}
        ) from error


def _sentences(
    case: ReturnCase, quantities: Mapping[int, int], quote: RefundQuote, chosen: Sequence[RefundPayment]
) -> list[str]:
    currency = case.order.currency
    lines = {each.pk: each.line for each in case.lines.select_related("line")}
    told = [
        f"{count} of {lines[key].sku} ({lines[key].description or 'no description'}) is refunded in {case.order.store}."
        for key, count in sorted(quantities.items())
        if count
    ]
    told.append(
        f"The customer gets {amount_words(quote.total)} {currency} back, {amount_words(quote.tax)} {currency} of it tax, as the store reckons it."
    )
    told.append(f"It goes back by {method_words(chosen)}.")
    if any(each.offline for each in chosen):
        told.append(
            "The store puts it on record alone, because it was paid offline: pay the customer yourself."
        )
    told.append(
        "The order moves to Refunded or Partially Refunded, and the stock in the store stays as it is: restock is a decision of its own."
    )
    return told


def _given(case: ReturnCase) -> dict[int, int]:
    """Return how many pieces of each line of the order are refunded, or about to be: as last read, and by us since."""
    given = {
        int(line["id"]): int(line.get("quantity_refunded") or 0)
        for line in case.order.content.get("lines", ())
    }
    ours = given_back(case.order)
    return {line: max(given.get(line, 0), ours.get(line, 0)) for line in given.keys() | ours.keys()}


def _bought(order: Order, line: int) -> int:
    return next((int(each["quantity"]) for each in order.content.get("lines", ()) if each["id"] == line), 0)

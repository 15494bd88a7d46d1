"""Returns proposed: from a refund that the merchant made in the store, and from what a shopper writes.

Looked for whenever an order of a partner who takes returns is read. Each refund and each message proposes once; what
becomes of it a person decides.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal

from integration.bigcommerce.client import StoreClient
from integration.bigcommerce.messages import StoreMessage
from integration.bigcommerce.refunds import StoreRefund
from integration.flows.apply_refunds import note_declined, ours_among
from integration.flows.cases import open_case
from integration.flows.parents import NOT_SENT
from integration.flows.return_rows import Wanted, returnable, start_return
from integration.flows.return_settling import links_of
from integration.matching.lines import plain
from integration.models import ExceptionCase, Order, PurchaseOrder, ReturnCase
from partners.models import AgreementDocument

Source, Stage = ReturnCase.Source, ReturnCase.Stage
WORDS = re.compile(
    r"\b(returns?|returning|rma|send (it|them|this)? ?back|sent back|broken|damaged|defective|faulty|wrong (item|size|colou?r)"
    r"|doesn.t (work|fit)|does not (work|fit))\b",
    re.IGNORECASE,
)
"""By these a shopper's message is taken as a wish to give something back."""
USUAL_REASON = "not_as_expected"
"""The reason that a proposal begins with: nobody has said a better one yet."""


@dataclass(frozen=True)
class Wishes:
    """What the store holds that a return may follow from."""

    refunds: Sequence[StoreRefund] = field(default=())
    messages: Sequence[StoreMessage] = field(default=())


def ask_returns(client: StoreClient, order: Order | None) -> Wishes:
    """Ask the store what shoppers want to give back of ``order``; nothing where no partner of it takes returns."""
    if order is None or not _takes_returns(order):
        return Wishes()
    return Wishes(client.get_refunds(order.number), client.get_messages(order.number))


def propose_returns(order: Order, wishes: Wishes) -> None:
    """Propose what ``wishes`` ask for, in the caller's transaction, which holds the purchase orders of ``order``.

    Nothing where it was proposed before, or nothing of it was shipped yet: then a later look does.
    """
    ours = ours_among(order, wishes.refunds)
    note_declined(order, wishes.refunds)
    for refund in wishes.refunds:
        if refund.id in ours:  # made for a return that there is already
            continue
        items = {
            item.item_id: Decimal(item.quantity)
            for item in refund.items
            if item.item_type == "PRODUCT" and item.quantity > 0
        }
        if items and (refund.paid or not refund.declined):
            _propose(order, Source.REFUND, f"refund:{refund.id}", refund.reason, items)
    for message in wishes.messages:
        text = f"{message.subject}\n{message.text}".strip()
        if message.by_customer and WORDS.search(text):
            _propose(order, Source.MESSAGE, f"message:{message.id}", text, _meant(order, text))


def _takes_returns(order: Order) -> bool:
    return (
        order.purchase_orders.filter(
            agreement__documents__transaction_set="180",
            agreement__documents__direction=AgreementDocument.Direction.OUT,
            agreement__documents__is_active=True,
        )
        .exclude(state__in=NOT_SENT)
        .exists()
    )


def _meant(order: Order, text: str) -> dict[int, Decimal]:
    """Return the lines that a message names by SKU or name, whole; all where it names none."""
    lines = [line for line in order.content["lines"] if line.get("sku")]
    named = [
        line
        for line in lines
        if any(word and word.lower() in text.lower() for word in (line["sku"], line["name"]))
    ]
    return {line["id"]: Decimal(line["quantity"]) for line in named or lines}


def _propose(order: Order, source: str, key: str, word: str, items: Mapping[int, Decimal]) -> None:
    for purchase_order in _sent(order):
        if purchase_order.returns.filter(source_key=key).exists():
            continue
        left = returnable(purchase_order)
        wanted = [
            Wanted(line.line_number, min(items[line.store_line], left[line.line_number]), USUAL_REASON)
            for line in purchase_order.lines.all()
            if line.store_line in items and left[line.line_number] > 0
        ]
        if wanted:
            _ask(
                start_return(
                    purchase_order, wanted, word=word, source=source, source_key=key, stage=Stage.PROPOSED
                )
            )


def _sent(order: Order) -> Iterator[PurchaseOrder]:
    rows = order.purchase_orders.exclude(state__in=NOT_SENT).order_by("pk")
    yield from rows.select_related("order__store", "agreement__partner")


def _ask(case: ReturnCase) -> None:
    rows = case.lines.select_related("line")
    what = ", ".join(f"{plain(each.quantity)} of {each.line.sku}" for each in rows)
    order = case.order
    begins = (
        f"A refund of order {order.number} in the store gives back the money for {what}"
        if case.source == Source.REFUND
        else f"The shopper of order {order.number} writes about {what}: “{case.reason[:200]}”"
    )
    open_case(
        ExceptionCase.Kind.RETURN_PROPOSED,
        f"proposed:{case.pk}",
        f"{begins}. {case.partner} delivered it for purchase order {case.purchase_order.number}. Open return {case.number}, so"
        " that they take it back and credit it, or say that nothing goes back.",
        evidence=[
            {
                "line": each.line.line_number,
                "sku": each.line.sku,
                "what": "to go back",
                "asked": plain(each.quantity),
                "answered": "",
            }
            for each in rows
        ],
        **links_of(case),
    )

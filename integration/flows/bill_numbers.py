"""Suppliers' invoices of one number: which holds, which says the same again, and which a person has to look at."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from integration.documents import Invoice
from integration.flows.cases import close_cause, open_case
from integration.flows.supplier_invoices import (
    evidence_row,
    holds,
    in_order,
    lower_words,
    money,
    said,
)
from integration.matching.acknowledgment import Difference
from integration.matching.bill_repeats import BILLED, unlike
from integration.matching.bill_totals import unsigned
from integration.matching.lines import words
from integration.models import ExceptionCase, SupplierInvoice
from partners.models import TradingPartner

State = SupplierInvoice.State
Decision = ExceptionCase.Decision
CANCELLING = "cancel"
"""BIG08 (element 353) of a bill that takes back an earlier one of its number."""
REPLACING = frozenset({"replace", "change"})
"""BIG08 of a bill that stands for an earlier one of its number."""
_DECIDED = (State.APPROVED, State.SETTLED)
_BY_A_PERSON = (State.REJECTED, *_DECIDED)


def settle_number(partner: TradingPartner, number: str) -> None:
    """Bring the bills of one number to where they stand beside each other.

    The one that was made first holds, unless a later one replaces or cancels it; what a person approved holds before all.
    Without a number each stands for itself. The caller holds the partner, and every purchase order that one of them is for.
    """
    rows = SupplierInvoice.objects.select_for_update(of=("self",)).filter(partner=partner, number=number)
    of_number = sorted(
        rows.select_related("document__translation", "document__state", "partner").order_by("pk"),
        key=in_order,
    )
    holding: SupplierInvoice | None = None
    others: list[SupplierInvoice] = []
    for row in of_number:
        if not holds(row):
            _move(row, State.WITHDRAWN)
        elif not number:
            _stand(row)
        elif row.state not in _BY_A_PERSON and any(not unlike(_told(each), _told(row)) for each in others):
            _move(row, State.REPEATED)
        elif row.state != State.REJECTED:
            holding = _next(holding, row)
        if row is not holding and row.state in (State.HELD, *_BY_A_PERSON):
            others.append(row)


def _told(row: SupplierInvoice) -> Invoice:
    return unsigned(said(row.document))[0]


def repeat_cause(row: SupplierInvoice) -> str:
    """Return the cause of the case about a number that was used before."""
    return f"billed-again:{row.document_id}"


def _next(holding: SupplierInvoice | None, row: SupplierInvoice) -> SupplierInvoice | None:
    """Return which bill holds once ``row`` is looked at, having moved what does not."""
    purpose = said(row.document).purpose
    if holding is not None and holding.state in _DECIDED and purpose in (CANCELLING, *REPLACING):
        # What a person has approved may be paid by now: it is not taken back without asking.
        gone = Difference(None, "", "the invoice", "to stand", words(purpose), BILLED)
        _hold(row, holding, unlike(_told(holding), _told(row)) or (gone,))
        return holding
    if purpose == CANCELLING:
        for each in (holding, row):
            if each is not None:
                _move(each, State.WITHDRAWN)
        return None
    if holding is None:
        return _stand(row)
    differs = unlike(_told(holding), _told(row))
    if row.state in _DECIDED and purpose not in REPLACING:
        return _beside(holding, row, differs)
    if not differs:
        _move(row, State.REPEATED)
        return holding
    if purpose in REPLACING:
        _move(holding, State.WITHDRAWN)
        return _stand(row)
    _hold(row, holding, differs)
    return holding


def _beside(holding: SupplierInvoice, row: SupplierInvoice, differs: Sequence[Difference]) -> SupplierInvoice:
    """Return which of two holds where a person has approved the later one: that one, or by his word both."""
    both = ExceptionCase.objects.filter(cause=repeat_cause(row), decision=Decision.APPROVED).exists()
    if both or holding.state in _DECIDED:
        return holding
    if differs:
        _hold(holding, row, differs)
    else:
        _move(holding, State.REPEATED)
    return row


def _stand(row: SupplierInvoice) -> SupplierInvoice:
    if row.state in SupplierInvoice.NOT_COUNTED:
        _move(row, State.WAITING)
    close_cause(repeat_cause(row), "No other invoice of this number stands any more.")
    return row


def _hold(row: SupplierInvoice, first: SupplierInvoice, differs: Sequence[Difference]) -> None:
    _move(row, State.HELD)
    cause = repeat_cause(row)
    if ExceptionCase.objects.filter(cause=cause).exclude(decision__in=["", Decision.RELEASED]).exists():
        return
    part = row.parts.select_related("purchase_order__order__store").first()
    purchase_order = part.purchase_order if part else None
    more = f" ({len(differs) - 1} more)" if len(differs) > 1 else ""
    open_case(
        ExceptionCase.Kind.DUPLICATE,
        cause,
        f"{row.partner} uses the number of {lower_words(first)}, {money(first.total, first.currency)}, for another one:"
        f" {money(row.total, row.currency)}. {differs[0]}{more}. The first one holds; nothing of this one counts.",
        document=row.document,
        order=purchase_order.order if purchase_order else None,
        store=purchase_order.order.store if purchase_order else None,
        purchase_order=purchase_order,
        partner=row.partner,
        money=row.total,
        currency=row.currency,
        evidence=[evidence_row(each) for each in differs],
    )


def _move(row: SupplierInvoice, state: str) -> None:
    if row.state == state:
        return
    row.state = state
    row.approved, row.money_at_stake, row.waits_until = None, Decimal(0), None
    row.save(update_fields=["state", "approved", "money_at_stake", "waits_until"])
    if state in (State.REPEATED, State.WITHDRAWN):
        why = "The partner sent it again." if state == State.REPEATED else "The partner has taken it back."
        close_cause(row.cause, why)
        close_cause(repeat_cause(row), why)
    elif state == State.HELD:
        close_cause(row.cause, "Another invoice of its number holds.")

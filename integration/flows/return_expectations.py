"""What a return waits for, and by when: one thing at a time, as far as it has come. ``clock`` looks after the time."""

from __future__ import annotations

from datetime import date

from archive.models import Document
from integration.flows.expectations import due_of, expect_of_return, give_up, meet, zone_of
from integration.flows.return_ledger import own_document
from integration.matching.returns import STAYS
from integration.models import Expectation, ReturnCase
from partners.agreements import receives

What, Stage = Expectation.What, ReturnCase.Stage
_ORDER = Expectation.OF_RETURNS
_NEXT = {
    Stage.REQUESTED: What.RETURN_ANSWER,
    Stage.AUTHORIZED: What.RETURN_SENT,
    Stage.SHIPPED: What.RETURN_RECEIPT,
    Stage.RECEIVED: What.RETURN_CREDIT,
}
_PASSED = {Stage.DENIED: 1, Stage.AUTHORIZED: 1, Stage.SHIPPED: 2, Stage.RECEIVED: 3, Stage.CREDITED: 4}
"""How many of what is expected in turn have come at a stage."""


def expect_next(case: ReturnCase, *, by: Document | None) -> None:
    """Expect what comes next for ``case`` as it stands, and nothing else.

    ``by`` is the document that brought it here. The same comes of the same papers, whatever came first.
    """
    stage, wanted = Stage(case.stage), awaited(case, stays=stays_there(case))
    for row in case.expectations.filter(state__in=Expectation.UNMET).exclude(what=wanted or ""):
        if _ORDER.index(What(row.what)) < _PASSED.get(stage, 0):
            meet(row.what, row.subject, by)
        else:
            give_up(row, f"Return {case.number} is {case.get_stage_display().lower()} now.")
    document = by or case.request or own_document(case)
    if wanted is not None and document is not None:
        begun_by = case.request if wanted == What.RETURN_ANSWER else case.answer
        expect_of_return(case, wanted, document, (begun_by or document).recorded_at, _day(case, wanted))


def awaited(case: ReturnCase, *, stays: bool) -> Expectation.What | None:
    """Return what comes next for ``case``; None where nothing does, or the partner sends no such documents."""
    wanted = _NEXT.get(Stage(case.stage))
    if wanted == What.RETURN_SENT and stays:
        return What.RETURN_CREDIT
    if wanted == What.RETURN_ANSWER and not receives(case.purchase_order.agreement, "180"):
        return None
    return wanted


def stays_there(case: ReturnCase) -> bool:
    """Say whether nothing of what is authorized is sent back."""
    authorized = [line for line in case.lines.all() if line.authorized]
    return bool(authorized) and all(line.disposition in STAYS for line in authorized)


def is_looked_after(case: ReturnCase) -> bool:
    """Say whether the agreement names a time for what comes next."""
    wanted = awaited(case, stays=stays_there(case))
    if wanted is None:
        return False
    agreement = case.purchase_order.agreement
    zone = zone_of(agreement, case.purchase_order)
    return due_of(agreement, wanted, case.opened_at, _day(case, wanted), zone) is not None


def _day(case: ReturnCase, what: str) -> date | None:
    """Return the day from which the time for ``what`` is counted; of goods to be sent back the last day that is allowed."""
    days = {
        What.RETURN_SENT: case.authorized_until,
        What.RETURN_RECEIPT: case.shipped_on,
        What.RETURN_CREDIT: case.received_on,
    }
    return days.get(What(what))

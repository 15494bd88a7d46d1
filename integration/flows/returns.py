"""Returns, from the customer's word to the money back: what staff do with one.

Each verb checks permission and reason, leaves an audit entry, has its effect and puts the steps that follow, in one
transaction. Where the return then stands follows from all that was said of it (``return_settling``).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import date
from decimal import Decimal

from django.contrib.auth.models import User
from django.db import transaction
from django.utils.translation import gettext

from archive.clock import latest_day
from archive.record import record_audit, record_event
from integration.flows.return_rows import (
    Wanted,
    end_return,
    hold,
    refuse_ended,
    request_return,
    returnable,
    start_return,
    why_not_returnable,
)
from integration.flows.return_settling import settle_returns, steps_of_unmatched
from integration.flows.rights import DECIDE, Refused, require
from integration.flows.steps import STEPS
from integration.matching.lines import day_words, plain
from integration.models import PurchaseOrder, ReturnCase, ReturnLine
from integration.work import Step, put
from partners.agreements import sends

__all__ = [
    "Wanted",
    "ask_partner",
    "close_return",
    "mark_received",
    "mark_shipped",
    "open_return",
    "request_return",
    "returnable",
    "why_not_returnable",
    "withdraw_return",
]

Stage, Source = ReturnCase.Stage, ReturnCase.Source
LONGEST_TRACKING = 50


def open_return(
    user: User,
    purchase_order: PurchaseOrder,
    lines: Sequence[Wanted],
    reason: str,
    *,
    word: str = "",
    source: str = Source.STAFF,
    source_key: str = "",
) -> ReturnCase:
    """Open a return of ``lines`` of ``purchase_order``; ``word`` is the customer's. Nothing is sent yet.

    Raises ``Refused`` where more would go back than was shipped and is not in another return.
    """
    reason = require(user, DECIDE, reason)
    with transaction.atomic():
        held = hold(purchase_order)
        case = start_return(
            held, lines, word=word, source=source, source_key=source_key, actor=user.get_username()
        )
        record_audit(user, "open return", case.subject, reason=reason, detail={"number": case.number})
        steps = [*settle_returns(held), *steps_of_unmatched(case, case.number, held.number)]
        _put(steps)
    case.refresh_from_db()
    return case


def ask_partner(user: User, case: ReturnCase, reason: str) -> None:
    """Have the partner be asked whether he takes the goods back. Raises ``Refused`` where he is sent no requests."""
    reason = require(user, DECIDE, reason)
    with _held(case) as (_, locked):
        refuse_ended(locked)
        if not sends(locked.purchase_order.agreement, "180"):
            raise Refused(
                gettext(
                    "%(partner)s is sent no returns (180) under %(agreement)s: ask by mail or telephone, or add the document to the agreement."
                )
                % {"partner": locked.partner, "agreement": locked.purchase_order.agreement}
            )
        _put(request_return(locked))
        record_audit(user, "request return", locked.subject, reason=reason)
        _tell(locked, "return_asked", f"{locked.partner} is asked for return {locked.number}: {reason}", user)


def mark_shipped(user: User, case: ReturnCase, scac: str, tracking: str, on: date, reason: str) -> None:
    """Say that the goods are on their way back, since the day ``on``; said again it is corrected."""
    reason = require(user, DECIDE, reason)
    scac, tracking = scac.strip().upper(), tracking.strip()
    if len(scac) not in (0, 2, 3, 4) or not (scac.isalpha() or not scac):
        raise Refused(gettext("A carrier's code (SCAC) has 2 to 4 letters."))
    if len(tracking) > LONGEST_TRACKING:
        raise Refused(
            gettext("A tracking number has at most %(most)s characters.") % {"most": LONGEST_TRACKING}
        )
    with _held(case) as (purchase_order, locked):
        refuse_ended(locked)
        if on > latest_day():
            raise Refused(gettext("Goods cannot have been sent back on a day to come."))
        until = locked.authorized_until
        ReturnCase.objects.filter(pk=locked.pk).update(scac=scac, tracking_number=tracking, shipped_on=on)
        by = f" with {scac}" if scac else ""
        number = f", tracking number {tracking}" if tracking else ""
        after = ""
        if until is not None and on > until:
            after = f", after the last day of the authorization ({day_words(until)})"
        record_audit(user, "return shipped", locked.subject, reason=reason)
        _tell(
            locked,
            "return_shipped",
            f"Return {locked.number} was sent back on {day_words(on)}{by}{number}{after}: {reason}",
            user,
        )
        _put(settle_returns(purchase_order))
    case.refresh_from_db()


def mark_received(
    user: User, case: ReturnCase, on: date, quantities: Mapping[int, Decimal], reason: str
) -> None:
    """Say what the partner received, as a person was told it, by line number of the purchase order.

    A notification (180) of the partner counts before it, for the lines that it speaks of.
    """
    reason = require(user, DECIDE, reason)
    with _held(case) as (purchase_order, locked):
        refuse_ended(locked)
        rows = {row.line.line_number: row for row in locked.lines.select_related("line")}
        unknown = sorted(set(quantities) - set(rows))
        if unknown:
            raise Refused(
                gettext("Line %(unknown)s is not in return %(number)s.")
                % {"unknown": unknown[0], "number": locked.number}
            )
        if on > latest_day():
            raise Refused(gettext("Goods cannot have been received on a day to come."))
        for number, quantity in quantities.items():
            if not quantity.is_finite() or not 0 <= quantity <= rows[number].quantity:
                raise Refused(
                    gettext("Line %(number)s: from 0 to %(quantity)s can have come back, not %(said)s.")
                    % {"number": number, "quantity": plain(rows[number].quantity), "said": plain(quantity)}
                )
            ReturnLine.objects.filter(pk=rows[number].pk).update(told_received=quantity)
        ReturnCase.objects.filter(pk=locked.pk).update(told_received_on=on)
        what = ", ".join(
            f"{plain(quantity)} of {rows[number].line.sku}" for number, quantity in sorted(quantities.items())
        )
        record_audit(user, "return received", locked.subject, reason=reason)
        told = f"{locked.partner} received {what or 'nothing'} of return {locked.number} on {day_words(on)}: {reason}"
        _tell(locked, "return_received", told, user)
        _put(settle_returns(purchase_order))
    case.refresh_from_db()


def close_return(user: User, case: ReturnCase, reason: str) -> None:
    """Close a return: nothing more is expected of it, and what was not credited is lost."""
    reason = require(user, DECIDE, reason)
    with _held(case) as (purchase_order, locked):
        _put(end_return(purchase_order, locked, Stage.CLOSED, reason, user.get_username()))
        record_audit(user, "close return", locked.subject, reason=reason)
    case.refresh_from_db()


def withdraw_return(user: User, case: ReturnCase, reason: str) -> None:
    """Take a return back, as if it had not been asked for. Raises ``Refused`` once goods are on their way."""
    reason = require(user, DECIDE, reason)
    with _held(case) as (purchase_order, locked):
        if locked.stage in (Stage.SHIPPED, Stage.RECEIVED, Stage.CREDITED):
            raise Refused(
                gettext("Return %(number)s is %(stage)s: close it once it is over instead.")
                % {"number": locked.number, "stage": locked.get_stage_display().lower()}
            )
        _put(end_return(purchase_order, locked, Stage.WITHDRAWN, reason, user.get_username()))
        record_audit(user, "withdraw return", locked.subject, reason=reason)
    case.refresh_from_db()


@contextmanager
def _held(case: ReturnCase) -> Iterator[tuple[PurchaseOrder, ReturnCase]]:
    """Hold a return with what is held before it, in a transaction."""
    with transaction.atomic():
        purchase_order = hold(case.purchase_order)
        locked = (
            ReturnCase.objects.select_for_update(of=("self",))
            .select_related("order__store", "partner", "purchase_order__agreement", "request")
            .get(pk=case.pk)
        )
        yield purchase_order, locked


def _tell(case: ReturnCase, kind: str, sentence: str, user: User) -> None:
    record_event(case.order.subject, kind, sentence, actor=user.get_username())


def _put(steps: Iterable[Step]) -> None:
    for step in steps:
        put(STEPS[step.name].lane, step)

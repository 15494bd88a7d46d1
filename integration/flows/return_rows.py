"""Returns as rows: opened, asked for and ended, in the transaction of whoever decides it."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from uuid import uuid4

from django.utils.translation import gettext

from archive.clock import database_now
from archive.record import record_event
from integration.documents.return_document import DISPOSITIONS, REQUEST_REASONS
from integration.flows.agreed import agreed_with
from integration.flows.cases import close_cause
from integration.flows.parents import NOT_SENT
from integration.flows.positions import positions_of
from integration.flows.return_settling import settle_returns
from integration.flows.rights import Refused
from integration.matching.lines import plain
from integration.matching.returns import cents
from integration.models import Order, PurchaseOrder, ReturnCase, ReturnLine
from integration.work import Step
from partners.agreements import sends

Stage, Source = ReturnCase.Stage, ReturnCase.Source
FIRST_NUMBER = 1000
LONGEST_WORD = 2000


@dataclass(frozen=True)
class Wanted:
    """How much of one line is to go back, in our unit, and why: words of ``integration.documents.return_document``.

    ``disposition`` is what is to happen with it, "" what is usual; ``comment`` what is wrong with it, in words.
    """

    line_number: int
    quantity: Decimal
    reason: str
    disposition: str = ""
    comment: str = ""


def returnable(purchase_order: PurchaseOrder, *, but: ReturnCase | None = None) -> dict[int, Decimal]:
    """Return how many of each line can still go back: shipped, and in no other return; by line number."""
    shipped = {number: each.shipped for number, each in positions_of(purchase_order).items()}
    rows = ReturnLine.objects.filter(case__purchase_order=purchase_order).select_related("case", "line")
    for row in rows.exclude(case=but) if but is not None else rows:
        shipped[row.line.line_number] -= _taken(row)
    return {number: max(left, Decimal(0)) for number, left in shipped.items()}


def why_not_returnable(
    purchase_order: PurchaseOrder, wanted: Sequence[Wanted], besides: Mapping[int, Decimal] | None = None
) -> str:
    """Return why ``wanted`` cannot go back, in a sentence, or ``""``; ``besides`` goes back too, by line number."""
    if purchase_order.state in NOT_SENT:
        return gettext("%(order)s was not sent: nothing of it can go back.") % {"order": purchase_order}
    if not wanted:
        return gettext("Say what goes back: at least one line with a quantity.")
    left = returnable(purchase_order)
    for number, quantity in (besides or {}).items():
        left[number] = max(left.get(number, Decimal(0)) - quantity, Decimal(0))
    lines = {line.line_number: line for line in purchase_order.lines.all()}
    seen: set[int] = set()
    for each in wanted:
        problem = _problem(
            each, lines.get(each.line_number) is not None, left.get(each.line_number, Decimal(0))
        )
        if not problem and each.line_number in seen:
            problem = gettext("Line %(line_number)s stands here twice: leave one of them.") % {
                "line_number": each.line_number
            }
        if problem:
            return f"{purchase_order}: {problem}"
        seen.add(each.line_number)
    return ""


def start_return(
    purchase_order: PurchaseOrder,
    lines: Sequence[Wanted],
    *,
    word: str = "",
    source: str = Source.STAFF,
    source_key: str = "",
    actor: str = "",
    stage: str = Stage.OPENED,
) -> ReturnCase:
    """Write a return in the caller's transaction, which holds ``purchase_order``. Raises ``Refused``."""
    problem = why_not_returnable(purchase_order, lines)
    if problem:
        raise Refused(problem)
    agreement = purchase_order.agreement
    case = ReturnCase.objects.create(
        number=uuid4().hex[:30],
        order=purchase_order.order,
        purchase_order=purchase_order,
        partner=agreement.partner,
        stage=stage,
        source=source,
        source_key=source_key[:80],
        reason=word.strip()[:LONGEST_WORD],
        opened_by=actor,
        currency=agreement.currency,
    )
    case.number = f"R-{FIRST_NUMBER + case.pk}"
    case.save(update_fields=["number"])
    rows = {line.line_number: line for line in purchase_order.lines.all()}
    agreed = agreed_with(purchase_order)
    for each in lines:
        row, promised = rows[each.line_number], agreed.get(each.line_number)
        price = (
            promised.unit_price
            if promised is not None and promised.unit_price is not None
            else row.unit_price
        )
        ReturnLine.objects.create(
            case=case,
            line=row,
            quantity=each.quantity,
            reason=each.reason,
            comment=each.comment.strip()[:LONGEST_WORD],
            wanted=each.disposition,
            unit_price=price,
        )
    what = ", ".join(f"{plain(each.quantity)} of {rows[each.line_number].sku}" for each in lines)
    verb = "proposed" if stage == Stage.PROPOSED else "opened"
    record_event(
        purchase_order.order.subject,
        f"return_{verb}",
        f"Return {case.number} {verb}: {what} of purchase order {purchase_order.number} to {case.partner}.",
        actor=actor,
    )
    return case


def request_return(case: ReturnCase) -> list[Step]:
    """Have the partner be asked (180), in the caller's transaction; return the step that writes it.

    Where he is sent no requests nothing is put: he is told by a person. Asked for twice before it is written, it is one.
    """
    if not sends(case.purchase_order.agreement, "180") or case.stage in ReturnCase.ENDED:
        return []
    written = case.documents.filter(kind="request").count()
    ReturnCase.objects.filter(pk=case.pk, asked__lte=written).update(asked=written + 1)
    return [write_step(case)]


def open_proposed(case: ReturnCase, actor: str) -> list[Step]:
    """Open a return that was proposed, in the caller's transaction, which holds its purchase order; have the partner be asked.

    Raises ``Refused`` where so much cannot go back any more.
    """
    problem = why_not_returnable(case.purchase_order, wanted_of(case))
    if problem:
        raise Refused(problem)
    ReturnCase.objects.filter(pk=case.pk, stage=Stage.PROPOSED).update(
        stage=Stage.OPENED, opened_by=actor, opened_at=database_now()
    )
    case.stage = Stage.OPENED
    told = f"Return {case.number} is opened."
    record_event(case.order.subject, "return_opened", told, actor=actor)
    return [*settle_returns(case.purchase_order), *request_return(case)]


def wanted_of(case: ReturnCase) -> list[Wanted]:
    """Return what goes back by ``case``, as it was asked for."""
    rows = case.lines.select_related("line")
    return [Wanted(row.line.line_number, row.quantity, row.reason, row.wanted, row.comment) for row in rows]


def worth(case: ReturnCase) -> Decimal:
    """Return what the goods of a return cost us, to the cent."""
    rows = case.lines.values_list("quantity", "unit_price")
    return cents(sum((quantity * (price or 0) for quantity, price in rows), Decimal(0)))


def write_step(case: ReturnCase) -> Step:
    """Return the step that writes what the partner is to be asked."""
    return Step("write_return", str(case.pk), case.order.ordering_key)


def end_return(
    purchase_order: PurchaseOrder, case: ReturnCase, stage: str, reason: str, actor: str
) -> list[Step]:
    """End ``case`` in the caller's transaction, which holds ``purchase_order``; return what may be matched now."""
    refuse_ended(case)
    ReturnCase.objects.filter(pk=case.pk).update(
        stage=stage, closed_at=database_now(), closed_reason=reason, closed_by=actor
    )
    word = "withdrawn" if stage == Stage.WITHDRAWN else "closed"
    told = f"Return {case.number} is {word}: {reason}"
    if stage == Stage.WITHDRAWN and case.request is not None:
        told += f" {case.partner} was asked for it: tell them that it is not wanted any more."
    record_event(case.order.subject, f"return_{word}", told, actor=actor)
    for row in case.cases.filter(closed_at=None):
        close_cause(row.cause, f"Return {case.number} is {word}.")
    return settle_returns(purchase_order)


def hold(purchase_order: PurchaseOrder) -> PurchaseOrder:
    """Return ``purchase_order``, held with its order, as by whoever matches its documents."""
    locked = (
        PurchaseOrder.objects.select_for_update(of=("self",))
        .select_related("order__store", "agreement__partner")
        .get(pk=purchase_order.pk)
    )
    Order.objects.select_for_update().values_list("pk").get(pk=locked.order_id)
    return locked


def refuse_ended(case: ReturnCase) -> None:
    """Refuse what makes no sense for a return that is over."""
    if case.stage in ReturnCase.ENDED:
        raise Refused(
            gettext("Return %(number)s is %(stage)s already.")
            % {"number": case.number, "stage": case.get_stage_display().lower()}
        )


def _taken(row: ReturnLine) -> Decimal:
    """Return how many of its line a return takes: what came back, else what may, else what is asked for."""
    case = row.case
    if case.stage in (Stage.WITHDRAWN, Stage.PROPOSED):
        return Decimal(0)
    if row.received is not None:
        return row.received
    if case.stage == Stage.CLOSED and not case.credited:
        return Decimal(0)
    return row.quantity if row.authorized is None else min(row.authorized, row.quantity)


def _problem(each: Wanted, is_known: bool, left: Decimal) -> str:
    if not is_known:
        return gettext("it has no line %(line_number)s.") % {"line_number": each.line_number}
    if not each.quantity.is_finite() or each.quantity <= 0:
        return gettext("line %(line_number)s needs a quantity above 0.") % {"line_number": each.line_number}
    if each.quantity > left:
        return gettext(
            "of line %(line_number)s %(left)s can go back (shipped, and in no other return), not %(quantity)s."
        ) % {"line_number": each.line_number, "left": plain(left), "quantity": plain(each.quantity)}
    return _unknown_word(each.line_number, each.reason, REQUEST_REASONS, "reason") or _unknown_word(
        each.line_number, each.disposition, ("", *DISPOSITIONS), "disposition"
    )


def _unknown_word(number: int, word: str, known: Collection[str], name: str) -> str:
    return "" if word in known else f"“{word}” is no {name} of a return (line {number})."

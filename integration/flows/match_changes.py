"""Purchase order change acknowledgments (865), matched to the change (860) that they answer.

All answers to one change are looked at together and the one that the partner made last holds, so the ledger does not
depend on the order in which they come, nor on how often.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal

from archive.models import Document
from archive.record import record_event
from integration.documents import from_json
from integration.documents.purchase_order_change import PurchaseOrderChangeAcknowledgment
from integration.flows.accept import post_statements, reverse, said_in_order, stated_at
from integration.flows.cases import close_cause, open_case
from integration.flows.changes import cancel_whole, post_movements, restore
from integration.flows.counted import asked_lines, tell_converted, terms_of
from integration.flows.expectations import change_subject, meet
from integration.flows.match_invoices import rejudge
from integration.flows.parents import NOT_SENT, orphan_cause, wait_for_parent
from integration.flows.persons import tie
from integration.matching.changes import LineVerdict, verdicts_on
from integration.matching.lines import AskedLine, LineStatement, plain, words
from integration.models import ExceptionCase, LineEntry, OrderDocument, PurchaseOrder, PurchaseOrderChange
from integration.work import Step
from partners.mapping.conversion import from_partner

Kind = ExceptionCase.Kind
State = PurchaseOrderChange.State
ROLE = OrderDocument.Role.CHANGE_ACKNOWLEDGMENT
_ANSWERABLE = (State.GENERATED, State.ACCEPTED, State.REJECTED, State.DISPUTED)


def match_change_acknowledgment(document: Document) -> list[Step]:
    """Match an 865 in the caller's transaction; what the partner does not take is reversed and becomes a case."""
    answer = _said(document)
    number = answer.purchase_order_number or ""
    purchase_order = (
        PurchaseOrder.objects.select_for_update(of=("self",))
        .select_related("order__store", "agreement__partner")
        .filter(agreement__partner=document.partner, number=number)
        .first()
    )
    if purchase_order is None or purchase_order.state in NOT_SENT:
        named = f"purchase order {number or 'without a number'}"
        return wait_for_parent(
            document,
            Kind.UNKNOWN_PURCHASE_ORDER,
            f"{document.partner} answered a change of {named}, which we have not sent to them yet.",
            f"{document.partner} answered a change of {named}, which we did not send to them. Nothing was changed; ask"
            " the partner which order is meant.",
        )
    close_cause(orphan_cause(document, Kind.UNKNOWN_PURCHASE_ORDER), "The purchase order is known now.")
    change = _answered_change(purchase_order, answer)
    tie(purchase_order.order, document, ROLE, purchase_order)
    if change is None:
        _ask_about_wish(document, purchase_order, answer)
        return []
    *older, newest = _answers_to(change)
    # What an earlier answer said of the lines is taken back: he may have taken then what he refuses now.
    reverse(LineEntry.standing().filter(document__in=older), newest)
    asked = _asked(change)
    converted = from_partner(_said(newest), terms_of(purchase_order))
    tell_converted(newest, converted.notes)
    verdicts = verdicts_on(asked, converted.document)
    _hold(change, newest, verdicts, asked)
    rejudge(purchase_order)
    return []


def _said(document: Document) -> PurchaseOrderChangeAcknowledgment:
    answer = from_json("purchase_order_change_acknowledgment", document.translation.content or {})
    assert isinstance(answer, PurchaseOrderChangeAcknowledgment)
    return answer


def _answered_change(
    purchase_order: PurchaseOrder, answer: PurchaseOrderChangeAcknowledgment
) -> PurchaseOrderChange | None:
    """Return the change of the number that is answered; without a number the only one that can be meant."""
    sent = purchase_order.changes.filter(state__in=_ANSWERABLE).select_related("document")
    named = (answer.change_number or "").lstrip("0")
    found = [each for each in sent if str(each.sequence) == named] if named else list(sent)
    change = found[0] if len(found) == 1 else None
    if change is not None:
        change.purchase_order = purchase_order
    return change


def _answers_to(change: PurchaseOrderChange) -> list[Document]:
    """Return the answers to ``change`` in the order in which the partner made them."""
    links = change.purchase_order.documents.filter(role=ROLE).select_related(
        "document__interchange__payload", "document__translation", "document__agreement", "document__partner"
    )
    found = []
    for link in links:
        answered = _answered_change(change.purchase_order, _said(link.document))
        if answered is not None and answered.pk == change.pk:
            found.append(link.document)
    return sorted(found, key=lambda each: (said_in_order(each), each.pk))


def _asked(change: PurchaseOrderChange) -> list[AskedLine]:
    """Return the lines of ``change`` with the quantities after it."""
    now = {row["line_number"]: Decimal(row["now"]) for row in change.lines}
    return [
        replace(line, quantity=now[line.line_number])
        for line in asked_lines(change.purchase_order)
        if line.line_number in now
    ]


def _hold(
    change: PurchaseOrderChange, answer: Document, verdicts: Sequence[LineVerdict], asked: Sequence[AskedLine]
) -> None:
    """Let ``answer`` hold: movements of lines that are refused are reversed, the others stand."""
    assert change.document is not None
    meet("865", change_subject(change), answer)
    refused = {each.line_number for each in verdicts if each.refused}
    standing = LineEntry.standing().filter(document=change.document)
    stand = set(standing.values_list("line__line_number", flat=True))
    reverse(standing.filter(line__line_number__in=refused), answer)
    wanted = {row["line_number"] for row in change.lines} - refused
    post_movements(change, change.document, only=wanted - stand)
    if all(each.taken for each in verdicts):
        outcome = State.ACCEPTED
    else:
        outcome = State.REJECTED if all(each.refused for each in verdicts) else State.DISPUTED
    if change.cancels:
        (cancel_whole if not refused else restore)(change)
    moved = PurchaseOrderChange.objects.filter(pk=change.pk).exclude(state=outcome).update(state=outcome)
    _post_statements(answer, change, [each for each in verdicts if each.taken])
    _tell(change, answer, outcome, verdicts, asked, is_new=bool(moved))


def _post_statements(answer: Document, change: PurchaseOrderChange, taken: Sequence[LineVerdict]) -> None:
    """Write that the partner will deliver what he was asked for by the lines of the change that he takes."""
    now = {row["line_number"]: Decimal(row["now"]) for row in change.lines}
    said = [LineStatement(each.line_number, now[each.line_number], None, None) for each in taken]
    post_statements(answer, change.purchase_order, said, stated_at(answer))


def _tell(
    change: PurchaseOrderChange,
    answer: Document,
    outcome: str,
    verdicts: Sequence[LineVerdict],
    asked: Sequence[AskedLine],
    *,
    is_new: bool,
) -> None:
    purchase_order, partner = change.purchase_order, answer.partner
    order = purchase_order.order
    cause = f"change:{change.pk}"
    named = f"change {change.sequence} of purchase order {purchase_order.number}"
    if outcome == State.ACCEPTED:
        close_cause(cause, "The partner takes the change now.")
        said = (
            f"{partner} takes {named}."
            if is_new
            else f"{partner} takes {named} once more: recorded, nothing done twice."
        )
        record_event(order.subject, "change_accepted", said, document=answer)
        return
    if not is_new and ExceptionCase.objects.filter(cause=cause, document=answer).exists():
        return
    lines = {line.line_number: line for line in asked}
    rows = [
        {
            "line": each.line_number,
            "sku": lines[each.line_number].sku,
            "what": "taken" if each.taken else "refused" if each.refused else "answered otherwise",
            "asked": f"{plain(lines[each.line_number].quantity)} {lines[each.line_number].unit}",
            "answered": each.answered,
        }
        for each in verdicts
    ]
    odd = next(row for row, each in zip(rows, verdicts, strict=True) if not each.taken)
    how = "does not take" if outcome == State.REJECTED else "takes only in part"
    open_case(
        Kind.CHANGE_ANSWERED,
        cause,
        f"{partner} {how} {named}. Line {odd['line']} ({odd['sku']}): asked for {odd['asked']}, answered {odd['answered']}."
        " What is refused stands as it was before.",
        document=answer,
        order=order,
        store=order.store,
        purchase_order=purchase_order,
        partner=partner,
        money=order.total,
        currency=order.currency,
        evidence=rows,
    )


def _ask_about_wish(
    document: Document, purchase_order: PurchaseOrder, answer: PurchaseOrderChangeAcknowledgment
) -> None:
    """Open a case about a change that the partner asks for himself, line by line."""
    order = purchase_order.order
    converted = from_partner(answer, terms_of(purchase_order))
    tell_converted(document, converted.notes)
    now = {str(line.line_number): line for line in asked_lines(purchase_order)}
    rows = []
    for line in converted.document.lines:
        ours = now.get(line.line_number or "")
        statuses = ", ".join(words(each.status) for each in line.acknowledgments)
        rows.append(
            {
                "line": line.line_number or "?",
                "sku": ours.sku if ours else line.vendor_item or "",
                "what": words(line.change),
                "asked": f"{plain(ours.quantity)} {ours.unit}" if ours else "nothing",
                "answered": f"{plain(line.quantity)} {line.unit or ''} {statuses}".strip(),
            }
        )
    open_case(
        Kind.CHANGE_ASKED,
        f"change-asked:{document.pk}",
        f"{document.partner} asks for a change of purchase order {purchase_order.number} that we did not send"
        f" ({words(answer.acknowledgment_type)}). Nothing was changed: agree with them, then settle this case.",
        document=document,
        order=order,
        store=order.store,
        purchase_order=purchase_order,
        partner=document.partner,
        money=order.total,
        currency=order.currency,
        evidence=rows,
    )

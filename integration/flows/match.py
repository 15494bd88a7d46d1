"""Answers of partners, matched to what they answer: 997 to our documents, 855 to our purchase orders."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

from archive import store
from archive.models import Acknowledgment, Direction, Document, Validation
from archive.projections import project
from archive.record import record_event
from integration.documents import PurchaseOrderAcknowledgment, from_json
from integration.flows.apply import effect_step
from integration.flows.cases import close_cause, open_case
from integration.matching.acknowledgment import AskedLine, Decision, LineStatement, decide
from integration.models import (
    ExceptionCase,
    LineEntry,
    Order,
    OrderDocument,
    PurchaseOrder,
    StoreEffect,
)
from integration.work import Claim, Step
from integration.x12.envelope import read_interchange
from partners.models import Agreement

Kind = ExceptionCase.Kind
State = PurchaseOrder.State


def match(subject: str, claim: Claim) -> list[Step]:
    """Match one received document; return the effects on the store that follow."""
    document = Document.objects.select_related(
        "interchange__payload", "agreement__partner", "state", "translation"
    ).get(pk=subject)
    if document.transaction_set == "997":
        with claim.transaction():
            _match_functional_acknowledgment(document)
        return []
    if document.state.validation == Validation.INVALID or document.translation.content is None:
        return []
    with claim.transaction():
        return _match_purchase_order_acknowledgment(document)


def _match_functional_acknowledgment(document: Document) -> None:
    content: dict[str, Any] = document.translation.content or {}
    sets: list[dict[str, Any]] = content.get("sets", [])
    group_number = content.get("group_control_number", "")
    ours = Document.objects.filter(
        direction=Direction.OUT, agreement__partner=document.partner, group_control_number=group_number
    ).exclude(transaction_set="997")
    named = {
        (each["set_code"], int(each["control_number"])): each
        for each in sets
        if _is_number(each["control_number"])
    }
    found = False
    for mine in ours.select_related("interchange", "agreement__partner"):
        said = named.get((mine.transaction_set, int(mine.control_number)))
        if said is None and sets:
            continue
        found = True
        code = said["code"] if said else content.get("group_code", "")
        _acknowledge(mine, document, code, said["findings"] if said else [])
    if not found:
        open_case(
            Kind.UNMATCHED,
            f"document:{document.pk}:unmatched",
            f"{document.partner} acknowledged group {group_number}, which we did not send to them. Nothing was"
            " changed; settle this case or ask the partner.",
            document=document,
            partner=document.partner,
        )


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdigit()


def _acknowledge(mine: Document, source: Document, code: str, findings: list[Any]) -> None:
    Acknowledgment.objects.get_or_create(
        document=mine, source=source, defaults={"code": code[:1] or "R", "findings": findings}
    )
    state = project(mine)
    words = state.get_acknowledgment_display().lower()
    record_event(
        f"document:{mine.pk}",
        "acknowledged",
        f"Functional acknowledgment (997) of {source.partner}: {words}.",
        document=mine,
    )
    link = mine.orders.select_related("order", "purchase_order").first()
    if link is None:
        return
    OrderDocument.objects.get_or_create(
        order=link.order,
        document=source,
        defaults={
            "purchase_order": link.purchase_order,
            "role": OrderDocument.Role.FUNCTIONAL_ACKNOWLEDGMENT,
        },
    )
    close_cause(f"overdue:997:{mine.pk}", "The functional acknowledgment has come.")
    if code in ("A", "E"):
        return
    number = link.purchase_order.number if link.purchase_order else mine.state.number
    what = "; ".join(_finding_words(each) for each in findings[:3]) or "without saying why"
    open_case(
        Kind.REJECTED,
        f"rejected:{mine.pk}",
        f"{source.partner} rejected purchase order {number} as a document ({what}). They have not taken the order:"
        " mend what is wrong and send it again.",
        document=mine,
        order=link.order,
        purchase_order=link.purchase_order,
        partner=source.partner,
        money=link.order.total,
        currency=link.order.currency,
        evidence=[{"finding": _finding_words(each)} for each in findings],
    )


def _finding_words(finding: dict[str, Any]) -> str:
    place = finding.get("segment_tag") or ""
    position = finding.get("segment_position")
    element = finding.get("element")
    parts = [f"segment {place}" if place else "the document", f"no. {position}" if position else ""]
    parts.append(f"element {element}" if element else "")
    return " ".join(part for part in parts if part) + (
        f", code {finding['code_997']}" if finding.get("code_997") else ""
    )


def _match_purchase_order_acknowledgment(document: Document) -> list[Step]:
    answer = from_json("purchase_order_acknowledgment", document.translation.content or {})
    assert isinstance(answer, PurchaseOrderAcknowledgment)
    number = answer.purchase_order_number or ""
    purchase_order = (
        PurchaseOrder.objects.select_for_update(of=("self",))
        .select_related("order__store", "agreement__partner")
        .filter(number=number, agreement__partner=document.partner)
        .first()
    )
    if purchase_order is None:
        open_case(
            Kind.UNKNOWN_PURCHASE_ORDER,
            f"document:{document.pk}:unknown",
            f"{document.partner} answered purchase order {number or 'without a number'}, which we did not send to"
            " them. Nothing was changed; ask the partner which order is meant.",
            document=document,
            partner=document.partner,
        )
        return []
    close_cause(f"document:{document.pk}:unknown", "The purchase order is known now.")
    _link(document, purchase_order)
    close_cause(f"overdue:855:{purchase_order.pk}", "The purchase order acknowledgment has come.")
    asked = asked_lines(purchase_order)
    decision = decide(asked, answer)
    if LineEntry.objects.filter(document=document).exists():
        return _effects(purchase_order)
    if purchase_order.state in (State.ACCEPTED, State.DISPUTED):
        return _answered_again(document, purchase_order, decision)
    if not decision.accepted:
        _dispute(document, purchase_order, decision)
        return []
    _accept(document, purchase_order, decision.statements)
    return _effects(purchase_order)


def _link(document: Document, purchase_order: PurchaseOrder) -> None:
    OrderDocument.objects.get_or_create(
        order=purchase_order.order,
        document=document,
        defaults={
            "purchase_order": purchase_order,
            "role": OrderDocument.Role.PURCHASE_ORDER_ACKNOWLEDGMENT,
        },
    )


def asked_lines(purchase_order: PurchaseOrder) -> list[AskedLine]:
    """Return the lines of ``purchase_order`` as they were sent."""
    return [
        AskedLine(
            line_number=line.line_number,
            sku=line.sku,
            vendor_item=line.vendor_item,
            upc=line.upc,
            quantity=line.quantity,
            unit=line.unit,
            unit_price=line.unit_price,
        )
        for line in purchase_order.lines.all()
    ]


def _accept(document: Document, purchase_order: PurchaseOrder, statements: tuple[LineStatement, ...]) -> None:
    lines = {line.line_number: line for line in purchase_order.lines.all()}
    LineEntry.objects.bulk_create(
        LineEntry(
            line=lines[said.line_number],
            kind=LineEntry.Kind.ACKNOWLEDGED,
            quantity=said.quantity,
            unit_price=said.unit_price,
            promised_on=said.promised_on,
            document=document,
            stated_at=stated_at(document),
        )
        for said in statements
    )
    moved = PurchaseOrder.objects.filter(pk=purchase_order.pk, state=State.GENERATED).update(
        state=State.ACCEPTED
    )
    if moved:
        record_event(
            purchase_order.order.subject,
            "accepted",
            f"{document.partner} accepted purchase order {purchase_order.number}: {len(statements)} of {len(lines)} lines as ordered.",
            document=document,
        )


def _dispute(document: Document, purchase_order: PurchaseOrder, decision: Decision) -> None:
    order = purchase_order.order
    PurchaseOrder.objects.filter(pk=purchase_order.pk, state=State.GENERATED).update(state=State.DISPUTED)
    first = str(decision.differences[0])
    more = f" ({len(decision.differences) - 1} more)" if len(decision.differences) > 1 else ""
    open_case(
        Kind.ACKNOWLEDGMENT_DIFFERS,
        f"differs:{purchase_order.pk}",
        f"{document.partner} answered purchase order {purchase_order.number} differently. {first}{more}. The order in"
        " the store was left as it is.",
        document=document,
        order=order,
        store=order.store,
        purchase_order=purchase_order,
        partner=document.partner,
        money=order.total,
        currency=order.currency,
        evidence=[
            {
                "line": each.line_number,
                "sku": each.sku,
                "what": each.what,
                "asked": each.asked,
                "answered": each.answered,
            }
            for each in decision.differences
        ],
    )


def _answered_again(document: Document, purchase_order: PurchaseOrder, decision: Decision) -> list[Step]:
    accepted_before = purchase_order.state == State.ACCEPTED
    if decision.accepted and accepted_before:
        record_event(
            purchase_order.order.subject,
            "accepted_again",
            f"{document.partner} accepted purchase order {purchase_order.number} once more: recorded, nothing done twice.",
            document=document,
        )
        return _effects(purchase_order)
    if decision.accepted:
        before, now = "differently", "now accepts it whole"
    else:
        before = "with acceptance" if accepted_before else "differently"
        now = f"now says otherwise: {decision.differences[0]}"
    open_case(
        Kind.ACKNOWLEDGMENT_DIFFERS,
        f"differs:{purchase_order.pk}:{document.pk}",
        f"{document.partner} answered purchase order {purchase_order.number} before {before}, and {now}. Nothing was"
        " changed; decide which answer holds.",
        document=document,
        order=purchase_order.order,
        store=purchase_order.order.store,
        purchase_order=purchase_order,
        partner=document.partner,
        evidence=[
            {"line": each.line_number, "sku": each.sku, "what": each.what, "asked": each.asked, "answered": each.answered}
            for each in decision.differences
        ],
    )  # fmt: skip
    return []


def _effects(purchase_order: PurchaseOrder) -> list[Step]:
    """Return the effects that follow once every purchase order of the order is accepted: the same ones each time."""
    order = Order.objects.select_for_update().select_related("store").get(pk=purchase_order.order_id)
    open_ones = order.purchase_orders.exclude(state__in=[State.ACCEPTED, State.DROPPED])
    if open_ones.exists():
        return []
    Order.objects.filter(pk=order.pk, state=Order.State.ROUTED).update(state=Order.State.ACCEPTED)
    numbers = sorted(order.purchase_orders.filter(state=State.ACCEPTED).values_list("number", flat=True))
    # The metafield first: the status is the last thing written, and its answer is known again as our echo.
    effects = [
        (StoreEffect.Kind.METAFIELD, {"key": "purchase_orders", "value": ", ".join(numbers) + ": accepted"}),
        (StoreEffect.Kind.STATUS, {"status_id": order.store.accepted_status}),
    ]
    steps = []
    for kind, intended in effects:
        effect, _ = StoreEffect.objects.get_or_create(
            marker=f"{order.store_id}:{order.number}:accepted:{kind}",
            defaults={"order": order, "kind": kind, "intended": intended},
        )
        steps.append(effect_step(effect))
    return steps


def stated_at(document: Document) -> datetime:
    """Return when the partner's interchange says it was made (ISA09, ISA10), else when it arrived."""
    reading = read_interchange(store.open(document.interchange.payload, purpose="match"))
    zone = ZoneInfo(_zone(document.agreement))
    try:
        made = datetime.strptime(reading.date + reading.time, "%y%m%d%H%M").replace(tzinfo=zone)
    except ValueError:
        return document.recorded_at
    return made.astimezone(UTC)


def _zone(agreement: Agreement | None) -> str:
    return (agreement.time_zone if agreement else "") or "UTC"

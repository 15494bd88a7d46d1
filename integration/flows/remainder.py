"""What a partner does not promise: cancelled, or ordered from another supplier.

What he promises holds, and the purchase order counts as accepted with it. The rest is taken back from him, as a change
(860) where he takes one, else by word of mouth. What another supplier is to deliver is a purchase order of its own
besides the routed ones (``PurchaseOrder.sequence``).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal

from django.db.models import Max
from django.utils.translation import gettext

from archive.models import Document
from archive.record import record_event
from integration.flows.accept import accept, post_cancelled
from integration.flows.agreed import statement_from_json, statement_to_json
from integration.flows.changes import LineChange, start_change, takes_changes
from integration.flows.counted import asked_lines
from integration.flows.notes import decision_words
from integration.flows.numbering import NoNumber, free_number
from integration.flows.planned import Given, Plan, noted
from integration.flows.references import write_references
from integration.flows.rights import Refused
from integration.matching.acknowledgment import Decision
from integration.matching.lines import AskedLine, LineStatement, plain
from integration.models import PurchaseOrder, PurchaseOrderLine, store_channel
from integration.work import Step
from partners.models import Agreement, ItemCrossReference

State = PurchaseOrder.State
Remainder = tuple[AskedLine, Decimal]


def remainder_of(purchase_order: PurchaseOrder, decision: Decision) -> list[Remainder]:
    """Return the lines of which less is promised than is in force, each with how much is left."""
    said = {each.line_number: each.quantity for each in decision.statements}
    left = [
        (line, line.quantity - said.get(line.line_number, Decimal(0))) for line in asked_lines(purchase_order)
    ]
    return [(line, quantity) for line, quantity in left if quantity > 0]


def other_suppliers(purchase_order: PurchaseOrder) -> list[Agreement]:
    """Return the agreements of the store that the remainder can be ordered under, by name."""
    store = purchase_order.order.store
    return list(
        store.agreements.filter(partner__is_active=True)
        .exclude(pk=purchase_order.agreement_id)
        .select_related("partner")
        .order_by("name")
    )


def cancel_plan(purchase_order: PurchaseOrder, decision: Decision, store_words: str) -> Plan:
    """Return what cancelling the remainder does. Raises ``Refused`` where nothing is left to cancel."""
    left = _left(purchase_order, decision)
    sentences = [*_cancelled_words(purchase_order, left), *_accepted_words(purchase_order, left, store_words)]
    return _plan("cancel", purchase_order, decision, left, sentences)


def remainder_plan(purchase_order: PurchaseOrder, decision: Decision, given: Given, store_words: str) -> Plan:
    """Return what ordering the remainder elsewhere does. Raises ``Refused`` where there is none, or nobody to ask."""
    left = _left(purchase_order, decision)
    other = next((each for each in other_suppliers(purchase_order) if each.pk == given.agreement), None)
    if other is None:
        raise Refused(
            gettext("Say from whom the remainder is to be ordered: an agreement of the same store.")
        )
    items = _items(other, [line.sku for line, _ in left])
    unknown = [line.sku for line, _ in left if line.sku not in items]
    if unknown:
        raise Refused(
            gettext("%(other)s does not list %(unknown)s. Add it to its items first.")
            % {"other": other, "unknown": ", ".join(unknown)}
        )
    try:
        number = free_number(purchase_order.order)
    except NoNumber as problem:
        raise Refused(str(problem)) from problem
    sentences = [
        *(
            f"{plain(quantity)} {line.unit} of {line.sku} are ordered from {other.partner}, as"
            f" {items[line.sku].vendor_item or line.sku}."
            for line, quantity in left
        ),
        f"That is purchase order {number}, under {other}: it is composed and sent like any other.",
        *_cancelled_words(purchase_order, left),
        *_accepted_words(purchase_order, left, store_words),
    ]
    made = _plan("remainder", purchase_order, decision, left, sentences)
    lines = [{"line_number": line.line_number, "quantity": str(quantity)} for line, quantity in left]
    return replace(made, target=other.pk, value=number, lines=lines)


def take_back(
    purchase_order: PurchaseOrder, document: Document, plan: Plan, *, reason: str, actor: str
) -> list[Step]:
    """Carry out what both plans share: what is left is cancelled, what is promised is accepted; return what follows.

    Of a partner who takes changes the ledger cancels it once the change (860) is written, which is then its document.
    """
    steps: list[Step] = []
    if takes_changes(purchase_order.agreement):
        asked = {line.line_number: line.quantity for line in asked_lines(purchase_order)}
        gone = {each["line_number"]: Decimal(each["quantity"]) for each in plan.reductions}
        changes = [LineChange(number, asked[number] - quantity) for number, quantity in gone.items()]
        steps = start_change(purchase_order, changes, reason=reason, actor=actor)
    else:
        post_cancelled(purchase_order, document, plan.reductions)
    if plan.after == State.CANCELLED:
        if not steps:
            PurchaseOrder.objects.filter(pk=purchase_order.pk).update(state=State.CANCELLED)
        return steps
    PurchaseOrder.objects.filter(pk=purchase_order.pk, state__in=[State.ACCEPTED, State.CANCELLED]).update(
        state=State.DISPUTED
    )
    accept(purchase_order, document, [statement_from_json(each) for each in plan.entries])
    return steps


def order_elsewhere(purchase_order: PurchaseOrder, plan: Plan) -> list[Step]:
    """Make the purchase order for the remainder; return the step that composes it."""
    order = purchase_order.order
    assert plan.target is not None
    other = Agreement.objects.get(pk=plan.target)
    wanted = {each["line_number"]: Decimal(each["quantity"]) for each in plan.lines}
    before = [line for line in purchase_order.lines.all() if line.line_number in wanted]
    items = _items(other, [line.sku for line in before])
    standing = order.purchase_orders.filter(agreement=other, ship_to=purchase_order.ship_to)
    last = standing.aggregate(last=Max("sequence"))["last"]
    made = PurchaseOrder.objects.create(
        order=order,
        agreement=other,
        ship_to=purchase_order.ship_to,
        number=plan.value,
        sequence=1 if last is None else last + 1,
    )
    PurchaseOrderLine.objects.bulk_create(
        _line(made, place, line, wanted[line.line_number], items[line.sku])
        for place, line in enumerate(before, start=1)
    )
    write_references(order)
    record_event(
        order.subject,
        "ordered_elsewhere",
        f"What {purchase_order.agreement.partner} does not deliver of purchase order {purchase_order.number} is ordered"
        f" from {other.partner}: purchase order {made.number}.",
    )
    return [Step("compose", str(made.pk), order.ordering_key, talks_to=store_channel(order.store_id))]


def _line(
    made: PurchaseOrder, place: int, line: PurchaseOrderLine, quantity: Decimal, item: ItemCrossReference
) -> PurchaseOrderLine:
    return PurchaseOrderLine(
        purchase_order=made,
        line_number=place,
        store_line=line.store_line,
        sku=line.sku,
        vendor_item=item.vendor_item,
        upc=item.upc or line.upc,
        description=line.description,
        quantity=quantity,
        unit=item.unit,
        partner_unit=item.partner_unit,
        pack_factor=item.pack_factor,
        # What the first supplier is paid is not what this one is: without a price of his own, none is told.
        unit_price=item.unit_cost,
    )


def _left(purchase_order: PurchaseOrder, decision: Decision) -> list[Remainder]:
    left = remainder_of(purchase_order, decision)
    if purchase_order.state == State.CANCELLED:
        raise Refused(
            gettext("Purchase order %(number)s is cancelled already: settle the case.")
            % {"number": purchase_order.number}
        )
    if not left:
        raise Refused(gettext("The partner promises all of it: nothing is left over."))
    return left


def _items(other: Agreement, skus: Sequence[str]) -> dict[str, ItemCrossReference]:
    return {item.sku: item for item in ItemCrossReference.objects.filter(agreement=other, sku__in=skus)}


def _cancelled_words(purchase_order: PurchaseOrder, left: Sequence[Remainder]) -> list[str]:
    partner = purchase_order.agreement.partner
    cancelled = [
        f"Line {line.line_number} ({line.sku}): {plain(quantity)} of {plain(line.quantity)} {line.unit} are cancelled."
        for line, quantity in left
    ]
    if takes_changes(purchase_order.agreement):
        return [*cancelled, f"{partner} is sent a purchase order change (860) that says so."]
    return [*cancelled, f"Nothing is sent to {partner}: tell {partner} that the rest is not wanted."]


def _accepted_words(purchase_order: PurchaseOrder, left: Sequence[Remainder], store_words: str) -> list[str]:
    if _keeps_nothing(purchase_order, left):
        return [f"Nothing of purchase order {purchase_order.number} is left: it counts as cancelled."]
    return [f"Purchase order {purchase_order.number} counts as accepted with what is promised.", store_words]


def _keeps_nothing(purchase_order: PurchaseOrder, left: Sequence[Remainder]) -> bool:
    gone = {line.line_number: quantity for line, quantity in left}
    return all(gone.get(line.line_number) == line.quantity for line in asked_lines(purchase_order))


def _plan(
    name: str,
    purchase_order: PurchaseOrder,
    decision: Decision,
    left: Sequence[Remainder],
    sentences: list[str],
) -> Plan:
    promised = [_promised(each) for each in decision.statements if each.quantity]
    nothing = _keeps_nothing(purchase_order, left)
    note = decision_words(purchase_order, asked_lines(purchase_order), decision.statements)
    made = Plan(
        name,
        sentences,
        purchase_order.pk,
        purchase_order.state,
        State.CANCELLED if nothing else State.ACCEPTED,
        [] if nothing else [statement_to_json(each) for each in promised],
        reductions=[{"line_number": line.line_number, "quantity": str(quantity)} for line, quantity in left],
    )
    return made if nothing else noted(purchase_order, note, made)


def _promised(said: LineStatement) -> LineStatement:
    """Return what is left of a statement once the rest is cancelled."""
    return LineStatement(
        said.line_number, said.quantity, said.unit_price, said.promised_on, substitute=said.substitute
    )

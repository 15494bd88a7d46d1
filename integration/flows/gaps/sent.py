"""What we send: purchase orders, receipts of delivery, functional acknowledgments."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from django.db.models import CharField, Exists, OuterRef
from django.db.models.functions import Cast

from archive.models import (
    ACKNOWLEDGMENTS,
    Acknowledgment,
    AcknowledgmentState,
    Delivery,
    Direction,
    Document,
    TransmissionOutcome,
)
from integration.flows.compose import why_watching
from integration.flows.gaps.parts import (
    LOOKS_BACK,
    SETTLED,
    Checked,
    Found,
    Tally,
    links_of,
    work_for,
)
from integration.flows.transmit import transmit_step
from integration.models import (
    ExceptionCase,
    Gap,
    LineEntry,
    OrderDocument,
    PurchaseOrder,
    Work,
    store_channel,
)
from integration.work import Step
from partners.models import Mode

Check = Gap.Check
State = PurchaseOrder.State


def purchase_orders(now: datetime) -> Checked:
    """Every purchase order is sent, or something has it in hand, or a setting says why it waits."""
    tally = Tally(Check.PURCHASE_ORDER)
    rows = (
        PurchaseOrder.objects.exclude(state=State.DROPPED)
        .filter(created_at__gte=now - LOOKS_BACK)
        .select_related("order__store", "agreement__mailbox", "agreement__identifier")
        .annotate(
            is_written=Exists(
                OrderDocument.objects.filter(
                    purchase_order=OuterRef("pk"), role=OrderDocument.Role.PURCHASE_ORDER
                )
            ),
            is_taken_over=Exists(
                LineEntry.standing().filter(line__purchase_order=OuterRef("pk"), document=None)
            ),
            is_asked=Exists(ExceptionCase.objects.filter(purchase_order=OuterRef("pk"), closed_at=None)),
            in_hand=Exists(
                Work.objects.filter(
                    step__in=["compose", "generate"], subject=Cast(OuterRef("pk"), CharField())
                )
            ),
        )
        .defer("content", "order__content")
    )
    for row in rows.iterator():
        links = {"order": row.order, "purchase_order": row, "store": row.order.store}
        if row.is_written or row.is_taken_over:
            tally.good += 1
        elif row.is_asked or row.in_hand or row.created_at > now - SETTLED or why_watching(row):
            tally.explained += 1
        elif row.state in (State.ROUTED, State.COMPOSED):
            step = Step(
                "compose", str(row.pk), row.order.ordering_key, talks_to=store_channel(row.order.store_id)
            )
            sentence = f"{row} was never sent, and nothing was about to send it."
            tally.gaps.append(
                Found(f"purchase_order:{row.pk}", sentence, "It is sent now.", [step], links=links)
            )
        else:
            sentence = f"{row} counts as sent, and there is no document of it."
            tally.gaps.append(Found(f"purchase_order:{row.pk}", sentence, links=links))
    return tally.checked()


def receipts(now: datetime) -> Checked:
    """Every document that we send has a receipt of its delivery, or waits for one in sight of somebody."""
    tally = Tally(Check.RECEIPT)
    delivered = TransmissionOutcome.objects.filter(
        transmission__interchange=OuterRef("interchange"), result=TransmissionOutcome.Result.DELIVERED
    )
    for row in _sent(now).annotate(is_delivered=Exists(delivered)).iterator():
        if row.is_delivered and row.state.delivery == Delivery.DELIVERED:
            tally.good += 1
        elif row.in_hand or row.is_asked or _waits_for_mailbox(row) or row.recorded_at > now - SETTLED:
            tally.explained += 1
        else:
            tally.gaps.append(_without_receipt(row))
    return tally.checked()


def _without_receipt(row: Any) -> Found:
    cause = f"document:{row.pk}:receipt"
    links = links_of(row)
    if row.is_delivered:
        sentence = f"{row} was delivered, and was shown as {row.state.get_delivery_display().lower()}."
        return Found(cause, sentence, "It is shown as delivered.", project=row, links=links)
    if row.acknowledgments.exists() and row.interchange.attempts.exists():
        sentence = f"{row} has no receipt of its delivery, and {row.partner} has acknowledged it: it arrived."
        return Found(cause, sentence, "It counts as delivered.", arrived=row, project=row, links=links)
    if row.interchange.attempts.exists():
        sentence = (
            f"{row} was sent, and there is no receipt of its delivery. Ask {row.partner} whether they have"
            f" {row.interchange.name}; if not, send it again."
        )
        return Found(cause, sentence, project=row, links=links)
    sentence = f"{row} was never sent, and nothing was about to send it."
    return Found(cause, sentence, "It is sent now.", [transmit_step(row.interchange)], links=links)


def acknowledgments(now: datetime) -> Checked:
    """Every document that was delivered has its 997, or is within its time, or a case asks for it."""
    tally = Tally(Check.ACKNOWLEDGMENT)
    rows = (
        _sent(now)
        .exclude(transaction_set__in=ACKNOWLEDGMENTS)
        .filter(state__delivery=Delivery.DELIVERED, agreement__functional_acknowledgment_hours__gt=0)
        .annotate(
            is_answered=Exists(Acknowledgment.objects.filter(document=OuterRef("pk"))),
            was_asked=Exists(
                ExceptionCase.objects.filter(document=OuterRef("pk"), kind=ExceptionCase.Kind.OVERDUE)
            ),
        )
    )
    for row in rows.iterator():
        said = row.state.acknowledgment
        if row.is_answered and said not in (AcknowledgmentState.WAITING, AcknowledgmentState.OVERDUE):
            tally.good += 1
            continue
        due = row.recorded_at + timedelta(hours=row.agreement.functional_acknowledgment_hours)
        if not row.is_answered and said in (AcknowledgmentState.WAITING, AcknowledgmentState.OVERDUE):
            if row.is_asked or row.was_asked or due > now - SETTLED or row.sent_again:
                tally.explained += 1
                continue
            sentence = f"{row} is not acknowledged (997) in its time, and nobody was told."
        else:
            sentence = (
                f"{row} is shown as {row.state.get_acknowledgment_display().lower()}, and the acknowledgments (997) on"
                " record do not say so."
            )
        repair = "It is shown as the record has it, and waited for again."
        tally.gaps.append(Found(f"document:{row.pk}:997", sentence, repair, project=row, links=links_of(row)))
    return tally.checked()


def _sent(now: datetime) -> Any:
    return (
        Document.objects.filter(direction=Direction.OUT, recorded_at__gte=now - LOOKS_BACK)
        .select_related("agreement", "partner", "state", "interchange__mailbox")
        .annotate(
            is_asked=Exists(ExceptionCase.objects.filter(document=OuterRef("pk"), closed_at=None)),
            in_hand=Exists(work_for("transmit", "interchange")),
            sent_again=Exists(
                Document.objects.filter(resubmission__original=OuterRef("pk")),
            ),
        )
        .order_by("pk")
    )


def _waits_for_mailbox(row: Any) -> bool:
    return bool(row.interchange.mailbox.mode != Mode.LIVE)

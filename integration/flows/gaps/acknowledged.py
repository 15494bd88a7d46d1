"""Orders of business customers, and what they were told of them."""

from __future__ import annotations

from datetime import datetime

from django.db.models import Exists, OuterRef, Q

from archive.models import AcknowledgmentState
from integration.flows.acknowledge import heard_last, is_concerned, untold
from integration.flows.compose import why_unsent
from integration.flows.customers import acknowledge_steps
from integration.flows.gaps.parts import LOOKS_BACK, SETTLED, Checked, Found, Tally, work_for
from integration.models import CustomerLink, ExceptionCase, Gap, Order, OrderAcknowledgment

_ASK = (ExceptionCase.Kind.CUSTOMER, ExceptionCase.Kind.NOT_WRITABLE)


def customers(now: datetime) -> Checked:
    """Every business customer was told what holds of his order, or something has it in hand, or says why not."""
    tally = Tally(Gap.Check.CUSTOMER)
    rows = (
        Order.objects.filter(customer_link__isnull=False, placed_at__gte=now - LOOKS_BACK)
        .select_related("store", "customer_link__agreement__mailbox", "customer_link__agreement__identifier")
        .annotate(
            in_hand=Exists(work_for("acknowledge", "pk")),
            was_rejected=Exists(
                OrderAcknowledgment.objects.filter(
                    order=OuterRef("pk"), document__state__acknowledgment=AcknowledgmentState.REJECTED
                )
            ),
            is_asked=Exists(
                ExceptionCase.objects.filter(order=OuterRef("pk"), kind__in=_ASK).filter(
                    Q(closed_at=None) | Q(decision=ExceptionCase.Decision.SETTLED)
                )
            ),
        )
    )
    for row in rows.order_by("pk").iterator():
        link, last = row.customer_link, heard_last(row)
        assert link is not None
        concerned = link.is_active and is_concerned(row, last)
        lacks = concerned and untold(row, link, last) is not None
        if last is not None and not lacks:
            tally.good += 1
        elif not lacks or row.in_hand or row.is_asked or row.was_rejected or _waits(row, link, now):
            tally.explained += 1
        else:
            sentence = f"{row} is {link.agreement.partner}'s, who was not told what holds of it, and nothing was about to."
            links = {"order": row, "store": row.store}
            found = Found(
                f"order:{row.pk}:customer",
                sentence,
                "They are told now.",
                acknowledge_steps(row),
                links=links,
            )
            tally.gaps.append(found)
    return tally.checked()


def _waits(row: Order, link: CustomerLink, now: datetime) -> bool:
    return row.read_at > now - SETTLED or bool(why_unsent(row.store, link.agreement))

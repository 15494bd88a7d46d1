"""What we invoice: every order that a rule in force wants invoiced has its invoice, or a case says why not."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from decimal import Decimal

from django.db.models import Exists, OuterRef, QuerySet, Sum

from integration.flows.gaps.parts import LOOKS_BACK, SETTLED, Checked, Found, Tally, work_for
from integration.flows.invoicing import COMPLETED, INVOICE, SHIPPED, invoice_step, rules_of
from integration.models import ExceptionCase, Gap, Invoice, InvoiceRule, InvoiceSeries, Order

When = InvoiceRule.When


def invoices(now: datetime) -> Checked:
    """Every order that is completed, or shipped where a rule says so, is invoiced whole in each series of its rules.

    What waits in watch, or is held by a case, a settled one too, is explained.
    """
    tally = Tally(Gap.Check.INVOICE)
    for order in _orders(now):
        for series in _series_due(order):
            _look_at(order, series, now, tally)
    return tally.checked()


def _orders(now: datetime) -> Iterator[Order]:
    """Yield the orders that rules may want invoiced by now, with what has them in hand."""
    if not InvoiceRule.objects.filter(is_active=True).exists():
        return
    rows: QuerySet[Order] = (
        Order.objects.filter(status_id__in=[SHIPPED, COMPLETED], placed_at__gte=now - LOOKS_BACK)
        .select_related("store")
        .annotate(
            in_hand=Exists(work_for("invoice_order", "pk")),
            is_asked=Exists(ExceptionCase.objects.filter(order=OuterRef("pk"), cause__startswith=INVOICE)),
        )
    )
    yield from rows.order_by("pk").iterator()


def _series_due(order: Order) -> list[InvoiceSeries]:
    due = [
        rule.series for rule in rules_of(order) if order.status_id == COMPLETED or rule.when != When.COMPLETED
    ]
    return list({series.pk: series for series in due}.values())


def _look_at(order: Order, series: InvoiceSeries, now: datetime, tally: Tally) -> None:
    rows = order.invoices.filter(series=series, kind=Invoice.Kind.INVOICE)
    sent = rows.filter(state=Invoice.State.GENERATED)
    unsent = Exists(Invoice.objects.filter(pk=OuterRef("pk"), copies__document=None, copies__isnull=False))
    total = sent.aggregate(sum=Sum("total"))["sum"] or Decimal(0)
    if total == order.total and sent.exists() and not sent.filter(unsent).exists():
        tally.good += 1
    elif (
        order.in_hand  # type: ignore[attr-defined]
        or order.is_asked  # type: ignore[attr-defined]
        or rows.exclude(state_reason="").exists()
        or order.read_at > now - SETTLED
    ):
        tally.explained += 1
    else:
        is_other = sent.exists() and total != order.total
        what = f"is invoiced with {total} and comes to {order.total}" if is_other else "is not invoiced"
        tally.gaps.append(
            Found(
                f"order:{order.pk}:invoice:{series.pk}",
                f"{order} of {order.store} {what}, in series {series}.",
                "" if is_other else "It is looked at now, and invoiced.",
                [] if is_other else [invoice_step(order)],
                links={"order": order, "store": order.store},
            )
        )

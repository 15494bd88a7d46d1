"""What the page of an order shows, gathered with a fixed number of queries."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from django.utils.translation import gettext, gettext_lazy

from archive.models import AcknowledgmentState
from integration.flows.acknowledge import heard_last, line_words, told_lines
from integration.flows.effects import SHIPPING_KINDS, effect_words
from integration.flows.routing import warehouse_of
from integration.models import (
    ORDER_STATUSES,
    ExceptionCase,
    Expectation,
    Order,
    OrderDocument,
    PurchaseOrder,
    StoreEffect,
    Warehouse,
)
from portal.access import seen
from portal.admin.change_rows import change_rows
from portal.admin.comparison import comparisons
from portal.admin.documents_table import DocumentRow, document_rows, latest_sent, state_of
from portal.admin.invoice_page import order_invoices
from portal.admin.order_lines import order_lines
from portal.admin.order_turn import Awaited, order_turn, undelivered_words
from portal.admin.return_rows import return_rows
from portal.admin.shipment_rows import shipment_rows
from portal.admin.show import (
    effect_badge,
    money,
    purchase_order_badge,
)
from portal.admin.timeline import Moment, timeline
from portal.admin.unknown import unknown_effect

_SHIPPING_WORDS = {
    StoreEffect.Kind.SHIPMENT: gettext_lazy("Make {}"),
    StoreEffect.Kind.REMOVAL: gettext_lazy("Carry out {}"),
    StoreEffect.Kind.SHIPPED: gettext_lazy("Set {}"),
}


def order_context(order: Order, now: datetime) -> dict[str, Any]:
    """Return everything that the template ``portal/order.html`` shows of ``order``."""
    purchase_orders = list(
        seen(order.purchase_orders.all())
        .select_related("agreement__partner")
        .prefetch_related("lines")
        .order_by("pk")
    )
    links = _links(order)
    sent = {
        each.pk: latest_sent(link for link in links if link.purchase_order_id == each.pk)
        for each in purchase_orders
    }
    cases = list(
        seen(order.cases.all())
        .select_related("partner", "owner", "purchase_order__agreement", "purchase_order__order")
        .order_by("closed_at", "-opened_at")
    )
    rows = [
        {
            "row": each,
            "badge": purchase_order_badge(each, state_of(sent[each.pk])),
            "document": sent[each.pk],
        }
        for each in purchase_orders
    ]
    open_cases = [each for each in cases if each.closed_at is None]
    expected = _expected(purchase_orders, now)
    turn = order_turn(order, purchase_orders, undelivered_words(rows), open_cases, expected, now)
    reason = _reason(order, cases)
    return {
        "order": order,
        "turn": turn,
        "also_expected": [each for each in expected if each.words not in turn.sentence],
        "comparisons": comparisons(open_cases),
        "total": money(order.total, order.currency),
        "store_status": ORDER_STATUSES.get(
            order.status_id, gettext("status %(status_id)s") % {"status_id": order.status_id}
        ),
        "addresses": [_address(each) for each in order.content.get("addresses", ())],
        "warehouses": _warehouses(purchase_orders),
        "message": order.content.get("customer_message", ""),
        "reason": "" if reason in turn.sentence else reason,
        "lines": order_lines(order, purchase_orders, cases, sent),
        "purchase_orders": rows,
        "changes": change_rows(purchase_orders),
        "told": _told(order),
        "invoices": order_invoices(order),
        "shipments": shipment_rows(seen(order.shipments.all())),
        "returns": return_rows(seen(order.returns.all())),
        "documents": _documents(links),
        "effects": [
            effect_row(each) for each in seen(order.effects.all()).select_related("refund__case", "shipment")
        ],
        "open_cases": open_cases,
        "closed_cases": [each for each in cases if each.closed_at is not None],
        "expected_next": expected,
        "timeline": _timeline(order, links, cases),
    }


def _links(order: Order) -> list[OrderDocument]:
    found = seen(order.documents.all()).select_related(
        "document__interchange",
        "document__partner",
        "document__agreement",
        "document__state",
        "document__sent_again_as",
    )
    return list(found.order_by("document_id"))


def _documents(links: Iterable[OrderDocument]) -> list[DocumentRow]:
    return document_rows({link.document_id: link.document for link in links}.values())


def _address(address: dict[str, Any]) -> dict[str, Any]:
    person = " ".join(part for part in (address.get("first_name"), address.get("last_name")) if part)
    place = " ".join(part for part in (address.get("state"), address.get("zip")) if part)
    city = ", ".join(part for part in (address.get("city"), place) if part)
    parts = [
        address.get("company"),
        person,
        address.get("street_1"),
        address.get("street_2"),
        city,
        address.get("country"),
    ]
    return {"lines": [part for part in parts if part], "shipping_method": address.get("shipping_method", "")}


def _warehouses(purchase_orders: Iterable[PurchaseOrder]) -> list[Warehouse]:
    """Return the warehouses of ours that partners ship to for this order."""
    standing = [each for each in purchase_orders if each.state != PurchaseOrder.State.DROPPED]
    wanted = {pk for each in standing if (pk := warehouse_of(each.ship_to)) is not None}
    return list(Warehouse.objects.filter(pk__in=wanted)) if wanted else []


def _reason(order: Order, cases: Iterable[ExceptionCase]) -> str:
    """Return why the order stands where it does, unless an open case says it already."""
    told = any(
        case.closed_at is None and case.sentence.startswith(order.state_reason.rstrip("…")) for case in cases
    )
    return "" if told else order.state_reason


def _told(order: Order) -> dict[str, Any] | None:
    """Return what a business customer was told last, line by line; None where the order is nobody's who is told."""
    customer = order.customer_link
    if customer is None:
        return None
    last = heard_last(order)
    return {
        "link": customer,
        "number": last.number if last else order.customer_number,
        "last": last,
        "lines": [line_words(each) for each in told_lines(last)],
    }


def effect_row(effect: StoreEffect) -> dict[str, Any]:
    """Return what is shown of something that is to be written to the store."""
    intended = effect.intended
    if effect.kind == StoreEffect.Kind.STATUS:
        words = gettext("Set the order's status to %(status)s") % {
            "status": ORDER_STATUSES.get(intended.get("status_id"), gettext("an unknown status"))
        }
    elif effect.kind == StoreEffect.Kind.NOTE:
        words = gettext("Add “%(line)s” to the order's staff notes") % {"line": intended.get("line", "")}
    elif effect.kind == StoreEffect.Kind.REFUND:
        words = gettext("Refund %(amount)s for %(case)s") % {
            "amount": money(effect.refund.amount, effect.refund.currency),
            "case": effect.refund.case,
        }
    elif effect.kind in SHIPPING_KINDS:
        words = _SHIPPING_WORDS[StoreEffect.Kind(effect.kind)].format(effect_words(effect))
    else:
        words = gettext("Write “%(value)s” to the order's metafield %(key)s") % {
            "value": intended.get("value", ""),
            "key": intended.get("key", ""),
        }
    return {
        "row": effect,
        "words": words,
        "badge": effect_badge(effect),
        "problem": effect.answer.get("error", ""),
        "unknown": unknown_effect(effect),
    }


def _expected(purchase_orders: Iterable[PurchaseOrder], now: datetime) -> list[Awaited]:
    rows = Expectation.objects.filter(purchase_order__in=list(purchase_orders), state__in=Expectation.UNMET)
    # Given up by the clock in a minute at most.
    rows = rows.exclude(what__in=["855", "865"], document__state__acknowledgment=AcknowledgmentState.REJECTED)
    return [
        Awaited(
            gettext("%(partner)s's %(what)s for %(number)s")
            % {
                "partner": row.agreement.partner,
                "what": row.get_what_display()[:1].lower() + row.get_what_display()[1:],
                "number": row.purchase_order.number,
            },
            row.due_at,
            row.due_at <= now,
            str(row.agreement.partner),
        )
        for row in rows.select_related("agreement__partner", "purchase_order")
        if row.purchase_order is not None
    ]


def _timeline(order: Order, links: Iterable[OrderDocument], cases: Iterable[ExceptionCase]) -> list[Moment]:
    documents = dict.fromkeys(f"document:{link.document_id}" for link in links)
    return timeline(order.subject, [*documents, *(case.subject for case in cases)])

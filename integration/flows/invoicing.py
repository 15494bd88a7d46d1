"""When an order is invoiced, by which rules: who asks for it, and what is due."""

from __future__ import annotations

from collections.abc import Sequence

from integration.documents import Invoice as CanonicalInvoice
from integration.documents import from_json
from integration.models import Invoice, InvoiceRule, Order, store_channel
from integration.work import Step

SHIPPED, PARTIALLY_SHIPPED, REFUNDED, COMPLETED, PARTIALLY_REFUNDED = 2, 3, 4, 10, 14
INVOICE = "invoice:"
"""How the causes of cases begin that hold an invoice."""
_MAY_BE_DUE = frozenset({SHIPPED, PARTIALLY_SHIPPED, REFUNDED, COMPLETED, PARTIALLY_REFUNDED})


def invoice_steps(order: Order) -> list[Step]:
    """Return the steps that look whether an invoice or a credit memo of ``order`` is due: none where none can be.

    Asked whenever the order, its status, its shipments or its refunds changed; asking twice makes one invoice.
    """
    if order.status_id not in _MAY_BE_DUE and not order.shipments.exists():
        return []
    return [invoice_step(order)] if rules_of(order) else []


def invoice_step(order: Order) -> Step:
    """Return the step that looks at ``order``; it asks the store."""
    return Step("invoice_order", str(order.pk), order.ordering_key, talks_to=store_channel(order.store_id))


def rules_of(order: Order) -> list[InvoiceRule]:
    """Return the rules in force that fit ``order``, in the order of their making; none for history."""
    store = order.store
    if order.placed_at < store.live_from or order.content["is_deleted"]:
        return []
    if store.live_from_order is not None and order.number < store.live_from_order:
        return []
    rules = InvoiceRule.objects.filter(is_active=True, orders_from__lte=order.placed_at).select_related(
        "series",
        "credit_series",
        "agreement__partner",
        "agreement__identifier",
        "agreement__mailbox",
        "mailbox",
    )
    return [rule for rule in rules.order_by("pk") if _fits(rule, order)]


def _fits(rule: InvoiceRule, order: Order) -> bool:
    content = order.content
    return (
        rule.store_id in (None, order.store_id)
        and _among(rule.channels, content["channel_id"])
        and _among(rule.customers, content["customer_id"])
        and (not rule.business_only or bool(content["billing_address"]["company"].strip()))
    )


def _among(wanted: Sequence[object], value: int) -> bool:
    return not wanted or str(value) in {str(each) for each in wanted}


def invoice_cause(invoice: Invoice) -> str:
    """Return the cause of the case that holds ``invoice``."""
    return f"{INVOICE}{invoice.order_id}:{invoice.series_id}:{invoice.about}"


def canonical_invoice(invoice: Invoice) -> CanonicalInvoice | None:
    """Return the canonical document of ``invoice``, with its number once it has one; None while it does not add up."""
    if invoice.content is None:
        return None
    found = from_json("invoice", invoice.content)
    assert isinstance(found, CanonicalInvoice)
    return found

"""Facts of the public BigCommerce documentation that the simulator answers by.

Sources: the published ``orders.v2`` and ``orders.v3`` descriptions, the rate limit page, and error bodies that
merchants pasted into public issue threads (bigcommerce-api-python 59 and 82, api-specs pull request 229).
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Status:
    """An order status: ``label`` is the merchant's own name for it, shown as ``custom_status`` on the order."""

    id: int
    name: str
    label: str
    description: str
    order: int


STATUSES = {
    status.id: status
    for status in (
        Status(0, "Incomplete", "Incomplete", "The payment page was reached, nothing was paid.", 0),
        Status(1, "Pending", "Pending", "The checkout was started and not finished.", 1),
        Status(2, "Shipped", "Shipped", "Sent; receipt is not confirmed.", 8),
        Status(3, "Partially Shipped", "Partially Shipped", "Some of the items were sent.", 6),
        Status(4, "Refunded", "Refunded", "The seller refunded the order.", 11),
        Status(5, "Cancelled", "Cancelled", "The seller cancelled the order.", 9),
        Status(6, "Declined", "Declined", "The seller declined the order.", 10),
        Status(7, "Awaiting Payment", "Awaiting Payment", "Checked out; payment is not confirmed.", 2),
        Status(8, "Awaiting Pickup", "Awaiting Pickup", "Ready for the customer to collect.", 5),
        # The merchant renamed this one: whoever keys on the text instead of the id goes wrong here.
        Status(9, "Awaiting Shipment", "Packed, waiting for the carrier", "Packed; the carrier is due.", 4),
        Status(10, "Completed", "Completed", "Paid and delivered.", 7),
        Status(11, "Awaiting Fulfillment", "Awaiting Fulfillment", "Checked out and paid.", 3),
        Status(12, "Manual Verification Required", "Manual Verification Required", "Held for a person.", 13),
        Status(13, "Disputed", "Disputed", "The payment is disputed.", 14),
        Status(14, "Partially Refunded", "Partially Refunded", "Part of the order was refunded.", 12),
    )
}

WRITABLE = frozenset(
    [
        "base_handling_cost",
        "base_shipping_cost",
        "base_wrapping_cost",
        "channel_id",
        "customer_id",
        "customer_message",
        "date_created",
        "discount_amount",
        "order_source",
        "ebay_order_id",
        "external_merchant_id",
        "external_source",
        "geoip_country",
        "geoip_country_iso2",
        "handling_cost_ex_tax",
        "handling_cost_inc_tax",
        "ip_address",
        "ip_address_v6",
        "order_is_digital",
        "payment_method",
        "payment_provider_id",
        "shipping_cost_ex_tax",
        "shipping_cost_inc_tax",
        "staff_notes",
        "status_id",
        "subtotal_ex_tax",
        "subtotal_inc_tax",
        "customer_locale",
        "external_order_id",
        "total_ex_tax",
        "total_inc_tax",
        "wrapping_cost_ex_tax",
        "wrapping_cost_inc_tax",
        "is_deleted",
    ]
)
"""Plain fields that PUT /orders/{id} takes: ``order_Put`` of orders.v2, less those known to be a trap.

``items_total``, ``items_shipped`` and ``refunded_amount`` stand in ``order_Put`` but are reckoned by the store;
the simulator refuses them.
"""

IGNORED = frozenset({"tax_provider_id"})
"""Accepted and not stored (bigcommerce/docs issue 144)."""

NOT_SIMULATED = frozenset({"products", "shipping_addresses", "consignments", "fees"})
"""Writable at the real store; the simulator says so and refuses, rather than to reckon wrongly."""

READ_ONLY = frozenset(
    [
        "id",
        "date_modified",
        "date_shipped",
        "cart_id",
        "status",
        "subtotal_tax",
        "shipping_cost_tax",
        "shipping_cost_tax_class_id",
        "handling_cost_tax",
        "handling_cost_tax_class_id",
        "wrapping_cost_tax",
        "wrapping_cost_tax_class_id",
        "payment_status",
        "store_credit_amount",
        "gift_certificate_amount",
        "currency_id",
        "currency_code",
        "currency_exchange_rate",
        "default_currency_id",
        "default_currency_code",
        "store_default_currency_code",
        "store_default_to_transactional_exchange_rate",
        "coupon_discount",
        "shipping_address_count",
        "total_tax",
        "is_tax_inclusive_pricing",
        "is_email_opt_in",
        "external_id",
        "items_total",
        "items_shipped",
        "refunded_amount",
        "coupons",
        "credit_card_type",
    ]
)

LARGEST_PAGE = 250
DEFAULT_PAGE = 50
METAFIELDS_PER_ORDER = 250
PERMISSION_SETS = frozenset({"app_only", "read", "write", "read_and_sf_access", "write_and_sf_access"})
PROBLEM_TYPE = "/api-docs/getting-started/api-status-codes"


def cannot_be_written(name: str) -> str:
    """Return the store's words for a field that may only be read."""
    return f"The field '{name}' cannot be written to. Please remove it from your request before trying again."


def not_supported(name: str) -> str:
    """Return the store's words for a field that it does not know in a request."""
    return f"The field '{name}' is not supported by this resource."


def is_invalid(name: str) -> str:
    """Return the store's words for a field with a value that it does not take."""
    return f"The field '{name}' is invalid."

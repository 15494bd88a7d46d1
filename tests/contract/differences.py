"""Each difference from the official descriptions that we accept, with the reason. Whatever else differs fails.

A difference that no longer occurs fails as well: this table says what is, not what once was.
"""

from __future__ import annotations

EXAMPLE = "in the official example of the answer"

UNDESCRIBED = {
    (
        "GET",
        "/v3/catalog/trees/categories",
    ): "in the description of category trees, which is not among the shared ones",
    ("GET", "/v2/orders/{}/shippingaddresses"): "what the links in orders say, as in the official example",
    ("GET", "/v2/orders/{}/shippingaddresses/{}/shippingquotes"): "what the links in addresses say",
}
"""Routes of the simulator that no description has; of them the client asks for the categories alone."""

OF_ANSWERS = {
    ("getOrders", "[].credit_card_type: not described"): EXAMPLE,
    ("getOrders", "[].custom_status: not described"): EXAMPLE,
    ("getOrder", "credit_card_type: not described"): EXAMPLE,
    ("getOrder", "custom_status: not described"): EXAMPLE,
    ("updateOrder", "credit_card_type: not described"): EXAMPLE,
    ("updateOrder", "custom_status: not described"): EXAMPLE,
    (
        "getOrderProducts",
        "[].fulfillment_source: not described",
    ): "in the answer of a real store (docs issue 173)",
    ("getOrderStatuses", "[].order: not described"): EXAMPLE,
    (
        "getCurrencies",
        "[].last_updated: 'Mon, 03 Feb 2025 09:00:00 +0000' is none of the format",
    ): "V2 writes dates as in RFC 2822, and so does the description's own example",
    ("getVariants", "data[].calculated_weight: not described"): EXAMPLE,
    ("getVariants", "data[].gtin: not described"): EXAMPLE,
    ("getVariants", "data[].image_url: not described"): EXAMPLE,
    ("getVariants", "data[].map_price: not described"): EXAMPLE,
    ("getVariants", "data[].mpn: not described"): EXAMPLE,
    ("getWebhooks", "data: [] should be non-empty"): "an account without hooks has an empty list",
}
"""What answers of the simulator have beyond the descriptions, by operation. Requests have nothing beyond them."""

OBJECT = "every other refusal of V3, described or seen, has an object here"

OF_REFUSALS = {
    ("getOrderMetafield", "errors: object, not array"): OBJECT,
    ("updateOrderMetafield", "errors: object, not array"): OBJECT,
    ("deleteOrderMetafield", "errors: object, not array"): OBJECT,
}
"""Likewise of its refusals."""

"""What ``PUT /v2/orders/{id}`` lets a client write: strict, since the real store refuses what it does not know.

From the published ``order_Put`` and ``order_Resp`` schemas, with these differences: fields that ``order_Put`` lists
and that the store reckons itself or takes only in a POST are refused as read-only; ``is_deleted`` is written though it
is not listed (its description says so); what would make the store reckon the order anew is not simulated.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from integration.simulators.store.refusals import invalid, not_simulated, read_only, unknown
from integration.simulators.store.settings import CHANNELS
from integration.simulators.store.statuses import STATUSES
from integration.simulators.store.values import (
    Reader,
    date,
    flag,
    money,
    nothing_or,
    one_of,
    text,
    text_or_number,
    whole,
)

Fields = dict[str, Any]

_MONEY = (
    "base_handling_cost", "base_shipping_cost", "base_wrapping_cost", "discount_amount",
    "handling_cost_ex_tax", "handling_cost_inc_tax", "shipping_cost_ex_tax", "shipping_cost_inc_tax",
    "subtotal_ex_tax", "subtotal_inc_tax", "total_ex_tax", "total_inc_tax",
    "wrapping_cost_ex_tax", "wrapping_cost_inc_tax",
)  # fmt: skip
WRITABLE: dict[str, Reader] = {
    **dict.fromkeys(_MONEY, money),
    "channel_id": one_of(*(channel["id"] for channel in CHANNELS)),
    "customer_id": whole,
    "customer_locale": text(10),
    "customer_message": text(65_535),
    "date_created": date,
    "ebay_order_id": text(255),
    "external_order_id": nothing_or(text(255)),
    "external_source": nothing_or(text(255)),
    "geoip_country": text(255),
    "geoip_country_iso2": text(2),
    "ip_address": text(30),
    "ip_address_v6": text(39),
    "is_deleted": flag,
    "order_is_digital": flag,
    "payment_method": text(255),
    "payment_provider_id": text_or_number,
    "staff_notes": text(65_535),
    "status_id": one_of(*STATUSES),
}
READ_ONLY = frozenset(
    {
        # order_RespOnly, and what order_Put marks readOnly.
        "id", "date_modified", "date_shipped", "cart_id", "status", "subtotal_tax", "shipping_cost_tax",
        "shipping_cost_tax_class_id", "handling_cost_tax", "handling_cost_tax_class_id", "wrapping_cost_tax",
        "wrapping_cost_tax_class_id", "payment_status", "store_credit_amount", "gift_certificate_amount",
        "currency_id", "currency_code", "currency_exchange_rate", "default_currency_id",
        "default_currency_code", "store_default_currency_code",
        "store_default_to_transactional_exchange_rate", "coupon_discount", "shipping_address_count",
        "total_tax", "is_tax_inclusive_pricing", "is_email_opt_in", "coupons", "external_id",
        # In order_Put, but the store's own figures, or set once by a POST.
        "items_total", "items_shipped", "refunded_amount", "order_source", "external_merchant_id",
    }
)  # fmt: skip
IGNORED = frozenset({"tax_provider_id"})
"""Taken without a word and not stored (bigcommerce/docs issue 144)."""

NOT_SIMULATED = frozenset({"products", "shipping_addresses", "consignments", "fees"})

TOGETHER = (("subtotal_ex_tax", "subtotal_inc_tax"), ("total_ex_tax", "total_inc_tax"))
"""Amounts that are overridden both or not at all."""

_PERSON = (
    "first_name", "last_name", "company", "street_1", "street_2", "city", "state", "country", "country_iso2",
    "phone", "email",
)  # fmt: skip
BILLING: dict[str, Reader] = {**dict.fromkeys(_PERSON, text(255)), "zip": text(30, shortest=2)}
"""Fields of ``billing_address``."""


def checked(order: Mapping[str, Any], changes: Mapping[str, Any]) -> Fields:
    """Return what ``changes`` make of fields of ``order``. Raises ``Refusal`` at the first that may not be written."""
    written: Fields = {}
    for name, value in changes.items():
        if name in READ_ONLY:
            raise read_only(name)
        if name in NOT_SIMULATED:
            raise not_simulated("/v2/orders", name)
        if name == "billing_address":
            written[name] = {**order[name], **_billing(value)}
        elif name in WRITABLE:
            written[name] = _read(name, WRITABLE[name], value)
        elif name not in IGNORED:
            raise unknown(name)
    for pair in TOGETHER:
        missing = [name for name in pair if name not in changes]
        if len(missing) == 1:
            raise invalid(missing[0], f"{' and '.join(pair)} are written together.")
    return written


def _billing(value: Any) -> Fields:
    """Return the fields of a billing address that are written; the others stay, as in a PATCH."""
    if not isinstance(value, dict):
        raise invalid("billing_address", "An object is expected.")
    for name in value:
        if name == "form_fields":
            raise not_simulated("/v2/orders", "billing_address.form_fields")
        if name not in BILLING:
            raise unknown(name)
    return {name: _read(name, BILLING[name], part) for name, part in value.items()}


def _read(name: str, read: Reader, value: Any) -> Any:
    try:
        return read(value)
    except ValueError as error:
        raise invalid(name, str(error)) from error

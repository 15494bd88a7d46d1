"""What the merchant set up: currencies, channels, locations, customers with an account, and when stock moves."""

from __future__ import annotations

from typing import Any

CHANNELS: tuple[dict[str, Any], ...] = (
    {
        "id": 1,
        "external_id": "",
        "is_listable_from_ui": True,
        "is_visible": True,
        "status": "active",
        "name": "Harbor & Pine",
        "type": "storefront",
        "platform": "bigcommerce",
        "date_created": "2025-02-03T09:00:00Z",
        "date_modified": "2025-02-03T09:00:00Z",
        "icon_url": "",
    },
    {
        "id": 1041,
        "external_id": "",
        "is_listable_from_ui": True,
        "is_visible": True,
        "status": "prelaunch",
        "name": "Harbor & Pine Trade",
        "type": "storefront",
        "platform": "bigcommerce",
        "date_created": "2026-01-12T14:30:00Z",
        "date_modified": "2026-01-13T08:15:00Z",
        "icon_url": "",
    },
)
"""As ``GET /v3/channels`` shows them; 1 is the storefront that every store has."""


def _currency(number: int, code: str, name: str, **changes: Any) -> dict[str, Any]:
    return {
        "id": number,
        "is_default": False,
        "last_updated": "Mon, 03 Feb 2025 09:00:00 +0000",
        "country_iso2": "",
        "default_for_country_codes": [],
        "currency_code": code,
        "currency_exchange_rate": "1.0000000000",
        "auto_update": False,
        "token_location": "left",
        "token": "",
        "decimal_token": ".",
        "thousands_token": ",",
        "decimal_places": 2,
        "name": name,
        "enabled": True,
        "is_transactional": True,
        "use_default_name": False,
        **changes,
    }


CURRENCIES: tuple[dict[str, Any], ...] = (
    _currency(
        1,
        "USD",
        "US Dollar",
        is_default=True,
        country_iso2="US",
        default_for_country_codes=["USA"],
        token="$",  # noqa: S106 - the sign of the currency
    ),
    _currency(2, "EUR", "Euro", country_iso2="EU", currency_exchange_rate="0.9000000000", token="€"),  # noqa: S106
    _currency(
        3,
        "JPY",
        "Japanese Yen",
        country_iso2="JP",
        currency_exchange_rate="150.0000000000",
        token="¥",  # noqa: S106
        decimal_places=0,
    ),
)
"""As ``GET /v2/currencies`` shows them."""


def _location(number: int, code: str, label: str, *, enabled: bool) -> dict[str, Any]:
    day = {"open": True, "opening": "08:00", "closing": "16:00"}
    days = ("sunday", "monday", "tuesday", "wednesday", "thursday", "friday", "saturday")
    return {
        "id": number,
        "code": code,
        "label": label,
        "description": "",
        "managed_by_external_source": False,
        "type_id": "PHYSICAL",
        "enabled": enabled,
        "operating_hours": {name: dict(day) for name in days},
        "time_zone": "America/Chicago",
        "created_at": "2025-02-03T09:00:00Z",
        "updated_at": "2025-02-03T09:00:00Z",
        "address": {
            "address1": "12 Harbor Street",
            "address2": "",
            "city": "Duluth",
            "state": "Minnesota",
            "zip": "55802",
            "email": "stock@example.com",
            "phone": "2185550100",
            "geo_coordinates": {"latitude": 46.78, "longitude": -92.1},
            "country_code": "US",
        },
        "storefront_visibility": enabled,
        "special_hours": [],
    }


LOCATIONS = (
    _location(1, "DEFAULT", "Harbor Street", enabled=True),
    _location(2, "OLD-MILL", "Old mill (closed)", enabled=False),
)
"""As ``GET /v3/inventory/locations`` shows them."""

INVENTORY: dict[str, Any] = {
    "product_out_of_stock_behavior": "do_nothing",
    "option_out_of_stock_behavior": "do_nothing",
    "update_stock_behavior": "order_placed",
    "edit_order_stock_adjustment": True,
    "refund_order_stock_adjustment": False,
    "stock_level_display": "dont_show",
    "default_out_of_stock_message": "Currently out of stock",
    "hide_in_product_filtering": False,
    "show_pre_order_stock_levels": False,
    "show_out_of_stock_message": False,
}
"""As ``GET /v3/settings/inventory`` shows it."""


def _customer(number: int, company: str, email: str, group: int) -> dict[str, Any]:
    first_name, _, last_name = "Nora Quill".partition(" ")
    return {
        "id": number,
        "authentication": {"force_password_reset": False},
        "company": company,
        "customer_group_id": group,
        "email": email,
        "first_name": first_name,
        "last_name": last_name,
        "notes": "",
        "phone": "2185550142",
        "registration_ip_address": "",
        "tax_exempt_category": "",
        "date_created": "2025-02-03T09:00:00Z",
        "date_modified": "2025-02-03T09:00:00Z",
        "address_count": 1,
        "attribute_count": 0,
        "accepts_product_review_abandoned_cart_emails": False,
        "origin_channel_id": 1,
        "channel_ids": [1],
    }


CUSTOMERS = (
    _customer(41, "", "nora.quill@example.com", 0),
    _customer(77, "Grove Retail", "orders@groveretail.example", 3),
)
"""As ``GET /v3/customers`` shows them; group 0 is none."""

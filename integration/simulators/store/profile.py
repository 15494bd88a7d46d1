"""What the simulated store says about itself."""

from __future__ import annotations

from typing import Any

STORE_ID = 1_000_001


def store_payload(store_hash: str) -> dict[str, Any]:
    """Return the answer of ``GET /v2/store``."""
    return {
        "id": store_hash,
        "account_uuid": "00000000-0000-4000-8000-000000000001",
        "domain": "harborandpine.example.com",
        "secure_url": "https://harborandpine.example.com",
        "control_panel_base_url": f"https://store-{store_hash}.example.com",
        "status": "live",
        "name": "Harbor & Pine",
        "first_name": "Mara",
        "last_name": "Pine",
        "address": "12 Harbor Street, Duluth",
        "country": "United States",
        "country_code": "US",
        "phone": "2185550100",
        "admin_email": "mara.pine@example.com",
        "order_email": "orders@example.com",
        "favicon_url": "",
        "timezone": {
            "name": "America/Chicago",
            "raw_offset": -21600,
            "dst_offset": -18000,
            "dst_correction": True,
            "date_format": {
                "display": "M jS Y",
                "export": "M jS Y",
                "extended_display": "M jS Y @ g:i A",
            },
        },
        "language": "en",
        "currency": "USD",
        "currency_symbol": "$",
        "decimal_separator": ".",
        "thousands_separator": ",",
        "decimal_places": 2,
        "currency_symbol_location": "left",
        "weight_units": "Ounces",
        "dimension_units": "Inches",
        "dimension_decimal_places": 2,
        "dimension_decimal_token": ".",
        "dimension_thousands_token": ",",
        "plan_name": "Enterprise",
        "plan_level": "Enterprise",
        "plan_is_trial": False,
        "industry": "Home and garden",
        "logo": {"url": ""},
        "is_price_entered_with_tax": False,
        "store_id": STORE_ID,
        "default_channel_id": 1,
        "default_site_id": 1000,
        "active_comparison_modules": [],
        "features": {
            "stencil_enabled": True,
            "sitewidehttps_enabled": True,
            "facebook_catalog_id": "",
            "checkout_type": "optimized",
            "wishlists_enabled": True,
            "graphql_storefront_api_enabled": True,
            "shopper_consent_tracking_enabled": True,
            "multi_storefront_enabled": True,
            "storefront_limits": {"active": 1, "total_including_inactive": 1},
        },
    }

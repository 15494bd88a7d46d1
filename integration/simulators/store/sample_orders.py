"""Twenty orders of our own invention, in the shapes of BigCommerce's published V2 description.

==== ============================================================ ==============================================
id   kind                                                         what should come of it
==== ============================================================ ==============================================
1001 one line of Acme Supply                                      one purchase order
1002 three lines of Borealis Trading                              one purchase order
1003 no lines                                                     not worked on
1004 one line, quantity 12, with a shopper's message              one purchase order
1005 51 lines                                                     one purchase order of 51 lines
1006 250 lines                                                    one purchase order of 250 lines
1007 two ship-to addresses                                        two purchase orders
1008 a digital line beside a physical one                         one purchase order of one line
1009 digital only                                                 not worked on
1010 guest                                                        one purchase order
1011 a custom line without SKU                                    held: nobody lists it
1012 Cyrillic name and address                                    held or sent, as the character set allows
1013 apostrophe in name and street                                one purchase order
1014 ``*`` and ``~`` in the street                                one purchase order, other separators
1015 lines of both suppliers                                      two purchase orders
1016 a SKU that both suppliers list                               held: several partners
1017 a SKU that nobody lists                                      held: no partner
1018 awaiting payment                                             not worked on
1019 incomplete                                                   not worked on
1020 no shipping address                                          held: no address
==== ============================================================ ==============================================
"""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

# SKUs by supplier's prefix; those with SH- are listed by both, those with XX- by nobody.
SKUS = {
    "AC": [*(f"AC-{number:03d}" for number in range(1, 301)), "SH-001"],
    "BO": [*(f"BO-{number:03d}" for number in range(1, 31)), "SH-001"],
}
WORDS = ("Lantern", "Bookend", "Planter", "Coat rack", "Desk lamp", "Door mat", "Wall clock", "Serving tray")


@dataclass
class SampleOrder:
    """One order with its lines and addresses as the API gives them."""

    order: dict[str, Any]
    products: list[dict[str, Any]] = field(default_factory=list)
    addresses: list[dict[str, Any]] = field(default_factory=list)
    taxes: list[dict[str, Any]] = field(default_factory=list)


def money(amount: Decimal | int | str) -> str:
    """Return an amount as V2 writes it: text with four decimals."""
    return f"{Decimal(amount):.4f}"


def person(**changes: str) -> dict[str, str]:
    """Return an address of a person who does not exist."""
    made = {
        "first_name": "Nora",
        "last_name": "Quill",
        "company": "",
        "street_1": "48 Lighthouse Road",
        "street_2": "",
        "city": "Duluth",
        "zip": "55802",
        "country": "United States",
        "country_iso2": "US",
        "state": "Minnesota",
        "email": "nora.quill@example.com",
        "phone": "2185550142",
    }
    return {**made, **changes}


def line(
    sku: str, quantity: int = 1, *, kind: str = "physical", name: str = "", place: int = 0
) -> dict[str, Any]:
    """Return one order product; its id, order and address are filled in with the order."""
    number = sum(ord(letter) for letter in sku) + place
    price = Decimal(number % 60 + 9) + Decimal("0.95")
    total = price * quantity
    label = name or f"{WORDS[number % len(WORDS)]} {sku[3:] or 'made to measure'}"
    zero = money(0)
    return {
        "product_id": 0 if not sku else 5000 + number, "variant_id": 0 if not sku else 7000 + number,
        "name": label, "name_customer": label, "name_merchant": label, "sku": sku, "upc": "", "type": kind,
        "base_price": money(price), "price_ex_tax": money(price), "price_inc_tax": money(price), "price_tax": zero,
        "base_total": money(total), "total_ex_tax": money(total), "total_inc_tax": money(total), "total_tax": zero,
        "weight": "1.0000", "width": zero, "height": zero, "depth": zero, "quantity": quantity,
        "base_cost_price": zero, "cost_price_inc_tax": zero, "cost_price_ex_tax": zero, "cost_price_tax": zero,
        "is_refunded": False, "quantity_refunded": 0, "refund_amount": zero, "return_id": 0,
        "wrapping_id": 0, "wrapping_name": "", "base_wrapping_cost": zero, "wrapping_cost_ex_tax": zero,
        "wrapping_cost_inc_tax": zero, "wrapping_cost_tax": zero, "wrapping_message": "",
        "quantity_shipped": 0, "event_name": None, "event_date": None, "fixed_shipping_cost": zero,
        "ebay_item_id": "", "ebay_transaction_id": "", "option_set_id": None, "parent_order_product_id": None,
        "is_bundled_product": False, "bin_picking_number": "", "external_id": None, "brand": "",
        "applied_discounts": [], "product_options": [], "configurable_fields": [],
        "discounted_total_inc_tax": money(total),
    }  # fmt: skip


def build(
    number: int,
    lines: list[dict[str, Any]],
    *,
    addresses: list[dict[str, str]] | None = None,
    status: int = 11,
    **changes: Any,
) -> SampleOrder:
    """Put an order together; lines go to the addresses in turn."""
    people = [person()] if addresses is None else addresses
    shipping = [_shipping_address(number, place, each) for place, each in enumerate(people)]
    physical = [each for each in lines if each["type"] == "physical"]
    for place, each in enumerate(lines):
        each["id"], each["order_id"] = number * 1000 + place + 1, number
        ships = each in physical and shipping
        each["order_address_id"] = shipping[physical.index(each) % len(shipping)]["id"] if ships else 0
    total = sum((Decimal(each["total_inc_tax"]) for each in lines), Decimal(0))
    billing = {**(people[0] if people else person()), "form_fields": []}
    order = _order(number, status, total, billing, lines, len(shipping))
    order.update(changes)
    return SampleOrder(order, lines, shipping)


def _shipping_address(number: int, place: int, address: dict[str, str]) -> dict[str, Any]:
    zero = money(0)
    return {
        "id": number * 10 + place + 1, "order_id": number, **address, "items_total": 1, "items_shipped": 0,
        "shipping_method": "Ground", "base_cost": zero, "cost_ex_tax": zero, "cost_inc_tax": zero, "cost_tax": zero,
        "cost_tax_class_id": 0, "base_handling_cost": zero, "handling_cost_ex_tax": zero,
        "handling_cost_inc_tax": zero, "handling_cost_tax": zero, "handling_cost_tax_class_id": 0,
        "shipping_zone_id": 1, "shipping_zone_name": "United States", "form_fields": [],
        "shipping_quotes": {
            "url": f"/orders/{number}/shippingaddresses/{number * 10 + place + 1}/shippingquotes",
            "resource": f"/orders/{number}/shippingaddresses/{number * 10 + place + 1}/shippingquotes",
        },
    }  # fmt: skip


def _order(
    number: int,
    status: int,
    total: Decimal,
    billing: dict[str, Any],
    lines: list[dict[str, Any]],
    addresses: int,
) -> dict[str, Any]:
    zero, amount = money(0), money(total)
    costs = {
        f"{kind}_{part}": zero
        for kind in ("shipping_cost", "handling_cost", "wrapping_cost")
        for part in ("ex_tax", "inc_tax", "tax")
    }
    return {
        "id": number, "customer_id": 41, "date_created": "", "date_modified": "", "date_shipped": "",
        "status_id": status, "status": "", "custom_status": "",
        "subtotal_ex_tax": amount, "subtotal_inc_tax": amount, "subtotal_tax": zero,
        "base_shipping_cost": zero, "base_handling_cost": zero, "base_wrapping_cost": zero, **costs,
        "shipping_cost_tax_class_id": 0, "handling_cost_tax_class_id": 0, "wrapping_cost_tax_class_id": 0,
        "total_ex_tax": amount, "total_inc_tax": amount, "total_tax": zero, "is_tax_inclusive_pricing": False,
        "items_total": sum(each["quantity"] for each in lines), "items_shipped": 0,
        "payment_method": "Manual", "payment_provider_id": "", "payment_status": "captured",
        "refunded_amount": zero, "order_is_digital": bool(lines) and all(each["type"] == "digital" for each in lines),
        "store_credit_amount": zero, "gift_certificate_amount": zero, "ip_address": "", "ip_address_v6": "",
        "geoip_country": "", "geoip_country_iso2": "", "currency_id": 1, "currency_code": "USD",
        "currency_exchange_rate": "1.0000000000", "default_currency_id": 1, "default_currency_code": "USD",
        "staff_notes": "", "customer_message": "", "discount_amount": zero, "coupon_discount": zero,
        "shipping_address_count": addresses, "is_deleted": False, "ebay_order_id": "0", "cart_id": None,
        "billing_address": billing, "is_email_opt_in": False, "credit_card_type": None, "order_source": "www",
        "channel_id": 1, "external_source": None,
        "products": {"url": f"/orders/{number}/products", "resource": f"/orders/{number}/products"},
        "shipping_addresses": {
            "url": f"/orders/{number}/shippingaddresses", "resource": f"/orders/{number}/shippingaddresses",
        },
        "coupons": {"url": f"/orders/{number}/coupons", "resource": f"/orders/{number}/coupons"},
        "external_id": None, "external_merchant_id": None, "tax_provider_id": "BasicTaxProvider",
        "store_default_currency_code": "USD", "store_default_to_transactional_exchange_rate": "1.0000000000",
        "customer_locale": "en", "external_order_id": "", "fees": [],
    }  # fmt: skip


def generated_orders() -> dict[int, SampleOrder]:
    """Return the twenty orders of the table above, by id."""
    acme = SKUS["AC"]
    cyrillic = person(first_name="Вера", last_name="Лунина", street_1="ул. Озёрная, 7", city="Мурманск", zip="183000",
                      country="Russian Federation", country_iso2="RU", state="", email="vera@example.com")  # fmt: skip
    made = [
        build(1001, [line("AC-001", 2)]),
        build(1002, [line("BO-001"), line("BO-002", 3), line("BO-003", 4)]),
        build(1003, [], addresses=[]),
        build(1004, [line("AC-004", 12)], customer_message="Please leave it with the neighbour at number 50."),
        build(1005, [line(sku, 1 + place % 3, place=place) for place, sku in enumerate(acme[:51])]),
        build(1006, [line(sku, 1, place=place) for place, sku in enumerate(acme[:250])]),
        build(1007, [line("AC-007"), line("AC-008", 2)],
              addresses=[person(), person(first_name="Ida", last_name="Stern", street_1="9 Mill Lane", city="Ames",
                                          zip="50010", state="Iowa")]),
        build(1008, [line("AC-009", 1), line("AC-010", 1, kind="digital")]),
        build(1009, [line("AC-010", 1, kind="digital")], addresses=[]),
        build(1010, [line("BO-004")], customer_id=0),
        build(1011, [line("AC-011"), line("", 1, name="Engraved name plate")]),
        build(1012, [line("AC-012")], addresses=[cyrillic]),
        build(1013, [line("AC-013")], addresses=[person(last_name="O'Dell", street_1="3 Fisher's Walk")]),
        build(1014, [line("AC-014")], addresses=[person(street_1="Unit *5* ~ rear", company="Quill & Co")]),
        build(1015, [line("AC-015", 2), line("BO-005", 1), line("AC-016", 1)]),
        build(1016, [line("SH-001", 2)]),
        build(1017, [line("XX-001", 1), line("AC-017", 1)]),
        build(1018, [line("AC-018")], status=7),
        build(1019, [line("AC-019")], status=0),
        build(1020, [line("AC-020")], addresses=[]),
    ]  # fmt: skip
    return {each.order["id"]: each for each in made}

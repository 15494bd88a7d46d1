"""Twenty-eight orders of our own invention, each with one thing that makes it easy or hard.

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
1015 lines of both suppliers, ordered by a business customer      two purchase orders
1016 a SKU that both suppliers list                               held: several partners
1017 a SKU that nobody lists                                      held: no partner
1018 awaiting payment                                             not worked on
1019 incomplete                                                   not worked on
1020 no shipping address                                          held: no address
1021 picked up in the shop                                        not worked on
1022 a gift certificate beside a physical line                    one purchase order of one line
1023 a bundle: the parent line, which nobody lists, and its parts one purchase order of the two parts
1024 one line refunded whole, of another one piece of three       one purchase order of one line, quantity 2
1025 prices that include tax                                      one purchase order
1026 paid in yen, which have no decimals                          one purchase order
1027 paid in euros, to Germany                                    one purchase order
1028 staff notes that a person wrote                              one purchase order; the notes stay
==== ============================================================ ==============================================
"""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from integration.simulators.store.catalog import CATALOG, SKUS
from integration.simulators.store.payloads import SampleOrder, build, line, money, person, priced

__all__ = ["SKUS", "SampleOrder", "build", "generated_orders", "line"]


STAFF_NOTES = (
    "Called Nora on Monday: she is away until the 14th.\nLeave it at the café next door, not before. – Jo"
)
"""What a person wrote on order 1028."""


def generated_orders() -> dict[int, SampleOrder]:
    """Return the orders of the table above, by id."""
    made = [*_orders(), *_other_kinds()]
    return {each.order["id"]: each for each in made}


def _orders() -> list[SampleOrder]:
    shipped = [sku for sku in SKUS["AC"] if CATALOG[sku].type == "physical"]
    elsewhere = person(first_name="Ida", last_name="Stern", street_1="9 Mill Lane", city="Ames", zip="50010",
                       state="Iowa")  # fmt: skip
    cyrillic = person(first_name="Вера", last_name="Лунина", street_1="ул. Озёрная, 7", city="Мурманск", zip="183000",
                      country="Russian Federation", country_iso2="RU", state="", email="vera@example.com")  # fmt: skip
    return [
        build(1001, [line("AC-001", 2)]),
        build(1002, [line("BO-001"), line("BO-002", 3), line("BO-003", 4)]),
        build(1003, [], addresses=[]),
        build(1004, [line("AC-004", 12)], customer_message="Please leave it with the neighbour at number 50."),
        build(1005, [line(sku, 1 + place % 3) for place, sku in enumerate(shipped[:51])]),
        build(1006, [line(sku) for sku in shipped[:250]]),
        build(1007, [line("AC-007"), line("AC-008", 2)], addresses=[person(), elsewhere]),
        build(1008, [line("AC-009"), line("AC-010")]),
        build(1009, [line("AC-010")], addresses=[]),
        build(1010, [line("BO-004")], customer_id=0),
        build(1011, [line("AC-011"), line("", name="Engraved name plate")]),
        build(1012, [line("AC-012")], addresses=[cyrillic]),
        build(1013, [line("AC-013")], addresses=[person(last_name="O'Dell", street_1="3 Fisher's Walk")]),
        build(1014, [line("AC-014")], addresses=[person(street_1="Unit *5* ~ rear", company="Quill & Co")]),
        build(1015, [line("AC-015", 2), line("BO-005"), line("AC-016")], customer_id=77, external_order_id="GRV-7781"),
        build(1016, [line("SH-001", 2)]),
        build(1017, [line("XX-001"), line("AC-017")]),
        build(1018, [line("AC-018")], status=7),
        build(1019, [line("AC-019")], status=0),
        build(1020, [line("AC-020")], addresses=[]),
    ]  # fmt: skip


def _other_kinds() -> list[SampleOrder]:
    german = person(first_name="Jörg", last_name="Weiß", street_1="Hafenstraße 3", city="Lübeck", zip="23552",
                    country="Germany", country_iso2="DE", state="Schleswig-Holstein", email="joerg@example.com")  # fmt: skip
    japanese = person(first_name="Aoi", last_name="Mori", street_1="2-7-1 Minato", city="Kobe", zip="650-0042",
                      country="Japan", country_iso2="JP", state="Hyogo", email="aoi.mori@example.com")  # fmt: skip
    certificate = line(
        "", name="Gift certificate", type="giftcertificate", gift_certificate_id=52, weight=money(0)
    )
    refunded = line("AC-024", is_refunded=True, quantity_refunded=1)
    taxed = priced(line("AC-026", 2), Decimal("25.00"), Decimal("27.00"))
    parts: dict[str, Any] = {"parent_order_product_id": 1_023_001, "is_bundled_product": True}
    yen = [priced(line("AC-027", 3), Decimal(4200), Decimal(4200))]
    return [
        build(1021, [line("AC-021", 2, order_pickup_method_id=4)], addresses=[]),
        build(1022, [line("AC-022"), priced(certificate, Decimal(25), Decimal(25))]),
        build(
            1023,
            [
                line("XX-001", 2, name="Desk set"),
                _without_price(line("AC-023", 2, **parts)),
                _without_price(line("AC-029", 4, **parts)),
            ],
        ),
        build(1024, [refunded, line("AC-025", 3, quantity_refunded=1)], payment_status="partially refunded"),
        _taxed(build(1025, [taxed], is_tax_inclusive_pricing=True)),
        build(1026, yen, addresses=[japanese], **_paid_in(3, "JPY", "150.0000000000")),
        build(1027, [line("BO-007", 2)], addresses=[german], **_paid_in(2, "EUR", "0.9000000000")),
        build(1028, [line("AC-028")], staff_notes=STAFF_NOTES),
    ]


def _without_price(made: dict[str, Any]) -> dict[str, Any]:
    """Return a part of a bundle, whose price the parent carries."""
    return priced(made, Decimal(0), Decimal(0))


def _paid_in(number: int, code: str, rate: str) -> dict[str, Any]:
    """Return the fields of an order that was shown and paid in another currency than the store's."""
    return {
        "currency_id": number,
        "currency_code": code,
        "default_currency_id": number,
        "default_currency_code": code,
        "store_default_to_transactional_exchange_rate": rate,
    }


def _taxed(sample: SampleOrder) -> SampleOrder:
    """Return an order of one line and one address with the row of its tax."""
    [made], [address], number = sample.products, sample.addresses, sample.order["id"]
    sample.taxes.append(
        {
            "id": number * 100 + 1, "order_id": number, "order_address_id": address["id"], "tax_rate_id": 1,
            "tax_class_id": 0, "name": "Tax", "class": "Default Tax Class", "rate": "8.0000", "priority": 0,
            "priority_amount": made["total_tax"], "line_amount": made["total_tax"],
        }
    )  # fmt: skip
    return sample

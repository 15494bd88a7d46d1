"""Twenty orders of our own invention, each with one thing that makes it easy or hard.

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

from integration.simulators.store.catalog import CATALOG, SKUS
from integration.simulators.store.payloads import SampleOrder, build, line, person

__all__ = ["SKUS", "SampleOrder", "build", "generated_orders", "line"]


def generated_orders() -> dict[int, SampleOrder]:
    """Return the twenty orders of the table above, by id."""
    shipped = [sku for sku in SKUS["AC"] if CATALOG[sku].type == "physical"]
    elsewhere = person(first_name="Ida", last_name="Stern", street_1="9 Mill Lane", city="Ames", zip="50010",
                       state="Iowa")  # fmt: skip
    cyrillic = person(first_name="Вера", last_name="Лунина", street_1="ул. Озёрная, 7", city="Мурманск", zip="183000",
                      country="Russian Federation", country_iso2="RU", state="", email="vera@example.com")  # fmt: skip
    made = [
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
        build(1015, [line("AC-015", 2), line("BO-005"), line("AC-016")]),
        build(1016, [line("SH-001", 2)]),
        build(1017, [line("XX-001"), line("AC-017")]),
        build(1018, [line("AC-018")], status=7),
        build(1019, [line("AC-019")], status=0),
        build(1020, [line("AC-020")], addresses=[]),
    ]  # fmt: skip
    return {each.order["id"]: each for each in made}

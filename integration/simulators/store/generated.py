"""Twenty orders of our own invention, the same for the same seed.

===== ======================================== =====================================================================
id    kind                                     in short
===== ======================================== =====================================================================
1001  plain single line                        1 x AC-1001 to be sent to one address
1002  three lines                              AC-1002, AC-1003, AC-1004
1003  no lines                                 nothing was ordered; the list of lines is 204
1004  one line of a large quantity             1 line, 480 pieces of BO-2001
1005  51 lines                                 AC-1001 to AC-1051: one more than a page of 50
1006  250 lines                                AC-1001 to AC-1250: a whole page of the largest size
1007  two ship-to addresses                    2 lines to the first, 2 to the second; all Acme Supply
1008  digital line beside a physical one       AC-1005 and DG-5001
1009  digital only                             DG-5002; no shipping address
1010  guest                                    customer_id 0
1011  custom line without SKU                  product_id 0, sku "", beside AC-1006
1012  Cyrillic name and address                BO-2003, BO-2004
1013  apostrophe in the name                   AC-1007
1014  asterisk and tilde in an address         AC-1008, AC-1009: characters that X12 likes as separators
1015  mixed suppliers                          AC-1010, BO-2005, AC-1011, BO-2006
1016  SKU that two suppliers list              SH-3001 alone
1017  SKU that no one lists                    XX-9001 beside BO-2007
1018  unpaid                                   status 7, Awaiting Payment
1019  incomplete                               status 0, Incomplete
1020  no shipping address at all               AC-1014, physical; order_address_id 0; the list of addresses is 204
===== ======================================== =====================================================================
"""

from __future__ import annotations

import random
from collections.abc import Iterable, Mapping
from dataclasses import replace
from decimal import Decimal

from integration.simulators.store.catalog import Item
from integration.simulators.store.plans import Person, PlannedLine, PlannedOrder

FIRST = 1001
COUNT = 20

_FIRST_NAMES = ("Tavi", "Orla", "Benno", "Ismay", "Korrin", "Wenna", "Dario", "Lioba")
_LAST_NAMES = ("Quillfeather", "Ambleton", "Vexley", "Thornberrow", "Marsley", "Ostwick", "Pellingham")
_STREETS = ("Invention Road", "Sample Street", "Figment Avenue", "Pretend Lane", "Makebelieve Way")
_TOWNS = (("Fictionville", "Ohio", "43000"), ("Notatown", "Texas", "75000"), ("Inventon", "Oregon", "97000"))

_CYRILLIC = Person(
    first_name="Ярина",
    last_name="Вигаданська",
    company="ТОВ «Приклад»",
    street_1="вул. Уявна, 5, кв. 12",
    street_2="під'їзд 3",
    city="Вигадане",
    state="Прикладна область",
    zip="01000",
    country="Ukraine",
    country_iso2="UA",
    phone="+380 00 000 00 00",
    email="yaryna@example.com",
)
_CUSTOM = Item(sku="", name="Engraving on request", price=Decimal("15.00"), cost=Decimal("9.00"))


class _Makers:
    """Plans orders from one seed; each order draws from its own stream, so that none moves another."""

    def __init__(self, catalog: Mapping[str, Item], seed: int) -> None:
        self._catalog = catalog
        self._seed = seed

    def rng(self, number: int, purpose: str) -> random.Random:
        return random.Random(f"{purpose} {self._seed} {number}")

    def person(self, number: int, place: int = 0) -> Person:
        rng = self.rng(number, f"person {place}")
        first, last = rng.choice(_FIRST_NAMES), rng.choice(_LAST_NAMES)
        city, state, code = rng.choice(_TOWNS)
        return Person(
            first_name=first,
            last_name=last,
            company=rng.choice(("", "", "Invented Goods LLC")),
            street_1=f"{rng.randint(1, 999)} {rng.choice(_STREETS)}",
            city=city,
            state=state,
            zip=code,
            phone=f"555-01{rng.randint(0, 99):02d}",
            email=f"{first}.{last}@example.com".lower(),
        )

    def lines(self, number: int, skus: Iterable[str], ship_to: int | None = 0) -> tuple[PlannedLine, ...]:
        skus = tuple(skus)
        rng = self.rng(number, f"quantities {skus[:1]}")
        return tuple(PlannedLine(self._catalog[sku], rng.randint(2, 9), ship_to) for sku in skus)

    def order(self, number: int, kind: str, *skus: str) -> PlannedOrder:
        person = self.person(number)
        lines = self.lines(number, skus)
        customer = 30 + number - FIRST
        return PlannedOrder(number, kind, lines, (person,), person, customer_id=customer)


def plan_orders(catalog: Mapping[str, Item], seed: int = 1) -> list[PlannedOrder]:
    """Return the twenty orders of the table above."""
    make = _Makers(catalog, seed)
    plans = [*_sizes(make), *_addresses_and_types(make), *_people(make), *_routing_and_states(make)]
    return sorted(plans, key=lambda plan: plan.id)


def _numbered(prefix: str, first: int, count: int) -> list[str]:
    return [f"{prefix}-{first + index}" for index in range(count)]


def _sizes(make: _Makers) -> list[PlannedOrder]:
    single = make.order(1001, "plain single line", "AC-1001")
    large = make.order(1004, "one line of a large quantity", "BO-2001")
    return [
        replace(single, lines=(replace(single.lines[0], quantity=1),)),
        make.order(1002, "three lines", *_numbered("AC", 1002, 3)),
        make.order(1003, "no lines"),
        replace(large, lines=(replace(large.lines[0], quantity=480),)),
        make.order(1005, "51 lines", *_numbered("AC", 1001, 51)),
        make.order(1006, "250 lines", *_numbered("AC", 1001, 250)),
    ]


def _addresses_and_types(make: _Makers) -> list[PlannedOrder]:
    two = make.order(1007, "two ship-to addresses", "AC-1012", "AC-1013")
    beside = make.order(1008, "digital line beside a physical one", "AC-1005")
    return [
        replace(
            two,
            lines=two.lines + make.lines(1007, ("AC-1015", "AC-1016"), 1),
            ship_to=(two.billing, make.person(1007, 1)),
        ),
        replace(beside, lines=beside.lines + make.lines(1008, ("DG-5001",), None)),
        replace(
            make.order(1009, "digital only"),
            lines=make.lines(1009, ("DG-5002",), None),
            ship_to=(),
        ),
        replace(
            make.order(1020, "no shipping address at all"),
            lines=make.lines(1020, ("AC-1014",), None),
            ship_to=(),
        ),
    ]


def _people(make: _Makers) -> list[PlannedOrder]:
    apostrophe = replace(make.person(1013), first_name="D'Arcy", last_name="O'Sample")
    separators = replace(make.person(1014), street_1="Unit 7*B ~ rear dock", street_2="Gate *4~")
    custom = make.order(1011, "custom line without SKU", "AC-1006")
    return [
        replace(make.order(1010, "guest", "BO-2002"), customer_id=0),
        replace(custom, lines=(*custom.lines, PlannedLine(_CUSTOM, 1))),
        replace(
            make.order(1012, "Cyrillic name and address", "BO-2003", "BO-2004"),
            ship_to=(_CYRILLIC,),
            billing=_CYRILLIC,
            tax_rate=Decimal(0),
        ),
        replace(
            make.order(1013, "apostrophe in the name", "AC-1007"), ship_to=(apostrophe,), billing=apostrophe
        ),
        replace(
            make.order(1014, "asterisk and tilde in an address", "AC-1008", "AC-1009"), ship_to=(separators,)
        ),
    ]


def _routing_and_states(make: _Makers) -> list[PlannedOrder]:
    return [
        make.order(1015, "mixed suppliers", "AC-1010", "BO-2005", "AC-1011", "BO-2006"),
        make.order(1016, "SKU that two suppliers list", "SH-3001"),
        make.order(1017, "SKU that no one lists", "XX-9001", "BO-2007"),
        replace(make.order(1018, "unpaid", "AC-1017"), status_id=7),
        replace(make.order(1019, "incomplete", "AC-1018"), status_id=0),
    ]

"""An order as it is planned, before it has the official shape: what the generated orders and the tests write."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from decimal import Decimal
from typing import Any

from integration.simulators.store.catalog import Item


@dataclass(frozen=True)
class Person:
    """A billing or shipping address."""

    first_name: str
    last_name: str
    street_1: str
    city: str
    state: str
    zip: str
    company: str = ""
    street_2: str = ""
    country: str = "United States"
    country_iso2: str = "US"
    phone: str = ""
    email: str = ""

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Person:
        """Return a person; fields left out are those of an invented one. Raises ``ValueError`` for unknown fields."""
        known = {field.name for field in fields(cls)}
        unknown = sorted(set(data) - known)
        if unknown:
            raise ValueError(f"An address has no field {', '.join(unknown)}; it has {', '.join(sorted(known))}.")
        return cls(**{**SOMEBODY, **{name: str(value) for name, value in data.items()}})


SOMEBODY = {
    "first_name": "Sam",
    "last_name": "Placeholder",
    "street_1": "1 Invention Road",
    "city": "Fictionville",
    "state": "Ohio",
    "zip": "43000",
    "phone": "555-0100",
    "email": "sam@example.com",
}


@dataclass(frozen=True)
class PlannedLine:
    """A line: ``ship_to`` is the place of its address in the order's list, or None for no address."""

    item: Item
    quantity: int
    ship_to: int | None = 0

    @classmethod
    def from_json(cls, data: Mapping[str, Any], catalog: Mapping[str, Item], addresses: int) -> PlannedLine:
        """Return a line of ``{"sku", "quantity"}`` and, at will, ``name``, ``price``, ``cost``, ``type``, ``ship_to``.

        An SKU that the catalog does not hold makes a custom line with product id 0. Raises ``ValueError``.
        """
        known = {"sku", "quantity", "name", "price", "cost", "type", "ship_to"}
        unknown = sorted(set(data) - known)
        if unknown:
            raise ValueError(f"A line has no field {', '.join(unknown)}; it has {', '.join(sorted(known))}.")
        sku = str(data.get("sku", ""))
        found = catalog.get(sku)
        custom = found or Item(sku=sku, name="Custom line", price=Decimal(10), cost=Decimal(6))
        item = Item(
            sku=sku,
            name=str(data.get("name", custom.name)),
            price=Decimal(str(data.get("price", custom.price))),
            cost=Decimal(str(data.get("cost", custom.cost))),
            upc=custom.upc,
            weight=custom.weight,
            product_id=custom.product_id,
            variant_id=custom.variant_id,
            type=str(data.get("type", custom.type)),
        )
        default = 0 if addresses and item.type == "physical" else None
        ship_to = data.get("ship_to", default)
        if ship_to is not None and ship_to not in range(addresses):
            raise ValueError(f"A line goes to address {ship_to}, but the order has {addresses}; they count from 0.")
        return cls(item, int(data.get("quantity", 1)), ship_to)


@dataclass(frozen=True)
class PlannedOrder:
    """An order: ``kind`` says in words what is special about it. ``tax_rate`` is 0.08 for 8 per cent."""

    id: int
    kind: str
    lines: tuple[PlannedLine, ...]
    ship_to: tuple[Person, ...]
    billing: Person
    status_id: int = 11
    customer_id: int = 31
    tax_rate: Decimal = Decimal("0.08")
    customer_message: str = ""
    staff_notes: str = ""
    payment_method: str = "Manual"

    @classmethod
    def from_json(cls, data: Mapping[str, Any], number: int, catalog: Mapping[str, Item]) -> PlannedOrder:
        """Return the order that a test describes, see ``control.py``. Raises ``ValueError`` for unknown fields."""
        known = {field.name for field in fields(cls)}
        unknown = sorted(set(data) - known)
        if unknown:
            raise ValueError(f"An order has no field {', '.join(unknown)}; it has {', '.join(sorted(known))}.")
        ship_to = tuple(Person.from_json(each) for each in data.get("ship_to", [{}]))
        billing = Person.from_json(data.get("billing", {}))
        lines = tuple(PlannedLine.from_json(each, catalog, len(ship_to)) for each in data.get("lines", []))
        return cls(
            id=number,
            kind=str(data.get("kind", "added by a test")),
            lines=lines,
            ship_to=ship_to,
            billing=billing,
            status_id=int(data.get("status_id", 11)),
            customer_id=int(data.get("customer_id", 31)),
            tax_rate=Decimal(str(data.get("tax_rate", "0.08"))),
            customer_message=str(data.get("customer_message", "")),
            staff_notes=str(data.get("staff_notes", "")),
            payment_method=str(data.get("payment_method", "Manual")),
        )

"""The records that documents of several kinds share: who, which item, which number, how it travels."""

from __future__ import annotations

import datetime
from dataclasses import dataclass, field
from typing import Any, Final

PURPOSES: Final = ("original", "cancel", "change", "replace", "confirmation", "duplicate")


def word_of(words: tuple[str, ...]) -> Any:
    """A field that holds one of ``words``, or ``?`` and the X12 code that has no word."""
    return field(default=None, metadata={"words": words})


@dataclass(frozen=True, slots=True)
class Contact:
    """A person or desk to ask; phone and fax as the partner writes them."""

    name: str | None = None
    phone: str | None = None
    email: str | None = None
    fax: str | None = None


@dataclass(frozen=True, slots=True)
class Party:
    """Who or where. ``id_kind`` is the X12 code of the kind of ``id`` (92: assigned by the buyer, UL: GLN)."""

    name: str | None = None
    id_kind: str | None = None
    id: str | None = None
    name_2: str | None = None
    name_3: str | None = None
    address_lines: tuple[str, ...] = ()
    city: str | None = None
    state: str | None = None
    postal_code: str | None = None
    country: str | None = None
    contact: Contact | None = None


@dataclass(frozen=True, slots=True)
class OtherParty(Party):
    """A party whose X12 role code (N101) has no field of its own in the document."""

    role: str | None = None


@dataclass(frozen=True, slots=True)
class Reference:
    """A number that has no field of its own; ``qualifier`` is its X12 code (REF01)."""

    qualifier: str | None = None
    value: str | None = None
    text: str | None = None


@dataclass(frozen=True, slots=True)
class OtherDate:
    """A date that has no field of its own; ``qualifier`` is its X12 code (DTM01)."""

    qualifier: str | None = None
    date: datetime.date | None = None


@dataclass(frozen=True, slots=True)
class ItemId:
    """An item number that has no field of its own; ``qualifier`` is its X12 code (element 235)."""

    qualifier: str | None = None
    value: str | None = None


@dataclass(frozen=True, slots=True)
class Item:
    """What an item is called by those who trade it."""

    vendor_item: str | None = None
    buyer_item: str | None = None
    sku: str | None = None
    upc: str | None = None
    ean: str | None = None
    gtin14: str | None = None
    manufacturer_item: str | None = None
    buyer_catalogue: str | None = None
    other_ids: tuple[ItemId, ...] = ()


@dataclass(frozen=True, slots=True)
class Shipping:
    """How goods travel. ``routing`` is free text, such as the store's shipping method."""

    carrier_scac: str | None = None
    transport_method: str | None = None
    routing: str | None = None
    service_level: str | None = None

"""Hypothesis strategies for canonical documents, derived from the dataclasses themselves.

Well-behaved values come from the field's type, its vocabulary and the lengths of the standard; hostile ones are
wrong in every way that a partner, a shop or a programmer finds. What a record must have, and what excludes each
other on the wire, is said here by hand, so that a well-behaved document is one that must be written.
"""

from __future__ import annotations

import datetime
from decimal import Decimal
from typing import Any

from hypothesis import strategies as st

from integration.documents import (
    KINDS,
    AcknowledgedLine,
    Acknowledgment,
    FieldShape,
    ItemId,
    OtherDate,
    OtherParty,
    PurchaseOrder,
    PurchaseOrderAcknowledgment,
    PurchaseOrderLine,
    Reference,
    Schedule,
    shape_of,
)

TEXTS = ("A1", "Größe 42", "Ёлка, 2 м", "a*b~c>d:e^f", "two  blanks", "trailing   ", "?odd", "0", "  leading")
TEXTS_BY_FIELD = {
    "currency": ("USD", "EUR"),
    "state": ("NY", "QC"),
    "country": ("US", "CAN"),
    "id_kind": ("92", "9", "UL"),
    "id": ("0071", "AB 12", "Z9  "),
    "city": ("Oslo", "Санкт-Петербург"),
    "postal_code": ("10001", "H8R 3E8"),
    "role": ("SF", "SU", "ZZ"),
    "date_kind": ("018", "999"),
    "agency": ("ZZ", "94"),
    "carrier_scac": ("UPSN", "FDEG"),
    "freight_payment": ("prepaid", "collect", "?ZZ"),
    "transport_method": ("parcel", "air", "?U", "?ZZ"),
    "service_level": ("ground", "next_day", "?R1"),
    "unit": ("each", "case", "dozen", "?EA", "?XX"),
    "description": ("Lamp, green", "many  blanks\tand\nlines " * 12, "x" * 80),
    "notes": ("one line", "first\r\nsecond  \n\n third", "y" * 264, "mixed\rends\n"),
}
QUALIFIERS = {Reference: ("19", "2P", "ZZ"), OtherDate: ("175", "118"), ItemId: ("VA", "UA", "BO")}
REQUIRED: dict[type, frozenset[str]] = {
    PurchaseOrder: frozenset(
        {"purpose", "order_type", "purchase_order_number", "purchase_order_date", "lines"}
    ),
    PurchaseOrderAcknowledgment: frozenset(
        {"purpose", "acknowledgment_type", "purchase_order_number", "purchase_order_date"}
    ),
    PurchaseOrderLine: frozenset({"quantity"}),
    AcknowledgedLine: frozenset({"quantity"}),
    Acknowledgment: frozenset({"status"}),
    Schedule: frozenset({"quantity", "unit", "date_kind", "date"}),
    Reference: frozenset({"qualifier"}),
    OtherDate: frozenset({"qualifier", "date"}),
    OtherParty: frozenset({"role"}),
    ItemId: frozenset({"qualifier", "value"}),
}
# N202 stands beside N201 only, and the date of a DTM beside its kind.
NEEDED = {"name_3": "name_2", "date": "date_kind"}
# One pair, ACK04 and ACK05, holds one of the dates.
EXCLUSIVE = ("delivers_on", "ships_on", "promised_on", "promised_ship")
NUMBERS = tuple(Decimal(each) for each in ("1", "4.50", "0", "-3", "0.001", "1E+2", "123456", "-0"))
DATES = (datetime.date(2026, 1, 31), datetime.date(1, 2, 3), datetime.date(9999, 12, 31))
TIMES = (datetime.time(14, 30), datetime.time(0, 0), datetime.time(9, 5, 7, 11))

HOSTILE: tuple[Any, ...] = (
    "",
    " ",
    "    ",
    "?",
    "? ",
    "?ZZ ",
    "q" * 1000,
    "A",
    "CO",
    "002",
    "VN",
    "ST",
    "tab\there",
    "line\nbreak",
    "nul\x00",
    "high\x85",
    "non\xa0breaking",
    "\u2028",
    "١٢٣",
    "DOZEN",
    Decimal("NaN"),
    Decimal("-Infinity"),
    Decimal("1E-7"),
    Decimal("1E+99999"),
    Decimal("1234567890.1234567890"),
    datetime.datetime(2026, 1, 31, 12, tzinfo=datetime.UTC),
    datetime.time(1, 2, tzinfo=datetime.UTC),
    True,
    7,
    4.5,
    "tomorrow",
)


def documents(kind: str, *, hostility: int = 0) -> st.SearchStrategy[Any]:
    """Documents of a kind; about ``hostility`` in a hundred scalars are hostile."""
    return _records(KINDS[kind], hostility)


_MADE: dict[tuple[type, int], st.SearchStrategy[Any]] = {}


def _records(record: type, hostility: int) -> st.SearchStrategy[Any]:
    # Made once: hypothesis spends more time on making strategies than on drawing from them.
    if (record, hostility) not in _MADE:
        _MADE[record, hostility] = _made(record, hostility)
    return _MADE[record, hostility]


def _made(record: type, hostility: int) -> st.SearchStrategy[Any]:
    shapes = shape_of(record)
    fields = {name: _field(record, shape, hostility) for name, shape in shapes.items()}
    # Bytes are spread evenly; integers would lean to the small ones, and so to the first fields.
    masks = st.binary(min_size=8, max_size=8).map(lambda drawn: int.from_bytes(drawn))

    @st.composite
    def made(draw: st.DrawFn) -> Any:
        chosen = draw(masks) | (draw(masks) if not hostility else 0)
        wanted = {name for index, name in enumerate(shapes) if chosen >> index & 1} or {next(iter(shapes))}
        together = _together(record, wanted, chosen)
        return record(**{name: draw(fields[name]) for name in shapes if name in together})

    return made()


def _together(record: type, wanted: set[str], choice: int) -> set[str]:
    """The fields wanted, with those that they need, and one at ``choice`` of those that exclude each other."""
    together = wanted | REQUIRED.get(record, frozenset())
    together |= {NEEDED[name] for name in together & set(NEEDED)} & set(shape_of(record))
    if record is Acknowledgment:
        dates = sorted(together & set(EXCLUSIVE))
        together -= {each for index, each in enumerate(dates) if index != choice % len(dates)}
    return together


def _field(record: type, shape: FieldShape, hostility: int) -> st.SearchStrategy[Any]:
    if not shape.many:
        return _one(record, shape, hostility)
    # A well-behaved list that was chosen is not empty, so that rare paths are reached.
    least = 1 if not hostility or shape.name in REQUIRED.get(record, ()) else 0
    return st.lists(_one(record, shape, hostility), min_size=least, max_size=2).map(tuple)


def _one(record: type, shape: FieldShape, hostility: int) -> st.SearchStrategy[Any]:
    if shape.record is not None:
        return _records(shape.record, hostility)
    values = _scalars(record, shape)
    if not hostility:
        return st.sampled_from(values)
    return st.integers(0, 99).flatmap(lambda each: st.sampled_from(HOSTILE if each < hostility else values))


def _scalars(record: type, shape: FieldShape) -> tuple[Any, ...]:
    if shape.scalar is Decimal:
        return NUMBERS
    if shape.scalar is datetime.date:
        return DATES
    if shape.scalar is datetime.time:
        return TIMES
    if shape.words:
        return (*shape.words, "?99")
    if shape.name == "qualifier":
        return QUALIFIERS[record]
    return TEXTS_BY_FIELD.get(shape.name, TEXTS)

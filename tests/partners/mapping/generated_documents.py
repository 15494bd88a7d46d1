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
    AcknowledgedChange,
    AcknowledgedLine,
    Acknowledgment,
    Adjustment,
    AdviceError,
    AdviceSubject,
    AllowanceOrCharge,
    ApplicationAdvice,
    ChangedLine,
    CreditAdjustment,
    ExpectedReceipt,
    FieldShape,
    Invoice,
    ItemId,
    Mark,
    OtherDate,
    OtherParty,
    PurchaseOrder,
    PurchaseOrderAcknowledgment,
    PurchaseOrderChange,
    PurchaseOrderChangeAcknowledgment,
    PurchaseOrderLine,
    Reference,
    ReturnDocument,
    ReturnedPiece,
    ReturnLine,
    ReturnQuantity,
    Schedule,
    ShipNotice,
    ShippedItem,
    ShippedOrder,
    StockAdvice,
    StockLine,
    StockQuantity,
    StoreQuantity,
    Tax,
    Terms,
    shape_of,
)

TEXTS = ("A1", "Größe 42", "Ёлка, 2 м", "a*b~c>d:e^f", "two  blanks", "trailing   ", "?odd", "0", "  leading")
TEXTS_BY_FIELD = {
    "currency": ("USD", "EUR"),
    "state": ("NY", "QC"),
    "country": ("US", "CAN"),
    "id_kind": ("92", "9", "UL"),
    "id": ("0071", "AB 12", "Z9  "),
    "change_number": ("1", "0007"),
    "city": ("Oslo", "Санкт-Петербург"),
    "postal_code": ("10001", "H8R 3E8"),
    "role": ("MA", "SU", "ZZ"),
    "date_kind": ("018", "999"),
    "agency": ("ZZ", "94"),
    "carrier_scac": ("UPSN", "FDEG"),
    "freight_payment": ("prepaid", "collect", "?ZZ"),
    "transport_method": ("parcel", "air", "?U", "?ZZ"),
    "service_level": ("ground", "next_day", "?R1"),
    **dict.fromkeys(
        ("unit", "shipped_unit", "weight_unit", "store_unit", "price_unit"),
        ("each", "case", "dozen", "?EA", "?XX"),
    ),
    "service_code": ("D240", "C310"),
    "agency_code": ("FRT", "A 1"),
    "rate_of_code": ("Z", "3"),
    "jurisdiction_kind": ("SP", "CD"),
    "jurisdiction": ("CA", "M 07"),
    "price_kind": ("CON", "UCP"),
    "second_price_kind": ("RTL",),
    "reference_kind": ("PO", "TN"),
    "application_sender": ("PARTNER", "ACME 1"),
    "application_receiver": ("GRIDPORT", "G 2"),
    "set_control_number": ("0001", "000000017"),
    "set_code": ("850", "856"),
    "version_code": ("004010", "005010X186"),
    "segment": ("PO1", "N1"),
    "location": ("0071", "DC 4"),
    "sscc": ("300123456700000018", "00300123456700000025", "900 77"),
    "packaging": ("CTN25", "PLT94"),
    "equipment_code": ("TL", "CN"),
    "equipment_owner": ("EXMP", "Z9"),
    "equipment_number": ("5550123",),
    "seal_number": ("S-77",),
    "kind": ("UC", "SM"),
    "ordered_unit": ("each", "dozen", "?XX"),
    "store_id_kind": ("92", "9"),
    "lead_time_kind": ("AF", "AL"),
    "description": ("Lamp, green", "many  blanks\tand\nlines " * 12, "x" * 80),
    "notes": ("one line", "first\r\nsecond  \n\n third", "y" * 264, "mixed\rends\n"),
}
QUALIFIERS = {Reference: ("19", "2P", "ZZ"), OtherDate: ("175", "118"), ItemId: ("VA", "UA", "BO")}
# Where a field of one record takes less than fields of its name elsewhere.
VALUES_OF_RECORD: dict[tuple[type, str], tuple[Any, ...]] = {
    (AllowanceOrCharge, "description"): TEXTS,
    (AllowanceOrCharge, "type"): ("allowance", "charge", "neither", "?Z"),
    (Terms, "description"): TEXTS,
    (ShipNotice, "number"): ("SH-7", "0001 A"),
}
# Codes of one character, where the others have two or three.
SHORT_CODES = {"credit_or_debit", "exemption", "relationship"}
# Words whose codes came with 005010.
LATER_WORDS = {"harmonized_sales", "transaction_set_on_hold", "functional_group_on_hold"}
REQUIRED: dict[type, frozenset[str]] = {
    PurchaseOrder: frozenset(
        {"purpose", "order_type", "purchase_order_number", "purchase_order_date", "lines"}
    ),
    PurchaseOrderAcknowledgment: frozenset(
        {"purpose", "acknowledgment_type", "purchase_order_number", "purchase_order_date"}
    ),
    PurchaseOrderChange: frozenset({"purpose", "order_type", "purchase_order_number", "purchase_order_date"}),
    PurchaseOrderChangeAcknowledgment: frozenset({"purpose", "purchase_order_number", "purchase_order_date"}),
    PurchaseOrderLine: frozenset({"quantity"}),
    ChangedLine: frozenset({"change", "quantity", "left_to_receive", "unit"}),
    AcknowledgedChange: frozenset({"change", "quantity", "left_to_receive", "unit"}),
    AcknowledgedLine: frozenset({"quantity"}),
    Acknowledgment: frozenset({"status"}),
    Schedule: frozenset({"quantity", "unit", "date_kind", "date"}),
    Invoice: frozenset({"invoice_date", "invoice_number", "total"}),
    Tax: frozenset({"type"}),
    AllowanceOrCharge: frozenset({"type"}),
    CreditAdjustment: frozenset(
        {"date", "adjustment_number", "handling", "amount", "credit_or_debit", "buyer"}
    ),
    Adjustment: frozenset({"reason", "credit_or_debit"}),
    StockAdvice: frozenset({"purpose", "report_type", "advice_number", "date", "lines"}),
    StockLine: frozenset({"vendor_item"}),
    StockQuantity: frozenset({"kind"}),
    StoreQuantity: frozenset({"location", "quantity"}),
    ExpectedReceipt: frozenset({"quantity", "unit", "date_kind", "date"}),
    ReturnDocument: frozenset({"purpose", "document_number", "date"}),
    ReturnQuantity: frozenset({"kind"}),
    ReturnedPiece: frozenset({"number"}),
    ApplicationAdvice: frozenset({"purpose", "advice_number", "date", "subjects"}),
    AdviceSubject: frozenset({"outcome", "reference_kind", "reference"}),
    AdviceError: frozenset({"condition"}),
    ShipNotice: frozenset({"purpose", "number", "notified_on", "notified_at"}),
    ShippedOrder: frozenset({"purchase_order_number"}),
    ShippedItem: frozenset({"vendor_item", "quantity", "unit"}),
    Mark: frozenset({"kind", "value"}),
    Reference: frozenset({"qualifier"}),
    OtherDate: frozenset({"qualifier", "date"}),
    OtherParty: frozenset({"role"}),
    ItemId: frozenset({"qualifier", "value"}),
}
# What stands on the wire beside another field only: N202 beside N201, the date of a DTM beside its kind, LIN01 and
# PRF04 beside the mandatory LIN02 and PRF01, the way of transport in the CAD of 005010.
NEEDED = {
    "name_3": ("name_2",),
    "date": ("date_kind",),
    "item_line_number": ("vendor_item",),
    "purchase_order_date": ("purchase_order_number",),
    "stores": ("store_unit",),
    "lead_time_kind": ("lead_time", "lead_time_unit"),
    "lead_time": ("lead_time_kind", "lead_time_unit"),
    "lead_time_unit": ("lead_time_kind", "lead_time"),
    "store_unit": ("stores",),
    "store_id_kind": ("stores", "store_unit"),
    "carrier_scac": ("transport_method",),
    "routing": ("transport_method",),
    "tracking_number": ("transport_method",),
}
# Of these at most so many stand in one record: one pair, ACK04 and ACK05, holds one of the dates; RDR02 excludes RDR03;
# BLI has four pairs, of which `other_ids` may take two.
EXCLUSIVE: dict[type, tuple[int, tuple[str, ...]]] = {
    Acknowledgment: (1, ("delivers_on", "ships_on", "promised_on", "promised_ship")),
    ReturnDocument: (1, ("request_reason", "response_reason")),
    ReturnLine: (1, ("request_reason", "response_reason")),
}
BLI_IDS = (
    "vendor_item", "buyer_item", "sku", "upc", "ean", "gtin14", "manufacturer_item", "buyer_catalogue",
)  # fmt: skip
NUMBERS = tuple(Decimal(each) for each in ("1", "4.50", "0", "-3", "0.001", "1E+2", "123456", "-0"))
# At most two decimals stand in an amount without a point, and no rate has more than six digits.
AMOUNTS = tuple(Decimal(each) for each in ("1", "4.50", "0", "-3", "123456.78", "1E+2", "-0"))
RATES = tuple(Decimal(each) for each in ("0.025", "0.1", "1", "0"))
NUMBERS_BY_FIELD = {
    **dict.fromkeys(
        ("amount", "total", "discountable", "discounted_total", "discount", "discount_amount"), AMOUNTS
    ),
    **dict.fromkeys(("rate", "discount_rate"), RATES),
}
WHOLE_NUMBERS = (1, 7, 30)
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


def documents(kind: str, *, hostility: int = 0, version: str = "005010") -> st.SearchStrategy[Any]:
    """Documents of a kind, for a guide of that version; about ``hostility`` in a hundred scalars are hostile."""
    return _records(KINDS[kind], hostility, version)


_MADE: dict[tuple[type, int, str], st.SearchStrategy[Any]] = {}


def _records(record: type, hostility: int, version: str) -> st.SearchStrategy[Any]:
    # Made once: hypothesis spends more time on making strategies than on drawing from them.
    if (record, hostility, version) not in _MADE:
        _MADE[record, hostility, version] = _made(record, hostility, version)
    return _MADE[record, hostility, version]


def _made(record: type, hostility: int, version: str) -> st.SearchStrategy[Any]:
    shapes = shape_of(record)
    fields = {name: _field(record, shape, hostility, version) for name, shape in shapes.items()}
    # Bytes are spread evenly; integers would lean to the small ones, and so to the first fields.
    masks = st.binary(min_size=8, max_size=8).map(lambda drawn: int.from_bytes(drawn))

    @st.composite
    def made(draw: st.DrawFn) -> Any:
        chosen = draw(masks) | (draw(masks) if not hostility else 0)
        wanted = {name for index, name in enumerate(shapes) if chosen >> index & 1} or {next(iter(shapes))}
        together = _together(record, wanted, chosen)
        return record(**{name: draw(fields[name]) for name in shapes if name in together})

    return made()


def _required(record: type) -> frozenset[str]:
    return frozenset().union(*(REQUIRED.get(each, frozenset()) for each in record.__mro__))


def _together(record: type, wanted: set[str], choice: int) -> set[str]:
    """The fields wanted, with those that they need, and at ``choice`` as many of those that exclude each other."""
    together = wanted | _required(record)
    for name in sorted(together & set(NEEDED)):
        together |= set(NEEDED[name]) & set(shape_of(record))
    if record in EXCLUSIVE:
        most, names = EXCLUSIVE[record]
        together -= _surplus(sorted(together & set(names)), most, choice)
    if record is ReturnLine:
        given = sorted(together & set(BLI_IDS)) or ["vendor_item"]
        together = (together | set(given)) - _surplus(given, 2, choice)
    return together


def _surplus(names: list[str], most: int, choice: int) -> set[str]:
    first = choice % len(names) if names else 0
    return set((names[first:] + names[:first])[most:])


def _field(record: type, shape: FieldShape, hostility: int, version: str) -> st.SearchStrategy[Any]:
    if not shape.many:
        return _one(record, shape, hostility, version)
    # A well-behaved list that was chosen is not empty, so that rare paths are reached.
    least = 1 if not hostility or shape.name in _required(record) else 0
    return st.lists(_one(record, shape, hostility, version), min_size=least, max_size=2).map(tuple)


def _one(record: type, shape: FieldShape, hostility: int, version: str) -> st.SearchStrategy[Any]:
    if shape.record is not None:
        return _records(shape.record, hostility, version)
    values = tuple(each for each in _scalars(record, shape) if version != "004010" or each not in LATER_WORDS)
    if not hostility:
        return st.sampled_from(values)
    return st.integers(0, 99).flatmap(lambda each: st.sampled_from(HOSTILE if each < hostility else values))


def _scalars(record: type, shape: FieldShape) -> tuple[Any, ...]:
    by_type = {int: WHOLE_NUMBERS, datetime.date: DATES, datetime.time: TIMES}
    for each in record.__mro__:
        if (each, shape.name) in VALUES_OF_RECORD:
            return VALUES_OF_RECORD[each, shape.name]
    if shape.scalar is Decimal:
        return NUMBERS_BY_FIELD.get(shape.name, NUMBERS)
    if shape.scalar in by_type:
        return by_type[shape.scalar]
    if shape.words:
        return (*shape.words, "?Z" if shape.name in SHORT_CODES else "?99")
    if shape.name == "qualifier":
        return QUALIFIERS[record]
    return TEXTS_BY_FIELD.get(shape.name, TEXTS)

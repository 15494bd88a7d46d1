"""The canonical business documents: what a purchase order or its acknowledgment says, without any X12 in it.

Documents are frozen and built of records: every field is optional (None, or an empty tuple for a list), because
a partner may leave out anything; what a flow needs, it checks itself. Quantities and prices are ``Decimal``, dates
are ``date``. Raw X12 codes appear only in fields whose name says so (``qualifier``, ``id_kind``, ``role``,
``date_kind``, ``agency``, ``industry_table``, ``industry_code``); other coded fields hold words of ours, such as
``each`` or ``backordered``. A code without a word is held as ``?`` and the code: ``?ZZ``.

The shape of the records is data: ``shape_of`` gives a record's fields, ``catalogue`` every path of a document,
``leaves`` the values that stand in one. ``to_json`` and ``from_json`` are lossless.
"""

from __future__ import annotations

import dataclasses
import datetime
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from types import MappingProxyType, NoneType, UnionType
from typing import Any, Final, get_args, get_origin, get_type_hints

PURPOSES: Final = ("original", "cancel", "change", "replace", "confirmation", "duplicate")
ORDER_TYPES: Final = ("stand_alone", "dropship", "new_order", "purchase_order", "release", "reorder", "rush")
ACKNOWLEDGMENT_TYPES: Final = (
    "detail_with_change",
    "detail_no_change",
    "exceptions_only",
    "on_hold",
    "no_detail",
    "replenishment",
    "accepted",
    "not_needed",
    "rejected_with_detail",
    "rejected_with_exceptions",
    "rejected",
    "rejected_not_as_agreed",
    "counter_offer",
    "rejected_industry_practice",
)
LINE_STATUSES: Final = (
    "accepted",
    "accepted_elsewhere",
    "accepted_and_shipped",
    "accepted_and_released",
    "partial_backordered",
    "rescheduled",
    "backordered",
    "changed",
    "deleted",
    "price_pending",
    "price_changed",
    "quantity_changed",
    "schedule_pending",
    "substituted",
    "on_hold",
    "on_hold_description",
    "on_hold_waiver",
    "rejected",
    "rejected_not_in_contract",
    "rejected_item_number",
    "rejected_unit",
    "rejected_not_available",
    "reorder_just_in_time",
    "reorder_extended_delivery",
    "reorder_dropship",
    "reorder_surge",
)


def _word(words: tuple[str, ...]) -> Any:
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


@dataclass(frozen=True, slots=True)
class PurchaseOrderLine(Item):
    """One line ordered; ``unit_price`` is per ``unit``, in the order's currency."""

    line_number: str | None = None
    quantity: Decimal | None = None
    unit: str | None = None
    unit_price: Decimal | None = None
    description: str | None = None
    references: tuple[Reference, ...] = ()
    requested_delivery: datetime.date | None = None
    requested_ship: datetime.date | None = None
    other_dates: tuple[OtherDate, ...] = ()
    notes: str | None = None


@dataclass(frozen=True, slots=True)
class PurchaseOrder:
    """A purchase order (850). ``customer_order_number`` is the order of the buyer's own customer, the store order."""

    purpose: str | None = _word(PURPOSES)
    order_type: str | None = _word(ORDER_TYPES)
    purchase_order_number: str | None = None
    release: str | None = None
    purchase_order_date: datetime.date | None = None
    contract: str | None = None
    currency: str | None = None
    customer_order_number: str | None = None
    vendor_number: str | None = None
    department: str | None = None
    promotion: str | None = None
    other_references: tuple[Reference, ...] = ()
    buyer_contact: Contact | None = None
    freight_payment: str | None = None
    requested_delivery: datetime.date | None = None
    requested_ship: datetime.date | None = None
    ship_not_before: datetime.date | None = None
    ship_no_later: datetime.date | None = None
    cancel_after: datetime.date | None = None
    other_dates: tuple[OtherDate, ...] = ()
    shipping: Shipping | None = None
    notes: str | None = None
    ship_to: Party | None = None
    bill_to: Party | None = None
    buyer: Party | None = None
    vendor: Party | None = None
    other_parties: tuple[OtherParty, ...] = ()
    lines: tuple[PurchaseOrderLine, ...] = ()
    total: Decimal | None = None

    @property
    def line_count(self) -> int:
        """How many lines are ordered; the writer puts it into the totals itself."""
        return len(self.lines)


@dataclass(frozen=True, slots=True)
class Acknowledgment:
    """What the supplier says about (a part of) one line. One line may have several: 4 shipped, 6 backordered.

    ``substitute`` is the item offered instead, or the item as the supplier corrects it.
    """

    status: str | None = _word(LINE_STATUSES)
    quantity: Decimal | None = None
    unit: str | None = None
    delivers_on: datetime.date | None = None
    ships_on: datetime.date | None = None
    promised_on: datetime.date | None = None
    promised_ship: datetime.date | None = None
    request_reference: str | None = None
    substitute: Item | None = None
    agency: str | None = None
    industry_table: str | None = None
    industry_code: str | None = None
    date_kind: str | None = None
    date: datetime.date | None = None


@dataclass(frozen=True, slots=True)
class Schedule:
    """A quantity at a date; ``date_kind`` is the X12 code of what happens then (067: delivery)."""

    quantity: Decimal | None = None
    unit: str | None = None
    warehouse: str | None = None
    date_kind: str | None = None
    date: datetime.date | None = None
    time: datetime.time | None = None
    request_reference: str | None = None
    id: str | None = None


@dataclass(frozen=True, slots=True)
class AcknowledgedLine(Item):
    """One line of the order as the supplier repeats it, with what he says about it."""

    line_number: str | None = None
    quantity: Decimal | None = None
    unit: str | None = None
    unit_price: Decimal | None = None
    description: str | None = None
    references: tuple[Reference, ...] = ()
    other_dates: tuple[OtherDate, ...] = ()
    acknowledgments: tuple[Acknowledgment, ...] = ()
    schedules: tuple[Schedule, ...] = ()
    notes: str | None = None
    parties: tuple[OtherParty, ...] = ()


@dataclass(frozen=True, slots=True)
class PurchaseOrderAcknowledgment:
    """A purchase order acknowledgment (855)."""

    purpose: str | None = _word(PURPOSES)
    acknowledgment_type: str | None = _word(ACKNOWLEDGMENT_TYPES)
    purchase_order_number: str | None = None
    purchase_order_date: datetime.date | None = None
    release: str | None = None
    request_number: str | None = None
    contract: str | None = None
    vendor_order_number: str | None = None
    acknowledged_on: datetime.date | None = None
    currency: str | None = None
    customer_order_number: str | None = None
    other_references: tuple[Reference, ...] = ()
    buyer_contact: Contact | None = None
    delivers_on: datetime.date | None = None
    ships_on: datetime.date | None = None
    estimated_delivery: datetime.date | None = None
    other_dates: tuple[OtherDate, ...] = ()
    shipping: Shipping | None = None
    notes: str | None = None
    ship_to: Party | None = None
    other_parties: tuple[OtherParty, ...] = ()
    lines: tuple[AcknowledgedLine, ...] = ()
    total: Decimal | None = None


Document = PurchaseOrder | PurchaseOrderAcknowledgment

KINDS: Final[Mapping[str, type[Document]]] = MappingProxyType(
    {"purchase_order": PurchaseOrder, "purchase_order_acknowledgment": PurchaseOrderAcknowledgment}
)
SCALARS: Final[Mapping[type, str]] = MappingProxyType(
    {str: "text", Decimal: "number", int: "whole number", datetime.date: "date", datetime.time: "time"}
)


class DocumentError(ValueError):
    """A value that is no document of the kind asked for; ``str()`` says where and what to do."""


@dataclass(frozen=True, slots=True)
class FieldShape:
    """One field of a record: a scalar or a record, once or ``many`` times.

    ``words`` is the closed vocabulary of the field, () where it is open.
    """

    name: str
    scalar: type | None
    record: type | None
    many: bool
    words: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class CatalogueEntry:
    """One value that a document may hold, such as ``lines[]/quantity``, a ``number``."""

    path: str
    type_name: str
    words: tuple[str, ...] = ()


def kind_of(document: Document) -> str:
    """The kind of a document: ``purchase_order`` for a PurchaseOrder. Raises DocumentError for anything else."""
    for kind, record in KINDS.items():
        if type(document) is record:
            return kind
    raise DocumentError(f"{type(document).__name__} is not a business document; use one of {_listed(KINDS)}.")


_SHAPES: dict[type, Mapping[str, FieldShape]] = {}


def shape_of(record: type) -> Mapping[str, FieldShape]:
    """The fields of a record in their order."""
    if record not in _SHAPES:
        _SHAPES[record] = MappingProxyType(_shapes(record))
    return _SHAPES[record]


def _shapes(record: type) -> dict[str, FieldShape]:
    hints = get_type_hints(record)
    shapes = {}
    for each in dataclasses.fields(record):
        many, inner = _unwrapped(hints[each.name])
        scalar, nested = (inner, None) if inner in SCALARS else (None, inner)
        shapes[each.name] = FieldShape(each.name, scalar, nested, many, each.metadata.get("words", ()))
    return shapes


def _unwrapped(hint: Any) -> tuple[bool, type]:
    if get_origin(hint) is tuple:
        return True, get_args(hint)[0]
    if get_origin(hint) is UnionType:
        return False, next(each for each in get_args(hint) if each is not NoneType)
    return False, hint


def catalogue(kind: str) -> tuple[CatalogueEntry, ...]:
    """Every value that a document of the kind may hold. Raises DocumentError for an unknown kind."""
    return tuple(_catalogue(_record(kind), ""))


def _catalogue(record: type, prefix: str) -> Iterator[CatalogueEntry]:
    for shape in shape_of(record).values():
        path = f"{prefix}{shape.name}{'[]' if shape.many else ''}"
        if shape.record is not None:
            yield from _catalogue(shape.record, f"{path}/")
        elif shape.scalar is not None:
            yield CatalogueEntry(path, SCALARS[shape.scalar], shape.words)


def leaves(record: Any, prefix: str = "") -> Iterator[tuple[str, Any]]:
    """Every value that stands in a document, with its path: ``("lines[0]/quantity", Decimal("2"))``.

    None, empty text and empty lists are not values. What is not of its field's type is given as it is.
    """
    for name in shape_of(type(record)):
        value = getattr(record, name)
        items = value if isinstance(value, tuple | list) else (value,)
        for index, item in enumerate(items):
            path = f"{prefix}{name}[{index}]" if isinstance(value, tuple | list) else f"{prefix}{name}"
            if dataclasses.is_dataclass(item):
                yield from leaves(item, f"{path}/")
            elif item is not None and item != "":
                yield path, item


def build(record: type, draft: Mapping[str, Any]) -> Any:
    """A record from nested mappings and sequences whose values already have their types; empty parts are left out."""
    made: dict[str, Any] = {}
    for name, value in draft.items():
        shape = shape_of(record)[name]
        if shape.many:
            made[name] = tuple(build(shape.record, each) if shape.record else each for each in value)
        else:
            made[name] = build(shape.record, value) if shape.record and value is not None else value
    return record(**made)


def to_json(document: Document) -> dict[str, Any]:
    """The document as JSON types: numbers as text, dates and times in ISO 8601; None and empty lists left out."""
    kind_of(document)
    return _record_to_json(document)


def _record_to_json(record: Any) -> dict[str, Any]:
    made: dict[str, Any] = {}
    for name in shape_of(type(record)):
        value = getattr(record, name)
        if isinstance(value, tuple):
            if value:
                made[name] = [_to_json(each) for each in value]
        elif value is not None:
            made[name] = _to_json(value)
    return made


def _to_json(value: Any) -> Any:
    if dataclasses.is_dataclass(value):
        return _record_to_json(value)
    if isinstance(value, datetime.date | datetime.time):
        return value.isoformat()
    return str(value) if isinstance(value, Decimal) else value


def from_json(kind: str, data: Mapping[str, Any]) -> Document:
    """The document that ``to_json`` made ``data`` of.

    Raises DocumentError for an unknown kind, an unknown field or a value that is not of the field's type.
    """
    document: Document = _record_from_json(_record(kind), data, "")
    return document


def _record(kind: str) -> type[Document]:
    if kind not in KINDS:
        raise DocumentError(f"There is no document of the kind {kind!r}; use one of {_listed(KINDS)}.")
    return KINDS[kind]


def _record_from_json(record: type, data: object, path: str) -> Any:
    if not isinstance(data, Mapping):
        raise DocumentError(f"{path or 'The document'}: fields expected, got {data!r:.60}.")
    shapes = shape_of(record)
    made: dict[str, Any] = {}
    for name, value in data.items():
        place = f"{path}/{name}".removeprefix("/")
        if name not in shapes:
            raise DocumentError(f"{place}: there is no such field; the fields are {_listed(shapes)}.")
        made[name] = _field_from_json(shapes[name], value, place)
    return record(**made)


def _field_from_json(shape: FieldShape, value: object, place: str) -> Any:
    if not shape.many:
        return None if value is None else _one_from_json(shape, value, place)
    if not isinstance(value, list):
        raise DocumentError(f"{place}: a list expected, got {value!r:.60}.")
    return tuple(_one_from_json(shape, each, f"{place}[{index}]") for index, each in enumerate(value))


def _one_from_json(shape: FieldShape, value: object, place: str) -> Any:
    if shape.record is not None:
        return _record_from_json(shape.record, value, place)
    try:
        return _scalar_from_json(shape.scalar, value)
    except ValueError as error:
        name = SCALARS[shape.scalar or str]
        raise DocumentError(f"{place}: a {name} expected, got {value!r:.60}.") from error


# As str(Decimal) writes finite numbers; Decimal() itself takes blanks, underscores and any script's digits.
_NUMBER = re.compile(r"-?[0-9]+(\.[0-9]+)?(E[+-][0-9]+)?")


def _scalar_from_json(scalar: type | None, value: object) -> Any:
    if scalar is int:
        if isinstance(value, int) and not isinstance(value, bool):
            return value
    elif isinstance(value, str):
        if scalar is str:
            return value
        if scalar is Decimal and _NUMBER.fullmatch(value):
            return Decimal(value)
        if scalar is datetime.date and len(value) == 10:
            return datetime.date.fromisoformat(value)
        if scalar is datetime.time:
            return datetime.time.fromisoformat(value)
    raise ValueError("not of the field's type")


def is_scalar(value: object, scalar: type) -> bool:
    """Whether a value may stand in a field of that type: a datetime is no date, a bool no number."""
    if scalar is datetime.date:
        return isinstance(value, datetime.date) and not isinstance(value, datetime.datetime)
    return isinstance(value, scalar) and not isinstance(value, bool)


def _listed(names: Mapping[str, object]) -> str:
    return ", ".join(names)

"""Our units, prices and item numbers into the partner's and back, on the canonical document; guides never convert.

One of the partner's units holds ``pack_factor`` of ours: an order for 24 each goes out as 2 cases of 12, at twelve times the
price, and an answer of 2 cases comes back as 24 each. Everything is exact: what does not divide, or needs more decimals
than are kept, is refused with a sentence and left as it is.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from decimal import Decimal, Inexact, localcontext
from typing import Any, Generic, TypeVar

from integration.documents.parts import MONEY, QUANTITY, Item, Party
from integration.documents.shapes import shape_of
from integration.documents.ship_notice import ORDERED
from integration.documents.stock_advice import OF_STORES, StockLine, StoreQuantity

_Document = TypeVar("_Document")
DECIMALS = 4
"""Of quantities and prices, as the ledger keeps them."""
_PRICE = f"{MONEY}, for each unit"
# Which unit a quantity or price is counted in, where that is not ``unit``; without one it is that of the record.
_UNIT_FIELDS = {"price_quantity": "price_unit", "ordered": "ordered_unit"}
_COUNTED = frozenset({QUANTITY, _PRICE, ORDERED, OF_STORES})


@dataclass(frozen=True, slots=True)
class Terms:
    """How one item is traded. ``partner_unit`` "" is ours; one of his units holds ``pack_factor`` of ours.

    ``line_number`` is that of the purchase order, "" where the terms are those of the item everywhere.
    """

    sku: str
    vendor_item: str = ""
    upc: str = ""
    unit: str = "each"
    partner_unit: str = ""
    pack_factor: Decimal = Decimal(1)
    line_number: str = ""

    @property
    def theirs(self) -> str:
        """The unit in which the partner counts the item."""
        return self.partner_unit or self.unit

    @property
    def converts(self) -> bool:
        """Whether the partner counts otherwise than we do."""
        return self.theirs != self.unit or self.pack_factor != 1


@dataclass(frozen=True, slots=True)
class Converted(Generic[_Document]):
    """A document in other units; sentences on what was converted, and on what could not be."""

    document: _Document
    notes: tuple[str, ...] = ()
    refusals: tuple[str, ...] = ()


def to_partner(document: _Document, terms: Sequence[Terms]) -> Converted[_Document]:
    """Return ``document`` as the partner counts and calls things."""
    return _convert(document, _Way(terms, outward=True))


def from_partner(document: _Document, terms: Sequence[Terms]) -> Converted[_Document]:
    """Return ``document`` as we count and call things; what already is in our unit stays."""
    return _convert(document, _Way(terms, outward=False))


def in_our_unit(value: Decimal, unit: str, terms: Terms) -> Decimal | None:
    """Return ``value``, counted in ``unit`` ("": the partner's), in our unit; None where ``terms`` do not tell, or not exactly."""
    if unit == terms.unit and terms.converts and terms.theirs != unit:
        return value
    if (unit or terms.theirs) != terms.theirs:
        return None
    return _scaled(value, terms.pack_factor, grows=True) if terms.converts else value


def with_party_ids(document: _Document, kind: str) -> _Document:
    """Return ``document`` with ``kind`` (N103) where a party has a number and no kind of it; "" leaves all as it is."""
    return _with_kind(document, kind) if kind else document


def _with_kind(record: Any, kind: str) -> Any:
    changes: dict[str, Any] = {}
    if isinstance(record, Party) and record.id and not record.id_kind:
        changes["id_kind"] = kind
    for shape in shape_of(type(record)).values():
        value = getattr(record, shape.name)
        if shape.record is not None and value:
            changes[shape.name] = (
                tuple(_with_kind(each, kind) for each in value) if shape.many else _with_kind(value, kind)
            )
    return dataclasses.replace(record, **changes) if changes else record


@dataclass
class _Way:
    """One direction, with what it has to say so far."""

    terms: Sequence[Terms]
    outward: bool
    notes: list[str] = field(default_factory=list)
    refusals: list[str] = field(default_factory=list)

    def of(self, item: Item) -> Terms | None:
        """Return the terms of an item by its numbers, else by its line; two kinds of number never decide together."""
        by_number = _by_number(self.terms, item)
        number = str(getattr(item, "line_number", None) or "")
        by_line = [each for each in self.terms if number and each.line_number == number]
        both = [each for each in by_line if each in by_number]
        found = both or by_number or ([] if _is_numbered(item) else by_line)
        kinds = {(each.sku, each.unit, each.theirs, each.pack_factor) for each in found}
        return found[0] if len(kinds) == 1 else None


def _is_numbered(item: Item) -> bool:
    return any((item.buyer_item, item.sku, item.vendor_item, item.upc))


def _by_number(terms: Iterable[Terms], item: Item) -> list[Terms]:
    pairs = (
        ("sku", item.buyer_item),
        ("sku", item.sku),
        ("vendor_item", item.vendor_item),
        ("upc", item.upc),
    )
    for name, value in pairs:
        found = [each for each in terms if value and getattr(each, name) == value]
        if found:
            return found
    return []


def _convert(document: _Document, way: _Way) -> Converted[_Document]:
    converted = _walk(document, way, None, "")
    return Converted(converted, tuple(way.notes), tuple(way.refusals))


def _walk(record: Any, way: _Way, terms: Terms | None, unit: str) -> Any:
    """Return ``record`` with what is counted in it converted; ``terms`` and ``unit`` are those of the line around it."""
    changes: dict[str, Any] = {}
    if isinstance(record, Item):
        # An item inside a line (a substitute) has numbers of its own and no quantity.
        terms = way.of(record) if hasattr(record, "unit") or terms is None else None
        if terms is not None:
            changes |= _numbers(record, way, terms)
    if terms is not None and terms.converts:
        changes |= _amounts(record, way, terms, unit)
    if isinstance(record, StockLine):
        changes |= _stores(record, way, terms)
    inner = getattr(record, "unit", None) or unit
    for shape in shape_of(type(record)).values():
        value = getattr(record, shape.name)
        if shape.record is None or not value or shape.record is StoreQuantity:
            continue
        changes[shape.name] = (
            tuple(_walk(each, way, terms, inner) for each in value)
            if shape.many
            else _walk(value, way, terms, inner)
        )
    return dataclasses.replace(record, **changes) if changes else record


def _numbers(item: Item, way: _Way, terms: Terms) -> dict[str, str]:
    """Return the item numbers that the other side needs and that are not there: what is there always holds."""
    wanted = {"vendor_item": terms.vendor_item} if way.outward else {"buyer_item": terms.sku}
    return {name: value for name, value in wanted.items() if value and not getattr(item, name)}


def _stores(line: StockLine, way: _Way, terms: Terms | None) -> dict[str, Any]:
    """Return the quantities of a line's stores, which share one unit, in the other unit; all of them or none."""
    if terms is None or not terms.converts or not line.stores:
        return {}
    refused = len(way.refusals)
    source, target = _units(way, terms)
    stores = tuple(_walk(each, way, terms, line.store_unit or "") for each in line.stores)
    if len(way.refusals) > refused or (line.store_unit or source) != source:
        return {}
    return {"stores": stores, **({"store_unit": target} if line.store_unit else {})}


def _units(way: _Way, terms: Terms) -> tuple[str, str]:
    return (terms.unit, terms.theirs) if way.outward else (terms.theirs, terms.unit)


def _amounts(record: Any, way: _Way, terms: Terms, around: str) -> dict[str, Any]:
    """Return the fields of one record that are counted in a unit, in the other unit; all of them or none."""
    source, target = _units(way, terms)
    changes: dict[str, Any] = {}
    names = {shape.name for shape in shape_of(type(record)).values()}
    for shape in shape_of(type(record)).values():
        if shape.unit not in _COUNTED:
            continue
        value = getattr(record, shape.name)
        unit_name = _UNIT_FIELDS.get(
            shape.name, "price_unit" if "price_unit" in names and shape.unit == _PRICE else "unit"
        )
        unit = getattr(record, unit_name, None)
        if value is None or (unit or getattr(record, "unit", None) or around or source) != source:
            continue
        # An order for 24 each is one for 2 cases: quantities shrink where prices grow.
        exact = _scaled(value, terms.pack_factor, grows=way.outward is (shape.unit == _PRICE))
        broken = shape.unit != _PRICE and way.outward and value % 1 == 0 and exact is not None and exact % 1
        if exact is None or broken:
            way.refusals.append(_refusal(value, source, target, terms, price=shape.unit == _PRICE))
            return {}
        changes[shape.name] = exact
        if unit:
            changes[unit_name] = target
    quantity = changes.get("quantity")
    if quantity is not None:
        way.notes.append(
            f"{_place(record, terms)}: {_plain(record.quantity)} {source} {'are' if way.outward else 'read as'}"
            f" {_plain(quantity)} {target}, {_plain(terms.pack_factor)} {terms.unit} in a {terms.theirs}."
        )
    return changes


def _scaled(value: Decimal, factor: Decimal, *, grows: bool) -> Decimal | None:
    """Return ``value`` times or divided by ``factor``, None where that is not exact in ``DECIMALS`` decimals."""
    with localcontext(prec=60) as context:
        context.traps[Inexact] = True
        try:
            exact = value * factor if grows else value / factor
        except Inexact:
            return None
        whole = exact.normalize()
        exponent = whole.as_tuple().exponent
        if not isinstance(exponent, int) or exponent < -DECIMALS:
            return None
        return whole.quantize(Decimal(1)) if exponent > 0 else whole


def _refusal(value: Decimal, source: str, target: str, terms: Terms, *, price: bool) -> str:
    packed = f"one {terms.theirs} holds {_plain(terms.pack_factor)} {terms.unit}"
    called = f"{terms.sku} of line {terms.line_number}" if terms.line_number else terms.sku
    if price:
        return (
            f"The price of {_plain(value)} for one {source} of {called} is no price for one {target} in {DECIMALS} decimals:"
            f" {packed}. Agree on another price, or correct the pack factor of the item."
        )
    return (
        f"{_plain(value)} {source} of {called} are no whole {target}: {packed}. Correct the quantity, or the pack factor of the"
        " item."
    )


def _place(record: Any, terms: Terms) -> str:
    number = getattr(record, "line_number", None) or terms.line_number
    return f"Line {number} ({terms.sku})" if number else terms.sku


def _plain(value: Decimal) -> str:
    text = f"{value:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text

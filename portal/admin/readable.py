"""A canonical document (the JSON of ``Translation.content``) as blocks and tables for people, whatever its kind."""

from __future__ import annotations

import datetime
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation
from typing import Any

from archive.models import document_name
from integration.documents import KINDS, FieldShape, shape_of
from integration.x12.acknowledgment import (
    CODE_MEANINGS,
    GROUP_MEANINGS,
    SET_MEANINGS,
)
from portal.admin.show import day, money, quantity

Json = Mapping[str, Any]


@dataclass(frozen=True)
class Pair:
    """One field: its human label and its value."""

    label: str
    words: str


@dataclass(frozen=True)
class Block:
    """A titled group: a party's address as lines, or fields that belong together."""

    title: str
    lines: list[str] = field(default_factory=list)
    pairs: list[Pair] = field(default_factory=list)


@dataclass(frozen=True)
class Column:
    """A table's column; numbers stand on the right."""

    label: str
    numeric: bool = False


@dataclass(frozen=True)
class Cell:
    """One value of a table."""

    words: str
    numeric: bool = False


@dataclass(frozen=True)
class Row:
    """One row, and what is said about it beneath."""

    cells: list[Cell]
    notes: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Table:
    """A titled table."""

    title: str
    columns: list[Column]
    rows: list[Row]


@dataclass(frozen=True)
class Readable:
    """A document for people: its own fields, then parties and groups, then tables, then remarks."""

    pairs: list[Pair]
    blocks: list[Block]
    tables: list[Table]
    notes: list[str] = field(default_factory=list)


LABELS = {
    "acknowledged_on": "Acknowledged on",
    "agency": "Agency code",
    "buyer": "Buyer",
    "buyer_item": "Buyer's item",
    "carrier_scac": "Carrier (SCAC)",
    "currency": "Currency",
    "customer_order_number": "Store order",
    "date_kind": "Kind of date",
    "delivers_on": "Delivers on",
    "ean": "EAN",
    "email": "E-mail",
    "gtin14": "GTIN-14",
    "id": "ID",
    "id_kind": "Kind of ID",
    "line_number": "Line",
    "other_ids": "Other item number",
    "purchase_order_date": "Order date",
    "purchase_order_number": "Purchase order",
    "references": "Reference",
    "release": "Release number",
    "ship_no_later": "Ship no later than",
    "ship_not_before": "Ship not before",
    "ship_to": "Ship to",
    "bill_to": "Bill to",
    "sku": "SKU",
    "ships_on": "Ships on",
    "transport_method": "Way of transport",
    "upc": "UPC",
    "vendor_item": "Vendor's item",
    "vendor_number": "Our number at the vendor",
    "vendor_order_number": "Vendor's order",
}
_PLURALS = {
    "lines": "Lines",
    "other_references": "Other references",
    "other_dates": "Other dates",
    "other_parties": "Other parties",
}
_SINGULARS = {
    "acknowledgments": "Answer",
    "schedules": "Schedule",
    "other_dates": "Date",
    "parties": "Party",
}
_PARTY_FIELDS = frozenset({"name", "address_lines", "city", "postal_code"})
_FIRST_COLUMNS = ("line_number", "vendor_item", "buyer_item", "sku", "upc", "description", "quantity", "unit")


def _fields(record: type, seen: set[type]) -> Iterator[FieldShape]:
    seen.add(record)
    for shape in shape_of(record).values():
        yield shape
        if shape.record is not None and shape.record not in seen:
            yield from _fields(shape.record, seen)


_RECORDS: Mapping[str, type] = {
    "850": KINDS["purchase_order"],
    "855": KINDS["purchase_order_acknowledgment"],
}
_SHAPES = [shape for record in KINDS.values() for shape in _fields(record, set())]
_DATES = frozenset(shape.name for shape in _SHAPES if shape.scalar is datetime.date)
_NUMBERS = frozenset(shape.name for shape in _SHAPES if shape.scalar in (Decimal, int))
_WORDS = frozenset(shape.name for shape in _SHAPES if shape.words) | {"unit", "freight_payment"}
_MONEY = frozenset({"unit_price", "total"})


def readable(transaction_set: str, content: Json | None) -> Readable | None:
    """Return the canonical ``content`` for people; None where the document was not translated."""
    if content is None:
        return None
    if transaction_set == "997":
        return _functional_acknowledgment(content)
    return _business_document(_in_order(content, _RECORDS.get(transaction_set)))


def _in_order(value: Any, record: type | None) -> Any:
    """Return ``value`` with its fields as the canonical record orders them: the database keeps an order of its own."""
    if record is None or not isinstance(value, Mapping):
        return value
    shapes = shape_of(record)
    ordered = {}
    for name in [
        *(each for each in shapes if each in value),
        *(each for each in value if each not in shapes),
    ]:
        nested = shapes[name].record if name in shapes else None
        each = value[name]
        ordered[name] = (
            [_in_order(one, nested) for one in each] if isinstance(each, list) else _in_order(each, nested)
        )
    return ordered


def label(name: str) -> str:
    """Return the human label of a canonical field."""
    return LABELS.get(name) or name.replace("_", " ").capitalize()


def words(name: str, value: Any) -> str:
    """Return the value of the canonical field ``name`` for people."""
    if isinstance(value, bool):
        return "Yes" if value else "No"
    text = str(value)
    if name in _DATES:
        return _as_day(text)
    if name in _NUMBERS:
        return _as_number(text, name in _MONEY)
    if name in _WORDS:
        return f"Code {text[1:]}" if text.startswith("?") else text.replace("_", " ").capitalize()
    return text


def _as_day(text: str) -> str:
    try:
        return day(datetime.date.fromisoformat(text))
    except ValueError:
        return text


def _as_number(text: str, is_money: bool) -> str:
    try:
        number = Decimal(text)
    except InvalidOperation:
        return text
    return money(number) if is_money else quantity(number)


def _business_document(content: Json) -> Readable:
    pairs: list[Pair] = []
    blocks: list[Block] = []
    tables: list[Table] = []
    for name, value in content.items():
        if isinstance(value, Mapping):
            blocks.append(_block(label(name), value))
        elif name == "other_parties":
            blocks.extend(_block(f"Party, role {each.get('role', 'not given')}", each) for each in value)
        elif _is_table(value):
            tables.append(_table(_PLURALS.get(name, label(name)), value))
        elif isinstance(value, list):
            pairs.append(Pair(label(name), ", ".join(words(name, each) for each in value)))
        else:
            pairs.append(Pair(label(name), words(name, value)))
    return Readable(pairs, blocks, tables)


def _is_table(value: Any) -> bool:
    return isinstance(value, list) and bool(value) and all(isinstance(each, Mapping) for each in value)


def _block(title: str, value: Json) -> Block:
    if _PARTY_FIELDS & value.keys() and not ({"phone", "fax"} & value.keys()):
        return Block(title, lines=party_lines(value))
    return Block(title, pairs=[Pair(label(name), text) for name, text in _scalars(value)])


def party_lines(party: Json) -> list[str]:
    """Return a party as the lines of an address, its number and its contact beneath."""
    place = " ".join(part for part in (party.get("state"), party.get("postal_code")) if part)
    city = ", ".join(part for part in (party.get("city"), place) if part)
    lines = [party.get("name"), party.get("name_2"), party.get("name_3"), *party.get("address_lines", ())]
    lines += [city, party.get("country")]
    if party.get("id"):
        lines.append(
            f"ID {party['id']} (kind {party['id_kind']})" if party.get("id_kind") else f"ID {party['id']}"
        )
    contact = party.get("contact") or {}
    lines += [contact.get("name"), contact.get("phone"), contact.get("email")]
    if contact.get("fax"):
        lines.append(f"Fax {contact['fax']}")
    return [str(line) for line in lines if line]


def _scalars(value: Json) -> list[tuple[str, str]]:
    """Return the values of a record, with those of the records in it, each under its own name."""
    found: list[tuple[str, str]] = []
    for name, each in value.items():
        if isinstance(each, Mapping):
            found.extend(_scalars(each))
        elif isinstance(each, list):
            found.extend((name, one) for one in _list_words(name, each))
        else:
            found.append((name, words(name, each)))
    return found


def _list_words(name: str, values: Sequence[Any]) -> list[str]:
    if _is_table(list(values)):
        return [_sentence(each) for each in values]
    return [", ".join(words(name, each) for each in values)]


def _sentence(record: Json) -> str:
    """Return a small record in one line: ``Backordered, 6 each, ships on 24 Nov 2026``."""
    if _PARTY_FIELDS & record.keys():
        role = f"role {record['role']}: " if record.get("role") else ""
        return role + ", ".join(party_lines(record))
    if record.keys() <= {"qualifier", "value", "text", "date"}:
        return " ".join(words(name, each) for name, each in record.items())
    found = dict(_scalars(record))
    parts = [found.pop("status", "")]
    if "quantity" in found:
        parts.append(f"{found.pop('quantity')} {_lower('unit', found.pop('unit', ''))}".strip())
    parts += [
        f"{label(name)[0].lower()}{label(name)[1:]} {_lower(name, each)}" for name, each in found.items()
    ]
    text = ", ".join(part for part in parts if part)
    return text[:1].upper() + text[1:]


def _lower(name: str, text: str) -> str:
    return text.lower() if name in _WORDS else text


def _table(title: str, rows: Sequence[Json]) -> Table:
    names = list(dict.fromkeys(name for row in rows for name, value in row.items() if not _is_nested(value)))
    names.sort(key=lambda name: _FIRST_COLUMNS.index(name) if name in _FIRST_COLUMNS else len(_FIRST_COLUMNS))
    made = [
        Row(
            [Cell(words(name, row[name]) if name in row else "", name in _NUMBERS) for name in names],
            _notes(row),
        )
        for row in rows
    ]
    return Table(title, [Column(label(name), name in _NUMBERS) for name in names], made)


def _is_nested(value: Any) -> bool:
    return isinstance(value, Mapping | list)


def _notes(row: Json) -> list[str]:
    notes = []
    for name, value in row.items():
        title = _SINGULARS.get(name, label(name))
        if isinstance(value, Mapping):
            notes.append(f"{title}: {_sentence(value)}")
        elif isinstance(value, list):
            notes.extend(f"{title}: {text}" for text in _list_words(name, value))
    return notes


def _functional_acknowledgment(content: Json) -> Readable:
    code = content.get("group_code", "")
    pairs = [
        Pair(
            "Answers our group",
            f"{content.get('group_id', '')} {content.get('group_control_number', '')}".strip(),
        ),
        Pair("The group is", _code_words(code)),
    ]
    for name, title in (
        ("declared", "Documents sent"),
        ("received", "Documents received"),
        ("accepted", "Documents accepted"),
    ):
        if content.get(name) is not None:
            pairs.append(Pair(title, str(content[name])))
    rows = [
        Row(
            [
                Cell(document_name(each.get("set_code", ""))),
                Cell(each.get("control_number", "")),
                Cell(_code_words(each.get("code", ""))),
            ],
            [_finding(finding) for finding in each.get("findings", ())]
            + [SET_MEANINGS.get(reason, f"Code {reason}").capitalize() for reason in each.get("reasons", ())],
        )
        for each in content.get("sets", ())
    ]
    tables = (
        [Table("Documents", [Column("Document"), Column("Control number"), Column("Answer")], rows)]
        if rows
        else []
    )
    notes = [
        GROUP_MEANINGS.get(reason, f"Code {reason}").capitalize() for reason in content.get("reasons", ())
    ]
    return Readable(pairs, [], tables, notes + [str(problem) for problem in content.get("problems", ())])


def _code_words(code: str) -> str:
    if not code:
        return "not said"
    return f"{CODE_MEANINGS[code].capitalize()} ({code})" if code in CODE_MEANINGS else f"Code {code}"


def _finding(finding: Json) -> str:
    return (
        str(finding.get("sentence") or "")
        or f"Segment {finding.get('segment_tag', '')}, code {finding.get('code_997', '')}"
    )

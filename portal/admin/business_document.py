"""Any canonical document as blocks and tables for people, by the shape of its records alone."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext

from integration.documents import (
    Contact,
    FieldShape,
    ItemId,
    OtherDate,
    OtherParty,
    Party,
    Reference,
    shape_of,
)
from portal.admin.blocks import Block, Cell, Column, Pair, Readable, Row, Table
from portal.admin.record_words import (
    DATES,
    REFERENCES,
    ROLES,
    coded,
    has_words,
    is_number,
    label,
    singular,
    value_words,
)

Json = Mapping[str, Any]

MOST_ROWS = 500
"""Rows of one table; a stock advice may have ten thousand, and X12 as it came shows them all."""
_MOST_SAID = 60
_MOST_COLUMNS = 8
_WIDEST = 106
"""About as many characters stand side by side before a table has to be scrolled."""
_FIRST_COLUMNS = (
    "line_number", "outcome", "reason", "set_code", "reference", "vendor_item", "buyer_item", "sku", "upc", "description",
    "status", "change", "quantity", "unit", "unit_price", "amount", "package", "pallet", "order",
)  # fmt: skip
_SELDOM_COLUMNS = (
    "_kind", "_code", "agency", "packaging", "application_sender", "application_receiver", "store_unit", "time",
    "group_control_number",
)  # fmt: skip
_COLUMNS_BY_CODE = ("set_code", "service_code")
_NAMED_BY_CODE = (Reference, OtherDate, ItemId)


@dataclass(frozen=True)
class BusinessDocument:
    """One document: ``content`` is its whole JSON, in which links name places, ``currency`` that of its money."""

    content: Json
    currency: str

    def whole(self, record: type) -> Readable:
        """Return the document, fields in the order of its record: the database keeps an order of its own."""
        pairs: list[Pair] = []
        blocks: list[Block] = []
        tables: list[Table] = []
        for shape, value in _given(record, self.content):
            if shape.record is None:
                pairs.extend(self.scalar_pairs(record, shape, value, self.content))
            elif not shape.many:
                blocks.append(self.block(label(shape.name), shape.record, value))
            elif shape.record is OtherParty:
                blocks.extend(
                    self.block(coded(ROLES, str(each.get("role", "")), gettext("Party")), OtherParty, each)
                    for each in value
                )
            elif shape.record in _NAMED_BY_CODE:
                pairs.extend(self.pair_by_code(shape.record, each) for each in value)
            else:
                tables.append(self.table(shape, value))
        return Readable(pairs, blocks, tables)

    def scalar_pairs(self, record: type, shape: FieldShape, value: Any, of: Json) -> list[Pair]:
        """Return a field, its unit beside it; nothing for a unit that stands beside its number already."""
        if self.is_told_unit(record, shape, of):
            return []
        if shape.many:
            text = ", ".join(value_words(shape, each) for each in value)
        else:
            text = self.said(shape, value) + self.unit_of(record, shape, of)
        return [Pair(label(shape.name), text, shape.meaning)]

    def said(self, shape: FieldShape, value: Any, *, in_table: bool = False) -> str:
        """Return a scalar in words; a link as the place that it names."""
        if shape.link:
            return self.target(shape.link, value)
        return value_words(shape, value, "" if in_table else self.currency)

    def target(self, name: str, place: Any) -> str:
        """Return what stands at a place of a list of the document: its number where it has one, else which it is."""
        entries = self.content.get(name, ())
        entry = entries[place] if isinstance(place, int) and 0 <= place < len(entries) else {}
        keys = ("sscc", "tracking_number", "purchase_order_number")
        return next((str(entry[key]) for key in keys if entry.get(key)), f"{singular(name)} {int(place) + 1}")

    def unit_of(self, record: type, shape: FieldShape, of: Json) -> str:
        """Return the unit that stands beside a number, with a blank before it, or ""."""
        unit = _unit_name(record, shape.name)
        return f" {value_words(shape_of(record)[unit], of[unit]).lower()}" if unit in of else ""

    def pair_by_code(self, record: type, value: Json) -> Pair:
        """Return a number or date that goes by its X12 code: ``Lot (LT)``, ``L-77``."""
        names, kind = (DATES, gettext("Date")) if record is OtherDate else (REFERENCES, gettext("Reference"))
        words = [self.said(shape, each) for shape, each in _given(record, value) if shape.name != "qualifier"]
        return Pair(coded(names, str(value.get("qualifier", "")), kind), ", ".join(words))

    def block(self, title: str, record: type, value: Json) -> Block:
        """Return a record that stands once: a party as an address, another one as its fields."""
        if issubclass(record, Party):
            return Block(title, lines=party_lines(value))
        pairs = [
            pair
            for shape, each in _given(record, value)
            if shape.record is None
            for pair in self.scalar_pairs(record, shape, each, value)
        ]
        return Block(title, pairs=pairs)

    def table(self, shape: FieldShape, rows: Sequence[Json]) -> Table:
        """Return a list of records: what most have in columns, the rest beneath each row."""
        record = shape.record or str
        shown = list(rows[:MOST_ROWS])
        columns = self.columns(record, shown)
        made = [
            Row(
                [
                    Cell(
                        self.said(each, row[each.name], in_table=True) if each.name in row else "",
                        is_number(each),
                    )
                    for each in columns
                ],
                self.notes(record, row, {each.name for each in columns}),
            )
            for row in shown
        ]
        title = label(shape.name)
        if len(rows) > MOST_ROWS:
            title = gettext("%(title)s: the first %(most)s of %(count)s; the raw X12 has them all") % {
                "title": title,
                "most": f"{MOST_ROWS:,}",
                "count": f"{len(rows):,}",
            }
        return Table(
            title, [Column(label(each.name), is_number(each), each.meaning) for each in columns], made
        )

    def columns(self, record: type, rows: Sequence[Json]) -> list[FieldShape]:
        """Return the scalar fields that get a column: the usual ones, then those that most rows have."""
        counts = {
            shape.name: sum(shape.name in row for row in rows)
            for shape in shape_of(record).values()
            if shape.record is None
            and not shape.many
            and (shape.name in _COLUMNS_BY_CODE or not shape.name.endswith(_SELDOM_COLUMNS))
        }
        usual = [name for name in _FIRST_COLUMNS if counts.get(name)][:_MOST_COLUMNS]
        others = [name for name, count in counts.items() if name not in usual and 2 * count >= len(rows)]
        room = _WIDEST - sum(map(_width, usual))
        for name in others[: _MOST_COLUMNS - len(usual)]:
            room -= _width(name)
            if room >= 0:
                usual.append(name)
        return [shape_of(record)[name] for name in usual]

    def notes(self, record: type, row: Json, told: set[str]) -> list[str]:
        """Return what a row says beside its columns: single values together, then each entry of its lists."""
        notes = []
        rest = {name: each for name, each in row.items() if name not in told}
        singles = [
            f"{label(shape.name)}: {self.said(shape, each)}{self.unit_of(record, shape, row)}"
            for shape, each in _given(record, rest)
            if shape.record is None and not shape.many and not self.is_told_unit(record, shape, rest)
        ]
        if singles:
            notes.append("; ".join(singles))
        for shape, value in _given(record, rest):
            if shape.record is None and not shape.many:
                continue
            notes.extend(self.list_notes(shape, value if shape.many else [value]))
        return notes

    def is_told_unit(self, record: type, shape: FieldShape, of: Json) -> bool:
        """Whether the field is the unit of a number that stands in the same record."""
        return any(_unit_name(record, each) == shape.name for each in of)

    def is_told_elsewhere(self, record: type, shape: FieldShape, of: Json) -> bool:
        """Whether another field says this one too: a number its unit, a date its kind."""
        return self.is_told_unit(record, shape, of) or (shape.name == "date_kind" and "date" in of)

    def list_notes(self, shape: FieldShape, values: Sequence[Any]) -> list[str]:
        """Return the entries of a list as sentences; many short ones, such as stores, in one."""
        title = singular(shape.name)
        shown = values[:_MOST_SAID]
        if shape.record is None:
            texts = [value_words(shape, each) for each in shown]
        else:
            texts = [self.sentence(shape.record, each) for each in shown]
        if len(values) > len(shown):
            texts.append(gettext("and %(count)s more") % {"count": f"{len(values) - len(shown):,}"})
        together = (
            shape.record is not None
            and len(shape_of(shape.record)) == 2
            and shape.record not in _NAMED_BY_CODE
        )
        return [f"{title}: {'; '.join(texts)}"] if together else [f"{title}: {text}" for text in texts]

    def sentence(self, record: type, value: Json) -> str:
        """Return a small record in one line: ``Backordered, 6 each, ships on 24 Nov 2026``."""
        if issubclass(record, Party):
            role = f"{coded(ROLES, value['role'])}: " if value.get("role") else ""
            return role + ", ".join(party_lines(value))
        if record is Contact:
            return ", ".join(str(each) for _, each in _given(record, value))
        if record in _NAMED_BY_CODE:
            pair = self.pair_by_code(record, value)
            return f"{pair.label.removeprefix('Reference ').removeprefix('Date ')} {pair.words}"
        given = _given(record, value)
        first = [self.said(shape, each).lower() for shape, each in given if shape.words]
        rest = [
            self.phrase(record, shape, each, value)
            for shape, each in given
            if not shape.words and not self.is_told_elsewhere(record, shape, value)
        ]
        text = (": " if len(shape_of(record)) == 2 else ", ").join(part for part in first + rest if part)
        return text[:1].upper() + text[1:]

    def phrase(self, record: type, shape: FieldShape, value: Any, of: Json) -> str:
        """Return one field within a sentence: ``ships on 24 Nov 2026``."""
        if shape.record is not None or shape.many:
            notes = self.list_notes(shape, value if shape.many else [value])
            return "; ".join(f"{each[:1].lower()}{each[1:]}" for each in notes)
        words = self.said(shape, value)
        if has_words(shape):
            words = words.lower()
        words += self.unit_of(record, shape, of)
        if shape.name in ("quantity", "text", "description", "location"):
            return words
        name = (
            coded(DATES, of["date_kind"], gettext("Date"))
            if shape.name == "date" and "date_kind" in of
            else label(shape.name)
        )
        return f"{name[0].lower() if name[1:2].islower() else name[0]}{name[1:]} {words}"


def _given(record: type, value: Json) -> list[tuple[FieldShape, Any]]:
    """Return the fields of the record that stand in ``value``, with their values, in the record's order."""
    return [
        (shape, value[name])
        for name, shape in shape_of(record).items()
        if name in value and value[name] != []
    ]


def _width(name: str) -> int:
    return max(len(label(name)), 8) + 3


def _unit_name(record: type, name: str) -> str:
    """Return the field that holds the unit of the number ``name``, "" where none does."""
    shapes = shape_of(record)
    units = (
        ("unit",)
        if name in ("quantity", "left_to_receive")
        else (f"{name}_unit", f"{name.removesuffix('_quantity')}_unit")
    )
    return next((unit for unit in units if name in shapes and is_number(shapes[name]) and unit in shapes), "")


def party_lines(party: Json) -> list[str]:
    """Return a party as the lines of an address, its number and its contact beneath."""
    place = " ".join(part for part in (party.get("state"), party.get("postal_code")) if part)
    city = ", ".join(part for part in (party.get("city"), place) if part)
    lines = [party.get("name"), party.get("name_2"), party.get("name_3"), *party.get("address_lines", ())]
    lines += [city, party.get("country")]
    if party.get("id") or party.get("id_kind"):
        kind = f"(kind {party['id_kind']})" if party.get("id_kind") else ""
        lines.append(" ".join(part for part in ("ID", party.get("id"), kind) if part))
    contact = party.get("contact") or {}
    lines += [contact.get("name"), contact.get("phone"), contact.get("email")]
    if contact.get("fax"):
        lines.append(gettext("Fax %(contact)s") % {"contact": contact["fax"]})
    return [str(line) for line in lines if line]

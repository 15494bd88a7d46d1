"""Plain stock files (CSV): which column holds what, and how a file is read line by line.

A mapping is flat, text to text, as people enter it: ``files = stock*.csv``, ``quantity = On hand``. A column is named as in
the file's first line, or by its number from 1 where the file has no such line.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time
from decimal import Decimal, InvalidOperation
from fnmatch import fnmatchcase
from io import BytesIO, TextIOWrapper
from typing import Any
from zoneinfo import ZoneInfo

from integration.matching.stock_feed import LARGEST, LONGEST_LEAD, ItemSaid

ITEMS = ("sku", "vendor_item", "upc")
COLUMNS: dict[str, str] = {
    "sku": "our SKU",
    "vendor_item": "the supplier's number of the item",
    "upc": "its UPC",
    "quantity": "how many can be sold",
    "unit": "the unit that is counted in; without one, as the item of the agreement says",
    "warehouse": "where they stand",
    "as_of": "when they were counted",
    "expected_on": "when more comes",
    "expected_quantity": "how many then",
    "lead_days": "how many days an order takes",
    "minimum": "smallest quantity of an order",
    "maximum": "largest quantity of an order",
    "allocation": "no more than so many are ours",
    "available_from": "not for sale before",
    "discontinued": "from when it is not made any more, or yes",
}
SETTINGS: dict[str, str] = {
    "files": "which files it is for, such as stock*.csv",
    "separator": "between the columns: , or ; or tab or | (a comma, unless said)",
    "encoding": "utf-8 or latin-1",
    "first_line": "names, or data where the file has no line of names",
    "decimal": ". or ,",
    "dates": "such as %Y-%m-%d or %m/%d/%Y",
    "way": "whole, changes or movements",
}
WAYS = ("whole", "changes", "movements")
SEPARATORS = {",": ",", ";": ";", "tab": "\t", "|": "|"}
MOST_COLUMNS = 500
LONGEST_VALUE = 200
_NUMBER = re.compile(r"-?[0-9]+(\.[0-9]+)?")
_YES, _NO = (
    frozenset({"yes", "y", "true", "1", "x", "discontinued"}),
    frozenset({"", "no", "n", "false", "0"}),
)


class NotReadable(Exception):
    """Nothing of a file can be read; ``str()`` is a sentence."""


def mapping_problem(mapping: Mapping[str, Any]) -> str:
    """Return what is wrong with a mapping of columns, as a sentence; "" where it can be used or is empty."""
    if not mapping:
        return ""
    known = {**SETTINGS, **COLUMNS}
    for name, value in mapping.items():
        if name not in known:
            return f"“{name}” is no name here. Names are: {', '.join(known)}."
        if not isinstance(value, str) or not value.strip():
            return f"Say what “{name}” is: {known[name]}."
    checks = (
        ("files" in mapping, "Say which files it is for: files = stock*.csv."),
        (any(each in mapping for each in ITEMS), f"Say which column names the item: {', '.join(ITEMS)}."),
        ("quantity" in mapping, "Say which column holds the quantity."),
        (mapping.get("separator", ",") in SEPARATORS, "The separator is , or ; or tab or |."),
        (mapping.get("encoding", "utf-8") in ("utf-8", "latin-1"), "The encoding is utf-8 or latin-1."),
        (mapping.get("first_line", "names") in ("names", "data"), "The first line holds names or data."),
        (mapping.get("decimal", ".") in (".", ","), "The decimal sign is . or ,."),
        (mapping.get("way", "whole") in WAYS, f"The way is one of {', '.join(WAYS)}."),
        (_dates_work(mapping.get("dates", "%Y-%m-%d")), "The form of dates needs %Y, %m and %d."),
    )
    for good, sentence in checks:
        if not good:
            return sentence
    if mapping.get("first_line") == "data":
        numbers = [value for name, value in mapping.items() if name in COLUMNS]
        if not all(re.fullmatch("[1-9][0-9]{0,2}", each) for each in numbers):
            return "Without a line of names, columns are numbers from 1."
    return ""


def _dates_work(form: str) -> bool:
    try:
        day = date(2026, 1, 31)
        return datetime.strptime(day.strftime(form), form).replace(tzinfo=UTC).date() == day
    except ValueError:
        return False


def is_for(mapping: Mapping[str, str], name: str) -> bool:
    """Say whether the mapping is for files of that name."""
    return (
        bool(mapping) and not mapping_problem(mapping) and fnmatchcase(name.lower(), mapping["files"].lower())
    )


def rows_of(data: bytes, mapping: Mapping[str, str], zone: ZoneInfo) -> Iterator[ItemSaid]:
    """Yield what each line of a file says; a line that cannot be read has a ``problem``. Times are of ``zone``.

    Raises ``NotReadable`` before the first, where the file is no such table.
    """
    encoding = mapping.get("encoding", "utf-8")
    text = TextIOWrapper(BytesIO(data), encoding="utf-8-sig" if encoding == "utf-8" else encoding, newline="")
    reader = csv.reader(text, delimiter=SEPARATORS[mapping.get("separator", ",")])
    try:
        first = next(reader, None)
        if first is None:
            return iter(())
        names = first if mapping.get("first_line", "names") == "names" else None
        places = _places(mapping, names)
        head = () if names is not None else (first,)
    except (csv.Error, UnicodeDecodeError) as error:
        raise NotReadable(f"It is no table of text: {error}.") from error
    return _rows(head, reader, _Reading(mapping, places, len(first), zone))


def _places(mapping: Mapping[str, str], names: list[str] | None) -> dict[str, int]:
    """Return in which column, from 0, each field stands."""
    wanted = {name: mapping[name] for name in COLUMNS if name in mapping}
    if names is None:
        return {name: int(value) - 1 for name, value in wanted.items()}
    called = {
        each.strip().casefold(): place for place, each in reversed(list(enumerate(names[:MOST_COLUMNS])))
    }
    missing = [value for value in wanted.values() if value.strip().casefold() not in called]
    if missing:
        shown = ", ".join(each.strip() for each in names[:20])[:200]
        raise NotReadable(f"It has no column “{missing[0]}”. Its first line reads: {shown}.")
    return {name: called[value.strip().casefold()] for name, value in wanted.items()}


def _rows(head: tuple[list[str], ...], reader: Iterator[list[str]], reading: _Reading) -> Iterator[ItemSaid]:
    number = 0
    for row in head:
        number += 1
        yield reading.said(number, row)
    while True:
        try:
            row = next(reader)
        except StopIteration:
            return
        except (csv.Error, UnicodeDecodeError) as error:
            # What follows a broken place cannot be told apart from it.
            yield ItemSaid(number + 1, problem=f"The file breaks off here: {error}."[:LONGEST_VALUE])
            return
        if any(each.strip() for each in row):
            number += 1
            yield reading.said(number, row)


@dataclass(frozen=True)
class _Reading:
    mapping: Mapping[str, str]
    places: Mapping[str, int]
    width: int
    zone: ZoneInfo

    def said(self, number: int, row: list[str]) -> ItemSaid:
        values = {name: row[place].strip() if place < len(row) else "" for name, place in self.places.items()}
        numbers = tuple(values.get(name, "")[:100] for name in ITEMS)
        made = ItemSaid(number, (numbers[0], numbers[1], numbers[2]), values.get("warehouse", "")[:80])
        if len(row) < self.width and max(self.places.values()) >= len(row):
            return replace(made, problem=f"It has {len(row)} columns of {self.width}: the line is cut off.")
        if not any(numbers):
            return replace(made, problem="It names no item.")
        try:
            return self._filled(made, values)
        except ValueError as error:
            return replace(made, problem=f"{error}"[:LONGEST_VALUE])

    def _filled(self, made: ItemSaid, values: Mapping[str, str]) -> ItemSaid:
        readers: dict[str, Callable[[str, str], Any]] = {
            **dict.fromkeys(
                ("quantity", "expected_quantity", "minimum", "maximum", "allocation"), self._number
            ),
            **dict.fromkeys(("expected_on", "available_from"), self._day),
            "lead_days": self._days,
            "as_of": self._moment,
        }
        found = {name: read(name, values[name]) for name, read in readers.items() if values.get(name)}
        discontinued = values.get("discontinued", "")
        if discontinued.casefold() in _YES:
            found["discontinued_on"] = date.min
        elif discontinued.casefold() not in _NO:
            found["discontinued_on"] = self._day("discontinued", discontinued)
        return replace(made, unit=values.get("unit", "")[:20].casefold(), **found)

    def _number(self, name: str, text: str) -> Decimal:
        plain = text.replace(" ", "").replace("\u00a0", "")
        if self.mapping.get("decimal", ".") == ",":
            plain = plain.replace(".", "").replace(",", ".")
        else:
            plain = plain.replace(",", "")
        if not _NUMBER.fullmatch(plain):
            raise ValueError(f"Its {name.replace('_', ' ')} “{text[:30]}” is no number.")
        try:
            value = Decimal(plain)
        except InvalidOperation as error:
            raise ValueError(f"Its {name.replace('_', ' ')} is no number.") from error
        if abs(value) >= LARGEST:
            raise ValueError(f"Its {name.replace('_', ' ')} {plain[:30]} is more than any stock.")
        return value

    def _day(self, name: str, text: str) -> date:
        form = self.mapping.get("dates", "%Y-%m-%d")
        try:
            return datetime.strptime(text, form).replace(tzinfo=UTC).date()
        except ValueError as error:
            raise ValueError(
                f"Its {name.replace('_', ' ')} “{text[:30]}” is no date as {form} writes one."
            ) from error

    def _days(self, name: str, text: str) -> int:
        value = self._number(name, text)
        if not 0 <= value <= LONGEST_LEAD:
            raise ValueError(f"Its lead days {text[:30]} are no number of days.")
        return int(value.to_integral_value())

    def _moment(self, name: str, text: str) -> datetime:
        form = self.mapping.get("dates", "%Y-%m-%d")
        for each in (f"{form} %H:%M:%S", f"{form} %H:%M", f"{form}T%H:%M:%S"):
            try:
                return datetime.strptime(text, each).replace(tzinfo=self.zone).astimezone(UTC)
            except ValueError:
                continue
        return datetime.combine(self._day(name, text), time(), self.zone).astimezone(UTC)

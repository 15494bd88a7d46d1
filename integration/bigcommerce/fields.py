"""Fields of the store's answers, read one by one; an error names the field and what it belongs to.

Facts (published ``orders.v2`` description and real answers): V2 money is text with four decimals and V3 money a
number, dates are RFC 2822 in UTC, an empty text or ``null`` stands for "none", and new fields may come at any time.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from decimal import Decimal
from email.utils import parsedate_to_datetime
from typing import Any, TypeVar

from integration.errors import PermanentError

T = TypeVar("T")

# Python's own int() and Decimal() take underscores, blanks and foreign digits; the store writes none of these.
_WHOLE = re.compile(r"-?[0-9]{1,18}")
_AMOUNT = re.compile(r"-?[0-9]{1,15}(\.[0-9]{1,10})?")
# PostgreSQL keeps neither NUL nor half a surrogate pair; JSON may spell both.
_UNSTORABLE = re.compile("[\0\ud800-\udfff]")


class BrokenAnswer(PermanentError):
    """A field that we need is missing, or is not what the API describes."""


class Fields:
    """One object of an answer; ``where`` says which for people: ``order 1042``.

    Each reader raises ``BrokenAnswer`` where the field is not of its kind, and, without ``default``, where it is
    missing, ``null`` or empty.
    """

    def __init__(self, data: object, where: str) -> None:
        self.where = where
        if not isinstance(data, Mapping):
            raise BrokenAnswer(f"The store's answer for {where} is not an object. It was not used.")
        self._data: Mapping[str, Any] = data

    def whole(self, name: str, default: int | None = None) -> int:
        """Return a whole number."""
        return self._read(name, _whole, default)

    def wholes(self, name: str) -> tuple[int, ...]:
        """Return the whole numbers of a list; none where there is no list."""
        return self._read(name, _wholes, ())

    def money(self, name: str, default: Decimal | None = None) -> Decimal:
        """Return an amount, exactly as written."""
        return self._read(name, _money, default)

    def money_or_none(self, name: str) -> Decimal | None:
        """Return an amount, or nothing where none is told, which is not the same as 0."""
        return self.money(name) if self._data.get(name) not in (None, "") else None

    def moment(self, name: str) -> datetime:
        """Return a date and time, aware, in UTC."""
        return self._read(name, _moment, None)

    def moment_or_none(self, name: str) -> datetime | None:
        """Return a date and time, or nothing for one that has not come yet."""
        return self.moment(name) if self._data.get(name) not in (None, "") else None

    def text(self, name: str) -> str:
        """Return a text, ``""`` where there is none; numbers are taken as they are written."""
        return self._read(name, _text, "")

    def exact_text(self, name: str) -> str:
        """Return a text with all that the database would not keep: for what is written back and never stored."""
        return self._read(name, _exact_text, "")

    def words(self, name: str) -> str:
        """Return a text, or the texts of a list with commas between, as form fields of several choices have."""
        several = self._data.get(name)
        return self._read(name, _words if isinstance(several, list) else _text, "")

    def flag(self, name: str) -> bool:
        """Return yes or no; no where it is not said."""
        return self._read(name, _flag, False)

    def part(self, name: str) -> Fields:
        """Return the object inside; one without fields where there is none."""
        inner = self._data.get(name)
        return Fields({} if inner is None or inner == [] else inner, f"{name} of {self.where}")

    def parts(self, name: str) -> list[Fields]:
        """Return the objects of a list; none where there is no list."""
        inner = self._data.get(name)
        if inner in (None, ""):
            return []
        if not isinstance(inner, list):
            raise self._broken(name)
        return [Fields(each, f"{name} of {self.where}") for each in inner]

    def lists(self, name: str) -> list[list[Fields]]:
        """Return the objects of a list of lists; none where there is no list."""
        inner = self._data.get(name)
        if inner in (None, ""):
            return []
        if not isinstance(inner, list) or not all(isinstance(each, list) for each in inner):
            raise self._broken(name)
        return [[Fields(each, f"{name} of {self.where}") for each in several] for several in inner]

    def _read(self, name: str, convert: Callable[[Any], T], default: T | None) -> T:
        value = self._data.get(name)
        if default is not None and (value is None or value == ""):
            return default
        try:
            return convert(value)
        except (TypeError, ValueError) as error:
            raise self._broken(name) from error

    def _broken(self, name: str) -> BrokenAnswer:
        held = f"{str(self._data[name])[:40]!r}" if name in self._data else "nothing"
        return BrokenAnswer(
            f"The store's answer for {self.where} holds {held} where {name} belongs. It was not used; tell the"
            " developers if it goes on."
        )


def _whole(value: Any) -> int:
    if not _WHOLE.fullmatch(_digits(value)):
        raise ValueError
    return int(value)


def _wholes(value: Any) -> tuple[int, ...]:
    if not isinstance(value, list):
        raise TypeError
    return tuple(_whole(each) for each in value)


def _money(value: Any) -> Decimal:
    written = _digits(value)
    if not _AMOUNT.fullmatch(written):
        raise ValueError
    return Decimal(written)


def _digits(value: Any) -> str:
    if isinstance(value, bool) or not isinstance(value, str | int | Decimal):
        raise TypeError
    if isinstance(value, Decimal):
        if abs(value.adjusted()) > 20:
            raise ValueError
        return format(value, "f")
    return str(value)


def _moment(value: Any) -> datetime:
    if not isinstance(value, str):
        raise TypeError
    try:
        found = parsedate_to_datetime(value)
    except ValueError:
        found = datetime.fromisoformat(value)
    # "-0000" is read without a zone: it is UTC all the same (RFC 2822 3.3).
    return found.replace(tzinfo=UTC) if found.tzinfo is None else found.astimezone(UTC)


def _text(value: Any) -> str:
    return _UNSTORABLE.sub("\ufffd", _exact_text(value))


def _exact_text(value: Any) -> str:
    if isinstance(value, bool) or not isinstance(value, str | int | Decimal):
        raise TypeError
    return str(value)


def _words(value: Any) -> str:
    return ", ".join(_text(each) for each in value)


def _flag(value: Any) -> bool:
    try:
        return {"true": True, "1": True, "false": False, "0": False}[str(value).lower()]
    except KeyError:
        raise ValueError from None

"""The named transforms of the mapping language: how a canonical value stands in an element, and back.

A transform is exact or its loss is declared here and followed by ``normal.py``: text loses trailing blanks, upper
and strip what they say, times what is finer than they write. Reading takes more than writing gives: dates of six
or eight digits, times of four to eight, numbers such as ``.5``. Only numbers, dates and times can fail to read.
"""

from __future__ import annotations

import datetime
import re
from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, ClassVar, Final

from partners.mapping.codes import HELD, CodeTables


class WrongValue(ValueError):
    """A value that the transform cannot take; ``str()`` says what was expected and what came."""


class Untranslated(ValueError):
    """A word or code without an entry in its list."""

    def __init__(self, code_list: str, text: str) -> None:
        self.code_list = code_list
        self.text = text
        super().__init__(f"code list {code_list} has no entry for {text!r}")


# What reading leaves out is told to this: the transform has no place to report to.
Dropped = Callable[[str], None]


class Transform(ABC):
    """One named transform. ``scalar`` is the type of the canonical value, ``elements`` the kinds it may stand in."""

    name: str
    scalar: ClassVar[type] = str
    elements: ClassVar[frozenset[str]] = frozenset({"AN", "ID"})

    @abstractmethod
    def write(self, value: Any, codes: CodeTables) -> str:
        """The element's text. Raises WrongValue or Untranslated."""

    @abstractmethod
    def read(self, text: str, codes: CodeTables, dropped: Dropped) -> Any:
        """The canonical value of an element's text, never "". Raises WrongValue or Untranslated."""


@dataclass(frozen=True, slots=True)
class Text(Transform):
    """Text as it is, or changed the same way in both directions."""

    name: str
    change: Callable[[str], str]

    def write(self, value: Any, codes: CodeTables) -> str:
        return self.change(value)

    def read(self, text: str, codes: CodeTables, dropped: Dropped) -> Any:
        return self.change(text)


@dataclass(frozen=True, slots=True)
class Code(Transform):
    """``code:units``: a word of ours for a code of theirs; ``hold`` keeps what has no entry as ``?ZZ``."""

    name: str
    code_list: str

    def write(self, value: Any, codes: CodeTables) -> str:
        word = value.rstrip(" ")
        if word in codes.codes[self.code_list]:
            return codes.codes[self.code_list][word]
        if word.startswith(HELD) and word != HELD:
            return str(word.removeprefix(HELD))
        if word:
            raise Untranslated(self.code_list, word)
        return ""

    def read(self, text: str, codes: CodeTables, dropped: Dropped) -> Any:
        if text not in codes.words[self.code_list]:
            raise Untranslated(self.code_list, text)
        return codes.words[self.code_list][text]


_NUMBER = re.compile(r"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)")
# As nearly all are: 12, 9.95.
is_short_number: Final = re.compile(r"[0-9]{1,9}(?:\.[0-9]{1,4})?").fullmatch
_WHOLE = re.compile(r"[+-]?[0-9]+")
# No number element of the standard is longer than 18 digits; longer ones need not be spelled out to be refused.
_LONGEST = 40
_SHORT = 18


def read_number(text: str) -> Decimal | None:
    """The number in an element (``4.50``, ``.5``, ``-3``), or None. Decimal() itself takes far more: exponents,
    underscores, the digits of every script."""
    return Decimal(text) if _NUMBER.fullmatch(text) and len(text) <= _LONGEST else None


def shifted(value: Decimal, places: int) -> Decimal:
    """The value times ten to the power of ``places``, exactly: a Decimal context would round at 28 digits."""
    sign, digits, exponent = value.as_tuple()
    if not isinstance(exponent, int):
        raise WrongValue(f"a number expected, got {value}")
    return Decimal((sign, digits, exponent + places))


def _plain(value: Decimal) -> str:
    _, digits, exponent = value.as_tuple()
    if not isinstance(exponent, int):
        raise WrongValue(f"a number expected, got {value}")
    if len(digits) + abs(exponent) > _LONGEST:
        raise WrongValue(f"{value} has too many digits")
    return f"{value or value.copy_abs():f}"


@dataclass(frozen=True, slots=True)
class Number(Transform):
    """A number with its decimal point; ``shift`` 2 writes 0.05 as 5, which is ``percent``."""

    name: str
    shift: int = 0

    scalar: ClassVar[type] = Decimal
    elements: ClassVar[frozenset[str]] = frozenset({"R", "AN"})

    def write(self, value: Any, codes: CodeTables) -> str:
        if not self.shift and value:
            # Most numbers are short and need none of the care for zeros, infinities and millions of digits.
            text = str(value)
            if len(text) <= _SHORT and text.replace(".", "", 1).isdecimal():
                return text
        return _plain(shifted(value, self.shift))

    def read(self, text: str, codes: CodeTables, dropped: Dropped) -> Any:
        number = read_number(text)
        if number is None:
            raise WrongValue(f"a number expected, got {text!r}")
        return shifted(number, -self.shift) if self.shift else number


@dataclass(frozen=True, slots=True)
class Implied(Transform):
    """``n2``: a number whose last digits are decimals without a point: 288.00 is 28800. More decimals are refused."""

    name: str
    places: int

    scalar: ClassVar[type] = Decimal
    elements: ClassVar[frozenset[str]] = frozenset({"N0", "N1", "N2", "N3", "N4"})

    def write(self, value: Any, codes: CodeTables) -> str:
        plain = _plain(shifted(value, self.places))
        whole, _, decimals = plain.partition(".")
        if decimals.strip("0"):
            raise WrongValue(f"at most {self.places} decimals fit, got {value}")
        return whole

    def read(self, text: str, codes: CodeTables, dropped: Dropped) -> Any:
        if not _WHOLE.fullmatch(text) or len(text) > _LONGEST:
            raise WrongValue(f"a number without a decimal point expected, got {text!r}")
        return shifted(Decimal(text), -self.places)


@dataclass(frozen=True, slots=True)
class Integer(Transform):
    """A whole number."""

    name: str = "integer"

    scalar: ClassVar[type] = int
    elements: ClassVar[frozenset[str]] = frozenset({"N0", "R", "AN"})

    def write(self, value: Any, codes: CodeTables) -> str:
        return str(value)

    def read(self, text: str, codes: CodeTables, dropped: Dropped) -> Any:
        if not _WHOLE.fullmatch(text) or len(text) > _LONGEST:
            raise WrongValue(f"a whole number expected, got {text!r}")
        return int(text)


# Six digits cannot say the century: 70 to 99 are 1970 to 1999, 00 to 69 are 2000 to 2069.
FIRST_YEAR: Final = 1970
LAST_YEAR: Final = 2069


@dataclass(frozen=True, slots=True)
class Date(Transform):
    """A date of eight (CCYYMMDD) or six (YYMMDD) digits."""

    name: str
    digits: int

    scalar: ClassVar[type] = datetime.date
    elements: ClassVar[frozenset[str]] = frozenset({"DT", "AN"})

    def write(self, value: Any, codes: CodeTables) -> str:
        text = str(value.isoformat().replace("-", ""))
        if self.digits == 6 and not FIRST_YEAR <= value.year <= LAST_YEAR:
            raise WrongValue(f"a date from {FIRST_YEAR} to {LAST_YEAR} expected, got {value}")
        return text[-self.digits :]

    def read(self, text: str, codes: CodeTables, dropped: Dropped) -> Any:
        full = text
        if len(text) == 6:
            full = ("19" if text[:2] >= str(FIRST_YEAR % 100) else "20") + text
        try:
            if not re.fullmatch(r"[0-9]{8}", full):
                raise ValueError(text)
            return datetime.date(int(full[:4]), int(full[4:6]), int(full[6:]))
        except ValueError as error:
            raise WrongValue(f"a date such as 20260131 expected, got {text!r}") from error


@dataclass(frozen=True, slots=True)
class Time(Transform):
    """A time of four (HHMM) or six (HHMMSS) digits; what is finer is lost, and reported where it was read."""

    name: str
    digits: int

    scalar: ClassVar[type] = datetime.time
    elements: ClassVar[frozenset[str]] = frozenset({"TM", "AN"})

    def write(self, value: Any, codes: CodeTables) -> str:
        if value.tzinfo is not None:
            raise WrongValue(f"a time without a zone expected, got {value}")
        return f"{value.hour:02}{value.minute:02}{value.second:02}"[: self.digits]

    def read(self, text: str, codes: CodeTables, dropped: Dropped) -> Any:
        try:
            if not re.fullmatch(r"[0-9]{4}([0-9]{2}){0,2}|[0-9]{7}", text):
                raise ValueError(text)
            full = text.ljust(8, "0")
            hour, minute, second = int(full[:2]), int(full[2:4]), int(full[4:6])
            value = datetime.time(hour, minute, second if self.digits == 6 else 0)
        except ValueError as error:
            raise WrongValue(f"a time such as 1430 expected, got {text!r}") from error
        if text[self.digits :].strip("0"):
            dropped(text[self.digits :])
        return value


@dataclass(frozen=True, slots=True)
class SerialCode(Transform):
    """A serial shipping container code: 18 digits here, with its application identifier 00 before it on the wire."""

    name: str = "sscc"

    @staticmethod
    def are_plain(texts: Sequence[str]) -> bool:
        """Whether all are such codes, so that different ones are written differently."""
        digits = "".join(texts)
        return digits.isascii() and digits.isdecimal() and {*map(len, texts)} == {18}

    def write(self, value: Any, codes: CodeTables) -> str:
        text = _trimmed(value)
        return f"00{text}" if _SERIAL.fullmatch(text) else text

    def read(self, text: str, codes: CodeTables, dropped: Dropped) -> Any:
        return text[2:] if text.startswith("00") and _SERIAL.fullmatch(text[2:]) else text


_SERIAL = re.compile(r"[0-9]{18}")


def _trimmed(text: str) -> str:
    return text.rstrip(" ")


PLAIN_TEXT: Final = Text("text", _trimmed)
PLAIN_NUMBER: Final = Number("decimal")
_NAMED: Final[dict[str, Transform]] = {
    each.name: each
    for each in (
        PLAIN_TEXT,
        Text("upper", lambda text: text.rstrip(" ").upper()),
        Text("strip", lambda text: text.strip(" ")),
        PLAIN_NUMBER,
        Number("percent", 2),
        Integer(),
        *(Implied(f"n{places}", places) for places in range(5)),
        Date("date8", 8),
        Date("date6", 6),
        Time("time4", 4),
        Time("time6", 6),
        SerialCode(),
    )
}


def find_transform(name: str) -> Transform | None:
    """The transform of that name; ``code:units`` is made for the list that it names; None where there is none."""
    if name.startswith("code:"):
        return Code(name, name.removeprefix("code:"))
    return _NAMED.get(name)


def transform_names() -> tuple[str, ...]:
    """The names that a guide may use, ``code:LIST`` last."""
    return (*_NAMED, "code:LIST")

"""Values that a client sends, in queries and in bodies. Each reader raises ``ValueError`` with the reason."""

from __future__ import annotations

import re
from collections.abc import Callable
from decimal import Decimal
from typing import Any

from integration.simulators.store.dates import moment, v2_date

Reader = Callable[[Any], Any]

_WHOLE = re.compile(r"[0-9]{1,18}")
_AMOUNT = re.compile(r"[0-9]{1,15}(\.[0-9]{1,10})?")
_FLAGS = {"true": True, "1": True, "false": False, "0": False}


def is_whole(value: Any) -> bool:
    """Say whether a value of JSON is a whole number."""
    return isinstance(value, int) and not isinstance(value, bool)


def is_number(value: Any) -> bool:
    """Say whether a value of JSON is a number."""
    return isinstance(value, int | float) and not isinstance(value, bool)


def whole_text(text: str) -> int:
    """Read a whole number of a query, 0 or more."""
    if not _WHOLE.fullmatch(text):
        raise ValueError("A whole number is expected.")
    return int(text)


def counting_text(text: str) -> int:
    """Read a whole number of a query, 1 or more."""
    number = whole_text(text)
    if number < 1:
        raise ValueError("The smallest value is 1.")
    return number


def amount_text(text: str) -> Decimal:
    """Read an amount of a query."""
    if not _AMOUNT.fullmatch(text):
        raise ValueError("An amount is expected.")
    return Decimal(text)


def flag_text(text: str) -> bool:
    """Read a yes or no of a query."""
    if text not in _FLAGS:
        raise ValueError("true or false is expected.")
    return _FLAGS[text]


def whole(value: Any) -> int:
    """Read a whole number of a body, 0 or more."""
    if isinstance(value, bool) or not isinstance(value, int) or value < 0:
        raise ValueError("A whole number is expected.")
    return value


def money(value: Any) -> str:
    """Read an amount of a body, a number or text, and return it as V2 keeps it: text with four decimals."""
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        raise ValueError("An amount is expected.")
    return f"{amount_text(str(value)):.4f}"


def flag(value: Any) -> bool:
    """Read a yes or no of a body."""
    if not isinstance(value, bool):
        raise ValueError("true or false is expected.")
    return value


def date(value: Any) -> str:
    """Read a date of a body and return it as V2 keeps it."""
    if not isinstance(value, str):
        raise ValueError("A date is expected.")
    return v2_date(moment(value).timestamp())


def text(longest: int, *, shortest: int = 0) -> Reader:
    """Return a reader of text that is so long."""

    def read(value: Any) -> str:
        if not isinstance(value, str):
            raise ValueError("Text is expected.")
        if not shortest <= len(value) <= longest:
            raise ValueError(f"Text of {shortest} to {longest} characters is expected.")
        return value

    return read


def text_or_number(value: Any) -> str | int | float:
    """Read what is text or a number."""
    if isinstance(value, int | float) and not isinstance(value, bool):
        return value
    found: str = text(255)(value)
    return found


def nothing_or(read: Reader) -> Reader:
    """Return a reader that also takes ``null``."""
    return lambda value: None if value is None else read(value)


def one_of(*choices: Any) -> Reader:
    """Return a reader of one of these values."""

    def read(value: Any) -> Any:
        if isinstance(value, bool) or value not in choices:
            raise ValueError(f"One of these is expected: {', '.join(map(str, choices))}.")
        # Of 9 and 9.0, which are equal, the one that the API writes.
        return choices[choices.index(value)]

    return read

"""What the text of one element may be: types, lengths, codes, syntax notes. Decides nothing about severity.

Numbers (N0 to N9, R) are plain decimal notation: an optional leading minus, ASCII digits, for R one decimal
point; no plus sign, no exponent, no grouping. Their lengths count digits only. Nothing here makes a float.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from functools import lru_cache

from integration.x12.tables import ElementTable, SyntaxNote

_INTEGER = re.compile(r"-?[0-9]+")
_DECIMAL = re.compile(r"-?(?:[0-9]+\.?[0-9]*|\.[0-9]+)")
_TIME = re.compile(r"(?:[01][0-9]|2[0-3])[0-5][0-9](?:[0-5][0-9][0-9]{0,2})?")
_DIGITS = re.compile(r"[0-9]+")
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f]")
_DAYS = (31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)


@lru_cache(maxsize=4096)
def is_date(text: str) -> bool:
    """Whether the text is a day of the calendar, as CCYYMMDD or YYMMDD (29 February in leap years only).

    In YYMMDD the year 00 is taken as 2000, a leap year.
    """
    if len(text) not in (6, 8) or not _DIGITS.fullmatch(text):
        return False
    year, month, day = int(text[:-4]), int(text[-4:-2]), int(text[-2:])
    if len(text) == 6:
        year += 2000
    if not (year and 1 <= month <= 12):
        return False
    leap = year % 4 == 0 and (year % 100 != 0 or year % 400 == 0)
    return 1 <= day <= _DAYS[month - 1] + (leap and month == 2)


def is_time(text: str) -> bool:
    """Whether the text is a time of day as HHMM, HHMMSS, HHMMSSD or HHMMSSDD."""
    return _TIME.fullmatch(text) is not None


def is_number(text: str, kind: str) -> bool:
    """Whether the text is a number of kind "R" (decimal point allowed) or "N0" to "N9" (none)."""
    return (_DECIMAL if kind == "R" else _INTEGER).fullmatch(text) is not None


def counted_length(text: str, kind: str) -> int:
    """The length that minimum and maximum speak of: digits only for numbers, else characters."""
    return len(text.replace("-", "").replace(".", "")) if kind == "R" or kind[0] == "N" else len(text)


def fault(text: str, table: ElementTable) -> tuple[str, str] | None:
    """What is wrong with the text of a filled, simple element: (AK403 code, words for people), or None."""
    kind = table.kind
    if kind == "DT":
        good = is_date(text) and table.min <= len(text) <= table.max
        return None if good else ("8", "is not a date")
    if kind == "TM":
        good = is_time(text) and table.min <= len(text) <= table.max
        return None if good else ("9", "is not a time")
    if kind == "R" or kind[0] == "N":
        if not is_number(text, kind):
            return "6", "is not a number" if kind == "R" else "is not a whole number in digits"
    elif _CONTROL.search(text):
        return "6", "holds a control character"
    elif table.codes is not None:
        return None if text in table.codes else ("7", "is not a known code")
    length = counted_length(text, kind)
    if length < table.min:
        return "4", f"has {length} characters, at least {table.min} are needed"
    if length > table.max:
        return "5", f"has {length} characters, at most {table.max} fit"
    return None


def accepts(table: ElementTable) -> Callable[[str], object]:
    """A quick test of the same rules: true for a good text and for an empty one, false where ``fault`` (or,
    for a filled composite, a look at its components) has to judge."""
    if table.kind == "C":
        return _is_empty
    if table.codes is not None:
        return (table.codes | {""}).__contains__
    if table.kind == "DT" and table.max == table.min == 8:
        return _is_empty_or_long_date
    not_blank = r"(?! *\Z)" if table.required else ""
    return re.compile(f"(?:{not_blank}{_pattern(table)})?").fullmatch


def _is_empty(text: str) -> bool:
    return not text


def _is_empty_or_long_date(text: str) -> bool:
    return not text or (len(text) == 8 and is_date(text))


# DT of other lengths gets a pattern that no text meets: rare, so the full look is quick enough.
def _pattern(table: ElementTable) -> str:
    size = f"{{{table.min},{table.max}}}"
    if table.kind == "R":
        return rf"-?(?![^.]*\.[^.]*\.)(?:\.?[0-9]){size}\.?"
    if table.kind[0] == "N":
        return f"-?[0-9]{size}"
    if table.kind == "TM":
        return f"(?=.{size}$){_TIME.pattern}"
    if table.kind == "DT":
        return r"(?!)"
    return rf"[^\x00-\x1f\x7f-\x9f]{size}"


def broken_notes(notes: Sequence[SyntaxNote], filled: Sequence[bool]) -> list[tuple[int, str, str]]:
    """Where elements (or components) break a syntax note: (position, AK403 code, words for people).

    ``filled[0]`` is position 1; positions behind the end are empty.
    """
    found: list[tuple[int, str, str]] = []
    for note in notes:
        here = [place for place in note.positions if place <= len(filled) and filled[place - 1]]
        found.extend(_NOTES[note.kind](note.positions, here))
    return found


def _paired(positions: Sequence[int], here: Sequence[int]) -> list[tuple[int, str, str]]:
    if not here:
        return []
    return [(each, "2", f"needed because {_list(here)} is there") for each in positions if each not in here]


def _at_least_one(positions: Sequence[int], here: Sequence[int]) -> list[tuple[int, str, str]]:
    return [] if here else [(positions[0], "2", f"at least one of {_list(positions)} is needed")]


def _at_most_one(positions: Sequence[int], here: Sequence[int]) -> list[tuple[int, str, str]]:
    if len(here) < 2:
        return []
    return [(each, "10", f"may not stand together with {_list(here[:1])}") for each in here[1:]]


def _needs_all(positions: Sequence[int], here: Sequence[int]) -> list[tuple[int, str, str]]:
    if positions[0] not in here:
        return []
    return [
        (each, "2", f"needed because {positions[0]} is there") for each in positions[1:] if each not in here
    ]


def _needs_one(positions: Sequence[int], here: Sequence[int]) -> list[tuple[int, str, str]]:
    if positions[0] not in here or len(here) > 1:
        return []
    words = f"at least one of {_list(positions[1:])} is needed because {positions[0]} is there"
    return [(positions[1], "2", words)]


_NOTES = {"P": _paired, "R": _at_least_one, "E": _at_most_one, "C": _needs_all, "L": _needs_one}


def _list(positions: Sequence[int]) -> str:
    return ", ".join(map(str, positions))

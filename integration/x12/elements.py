"""What the text of one element may be: types, lengths, codes, syntax notes. Decides nothing about severity.

Numbers (N0 to N9, R) are plain decimal notation: an optional leading minus, ASCII digits, for R one decimal
point; no plus sign, no exponent, no grouping. Their lengths count digits only. Nothing here makes a float.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
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


def good_text(table: ElementTable, barred: str = "") -> str:
    """A pattern of the same rules: a filled text meets it exactly where nothing is wrong with it, alone or before
    ``BEHIND``.

    ``barred`` is a character that no text may hold, so that it gets a full look: the repetition separator. Codes are not
    judged. Composites, dates that are not CCYYMMDD and numbers that could hold what is barred meet no pattern, rare
    as they are.
    """
    kind = table.kind
    size = f"{{{table.min},{table.max}}}"
    if kind == "R" or kind[0] == "N":
        if barred and barred in "-.":
            return _NEVER
        return f"-?[0-9]{size}" if kind != "R" else _decimal(table, size)
    if kind == "TM":
        return f"(?=[0-9]{size}{END}){_TIME.pattern}"
    if kind == "DT":
        return _LONG_DATE if table.min == table.max == 8 else _NEVER
    if kind == "C":
        return _NEVER
    not_blank = f"(?! *{END})" if table.required else ""
    return rf"{not_blank}[^\x00-\x1f\x7f-\x9f{re.escape(barred)}]{size}"


# What may stand behind a text that is looked at together with others.
BEHIND = "\x1d"
END = r"(?:\x1d|\Z)"
_NEVER = "(?!)"
_LONG_DATE = (
    "(?!0000)[0-9]{4}(?:(?:0[13578]|1[02])(?:0[1-9]|[12][0-9]|3[01])|(?:0[469]|11)(?:0[1-9]|[12][0-9]|30)"
    "|02(?:0[1-9]|1[0-9]|2[0-8]))"
    "|(?:[0-9]{2}(?:0[48]|[2468][048]|[13579][26])|(?:[02468][048]|[13579][26])00)(?<!0000)0229"
)


def _decimal(table: ElementTable, size: str) -> str:
    """Most numbers are short and plain, which is seen at once; the digits of others are counted around their point."""
    any_number = rf"-?(?![^.\x1d]*\.[^.\x1d]*\.)(?:\.?[0-9]){size}\.?"
    if table.min > 1 or table.max < 9:
        return any_number
    return rf"[0-9]{{1,{table.max - 4}}}(?:\.[0-9]{{1,4}})?(?={END})|{any_number}"


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

"""CSV files that a spreadsheet opens: the one place where they are written, and where a cell is kept from being a formula.

What a spreadsheet would take for a formula gets an apostrophe in front, and so does what begins with one, so that reading
the file again takes off exactly what was put on. A negative number is a number and stays one.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Iterator, Sequence

_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "\0", "＝", "＋", "－", "＠")
"""What a formula begins with, in some locales in full width too; the others are what such a beginning is hidden behind."""
_NUMBER = re.compile(r"-\d+(\.\d+)?")


def guarded(text: str) -> str:
    """Return ``text`` as a cell that no spreadsheet takes for a formula."""
    return f"'{text}" if text.startswith("'") or _is_formula(text) else text


def unguarded(text: str) -> str:
    """Return the text of a cell that ``guarded`` made, or that somebody wrote who knew of it."""
    rest = text[1:]
    return (
        rest
        if text.startswith("'") and (rest.startswith("'") or rest.lstrip(" ").startswith(_FORMULA))
        else text
    )


def _is_formula(text: str) -> bool:
    return text.lstrip(" ").startswith(_FORMULA) and not _NUMBER.fullmatch(text)


def csv_pieces(columns: Sequence[str] | None, rows: Iterable[Sequence[str]], mark: str = "") -> Iterator[str]:
    """Yield the file piece by piece: ``mark``, which tells a spreadsheet the encoding, the heads, and each row guarded.

    Without ``columns`` it is a file that goes on: rows alone.
    """
    buffer = io.StringIO()
    writer = csv.writer(buffer)
    buffer.write(mark)
    if columns is not None:
        writer.writerow(columns)
    for row in rows:
        writer.writerow([guarded(cell) for cell in row])
        yield buffer.getvalue()
        buffer.seek(0)
        buffer.truncate()
    yield buffer.getvalue()

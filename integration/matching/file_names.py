"""Files that are no X12: what they hold, and which numbers their names may hold."""

from __future__ import annotations

import re

PDF, TEXT = "application/pdf", "text/plain; charset=utf-8"
SHORTEST = 4
"""Characters of a number that counts: shorter ones stand in any name."""
_PARTS = re.compile(r"[^\W_]+")
_ENDING = re.compile(r"\.[A-Za-z]{1,5}\Z")
_MOST_PARTS = 16
_PACKING = re.compile("pack", re.IGNORECASE)


def content_type(data: bytes, name: str) -> str:
    """Return what a file holds that may be put beside a shipment: a PDF by its first bytes, or a text whose ``name``
    speaks of packing; else ``""``."""
    if data.startswith(b"%PDF-"):
        return PDF
    return TEXT if _PACKING.search(name) and _is_text(data) else ""


def numbers_in(name: str) -> list[str]:
    """Return every run of letters and digits in ``name``, with the signs between them, the longest first.

    ``slip_1001-1.pdf`` may hold ``1001-1`` or ``1001``; the capitals of each are tried too.
    """
    parts = list(_PARTS.finditer(_ENDING.sub("", name)))[:_MOST_PARTS]
    runs = {name[first.start() : last.end()] for place, first in enumerate(parts) for last in parts[place:]}
    told = {form for run in runs for form in (run, run.upper())}
    wanted = [each for each in told if len(each) >= SHORTEST and any(sign.isdigit() for sign in each)]
    return sorted(wanted, key=lambda each: (-len(each), each))


def _is_text(data: bytes) -> bool:
    """Say whether ``data`` reads as lines of text."""
    try:
        text = data.decode()
    except UnicodeDecodeError:
        return False
    return bool(text.strip()) and all(each.isprintable() or each in "\t\r\n\f\ufeff" for each in text)

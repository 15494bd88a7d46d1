"""Values as cells of a CSV file that a spreadsheet opens."""

from __future__ import annotations

_FORMULA_BEGINS = ("=", "+", "-", "@", "\t", "\r", "\n")


def safe_cell(text: str) -> str:
    """Return ``text`` so that no spreadsheet takes it for a formula: an apostrophe goes in front of what looks like one."""
    return (
        f"'{text}"
        if text.lstrip(" ").startswith(_FORMULA_BEGINS) or text.startswith(_FORMULA_BEGINS)
        else text
    )

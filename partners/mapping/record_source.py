"""The Python source of a function that makes a record of a segment's texts: one expression, no loop.

For texts ``a`` that is a line number, ``b`` a quantity: ``{'line_number': a, 'quantity': values_1[b]}``.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from types import CodeType

# The field, which is a name of our own records, and whether its value is the text itself.
Way = tuple[str, bool]


@lru_cache(maxsize=1024)
def record_source(ways: Sequence[Way]) -> CodeType:
    """The compiled source of ``make``, which takes what the values are looked up in and gives the function of the texts."""
    return compile(record_text(ways), "<reading a record>", "exec")


def record_text(ways: Sequence[Way]) -> str:
    """The source of ``make``. A blank at a text's end is for the long way to cut."""
    plain = [number for number, (_, is_text) in enumerate(ways) if is_text]
    items = [
        f"{name!r}: {f'text_{number}' if is_text else f'values_{number}[text_{number}]'}"
        for number, (name, is_text) in enumerate(ways)
    ]
    lines = [
        f"def make({', '.join(f'values_{number}' for number in range(len(ways)))}):",
        f"    def record({', '.join(f'text_{number}' for number in range(len(ways)))}):",
    ]
    if plain:
        condition = " or ".join(f'text_{number}[-1] == " "' for number in plain)
        lines += [f"        if {condition}:", "            raise Surprise"]
    lines += [f"        return {{{', '.join(items)}}}", "    return record", ""]
    return "\n".join(lines)
